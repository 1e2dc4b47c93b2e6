"""embed: from ids to rows."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
from solutions import embeddings

GRADIENT = "embeddings-gradient"

known = Mistakes(embeddings.embed, section="embeddings-lookup")

REFUSED = "ids.numel() and not 0 <= ids.min() <= ids.max() < table.shape[0]"

known.edit(
    "columns_looked_up",
    {"table[ids]": "table.T[ids % table.shape[1]]"},
    "You look up columns. A token's embedding is a *row* of the table [vocab, dim].",
)
known.edit(
    "shape_lost",
    {"table[ids]": "table[ids].reshape(-1, table.shape[1])"},
    "The rows are right, but the shape of ids is lost: keep its axes and add dim at the end.",
)
known.edit(
    "counted_from_one",
    {"table[ids]": "table[ids - 1]"},
    "Your rows are one too early: ids are counted from 0, so id 0 is the first row.",
)
known.edit(
    "scaled",
    {"table[ids]": "table[ids] * table.shape[1] ** 0.5"},
    "You multiply the rows by √dim. Some models do so in a later step; looking up changes no number.",
)
known.edit(
    "made_unit",
    {"table[ids]": "table[ids] / table[ids].norm(dim=-1, keepdim=True)"},
    "You give every row the length 1. Looking up changes no number; lengths matter to the layers that follow.",
)
known.edit(
    "summed_over_time",
    {"table[ids]": "table[ids].sum(dim=-2)"},
    "You add the rows of a sequence up to one row. Each token keeps a row of its own.",
)
known.edit(
    "one_hot_returned",
    {"table[ids]": "torch.nn.functional.one_hot(ids, table.shape[0]).to(table.dtype)"},
    "You return one-hot rows. Multiply them by the table, or look the rows up at once.",
)
known.edit(
    "ids_not_checked",
    {REFUSED: "False"},
    "A negative id counts from the end of the table, and a large one raises an IndexError. Test the ids and raise "
    "ValueError for both.",
)
known.edit(
    "negative_ids_taken",
    {REFUSED: "ids.max() >= table.shape[0]"},
    "You refuse ids that are too large, but take -1 for the last row. Test the lower end too.",
)
known.edit(
    "index_error",
    {REFUSED: "False", "table[ids]": "torch.nn.functional.embedding(ids, table)"},
    "An id that is no row ends in an IndexError, which is what the library raises by itself. Test the ids first and "
    "raise ValueError.",
)
known.edit(
    "unknown_becomes_the_first",
    {REFUSED: "False", "table[ids]": "table[torch.where((ids >= 0) & (ids < table.shape[0]), ids, 0)]"},
    "You send an id that has no row to row 0, as if that stood for unknown words. Nothing says that it does: raise "
    "ValueError.",
)
known.edit(
    "brought_into_range",
    {REFUSED: "False", "table[ids]": "table[ids.clamp(0, table.shape[0] - 1)]"},
    "You bring an id that has no row to the nearest end of the table, and so return the row of another token. Raise "
    "ValueError.",
)
known.edit(
    "remainder_taken",
    {REFUSED: "False", "table[ids]": "table[ids % table.shape[0]]"},
    "You take the remainder of an id by the number of rows, so an id that has no row gets the row of another token. "
    "Raise ValueError.",
)
known.edit(
    "padding_row",
    {"table[ids]": "torch.nn.functional.embedding(ids, table, padding_idx=0)"},
    "Row 0 never gets a gradient: with padding_idx=0 it is treated as padding. Here it is a token like others.",
    GRADIENT,
)
known.edit(
    "row_of_zeros_for_padding",
    {"table[ids]": "table[ids].masked_fill((ids == 0).unsqueeze(-1), 0)"},
    "You return zeros for id 0, as if it stood for padding. Here it is a token like others: its row is row 0 of the "
    "table.",
)
known.edit(
    "gradients_averaged",
    {"table[ids]": "torch.nn.functional.embedding(ids, table, scale_grad_by_freq=True)"},
    "The gradient of a repeated id comes out divided by how often it occurs. It is the sum over its places.",
    GRADIENT,
)
known.edit(
    "embed_detached",
    {"table[ids]": "table[ids].detach()"},
    "The rows are right, but no gradient reaches the table, so it could never learn: no detach, no item, no layer "
    "that keeps a copy of the table.",
    GRADIENT,
)
known.edit(
    "always_float32", {"table[ids]": "table[ids].float()"}, "Your rows are always float32. Keep the dtype of the table."
)


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
    mistakes=tuple(known),
    shortcuts=("embedding", "Embedding", "index_select"),
)
