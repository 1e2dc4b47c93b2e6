"""dpo_loss: a policy trained on comparisons, without a reward model."""

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, argument_maker, randn
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires, shown
from solutions import post_training


@argument_maker
def pairs(draw: Generator, batch: int, beta: float, dtype: torch.dtype = torch.float32) -> Arguments:
    names = ("policy_chosen", "policy_rejected", "reference_chosen", "reference_rejected")
    drawn = {name: 3 * randn(draw, batch, dtype=dtype) - 9 for name in names}
    # One pair at least is ranked wrongly: a loss of nothing but large margins may be all rounding.
    lost = drawn["reference_chosen"][0] - drawn["reference_rejected"][0] - 1 - torch.rand((), generator=draw)
    drawn["policy_chosen"][0] = drawn["policy_rejected"][0] + lost
    return {**drawn, "beta": beta}


def far(draw: Generator) -> Arguments:
    return {
        "policy_chosen": torch.tensor([-1500.0, -20.0, -900.0]),
        "policy_rejected": torch.tensor([-20.0, -1700.0, -900.0]),
        "reference_chosen": torch.tensor([-20.0, -30.0, -20.0]),
        "reference_rejected": torch.tensor([-30.0, -40.0, -1500.0]),
        "beta": 1.5,
    }


def drawn_far(draw: Generator) -> Arguments:
    """Margins of which some are far below 0, where the loss is a straight line."""
    drawn = {name: torch.tensor([-40.0, -90.0, -60.0]) + 9 * randn(draw, 3) for name in ALL}
    drawn["policy_chosen"] -= torch.tensor([500.0, 0.0, 900.0])
    return {**drawn, "beta": 0.5}


def of_another_shape(names: tuple[str, ...], *shape: int) -> ArgumentMaker:
    return lambda draw: {**pairs(3, 0.4)(draw), **{name: randn(draw, *shape) for name in names}}


POLICY = ("policy_chosen", "policy_rejected")
REFERENCE = ("reference_chosen", "reference_rejected")
ALL = (*POLICY, *REFERENCE)
MARGINS = "The loss is the mean of minus log sigmoid of the differences of the implicit rewards"
FOUR = {
    "policy_chosen": torch.tensor([-8.0, -3.0]),
    "policy_rejected": torch.tensor([-7.0, -6.0]),
    "reference_chosen": torch.tensor([-10.0, -2.0]),
    "reference_rejected": torch.tensor([-6.0, -4.0]),
}

EXERCISE = exercise(
    post_training.dpo_loss,
    __file__,
    requires(
        MARGINS,
        shown("two pairs", **FOUR, beta=0.5),
        Case("pairs, drawn", pairs(5, 0.3)),
        Case("one pair", pairs(1, 0.7), visible=True),
        advice="With a policy that equals its reference every loss is log 2. Then let one of the four grow, and follow "
        "the sign.",
        weight=3,
        fails="Your loss is not the mean of minus log sigmoid of the differences of the implicit rewards.",
    ),
    requires(
        "Beta multiplies the differences, inside the sigmoid",
        shown("small beta", **FOUR, beta=0.05),
        Case("large beta", pairs(4, 2.0), visible=True),
        advice="With a beta near 0 the loss is near log 2, whatever the policy says.",
        weight=2,
        fails="With a small or large beta, your loss is not the mean of -log sigmoid(beta · (growth of chosen - growth "
        "of rejected)).",
    ),
    requires(
        "Large margins give a finite loss",
        Case("far apart", far, visible=True),
        advice="Use logsigmoid (or softplus of minus the margin): no exponential of a large number is made, and "
        "nothing has to be clamped.",
        needs=MARGINS,
        fails="At large margins, your loss is not finite, or is not the mean of -log sigmoid of the margins.",
    ),
    refuses(
        shown("beta of 0", **FOUR, beta=0.0),
        shown("negative beta", **FOUR, beta=-0.5),
        Case("columns of the rejected", of_another_shape(("policy_rejected",), 3, 1)),
        Case("one reference for all", of_another_shape(("reference_rejected",), 1), visible=True),
        Case("columns of the reference", of_another_shape(REFERENCE, 3, 1), visible=True),
        Case("columns of the chosen", of_another_shape(("policy_chosen", "reference_chosen"), 3, 1), visible=True),
        advice="Compare the four shapes, each with the others, and beta with 0.",
        name="Shapes that differ, and a beta that is not positive, raise ValueError",
        fails="You accept shapes that differ or a beta below or at 0, or raise something other than ValueError.",
    ),
    keeps_dtype(
        Case("float64", pairs(4, 0.4, torch.float64), visible=True, slack=1e12),
        ("two pairs",),
        advice="float64 log probabilities give a float64 loss, float32 ones a float32 one.",
        fails="Your loss has another dtype than the log probabilities, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach the policy",
        Case("gradients", pairs(4, 0.6), visible=True, gradients=POLICY),
        Case("gradients far apart", drawn_far, visible=True, gradients=POLICY),
        advice="The policy's log probabilities, of chosen and of rejected answers, are what is trained.",
        fails="The gradient with respect to the policy's log probabilities is missing, or is not the loss's "
        "derivative.",
    ),
    passes_gradients(
        "No gradient reaches the reference",
        Case("gradients of all", pairs(3, 0.4), visible=True, gradients=ALL),
        advice="The reference is the policy before training. detach its log probabilities.",
        fails="A gradient reaches the reference, or the policy's gradient is not the loss's derivative.",
    ),
    points=4,
)
