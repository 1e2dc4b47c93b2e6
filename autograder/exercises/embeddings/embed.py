"""embed: from ids to rows."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
from solutions import embeddings


def random_ids(draw: Generator, *shape: int, below: int) -> Tensor:
    return torch.randint(below, shape, generator=draw)


def wide_table(draw: Generator, rows: int, width: int) -> Tensor:
    """A table as a transposed view: learners' code must not rely on contiguous memory."""
    return randn(draw, width, rows).T


def few_tokens(draw: Generator) -> Arguments:
    return {"ids": torch.tensor([3, 0, 3, 1]), "table": wide_table(draw, 5, 3)}


def token_batch(draw: Generator) -> Arguments:
    return {"ids": random_ids(draw, 3, 6, below=9), "table": wide_table(draw, 9, 4)}


def one_sequence(draw: Generator) -> Arguments:
    return {"ids": random_ids(draw, 1, 5, below=7), "table": wide_table(draw, 7, 4)}


def three_axes(draw: Generator) -> Arguments:
    return {"ids": random_ids(draw, 2, 4, 3, below=11).transpose(0, 1), "table": wide_table(draw, 11, 5)}


def single_id(draw: Generator) -> Arguments:
    return {"ids": torch.tensor(randint(draw, 1, 5)), "table": wide_table(draw, 6, 4)}


def repeated_ids(draw: Generator) -> Arguments:
    return {"ids": torch.tensor([[2, 0, 2, 4], [0, 2, 1, 0]]), "table": randn(draw, 6, 3)}


def embed_in(dtype: torch.dtype) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        return {"ids": random_ids(draw, 2, 5, below=7), "table": randn(draw, 7, 4, dtype=dtype)}

    return arguments


def id_too_large(draw: Generator) -> Arguments:
    return {"ids": torch.tensor([1, 5, 0]), "table": randn(draw, 5, 3)}


def id_negative(draw: Generator) -> Arguments:
    return {"ids": torch.tensor([1, -1, 0]), "table": randn(draw, 5, 3)}


EXERCISE = Exercise(
    reference=embeddings.embed,
    points=3,
    cases=(
        Case("four tokens", few_tokens, visible=True),
        Case("batch", token_batch, visible=True),
        Case("one sequence", one_sequence, visible=True),
        Case("three axes", three_axes, visible=True),
        Case("single id", single_id, visible=True),
        Case("float64", embed_in(torch.float64), visible=True),
        Case("bfloat16", embed_in(torch.bfloat16), visible=True),
        Case("gradients", repeated_ids, visible=True, gradients=("table",)),
        Case("id too large", id_too_large, visible=True),
        Case("negative id", id_negative, visible=True),
    ),
    properties=(
        Property(
            "Each id becomes its row of the table",
            ("four tokens", "batch"),
            "For ids 3 0 3 1 the result has the rows 3, 0, 3 and 1 of the table, as they are.",
            weight=2,
        ),
        Property(
            "The ids may have any shape, which the result keeps",
            ("one sequence", "three axes", "single id"),
            "The result has the shape of ids with one more axis, dim, at the end: also for a single number and for "
            "three axes.",
        ),
        Property(
            "The dtype of the table is kept",
            ("float64", "bfloat16"),
            "A table in float64 or bfloat16 must give rows in the same dtype.",
            observe=observe.dtype,
            needs="Each id becomes its row of the table",
        ),
        Property(
            "Gradients reach the table and add up where an id is repeated",
            ("gradients",),
            "If an id stands in three places, its row gets the sum of three gradients; a row that was not used gets 0.",
            weight=2,
            observe=observe.gradients,
            needs="Each id becomes its row of the table",
        ),
        Property(
            "An id without a row is refused with a ValueError",
            ("four tokens", "id too large", "negative id"),
            "Ids run from 0 to vocab - 1: test both ends before you look up, and raise ValueError.",
            observe=observe.refusal,
            needs="Each id becomes its row of the table",
        ),
    ),
    mistakes=misunderstandings(embeddings.embed, __file__),
    shortcuts=("embedding", "Embedding", "index_select"),
)
