"""The assignment 03_embeddings: what is asked, how it is weighed, and the known mistakes with their hints."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from autograder.exercises.spec import Arguments, Assignment, Case, Exercise, Mistake, Property, randint, randn
from llm_course.checking import observe
from solutions import embeddings

LOOKUP, COSINE, TYING, ANALOGY = "embeddings-lookup", "embeddings-cosine", "embeddings-tying", "embeddings-analogy"
GRADIENT, UNTRAINED = "embeddings-gradient", "embeddings-untrained"


# embed


def _check_ids(ids: Tensor, table: Tensor) -> None:
    if ids.numel() and not 0 <= ids.min() <= ids.max() < table.shape[0]:
        raise ValueError("an id has no row")


def _columns_looked_up(ids: Tensor, table: Tensor) -> Tensor:
    _check_ids(ids, table)
    return table.T[ids % table.shape[1]]


def _shape_lost(ids: Tensor, table: Tensor) -> Tensor:
    return embeddings.embed(ids, table).reshape(-1, table.shape[1])


def _counted_from_one(ids: Tensor, table: Tensor) -> Tensor:
    _check_ids(ids, table)
    return table[ids - 1]


def _scaled(ids: Tensor, table: Tensor) -> Tensor:
    return embeddings.embed(ids, table) * math.sqrt(table.shape[1])


def _made_unit(ids: Tensor, table: Tensor) -> Tensor:
    return F.normalize(embeddings.embed(ids, table), dim=-1)


def _summed_over_time(ids: Tensor, table: Tensor) -> Tensor:
    return embeddings.embed(ids, table).sum(-2)


def _one_hot_returned(ids: Tensor, table: Tensor) -> Tensor:
    _check_ids(ids, table)
    return F.one_hot(ids, table.shape[0]).to(table.dtype)


def _ids_not_checked(ids: Tensor, table: Tensor) -> Tensor:
    return table[ids]


def _negative_ids_taken(ids: Tensor, table: Tensor) -> Tensor:
    if ids.max() >= table.shape[0]:
        raise ValueError("an id has no row")
    return table[ids]


def _index_error(ids: Tensor, table: Tensor) -> Tensor:
    return F.embedding(ids, table)


def _padding_row(ids: Tensor, table: Tensor) -> Tensor:
    _check_ids(ids, table)
    return F.embedding(ids, table, padding_idx=0)


def _gradients_averaged(ids: Tensor, table: Tensor) -> Tensor:
    _check_ids(ids, table)
    return F.embedding(ids, table, scale_grad_by_freq=True)


def _embed_detached(ids: Tensor, table: Tensor) -> Tensor:
    return embeddings.embed(ids, table).detach()


def _always_float32(ids: Tensor, table: Tensor) -> Tensor:
    return embeddings.embed(ids, table.float())


def _ids(draw: Generator, *shape: int, below: int) -> Tensor:
    return torch.randint(below, shape, generator=draw)


def _wide_table(draw: Generator, rows: int, width: int) -> Tensor:
    """A table as a transposed view: learners' code must not rely on contiguous memory."""
    return randn(draw, width, rows).T


def _few_tokens(draw: Generator) -> Arguments:
    return {"ids": torch.tensor([3, 0, 3, 1]), "table": _wide_table(draw, 5, 3)}


def _token_batch(draw: Generator) -> Arguments:
    return {"ids": _ids(draw, 3, 6, below=9), "table": _wide_table(draw, 9, 4)}


def _one_sequence(draw: Generator) -> Arguments:
    return {"ids": _ids(draw, 1, 5, below=7), "table": _wide_table(draw, 7, 4)}


def _three_axes(draw: Generator) -> Arguments:
    return {"ids": _ids(draw, 2, 4, 3, below=11).transpose(0, 1), "table": _wide_table(draw, 11, 5)}


def _single_id(draw: Generator) -> Arguments:
    return {"ids": torch.tensor(randint(draw, 1, 5)), "table": _wide_table(draw, 6, 4)}


def _repeated_ids(draw: Generator) -> Arguments:
    return {"ids": torch.tensor([[2, 0, 2, 4], [0, 2, 1, 0]]), "table": randn(draw, 6, 3)}


def _embed_in(dtype: torch.dtype) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        return {"ids": _ids(draw, 2, 5, below=7), "table": randn(draw, 7, 4, dtype=dtype)}

    return arguments


def _id_too_large(draw: Generator) -> Arguments:
    return {"ids": torch.tensor([1, 5, 0]), "table": randn(draw, 5, 3)}


def _id_negative(draw: Generator) -> Arguments:
    return {"ids": torch.tensor([1, -1, 0]), "table": randn(draw, 5, 3)}


