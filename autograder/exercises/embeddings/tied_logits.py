"""tied_logits: the same table at the output, a score for each token."""

import torch
from torch import Generator

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
from solutions import embeddings


def tied(draw: Generator, *batch: int, vocab: int, dim: int, dtype: torch.dtype = torch.float32) -> Arguments:
    hidden = randn(draw, *batch[:-1], dim, batch[-1], dtype=dtype).transpose(-2, -1)
    return {"hidden": hidden, "table": randn(draw, vocab, dim, dtype=dtype)}


def sequence_and_table(draw: Generator) -> Arguments:
    return tied(draw, 4, vocab=7, dim=3)


def square_table(draw: Generator) -> Arguments:
    return tied(draw, 4, vocab=5, dim=5)


def batch_and_table(draw: Generator) -> Arguments:
    return tied(draw, 2, 3, vocab=randint(draw, 8, 11), dim=6)


def more_axes(draw: Generator) -> Arguments:
    return tied(draw, 2, 3, 4, vocab=9, dim=5)


def single_row(draw: Generator) -> Arguments:
    return {"hidden": randn(draw, 6), "table": randn(draw, 8, 6)}


def batch_of_one(draw: Generator) -> Arguments:
    return tied(draw, 1, 4, vocab=8, dim=6)


def tied_in_float64(draw: Generator) -> Arguments:
    return tied(draw, 2, 3, vocab=7, dim=4, dtype=torch.float64)


def tied_in_bfloat16(draw: Generator) -> Arguments:
    return tied(draw, 2, 3, vocab=7, dim=4, dtype=torch.bfloat16)


def widths_differ(draw: Generator) -> Arguments:
    return {"hidden": randn(draw, 3, 4), "table": randn(draw, 7, 5)}


def table_too_narrow(draw: Generator) -> Arguments:
    return {"hidden": randn(draw, 3, 6), "table": randn(draw, 6, 5)}


def width_of_one(draw: Generator) -> Arguments:
    return {"hidden": randn(draw, 3, 1), "table": randn(draw, 7, 5)}


def table_of_one_column(draw: Generator) -> Arguments:
    return {"hidden": randn(draw, 3, 4), "table": randn(draw, 7, 1)}


EXERCISE = Exercise(
    reference=embeddings.tied_logits,
    points=2,
    cases=(
        Case("sequence", sequence_and_table, visible=True),
        Case("as many tokens as columns", square_table, visible=True),
        Case("batch", batch_and_table),
        Case("more axes", more_axes, visible=True),
        Case("single row", single_row, visible=True),
        Case("batch of one", batch_of_one, visible=True),
        Case("float64", tied_in_float64, visible=True),
        Case("bfloat16", tied_in_bfloat16, visible=True),
        Case("gradients", batch_and_table, visible=True, gradients=("hidden", "table")),
        Case("widths differ", widths_differ, visible=True),
        Case("table too narrow", table_too_narrow, visible=True),
        Case("hidden rows of one number", width_of_one, visible=True),
        Case("table of one column", table_of_one_column, visible=True),
    ),
    properties=(
        Property(
            "A logit is the dot product of a position with a token's row",
            ("sequence", "as many tokens as columns"),
            "Take one position and one token: multiply their numbers pairwise and add up. Nothing else happens.",
            weight=3,
        ),
        Property(
            "Any leading shape is kept",
            ("batch", "more axes", "single row", "batch of one"),
            "The result has the shape of hidden, with vocab in place of dim: `@` works on the last axes.",
        ),
        Property(
            "The dtype is kept",
            ("float64", "bfloat16"),
            "Inputs in float64 or bfloat16 must give logits in the same dtype.",
            observe=observe.dtype,
            needs="A logit is the dot product of a position with a token's row",
        ),
        Property(
            "Gradients reach both the hidden rows and the table",
            ("gradients",),
            "Tied means that the one table learns from this end too: detach neither of the two.",
            weight=2,
            observe=observe.gradients,
        ),
        Property(
            "Widths that do not fit are refused with a ValueError",
            ("sequence", "widths differ", "table too narrow", "hidden rows of one number", "table of one column"),
            "Compare the last sizes of hidden and table before you multiply, and raise ValueError where they differ, "
            "also where one of them is 1.",
            observe=observe.refusal,
            needs="A logit is the dot product of a position with a token's row",
        ),
    ),
    mistakes=misunderstandings(embeddings.tied_logits, __file__),
)
