"""reward_loss: a score for answers, from comparisons."""

import torch
from torch import Generator

from autograder.exercises.drawing import Arguments, argument_maker, randn
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires, shown
from solutions import post_training


@argument_maker
def pairs(draw: Generator, batch: int, dtype: torch.dtype = torch.float32) -> Arguments:
    chosen, rejected = 2 * randn(draw, 2, batch, dtype=dtype)
    # One pair at least is ranked wrongly: a loss of nothing but large margins may be all rounding.
    chosen[0] = rejected[0] - 0.5 - torch.rand((), generator=draw)
    return {"chosen": chosen, "rejected": rejected}


def drawn_far_apart(draw: Generator) -> Arguments:
    chosen, rejected = torch.tensor([-500.0, 0.0]), torch.tensor([500.0, 800.0])
    return {"chosen": chosen + 9 * randn(draw, 2), "rejected": rejected + 9 * randn(draw, 2)}


MARGINS = "The loss is the mean of minus log sigmoid of the differences"

EXERCISE = exercise(
    post_training.reward_loss,
    __file__,
    requires(
        MARGINS,
        shown("three pairs", chosen=torch.tensor([2.0, 0.0, 3.0]), rejected=torch.tensor([1.0, 3.0, 1.0])),
        Case("one pair", pairs(1), visible=True),
        Case("with gaps", lambda draw: {"chosen": randn(draw, 4, 2)[:, 0], "rejected": randn(draw, 4, 3)[:, 1]}),
        advice="For equal rewards the loss is log 2 = 0.693, for a difference of 1 it is 0.313, and for -1 it is "
        "1.313.",
        weight=3,
        fails="Your loss is not the mean of minus log sigmoid of chosen minus rejected.",
    ),
    requires(
        "Rewards a thousand apart give a finite loss",
        shown("far apart", chosen=torch.tensor([1000.0, -500.0, 0.0]), rejected=torch.tensor([0.0, 500.0, 1000.0])),
        advice="Use logsigmoid (or softplus of minus the difference): no exponential of a large number is made. "
        "Clamping, or a small number added inside the logarithm, makes the loss finite and wrong.",
        needs=MARGINS,
        fails="With rewards a thousand apart, your loss is not finite, or not the mean of -log sigmoid(chosen - "
        "rejected).",
    ),
    refuses(
        Case("a column", lambda draw: {"chosen": randn(draw, 3), "rejected": randn(draw, 3, 1)}, visible=True),
        Case("one for all", lambda draw: {"chosen": randn(draw, 3), "rejected": randn(draw, 1)}, visible=True),
        advice="Compare the two shapes before you subtract.",
        name="Rewards that are not one for one raise ValueError",
        fails="You accept rewards that are not one for one, or raise something other than ValueError.",
    ),
    keeps_dtype(
        Case("float64", pairs(4, torch.float64), visible=True, slack=1e12),
        ("three pairs",),
        advice="float64 rewards give a float64 loss, float32 rewards a float32 one.",
        name="The dtype is kept and the rewards are left unchanged",
        fails="Your loss has another dtype than the rewards, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach both rewards",
        Case("gradients", pairs(4), visible=True, gradients=("chosen", "rejected")),
        Case("gradients far apart", drawn_far_apart, visible=True, gradients=("chosen", "rejected")),
        advice="Both answers were scored by the model that is trained: no detach, no item().",
        fails="The gradient with respect to chosen or rejected is missing, or is not the loss's derivative.",
    ),
    points=2,
)