EMBED = Exercise(
    reference=embeddings.embed,
    points=3,
    cases=(
        Case("four tokens", _few_tokens, visible=True),
        Case("batch", _token_batch, visible=True),
        Case("one sequence", _one_sequence),
        Case("three axes", _three_axes),
        Case("single id", _single_id),
        Case("float64", _embed_in(torch.float64), visible=True),
        Case("bfloat16", _embed_in(torch.bfloat16)),
        Case("gradients", _repeated_ids, visible=True, gradients=("table",)),
        Case("id too large", _id_too_large, visible=True),
        Case("negative id", _id_negative, visible=True),
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
        ),
        Property(
            "An id without a row is refused with a ValueError",
            ("four tokens", "id too large", "negative id"),
            "Ids run from 0 to vocab - 1: test both ends before you look up, and raise ValueError.",
            observe=observe.refusal,
            needs="Each id becomes its row of the table",
        ),
    ),
    mistakes=(
        Mistake(
            "columns_looked_up",
            "You look up columns. A token's embedding is a *row* of the table [vocab, dim].",
            LOOKUP,
            _columns_looked_up,
        ),
        Mistake(
            "shape_lost",
            "The rows are right, but the shape of ids is lost: keep its axes and add dim at the end.",
            LOOKUP,
            _shape_lost,
        ),
        Mistake(
            "counted_from_one",
            "Your rows are one too early: ids are counted from 0, so id 0 is the first row.",
            LOOKUP,
            _counted_from_one,
        ),
        Mistake(
            "scaled",
            "You multiply the rows by √dim. Some models do so in a later step; looking up changes no number.",
            LOOKUP,
            _scaled,
        ),
        Mistake(
            "made_unit",
            "You give every row the length 1. Looking up changes no number; lengths matter to the layers that follow.",
            LOOKUP,
            _made_unit,
        ),
        Mistake(
            "summed_over_time",
            "You add the rows of a sequence up to one row. Each token keeps a row of its own.",
            LOOKUP,
            _summed_over_time,
        ),
        Mistake(
            "one_hot_returned",
            "You return one-hot rows. Multiply them by the table, or look the rows up at once.",
            LOOKUP,
            _one_hot_returned,
        ),
        Mistake(
            "ids_not_checked",
            "A negative id counts from the end of the table, and a large one raises an IndexError. Test the ids and "
            "raise ValueError for both.",
            LOOKUP,
            _ids_not_checked,
        ),
        Mistake(
            "negative_ids_taken",
            "You refuse ids that are too large, but take -1 for the last row. Test the lower end too.",
            LOOKUP,
            _negative_ids_taken,
        ),
        Mistake(
            "index_error",
            "You leave it to the library to refuse an id, with an IndexError that does not say which ids are allowed. "
            "Test the ids yourself and raise ValueError.",
            LOOKUP,
            _index_error,
        ),
        Mistake(
            "padding_row",
            "Row 0 never gets a gradient: with padding_idx=0 it is treated as padding. Here it is a token like others.",
            GRADIENT,
            _padding_row,
        ),
        Mistake(
            "gradients_averaged",
            "The gradient of a repeated id comes out divided by how often it occurs. It is the sum over its places.",
            GRADIENT,
            _gradients_averaged,
        ),
        Mistake(
            "embed_detached",
            "The rows are right, but no gradient reaches the table, so it could never learn: no detach, no item, no "
            "layer that keeps a copy of the table.",
            GRADIENT,
            _embed_detached,
        ),
        Mistake(
            "always_float32",
            "Your rows are always float32. Keep the dtype of the table.",
            LOOKUP,
            _always_float32,
        ),
    ),
    shortcuts=("embedding", "Embedding", "index_select"),
)


# nearest_neighbours


def _check_neighbours(table: Tensor, index: int, k: int) -> None:
    if not 0 <= index < len(table) or not 1 <= k < len(table):
        raise ValueError("no such row, or no such number of neighbors")


def _unit(table: Tensor) -> Tensor:
    lengths = table.norm(dim=1, keepdim=True)
    return table / torch.where(lengths > 0, lengths, 1)


def _ranked(scores: Tensor, left_out: set[int], k: int) -> list[int]:
    """The k rows with the largest scores; equal scores in the order of their rows, NaN first as torch has it."""
    best_first = scores.sort(descending=True, stable=True).indices.tolist()
    return [row for row in best_first if row not in left_out][:k]


def _by_dot_product(table: Tensor, index: int, k: int) -> list[int]:
    _check_neighbours(table, index, k)
    return _ranked(table @ table[index], {index}, k)


def _by_distance(table: Tensor, index: int, k: int) -> list[int]:
    _check_neighbours(table, index, k)
    return _ranked(-(table - table[index]).norm(dim=1), {index}, k)


