"""kl_estimate: how far the policy has moved, from samples."""

import torch
from torch import Generator

from autograder.exercises.drawing import Arguments, argument_maker, given, randn
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires, shown
from solutions import post_training


@argument_maker
def samples(draw: Generator, count: int, dtype: torch.dtype = torch.float32) -> Arguments:
    ours = -3 * torch.rand(count, generator=draw, dtype=torch.float64).to(dtype) - 0.2
    moved = 0.8 * randn(draw, count, dtype=dtype)
    # Away from 0, where exp(d) - 1 - d would be all rounding however it is computed.
    return {"log_probs": ours, "reference_log_probs": ours + moved + 0.4 * moved.sign()}


FAR = {"log_probs": torch.tensor([-1.0, -16.0, -2.0]), "reference_log_probs": torch.tensor([-41.0, -1.0, -2.5])}
FAR_ABOVE = {"log_probs": torch.tensor([-27.0, -3.0]), "reference_log_probs": torch.tensor([-2.0, -3.5])}
THREE = {"log_probs": torch.tensor([-1.0, -2.0, -3.0]), "reference_log_probs": torch.tensor([-3.0, -1.0, -3.0])}
ROUNDING = 1e3  # exp(d) - 1 - d loses digits where d is small, and is right
MEAN = "The estimate is the mean of exp(d) - 1 - d"

EXERCISE = exercise(
    post_training.kl_estimate,
    __file__,
    requires(
        MEAN,
        Case("three samples", given(**THREE), visible=True, slack=ROUNDING),
        Case("one sample", samples(1), visible=True, slack=ROUNDING),
        Case("with gaps", lambda draw: {key: value[::2] for key, value in samples(8)(draw).items()}, slack=ROUNDING),
        shown("all alike", log_probs=THREE["log_probs"], reference_log_probs=THREE["log_probs"].clone()),
        advice="d is the reference's log probability minus the policy's. At d = 0 the term is 0, at 1 it is 0.718, and "
        "at -1 it is 0.368.",
        weight=3,
        fails="Your estimate is not the mean of exp(d) - 1 - d.",
    ),
    requires(
        "A sample that is far from the reference counts in full",
        Case("far apart", given(**FAR), visible=True, slack=ROUNDING),
        Case("far above", given(**FAR_ABOVE), visible=True, slack=ROUNDING),
        advice="One d may be 25 and another -40: clamp nothing.",
        needs=MEAN,
        fails="Where some d is far from 0, your estimate is not the mean of exp(d) - 1 - d over all samples.",
    ),
    refuses(
        Case(
            "a column",
            lambda draw: {"log_probs": -randn(draw, 3).abs(), "reference_log_probs": -randn(draw, 3, 1).abs()},
            visible=True,
        ),
        Case(
            "one for all",
            lambda draw: {"log_probs": -randn(draw, 3).abs(), "reference_log_probs": -randn(draw, 1).abs()},
            visible=True,
        ),
        advice="Compare the two shapes before you subtract.",
        name="Log probabilities that are not one for one raise ValueError",
        fails="You accept shapes that differ, or raise something other than ValueError.",
    ),
    keeps_dtype(
        Case("float64", samples(5, torch.float64), visible=True, slack=1e12),
        ("three samples",),
        advice="float64 log probabilities give a float64 estimate, float32 ones a float32 one.",
        fails="Your estimate has another dtype than the log probabilities, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach the policy's log probabilities",
        Case("gradients", samples(4), visible=True, gradients=("log_probs",), slack=ROUNDING),
        advice="A KL term in a loss is differentiated: no detach, no item().",
        fails="The gradient with respect to log_probs is missing, or is not that of the mean of exp(d) - 1 - d.",
    ),
    points=1,
)
