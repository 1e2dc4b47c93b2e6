"""group_advantages: better or worse than the other answers to the same question."""

import torch

from autograder.exercises.drawing import ArgumentMaker, given, randn
from autograder.exercises.spec import Case, exercise, keeps_dtype, requires, shown
from solutions import post_training


def drawn(groups: int, samples: int, dtype: torch.dtype = torch.float32) -> ArgumentMaker:
    return lambda draw: {"rewards": 2 * randn(draw, groups, samples, dtype=dtype) + randn(draw, groups, 1, dtype=dtype)}


# Their means are 0.5 and 5, their standard deviations 0.5 and 2.
TWO = torch.tensor([[1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0], [4.0, 9.0, 2.0, 5.0, 4.0, 7.0, 5.0, 4.0]])
FAR = torch.tensor([[1000.0, 1001.0, 1000.0, 1003.0], [-2000.5, -2000.0, -1999.5, -1998.0]])
EQUAL = torch.tensor([[1.0, 1.0, 1.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]])
CLOSE = torch.tensor([[1e-3, 0.0, 2e-3, 0.0], [1.0, 0.0, 0.0, 0.0]])
GROUPED = "Each reward is compared with the mean and the standard deviation of its row"

EXERCISE = exercise(
    post_training.group_advantages,
    __file__,
    requires(
        GROUPED,
        shown("two groups", rewards=TWO),
        Case("one group", drawn(1, 5), visible=True),
        shown("far from 0", rewards=FAR),
        shown("one right of many", rewards=torch.eye(2, 256)),
        Case("with gaps", lambda draw: {"rewards": randn(draw, 5, 3).T}),
        advice="In a group of 1, 0, 0, 1 the mean is a half and the population's standard deviation too: the "
        "advantages are 1, -1, -1, 1.",
        weight=3,
        fails="Your advantages are not (reward - mean) / (standard deviation + 1e-6), row by row.",
    ),
    requires(
        "A group of equal rewards, or of one sample, has advantages of 0",
        shown("equal rewards", rewards=EQUAL),
        shown("one sample each", rewards=torch.tensor([[0.5], [2.0]])),
        advice="0 / 0 is NaN, and one NaN spoils all weights: add 1e-6 to the standard deviation.",
        needs=GROUPED,
        fails="Your advantages are not 0 in a group of equal rewards or of one sample.",
    ),
    requires(
        "1e-6 is added to the standard deviation, and only there",
        Case("close rewards", given(rewards=CLOSE), visible=True, slack=1e3),
        advice="Rewards may be a thousandth apart: what is added must not swallow that.",
        needs=GROUPED,
        fails="Where rewards lie close together, your advantages are not (reward - mean) / (deviation + 1e-6).",
    ),
    keeps_dtype(
        Case("float64", drawn(2, 4, torch.float64), visible=True, slack=1e12),
        ("two groups",),
        advice="Work on a new tensor in the dtype of the rewards.",
        name="The dtype is kept and the rewards are left unchanged",
        fails="Your advantages have another dtype than the rewards, or you change the rewards.",
    ),
    points=2,
)