def _one_side_normalized(table: Tensor, index: int, k: int) -> list[int]:
    _check_neighbours(table, index, k)
    return _ranked((table @ table[index]) / (table**2).sum(1).clamp_min(1e-30), {index}, k)


def _itself_first(table: Tensor, index: int, k: int) -> list[int]:
    _check_neighbours(table, index, k)
    scores = _unit(table) @ _unit(table)[index]
    scores[index] = 2.0
    return _ranked(scores, set(), k)


def _worst_first(table: Tensor, index: int, k: int) -> list[int]:
    _check_neighbours(table, index, k)
    return _ranked(-(_unit(table) @ _unit(table)[index]), {index}, k)


def _reversed(table: Tensor, index: int, k: int) -> list[int]:
    return embeddings.nearest_neighbours(table, index, k)[::-1]


def _absolute(table: Tensor, index: int, k: int) -> list[int]:
    _check_neighbours(table, index, k)
    return _ranked((_unit(table) @ _unit(table)[index]).abs(), {index}, k)


def _columns_normalized(table: Tensor, index: int, k: int) -> list[int]:
    _check_neighbours(table, index, k)
    columns_of_unit_length = F.normalize(table, dim=0)
    return _ranked(columns_of_unit_length @ columns_of_unit_length[index], {index}, k)


def _zero_row_nan(table: Tensor, index: int, k: int) -> list[int]:
    _check_neighbours(table, index, k)
    unit = table / table.norm(dim=1, keepdim=True)
    return _ranked(unit @ unit[index], {index}, k)


def _zero_row_left_out(table: Tensor, index: int, k: int) -> list[int]:
    _check_neighbours(table, index, k)
    empty = {row for row in range(len(table)) if not table[row].any()}
    return _ranked(_unit(table) @ _unit(table)[index], {index} | empty, k)


def _drops_the_first(table: Tensor, index: int, k: int) -> list[int]:
    _check_neighbours(table, index, k)
    scores = (_unit(table) @ _unit(table)[index]).clamp(max=1.0)
    # A row that points exactly the same way, and stands before the row itself.
    scores = torch.where(scores > 1 - 1e-6, 1.0, scores)
    return _ranked(scores, set(), k + 1)[1:]


def _one_too_many(table: Tensor, index: int, k: int) -> list[int]:
    _check_neighbours(table, index, k)
    return _ranked(_unit(table) @ _unit(table)[index], {index}, k + 1)


def _k_ignored(table: Tensor, index: int, k: int) -> list[int]:
    _check_neighbours(table, index, k)
    return _ranked(_unit(table) @ _unit(table)[index], {index}, len(table))


def _shifted_after_leaving_out(table: Tensor, index: int, k: int) -> list[int]:
    _check_neighbours(table, index, k)
    others = torch.cat([table[:index], table[index + 1 :]])
    return _ranked(_unit(others) @ _unit(table)[index], set(), k)


def _table_changed(table: Tensor, index: int, k: int) -> list[int]:
    found = embeddings.nearest_neighbours(table, index, k)
    lengths = table.norm(dim=1, keepdim=True)
    table /= torch.where(lengths > 0, lengths, 1)
    return found


def _any_index_taken(table: Tensor, index: int, k: int) -> list[int]:
    return embeddings.nearest_neighbours(table, index % len(table), k)


def _uneven_table(draw: Generator, rows: int, width: int) -> Tensor:
    """Rows of very different lengths, so that a cosine and a dot product rank differently."""
    lengths = torch.exp(1.2 * torch.randn(rows, 1, generator=draw))
    return randn(draw, rows, width) * lengths


HAND_MADE = torch.tensor(
    [[2.0, 0.2], [0.3, 0.3], [6.0, 3.0], [1.0, -1.2], [0.1, 0.0], [-4.0, 0.1], [0.5, 4.0], [-0.2, -0.15]]
)


def _hand_made(draw: Generator) -> Arguments:
    return {"table": HAND_MADE.clone(), "index": 0, "k": 4}


def _drawn_table(draw: Generator) -> Arguments:
    return {"table": _uneven_table(draw, 14, 5), "index": randint(draw, 3, 10), "k": 6}


def _all_neighbors(draw: Generator) -> Arguments:
    return {"table": _uneven_table(draw, 9, 4), "index": 8, "k": 8}


def _not_contiguous(draw: Generator) -> Arguments:
    return {"table": _uneven_table(draw, 12, 12)[:, ::3].T.contiguous().T, "index": 5, "k": 5}


def _single_neighbor(draw: Generator) -> Arguments:
    return {"table": _uneven_table(draw, 10, 4), "index": 4, "k": 1}


def _zero_row(draw: Generator) -> Arguments:
    # From row 2 the cosines are about 1, 0.8, 0 (the row of zeros), -0.6 and -1, so the row of zeros comes third.
    table = torch.tensor([[0.0, 0.0], [-3.0, 0.0], [1.0, 0.0], [4.0, 3.0], [0.5, 0.05], [-0.6, 0.8]])
    return {"table": table, "index": 2, "k": 4}


