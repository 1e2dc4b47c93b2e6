"""tied_logits: the same table at the output, a score for each token."""

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, randint, randn
from autograder.exercises.spec import Case, exercise, passes_gradients, refuses, requires, shown
from llm_course.checking import observe
from solutions import embeddings

MAIN = "A logit is the dot product of a position with a token's row"


def tied(draw: Generator, *batch: int, vocab: int, dim: int, dtype: torch.dtype = torch.float32) -> Arguments:
    hidden = randn(draw, *batch[:-1], dim, batch[-1], dtype=dtype).transpose(-2, -1)
    return {"hidden": hidden, "table": randn(draw, vocab, dim, dtype=dtype)}


def two_positions(draw: Generator) -> Arguments:
    table = torch.tensor([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0], [1.0, 1.0, 1.0], [2.0, -1.0, 0.0]])
    return {"hidden": torch.tensor([[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]]), "table": table}


def batch_and_table(draw: Generator) -> Arguments:
    return tied(draw, 2, 3, vocab=randint(draw, 8, 11), dim=6)


def of_widths(hidden: int, rows: int, table: int) -> ArgumentMaker:
    return lambda draw: {"hidden": randn(draw, 3, hidden), "table": randn(draw, rows, table)}


EXERCISE = exercise(
    embeddings.tied_logits,
    __file__,
    requires(
        MAIN,
        Case("two positions", two_positions, visible=True),
        Case("sequence", lambda draw: tied(draw, 4, vocab=7, dim=3), visible=True),
        advice="Take one position and one token: multiply their numbers pairwise and add up. Nothing else happens.",
        fails="Your logits are not the dot products of positions with tokens' rows.",
        weight=3,
    ),
    requires(
        "Any leading shape is kept",
        shown(
            "a row of whole numbers",
            hidden=torch.tensor([1.0, 2.0]),
            table=torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
        ),
        Case("batch of one", lambda draw: tied(draw, 1, 4, vocab=8, dim=6), visible=True),
        Case("more axes", lambda draw: tied(draw, 2, 3, 4, vocab=9, dim=5), visible=True),
        Case("batch", batch_and_table),
        advice="The result has the shape of hidden, with vocab in place of dim: `@` works on the last axes.",
        fails="For hidden of some shape, your logits are not its products with all rows, in the shape [..., vocab].",
    ),
    requires(
        "The dtype is kept",
        Case("float64", lambda draw: tied(draw, 2, 3, vocab=7, dim=4, dtype=torch.float64), visible=True),
        Case("bfloat16", lambda draw: tied(draw, 2, 3, vocab=7, dim=4, dtype=torch.bfloat16), visible=True),
        advice="Inputs in float64 or bfloat16 must give logits in the same dtype.",
        fails="Your logits have another dtype than the inputs.",
        observe=observe.dtype,
        needs=MAIN,
    ),
    passes_gradients(
        "Gradients reach both the hidden rows and the table",
        Case("gradients", batch_and_table, visible=True, gradients=("hidden", "table")),
        advice="Tied means that the one table learns from this end too: detach neither of the two.",
        fails="The gradient with respect to hidden or table is missing, or is not the logits' derivative.",
        weight=2,
    ),
    refuses(
        Case("hidden rows of one number", of_widths(1, 7, 5), visible=True),
        Case("table of one column", of_widths(4, 7, 1), visible=True),
        advice="Compare the last sizes of hidden and table before you multiply, and raise ValueError where they "
        "differ, also where one of them is 1.",
        name="Widths that do not fit raise ValueError",
        fails="You do not raise ValueError exactly where the widths of hidden and table differ.",
    ),
    points=2,
)
