"""tied_logits: the same table at the output, a score for each token."""

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
from solutions import embeddings

known = Mistakes(embeddings.tied_logits, section="embeddings-tying")

LOGITS = "hidden @ table.T"

known.edit(
    "not_transposed",
    {"table.T": "table"},
    "You multiply by the table as it is. A logit belongs to a token, which is a *row*: the table has to be "
    "transposed. It runs only where vocab and dim happen to be equal.",
)
known.edit(
    "reshaped",
    {"table.T": "table.reshape(table.shape[1], table.shape[0])"},
    "You reshape the table to [dim, vocab]. That keeps the numbers in their order and mixes those of different rows: "
    "transpose it.",
)
known.edit(
    "table_first",
    {LOGITS: "table @ hidden.transpose(-2, -1) if hidden.dim() > 1 else table @ hidden"},
    "Your logits stand in columns: [vocab, time] in place of [time, vocab]. hidden comes first, and the table is what "
    "has to be transposed.",
)
known.edit(
    "logits_scaled",
    {LOGITS: f"{LOGITS} / table.shape[-1] ** 0.5"},
    "You divide by √dim. That belongs to attention scores; logits are plain dot products.",
)
known.edit(
    "softmaxed",
    {LOGITS: f"torch.softmax({LOGITS}, dim=-1)"},
    "You return probabilities. Logits are the scores before the softmax.",
)
known.edit(
    "log_softmaxed",
    {LOGITS: f"torch.log_softmax({LOGITS}, dim=-1)"},
    "You return log probabilities. Logits are the scores before the softmax.",
)
known.edit(
    "cosines",
    {LOGITS: "(hidden / hidden.norm(dim=-1, keepdim=True)) @ (table / table.norm(dim=-1, keepdim=True)).T"},
    "You return cosines. Logits are dot products: lengths count, and all logits between -1 and 1 would leave the "
    "softmax nearly flat.",
)
known.edit(
    "rows_made_unit",
    {"table.T": "(table / table.norm(dim=-1, keepdim=True)).T"},
    "You give the table's rows the length 1. The table is used as it is: a row's length is part of what it has "
    "learned.",
)
known.edit(
    "most_likely_token",
    {LOGITS: f"({LOGITS}).argmax(dim=-1)"},
    "You return the id of the best token. The task asks for a score for each token.",
)
known.edit(
    "table_detached",
    {"table.T": "table.T.detach()"},
    "No gradient reaches the table from this end. Then it is a copy, not a tied table: it would learn from the "
    "entrance only.",
)
known.edit(
    "hidden_detached",
    {"hidden @": "hidden.detach() @"},
    "No gradient reaches the hidden rows, so no layer of the model could learn. Do not detach them.",
)
known.edit(
    "last_position_only",
    {"hidden @": "(hidden[..., -1, :] if hidden.dim() > 1 else hidden) @"},
    "You score the last position only. In training every position predicts its next token: keep them all.",
)
known.edit(
    "logits_float32", {LOGITS: f"({LOGITS}).float()"}, "Your logits are always float32. Keep the dtype of the inputs."
)
known.edit(
    "widths_not_checked",
    {"hidden.shape[-1] != table.shape[-1]:": "False:"},
    "Widths that differ end in a RuntimeError, which is what torch's product raises by itself. Compare them first and "
    "raise ValueError.",
)


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
    mistakes=tuple(known),
)