def _from_zero_row_neighbors(draw: Generator) -> Arguments:
    table = _uneven_table(draw, 11, 4)
    table[2] = 0.0
    return {"table": table, "index": 7, "k": 10}


def _twin(draw: Generator) -> Arguments:
    table = _uneven_table(draw, 8, 4)
    table[1] = table[5] * 0.25
    return {"table": table, "index": 5, "k": 3}


def _no_such_row(draw: Generator) -> Arguments:
    return {"table": randn(draw, 5, 3), "index": 5, "k": 2}


def _negative_row(draw: Generator) -> Arguments:
    return {"table": randn(draw, 5, 3), "index": -1, "k": 2}


def _no_neighbors(draw: Generator) -> Arguments:
    return {"table": randn(draw, 5, 3), "index": 1, "k": 0}


def _too_many_neighbors(draw: Generator) -> Arguments:
    return {"table": randn(draw, 5, 3), "index": 1, "k": 5}


NEAREST_NEIGHBOURS = Exercise(
    reference=embeddings.nearest_neighbours,
    points=4,
    cases=(
        Case("hand-made", _hand_made, visible=True),
        Case("drawn", _drawn_table),
        Case("not contiguous", _not_contiguous),
        Case("all neighbors", _all_neighbors, visible=True),
        Case("single neighbor", _single_neighbor),
        Case("zero row", _zero_row, visible=True),
        Case("zero row among all", _from_zero_row_neighbors),
        Case("twin", _twin, visible=True),
        Case("no such row", _no_such_row, visible=True),
        Case("negative row", _negative_row),
        Case("no neighbors", _no_neighbors, visible=True),
        Case("too many neighbors", _too_many_neighbors, visible=True),
    ),
    properties=(
        Property(
            "The k rows with the largest cosine come back, best first",
            ("hand-made", "drawn", "not contiguous", "all neighbors", "single neighbor"),
            "Give every row the length 1, take dot products with row index, sort from large to small, leave the row "
            "itself out, and keep k.",
            weight=3,
        ),
        Property(
            "A row of zeros has cosine 0",
            ("zero row", "zero row among all"),
            "Dividing a row of zeros by its length gives NaN, which sorts before everything. Its cosine counts as 0: "
            "after the rows that point the same way, before those that point away.",
            weight=2,
        ),
        Property(
            "A row that points the same way is a neighbor; the row itself is not",
            ("twin",),
            "Leave out the row by its *number*. Its cosine with itself need not be the only 1.",
        ),
        Property(
            "The table is left unchanged",
            ("hand-made", "drawn", "zero row"),
            "The table differs after your call: make a new tensor, and beware of /= and of names ending in _.",
            observe=observe.changed,
            needs="The k rows with the largest cosine come back, best first",
        ),
        Property(
            "A row or a number of neighbors that does not exist is refused with a ValueError",
            ("hand-made", "no such row", "negative row", "no neighbors", "too many neighbors"),
            "Refuse an index outside 0 to vocab - 1, and a k below 1 or above vocab - 1.",
            observe=observe.refusal,
            needs="The k rows with the largest cosine come back, best first",
        ),
    ),
    mistakes=(
        Mistake(
            "by_dot_product",
            "You rank by dot product, so long rows win whatever their direction. Divide every row by its length first.",
            COSINE,
            _by_dot_product,
        ),
        Mistake(
            "by_distance",
            "You rank by distance, so a short row is far from a long one that points the same way. The cosine looks at "
            "the direction only.",
            COSINE,
            _by_distance,
        ),
        Mistake(
            "one_side_normalized",
            "You divide by the *squared* length of the other row. The cosine divides by its length once.",
            COSINE,
            _one_side_normalized,
        ),
        Mistake(
            "itself_first",
            "Your first neighbor is the row itself, with cosine 1. Leave it out.",
            COSINE,
            _itself_first,
        ),
        Mistake(
            "worst_first",
            "You return the rows that point *away*. Sort from large to small cosine.",
            COSINE,
            _worst_first,
        ),
        Mistake(
            "reversed",
            "You have the right rows in the wrong order: the best comes first.",
            COSINE,
            _reversed,
        ),
        Mistake(
            "columns_normalized",
            "You give every *column* the length 1. A token is a row: take the lengths along dim=1.",
            COSINE,
            _columns_normalized,
        ),
        Mistake(
            "absolute",
            "You take the absolute value, so the opposite direction counts as near. No cosine is farther than -1.",
            COSINE,
            _absolute,
        ),
        Mistake(
            "zero_row_nan",
            "A row of zeros divided by its length 0 is NaN, and NaN sorts first. Its cosine counts as 0.",
            COSINE,
            _zero_row_nan,
        ),
        Mistake(
            "zero_row_left_out",
            "You leave rows of zeros out. Their cosine counts as 0, which is better than a negative one.",
            COSINE,
            _zero_row_left_out,
        ),
        Mistake(
            "drops_the_first",
            "You sort and drop the first entry, believing it to be the row itself. Another row may point exactly the "
            "same way and stand first. Leave the row out by its number.",
            COSINE,
            _drops_the_first,
        ),
        Mistake(
            "one_too_many",
            "You return k + 1 rows. After the row itself is left out, keep k.",
            COSINE,
            _one_too_many,
        ),
        Mistake(
            "k_ignored",
            "You return all rows, ranked. Keep the first k.",
            COSINE,
            _k_ignored,
        ),
        Mistake(
            "shifted_after_leaving_out",
            "You take row index out of the table and rank the rest: all later rows then have a number that is one "
            "too small.",
            COSINE,
            _shifted_after_leaving_out,
        ),
        Mistake(
            "table_changed",
            "Your neighbors are right, but the table is normalized in place: the caller's embeddings are gone.",
            COSINE,
            _table_changed,
        ),
        Mistake(
            "any_index_taken",
            "You take an index that is no row, such as -1. Refuse it.",
            COSINE,
            _any_index_taken,
        ),
    ),
    shortcuts=("cosine_similarity",),
)


