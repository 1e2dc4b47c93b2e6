"""sequence_log_probs: how probable a whole answer is."""

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, argument_maker, randint, randn
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires, shown
from solutions import post_training


@argument_maker
def answers(draw: Generator, batch: int, time: int, dtype: torch.dtype = torch.float32) -> Arguments:
    labels = torch.randint(0, 7, (batch, time), generator=draw)
    for row in labels:
        row[: randint(draw, 1, time // 2)] = -100
    labels[0, -1] = -100
    labels[-1, -2] = 0  # a token like any other
    return {"logits": 2 * randn(draw, batch, time, 7, dtype=dtype), "labels": labels}


def all_counted(
    batch: int, time: int, labels_batch: int | None = None, labels_time: int | None = None
) -> ArgumentMaker:
    """Logits, and labels that fit them or have another size."""
    shape = labels_batch or batch, labels_time or time
    return lambda draw: {
        "logits": 2 * randn(draw, batch, time, 6),
        "labels": torch.randint(0, 6, shape, generator=draw),
    }


def none_counted(draw: Generator) -> Arguments:
    labels = torch.full((2, 5), -100)
    labels[1, 3] = 2
    labels[0, 0] = 1
    return {"logits": randn(draw, 2, 5, 6), "labels": labels}


def huge(draw: Generator) -> Arguments:
    """In the first row each label is the most probable token, in the second the least probable."""
    logits, labels = 500 * torch.randn(2, 5, 6, generator=draw), torch.randint(0, 6, (2, 5), generator=draw)
    extremes = torch.tensor([[[3000.0]], [[-3000.0]]]).expand(2, 4, 1)
    logits[:, :-1].scatter_(-1, labels[:, 1:, None], extremes)
    return {"logits": logits, "labels": labels}


def with_gaps(draw: Generator) -> Arguments:
    labels = torch.randint(0, 4, (6, 3), generator=draw).T
    labels[2, 3] = 0
    return {"logits": randn(draw, 4, 6, 3).transpose(0, 2), "labels": labels}


SMALL = {
    "logits": torch.tensor(
        [
            [[2.0, 0.0, 0.0, 1.0], [0.0, 1.0, 3.0, 0.0], [1.0, 0.0, 0.0, 2.0]],
            [[0.0, 3.0, 0.0, 0.0], [1.0, 0.0, 0.0, 4.0], [0.0, 0.0, 2.0, 1.0]],
        ]
    ),
    "labels": torch.tensor([[3, 0, 2], [1, 2, 0]]),
}
PARTLY_IGNORED = {**SMALL, "labels": torch.tensor([[3, -100, 2], [-100, 2, 0]])}
SUMMED = "Each row is the sum of the log probabilities of its tokens, each read off the position before it"

EXERCISE = exercise(
    post_training.sequence_log_probs,
    __file__,
    requires(
        SUMMED,
        shown("all counted", **SMALL),
        # After the shift, one position is left.
        Case("two positions", all_counted(3, 2), visible=True),
        Case("with gaps", with_gaps),
        advice="Nothing is left out here. Pair logits[:, :-1] with labels[:, 1:], look up one log probability for each "
        "label, and add up each row.",
        weight=3,
        fails="Your numbers are not the sums of the tokens' log probabilities, one for each row.",
    ),
    requires(
        "Labels of -100 add nothing",
        shown("answers", **PARTLY_IGNORED),
        Case("one answer", answers(1, 5)),
        advice="There is no token -100. Look up any valid token there, and set what you find to 0 before the sum.",
        weight=2,
        fails="Where some labels are -100, your sums are not those of the other labels' log probabilities.",
    ),
    requires(
        "A row without a label that counts has the sum 0",
        Case("nothing to count", none_counted, visible=True),
        Case("one token", all_counted(3, 1), visible=True),
        advice="The label at position 0 is predicted by nothing. The sum over nothing is 0.",
        needs=SUMMED,
        fails="Your sum is not 0 for a row without a label that counts.",
    ),
    requires(
        "Large logits do not overflow",
        shown("a logit of 1000", logits=torch.tensor([[[1000.0, 0.0], [0.0, 0.0]]]), labels=torch.tensor([[0, 1]])),
        Case("huge logits", huge, visible=True),
        advice="Use log_softmax: it never makes the exponential of a large number, nor the logarithm of 0. A small "
        "number added inside a logarithm keeps it finite and makes it wrong.",
        fails="With large logits, your sums are not finite, or are not those of the labels' log probabilities.",
    ),
    refuses(
        Case("a label more", all_counted(2, 5, labels_time=6), visible=True),
        Case("a label less", all_counted(2, 5, labels_time=4)),
        Case("one row of labels", all_counted(2, 5, labels_batch=1), visible=True),
        advice="Compare logits.shape[:2] with labels.shape before you cut anything.",
        name="Logits and labels that do not fit raise ValueError",
        fails="You accept logits and labels that do not fit, or raise something other than ValueError.",
    ),
    keeps_dtype(
        Case("float64", answers(2, 6, torch.float64), visible=True, slack=1e12),
        ("answers",),
        advice="Sums of float64 logits are float64, and the labels still hold their -100 after the call.",
        fails="Your sums have another dtype than the logits, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach the logits",
        Case("gradients", answers(2, 6), visible=True, gradients=("logits",)),
        advice="These sums are what preference training differentiates: no detach, no no_grad, no item().",
        fails="The gradient of your sums with respect to the logits is missing, or is not the sums' derivative.",
    ),
    points=4,
)
