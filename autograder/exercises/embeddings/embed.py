"""embed: from ids to rows."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, randn
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires, shown
from solutions import embeddings

MAIN = "Each id becomes its row of the table"


def random_ids(draw: Generator, *shape: int, below: int) -> Tensor:
    return torch.randint(below, shape, generator=draw)


def wide_table(draw: Generator, rows: int, width: int) -> Tensor:
    """A table as a transposed view: learners' code must not rely on contiguous memory."""
    return randn(draw, width, rows).T


def four_tokens(draw: Generator) -> Arguments:
    return {"ids": torch.tensor([3, 0, 3, 1]), "table": torch.arange(1.0, 16.0).reshape(5, 3)}


def batch(*shape: int, rows: int, width: int) -> ArgumentMaker:
    return lambda draw: {"ids": random_ids(draw, *shape, below=rows), "table": wide_table(draw, rows, width)}


def three_axes(draw: Generator) -> Arguments:
    return {"ids": random_ids(draw, 2, 4, 3, below=11).transpose(0, 1), "table": wide_table(draw, 11, 5)}


def in_dtype(dtype: torch.dtype) -> ArgumentMaker:
    return lambda draw: {"ids": random_ids(draw, 2, 5, below=7), "table": randn(draw, 7, 4, dtype=dtype)}


def looked_up(ids: list[int] | list[list[int]], rows: int) -> ArgumentMaker:
    return lambda draw: {"ids": torch.tensor(ids), "table": randn(draw, rows, 3)}


EXERCISE = exercise(
    embeddings.embed,
    __file__,
    requires(
        MAIN,
        Case("four tokens", four_tokens, visible=True),
        Case("batch", batch(3, 6, rows=9, width=4), visible=True),
        advice="For ids 3 0 3 1 the result has the rows 3, 0, 3 and 1 of the table, as they are.",
        fails="You do not return the row of the table for each id.",
        weight=2,
    ),
    requires(
        "The ids may have any shape, which the result keeps",
        shown("the id 1", ids=torch.tensor(1), table=torch.tensor([[1.0, 2.0], [3.0, 4.0]])),
        Case("one sequence", batch(1, 5, rows=7, width=4), visible=True),
        Case("three axes", three_axes, visible=True),
        advice="The result has the shape of ids with one more axis, dim, at the end: also for a single number and for "
        "three axes.",
        fails="For a single id, one sequence or three axes, your result is not the ids' rows in the shape [..., dim].",
    ),
    keeps_dtype(
        ("four tokens",),
        Case("float64", in_dtype(torch.float64), visible=True),
        Case("bfloat16", in_dtype(torch.bfloat16), visible=True),
        advice="A table in float64 or bfloat16 must give rows in the same dtype. Only read the table, and the ids.",
        name="The dtype is that of the table, which is left unchanged",
        fails="Your rows have another dtype than the table, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach the table and add up where an id is repeated",
        Case("gradients", looked_up([[2, 0, 2, 4], [0, 2, 1, 0]], 6), visible=True, gradients=("table",)),
        advice="If an id stands in three places, its row gets the sum of three gradients; a row that was not used gets "
        "0.",
        fails="The gradient with respect to the table is missing, or a row's is not the sum over the places of its id.",
        weight=2,
        needs=MAIN,
    ),
    refuses(
        Case("id too large", looked_up([1, 5, 0], 5), visible=True),
        Case("negative id", looked_up([1, -1, 0], 5), visible=True),
        advice="Ids run from 0 to vocab - 1: test both ends before you look up, and raise ValueError.",
        name="An id without a row raises ValueError",
        fails="You do not raise ValueError exactly where an id has no row.",
    ),
    points=3,
    shortcuts=("embedding", "Embedding", "index_select"),
)