# tied_logits


def _check_widths(hidden: Tensor, table: Tensor) -> None:
    if hidden.shape[-1] != table.shape[-1]:
        raise ValueError("the widths differ")


def _not_transposed(hidden: Tensor, table: Tensor) -> Tensor:
    _check_widths(hidden, table)
    return hidden @ table


def _logits_scaled(hidden: Tensor, table: Tensor) -> Tensor:
    return embeddings.tied_logits(hidden, table) / math.sqrt(table.shape[-1])


def _softmaxed(hidden: Tensor, table: Tensor) -> Tensor:
    return torch.softmax(embeddings.tied_logits(hidden, table), dim=-1)


def _log_softmaxed(hidden: Tensor, table: Tensor) -> Tensor:
    return torch.log_softmax(embeddings.tied_logits(hidden, table), dim=-1)


def _cosines(hidden: Tensor, table: Tensor) -> Tensor:
    return embeddings.tied_logits(F.normalize(hidden, dim=-1), F.normalize(table, dim=-1))


def _rows_made_unit(hidden: Tensor, table: Tensor) -> Tensor:
    return embeddings.tied_logits(hidden, F.normalize(table, dim=-1))


def _most_likely_token(hidden: Tensor, table: Tensor) -> Tensor:
    return embeddings.tied_logits(hidden, table).argmax(-1)


def _table_detached(hidden: Tensor, table: Tensor) -> Tensor:
    return embeddings.tied_logits(hidden, table.detach())


def _hidden_detached(hidden: Tensor, table: Tensor) -> Tensor:
    return embeddings.tied_logits(hidden.detach(), table)


def _last_position_only(hidden: Tensor, table: Tensor) -> Tensor:
    _check_widths(hidden, table)
    return (hidden[..., -1, :] if hidden.dim() > 1 else hidden) @ table.T


def _logits_float32(hidden: Tensor, table: Tensor) -> Tensor:
    return embeddings.tied_logits(hidden.float(), table.float())


def _widths_not_checked(hidden: Tensor, table: Tensor) -> Tensor:
    return hidden @ table.T


def _tied(draw: Generator, *batch: int, vocab: int, dim: int, dtype: torch.dtype = torch.float32) -> Arguments:
    hidden = randn(draw, *batch[:-1], dim, batch[-1], dtype=dtype).transpose(-2, -1)
    return {"hidden": hidden, "table": randn(draw, vocab, dim, dtype=dtype)}


def _sequence_and_table(draw: Generator) -> Arguments:
    return _tied(draw, 4, vocab=7, dim=3)


def _square_table(draw: Generator) -> Arguments:
    return _tied(draw, 4, vocab=5, dim=5)


def _batch_and_table(draw: Generator) -> Arguments:
    return _tied(draw, 2, 3, vocab=randint(draw, 8, 11), dim=6)


def _more_axes(draw: Generator) -> Arguments:
    return _tied(draw, 2, 3, 4, vocab=9, dim=5)


def _single_row(draw: Generator) -> Arguments:
    return {"hidden": randn(draw, 6), "table": randn(draw, 8, 6)}


def _batch_of_one(draw: Generator) -> Arguments:
    return _tied(draw, 1, 4, vocab=8, dim=6)


def _tied_in_float64(draw: Generator) -> Arguments:
    return _tied(draw, 2, 3, vocab=7, dim=4, dtype=torch.float64)


