"""sequence_log_prob: the chain rule, or how likely a text is."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, randint
from autograder.exercises.language_models.inputs import random_ids
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires
from solutions import language_models

MAIN = "It is the sum of log P(ids[t] | ids[t-1]) over t from 1"


def random_table(draw: Generator, vocab_size: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Rows that sum to 1, as a transposed view: learners' code must not rely on contiguous memory."""
    columns = torch.rand(vocab_size, vocab_size, generator=draw, dtype=torch.float64) + 0.05
    return (columns / columns.sum(0)).float().T.to(dtype)


def scored(draw: Generator, dtype: torch.dtype = torch.float32) -> Arguments:
    vocab_size = randint(draw, 4, 6)
    return {"probs": random_table(draw, vocab_size, dtype), "ids": random_ids(draw, 12, vocab_size)}


def small(dtype: torch.dtype = torch.float32) -> ArgumentMaker:
    table = [[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0.7, 0.2, 0.1]]
    return lambda draw: {"probs": torch.tensor(table).to(dtype), "ids": [2, 0, 1, 1, 0]}


def scoring(*ids: int) -> ArgumentMaker:
    """A text by a table of four tokens."""
    return lambda draw: {"probs": random_table(draw, 4), "ids": list(ids)}


def impossible(draw: Generator) -> Arguments:
    table = torch.tensor([[0.5, 0.5, 0.0], [0.25, 0.25, 0.5], [0.1, 0.2, 0.7]])
    return {"probs": table, "ids": [1, 0, 2, 2]}


def beside_zero(draw: Generator) -> Arguments:
    """The table has a 0 that the text never uses."""
    table = random_table(draw, 4).clone()
    table[:, 3] = 0.0
    return {"probs": table / table.sum(dim=1, keepdim=True), "ids": random_ids(draw, 9, 3)}


EXERCISE = exercise(
    language_models.sequence_log_prob,
    __file__,
    requires(
        MAIN,
        Case("small", small(), visible=True),
        Case("drawn", scored),
        advice="Write the text 2 0 1 on paper: log probs[2, 0] plus log probs[0, 1], and nothing else.",
        fails="Your result is not the sum of log P(ids[t] | ids[t-1]) over t from 1.",
        weight=3,
    ),
    requires(
        "A long text does not underflow",
        Case("long text", lambda draw: {"probs": random_table(draw, 6), "ids": random_ids(draw, 900, 6)}, visible=True),
        advice="The product of hundreds of probabilities is smaller than any float. Take logarithms first and add "
        "them.",
        fails="For a long text, your result is not finite, or is not the sum of log P(ids[t] | ids[t-1]).",
    ),
    requires(
        "A step of probability 0 gives minus infinity, and a single token gives 0",
        Case("impossible step", impossible, visible=True),
        Case("single token", scoring(2), visible=True),
        advice="An impossible text has log probability -inf: do not hide it with a small number. A single token has "
        "nothing to predict, and a sum of nothing is 0.",
        fails="You do not return -inf for an impossible text, or 0 for a single token.",
        needs=MAIN,
    ),
    keeps_dtype(
        Case("bfloat16", small(torch.bfloat16), visible=True),
        Case(
            "float64, single token",
            lambda draw: {"probs": random_table(draw, 4, torch.float64), "ids": [randint(draw, 0, 3)]},
            visible=True,
        ),
        ("small",),
        advice="A table in float64 or bfloat16 must give a result in its dtype, and neither the table nor the list may "
        "change.",
        name="The dtype is that of the table, and the arguments are left unchanged",
        fails="Your result has another dtype than the table, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach the table",
        Case("gradients", scored, visible=True, gradients=("probs",)),
        Case("gradients beside a zero", beside_zero, visible=True, gradients=("probs",)),
        advice="A model learns by making this number larger, so it must keep its history: no way through math.log, "
        "item() or NumPy. Where the table has a 0 that the text never uses, the gradient is 0.",
        fails="The gradient with respect to probs is missing, not finite, or not that of the sum of log P.",
    ),
    refuses(
        Case("unknown id", scoring(4, 0, 1), visible=True),
        Case("negative id", scoring(0, 1, -2), visible=True),
        Case("unknown id alone", lambda draw: scoring(randint(draw, 4, 9))(draw), visible=True),
        advice="Ids run from 0 to the number of rows - 1. A negative id would silently be counted from the end.",
        name="An id outside the vocabulary raises ValueError",
        fails="You do not raise ValueError exactly where an id is outside the vocabulary.",
    ),
    points=3,
)