def _tied_in_bfloat16(draw: Generator) -> Arguments:
    return _tied(draw, 2, 3, vocab=7, dim=4, dtype=torch.bfloat16)


def _widths_differ(draw: Generator) -> Arguments:
    return {"hidden": randn(draw, 3, 4), "table": randn(draw, 7, 5)}


TIED_LOGITS = Exercise(
    reference=embeddings.tied_logits,
    points=2,
    cases=(
        Case("sequence", _sequence_and_table, visible=True),
        Case("as many tokens as columns", _square_table, visible=True),
        Case("batch", _batch_and_table),
        Case("more axes", _more_axes),
        Case("single row", _single_row, visible=True),
        Case("batch of one", _batch_of_one),
        Case("float64", _tied_in_float64, visible=True),
        Case("bfloat16", _tied_in_bfloat16),
        Case("gradients", _batch_and_table, visible=True, gradients=("hidden", "table")),
        Case("widths differ", _widths_differ, visible=True),
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
            ("sequence", "widths differ"),
            "Compare the last sizes of hidden and table before you multiply, and raise ValueError.",
            observe=observe.refusal,
            needs="A logit is the dot product of a position with a token's row",
        ),
    ),
    mistakes=(
        Mistake(
            "not_transposed",
            "You multiply by the table as it is. A logit belongs to a token, which is a *row*: the table has to be "
            "transposed. It runs only where vocab and dim happen to be equal.",
            TYING,
            _not_transposed,
        ),
        Mistake(
            "logits_scaled",
            "You divide by √dim. That belongs to attention scores; logits are plain dot products.",
            TYING,
            _logits_scaled,
        ),
        Mistake(
            "softmaxed",
            "You return probabilities. Logits are the scores before the softmax.",
            TYING,
            _softmaxed,
        ),
        Mistake(
            "log_softmaxed",
            "You return log probabilities. Logits are the scores before the softmax.",
            TYING,
            _log_softmaxed,
        ),
        Mistake(
            "cosines",
            "You return cosines. Logits are dot products: lengths count, and all logits between -1 and 1 would leave "
            "the softmax nearly flat.",
            TYING,
            _cosines,
        ),
        Mistake(
            "rows_made_unit",
            "You give the table's rows the length 1. The table is used as it is: a row's length is part of what it "
            "has learned.",
            TYING,
            _rows_made_unit,
        ),
        Mistake(
            "most_likely_token",
            "You return the id of the best token. Asked is a score for each token.",
            TYING,
            _most_likely_token,
        ),
        Mistake(
            "table_detached",
            "No gradient reaches the table from this end. Then it is a copy, not a tied table: it would learn from "
            "the entrance only.",
            TYING,
            _table_detached,
        ),
        Mistake(
            "hidden_detached",
            "No gradient reaches the hidden rows, so no layer of the model could learn.",
            TYING,
            _hidden_detached,
        ),
        Mistake(
            "last_position_only",
            "You score the last position only. In training every position predicts its next token: keep them all.",
            TYING,
            _last_position_only,
        ),
        Mistake(
            "logits_float32",
            "Your logits are always float32. Keep the dtype of the inputs.",
            TYING,
            _logits_float32,
        ),
        Mistake(
            "widths_not_checked",
            "You leave it to the library to fail on widths that differ, with a RuntimeError. Compare them yourself "
            "and raise ValueError.",
            TYING,
            _widths_not_checked,
        ),
    ),
)


# analogy


def _check_analogy(table: Tensor, a: int, b: int, c: int, k: int) -> None:
    if not all(0 <= row < len(table) for row in (a, b, c)) or not 1 <= k <= len(table) - len({a, b, c}):
        raise ValueError("no such row, or no such number of answers")


def _answers(
    table: Tensor, a: int, b: int, c: int, k: int, target: Tensor, left_out: set[int] | None = None
) -> list[int]:
    """Rank by the cosine with `target`: most mistakes are another target or other rows left out."""
    _check_analogy(table, a, b, c, k)
    return _ranked(_unit(table) @ target, {a, b, c} if left_out is None else left_out, k)


def _inputs_not_left_out(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    _check_analogy(table, a, b, c, k)
    unit = _unit(table)
    return _answers(table, a, b, c, k, unit[b] - unit[a] + unit[c], set())


def _only_c_left_out(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    _check_analogy(table, a, b, c, k)
    unit = _unit(table)
    return _answers(table, a, b, c, k, unit[b] - unit[a] + unit[c], {c})


def _only_b_left_out(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    _check_analogy(table, a, b, c, k)
    unit = _unit(table)
    return _answers(table, a, b, c, k, unit[b] - unit[a] + unit[c], {b})


def _wrong_way_round(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    _check_analogy(table, a, b, c, k)
    unit = _unit(table)
    return _answers(table, a, b, c, k, unit[a] - unit[b] + unit[c])


def _all_added(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    _check_analogy(table, a, b, c, k)
    unit = _unit(table)
    return _answers(table, a, b, c, k, unit[a] + unit[b] + unit[c])


def _c_subtracted(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    _check_analogy(table, a, b, c, k)
    unit = _unit(table)
    return _answers(table, a, b, c, k, unit[b] + unit[a] - unit[c])


def _c_forgotten(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    _check_analogy(table, a, b, c, k)
    unit = _unit(table)
    return _answers(table, a, b, c, k, unit[b] - unit[a])


def _rows_of_any_length(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    _check_analogy(table, a, b, c, k)
    return _answers(table, a, b, c, k, table[b] - table[a] + table[c])


def _ranked_by_dot_product(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    _check_analogy(table, a, b, c, k)
    unit = _unit(table)
    return _ranked(table @ (unit[b] - unit[a] + unit[c]), {a, b, c}, k)


def _ranked_by_distance(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    _check_analogy(table, a, b, c, k)
    unit = _unit(table)
    return _ranked(-(table - (unit[b] - unit[a] + unit[c])).norm(dim=1), {a, b, c}, k)


def _farthest_first(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    _check_analogy(table, a, b, c, k)
    unit = _unit(table)
    return _answers(table, a, b, c, k, unit[a] - unit[b] - unit[c])


def _always_one(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    _check_analogy(table, a, b, c, k)
    return embeddings.analogy(table, a, b, c, 1)


def _analogy_zero_nan(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    _check_analogy(table, a, b, c, k)
    unit = table / table.norm(dim=1, keepdim=True)
    return _ranked(unit @ (unit[b] - unit[a] + unit[c]), {a, b, c}, k)


def _analogy_changes_table(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    found = embeddings.analogy(table, a, b, c, k)
    table[[a, b, c]] = 0.0
    return found


def _any_row_taken(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    return embeddings.analogy(table, a % len(table), b % len(table), c % len(table), k)


def _related(draw: Generator) -> Arguments:
    """A table in which b - a + c leads near b, near c and near one other row."""
    table = _uneven_table(draw, 14, 6)
    unit = _unit(table)
    table[9] = 0.3 * (unit[4] - unit[2] + unit[11]) + 0.05 * randn(draw, 6)
    return {"table": table, "a": 2, "b": 4, "c": 11, "k": 5}


def _hand_made_analogy(draw: Generator) -> Arguments:
    # Columns: royal, male, female, young. Rows of other lengths than 1.
    table = torch.tensor(
        [
            [0.0, 1.2, 0.0, 0.1],  # 0 man
            [0.0, 0.0, 0.7, 0.1],  # 1 woman
            [3.0, 2.6, 0.0, 0.2],  # 2 king
            [0.5, 0.0, 0.45, 0.0],  # 3 queen
            [0.3, 0.35, 0.0, 0.4],  # 4 prince
            [1.6, 0.0, 1.5, 1.9],  # 5 princess
            [0.0, 4.0, 0.3, 3.0],  # 6 boy
            [0.1, 0.0, 2.0, 1.8],  # 7 girl
            [2.2, 0.1, 0.1, 0.3],  # 8 crown
        ]
    )
    return {"table": table, "a": 0, "b": 1, "c": 2, "k": 3}


def _drawn_analogy(draw: Generator) -> Arguments:
    return {"table": _uneven_table(draw, 16, 5), "a": 1, "b": 12, "c": randint(draw, 3, 9), "k": 6}


def _default_k(draw: Generator) -> Arguments:
    arguments = _related(draw)
    del arguments["k"]
    return arguments


def _same_word_twice(draw: Generator) -> Arguments:
    return {"table": _uneven_table(draw, 10, 5), "a": 3, "b": 6, "c": 6, "k": 8}


def _zero_row_analogy(draw: Generator) -> Arguments:
    arguments = _drawn_analogy(draw)
    arguments["table"][10] = 0.0
    return {**arguments, "k": 13}


def _row_missing(draw: Generator) -> Arguments:
    return {"table": randn(draw, 6, 3), "a": 0, "b": 6, "c": 1, "k": 1}


def _row_negative(draw: Generator) -> Arguments:
    return {"table": randn(draw, 6, 3), "a": 0, "b": 2, "c": -1, "k": 1}


def _no_answers(draw: Generator) -> Arguments:
    return {"table": randn(draw, 6, 3), "a": 0, "b": 2, "c": 1, "k": 0}


def _too_many_answers(draw: Generator) -> Arguments:
    return {"table": randn(draw, 6, 3), "a": 0, "b": 2, "c": 1, "k": 4}


ANALOGY_EXERCISE = Exercise(
    reference=embeddings.analogy,
    points=4,
    cases=(
        Case("hand-made", _hand_made_analogy, visible=True),
        Case("related rows", _related, visible=True),
        Case("drawn", _drawn_analogy),
        Case("default k", _default_k),
        Case("same word twice", _same_word_twice),
        Case("zero row", _zero_row_analogy, visible=True),
        Case("no such row", _row_missing, visible=True),
        Case("negative row", _row_negative, visible=True),
        Case("no answers", _no_answers),
        Case("too many answers", _too_many_answers, visible=True),
    ),
    properties=(
        Property(
            "The rows nearest by cosine to b - a + c come back, best first",
            ("hand-made", "related rows", "drawn"),
            "Give all rows the length 1, then take b minus a plus c, then rank all rows by their dot product with it.",
            weight=3,
        ),
        Property(
            "One answer is the default, and a, b and c may be equal",
            ("default k", "same word twice"),
            "k is 1 unless told otherwise. If two of the three are the same row, only two rows are left out.",
        ),
        Property(
            "A row of zeros stays zero",
            ("zero row",),
            "Dividing a row of zeros by its length gives NaN, which sorts before everything. Its cosine counts as 0.",
        ),
        Property(
            "The table is left unchanged",
            ("hand-made", "related rows"),
            "The table differs after your call: work on a new tensor.",
            observe=observe.changed,
            needs="The rows nearest by cosine to b - a + c come back, best first",
        ),
        Property(
            "A row or a number of answers that does not exist is refused with a ValueError",
            ("hand-made", "no such row", "negative row", "no answers", "too many answers"),
            "Refuse rows outside 0 to vocab - 1, and a k below 1 or above the number of rows that are not left out.",
            observe=observe.refusal,
            needs="The rows nearest by cosine to b - a + c come back, best first",
        ),
    ),
    mistakes=(
        Mistake(
            "inputs_not_left_out",
            "You do not leave a, b and c out. The sum is mostly nearest to b or c itself, so the answer would be "
            "one of the words you started from.",
            ANALOGY,
            _inputs_not_left_out,
        ),
        Mistake(
            "only_c_left_out",
            "You leave out c only. b is often nearest to the sum as well: leave all three out.",
            ANALOGY,
            _only_c_left_out,
        ),
        Mistake(
            "only_b_left_out",
            "You leave out b only. c is often nearest to the sum as well: leave all three out.",
            ANALOGY,
            _only_b_left_out,
        ),
        Mistake(
            "wrong_way_round",
            "You go from b to a. The step that is added to c is b - a.",
            ANALOGY,
            _wrong_way_round,
        ),
        Mistake(
            "all_added",
            "You add all three rows: a has to be *subtracted*.",
            ANALOGY,
            _all_added,
        ),
        Mistake(
            "c_subtracted",
            "You subtract c in place of a. The step is b - a, and c is where it starts.",
            ANALOGY,
            _c_subtracted,
        ),
        Mistake(
            "c_forgotten",
            "You rank by the step b - a alone. Add it to c.",
            ANALOGY,
            _c_forgotten,
        ),
        Mistake(
            "rows_of_any_length",
            "You add the rows as they are, so the longest of the three decides. Give them the length 1 first.",
            ANALOGY,
            _rows_of_any_length,
        ),
        Mistake(
            "ranked_by_dot_product",
            "You rank by dot product with rows of any length: long rows win. Rank by the cosine.",
            COSINE,
            _ranked_by_dot_product,
        ),
        Mistake(
            "ranked_by_distance",
            "You rank by distance between the sum and rows of any length. Rank by the cosine.",
            COSINE,
            _ranked_by_distance,
        ),
        Mistake(
            "farthest_first",
            "You return the rows that point away from b - a + c. Sort from large to small cosine.",
            ANALOGY,
            _farthest_first,
        ),
        Mistake(
            "always_one",
            "You return one answer whatever k says. Return the best k.",
            ANALOGY,
            _always_one,
        ),
        Mistake(
            "analogy_zero_nan",
            "A row of zeros divided by its length 0 is NaN, and NaN sorts first. Its cosine counts as 0.",
            COSINE,
            _analogy_zero_nan,
        ),
        Mistake(
            "analogy_changes_table",
            "Your answers are right, but rows of the table are overwritten, perhaps to leave them out. Change a copy, "
            "or the scores.",
            ANALOGY,
            _analogy_changes_table,
        ),
        Mistake(
            "any_row_taken",
            "You take numbers that are no rows, such as -1. Refuse them.",
            ANALOGY,
            _any_row_taken,
        ),
    ),
    shortcuts=("cosine_similarity",),
)


ASSIGNMENT = Assignment("03_embeddings", (EMBED, NEAREST_NEIGHBOURS, TIED_LOGITS, ANALOGY_EXERCISE))
