"""nearest_neighbours: which rows point the same way?"""

import functools

import torch
from torch import Generator

from autograder.exercises.embeddings.inputs import uneven_table
from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
from solutions import embeddings

known = Mistakes(embeddings.nearest_neighbours, section="embeddings-cosine")

COSINES = "unit @ unit[index]"
LENGTHS = "torch.where(lengths > 0, lengths, 1)"
NEIGHBORS = "[row for row in best_first if row != index][:k]"

known.edit(
    "by_dot_product",
    {COSINES: "table @ table[index]"},
    "You rank by dot product, so long rows win whatever their direction. Divide every row by its length first.",
)
known.edit(
    "by_distance",
    {COSINES: "-(table - table[index]).norm(dim=1)"},
    "You rank by distance, so a short row is far from a long one that points the same way. The cosine looks at the "
    "direction only.",
)
known.edit(
    "one_side_normalized",
    {COSINES: f"unit / {LENGTHS} @ table[index]"},
    "You divide by the *squared* length of the other row. The cosine divides by its length once.",
)
known.edit(
    "itself_first",
    # Where another row points the same way, which of the two comes first is a matter of rounding.
    {NEIGHBORS: f"best_first[:k] if (cosines > 1 - 1e-6).sum() == 1 else {NEIGHBORS}"},
    "Your first neighbor is the row itself, with cosine 1. Leave it out.",
)
known.edit(
    "worst_first",
    {"descending=True": "descending=False"},
    "You return the rows that point *away*. Sort from large to small cosine.",
)
known.edit("reversed", {"[:k]": "[:k][::-1]"}, "You have the right rows in the wrong order: the best comes first.")
known.edit(
    "columns_normalized",
    {"norm(dim=1": "norm(dim=0"},
    "You give every *column* the length 1. A token is a row: take the lengths along dim=1.",
)
known.edit(
    "absolute",
    {COSINES: f"({COSINES}).abs()"},
    "You take the absolute value, so the opposite direction counts as near. No cosine is farther than -1.",
)
known.edit(
    "zero_row_nan",
    {LENGTHS: "lengths"},
    "A row of zeros divided by its length 0 is NaN, and NaN sorts first. Its cosine counts as 0.",
)
known.edit(
    "zero_row_left_out",
    {"row != index": "row != index and table[row].any()"},
    "You leave rows of zeros out. Their cosine counts as 0, which is better than a negative one.",
)
known.edit(
    "zero_row_last",
    {COSINES: f"{COSINES}\n    cosines = torch.where(lengths[:, 0] > 0, cosines, -1)"},
    "You rank rows of zeros last, as if they pointed away. Their cosine counts as 0, which is better than a negative "
    "one.",
)
known.edit(
    "by_distance_of_unit_rows",
    {COSINES: "-(unit - unit[index]).norm(dim=1)"},
    "You rank by the distance between rows of length 1. That is the order of the cosines, but for a row of zeros: its "
    "distance is 1, as if its cosine were 0.5, and its cosine counts as 0.",
)
known.edit(
    "own_cosine_minus_one",
    {COSINES: f"{COSINES}\n    cosines[index] = -1.0", NEIGHBORS: "best_first[:k]"},
    "You set the cosine of the row with itself to -1 to be rid of it, but a row that points exactly away has -1 too. "
    "Set it to minus infinity, or leave the row out by its number.",
)
known.edit(
    "equal_rows_left_out",
    {"row != index": "not torch.equal(table[row], table[index])"},
    "You leave out every row that equals row index. Only the row itself is left out, by its number: an equal row is "
    "its nearest neighbor.",
)
known.edit(
    "k_before_leaving_out",
    {NEIGHBORS: "[row for row in best_first[:k] if row != index]"},
    "You keep k rows and then leave the row itself out, so one is missing. Leave it out first, then keep k.",
)
known.edit(
    "own_cosine_zero",
    {COSINES: f"{COSINES}\n    cosines[index] = 0.0", NEIGHBORS: "best_first[:k]"},
    "You set the cosine of the row with itself to 0 to be rid of it. But 0 is better than what points away: leave the "
    "row out by its number.",
)
# A row that points exactly the same way stands before the row itself, if it comes before it in the table.
known.edit(
    "drops_the_first",
    {
        COSINES: f"{COSINES}\n    cosines = torch.where(cosines > 1 - 1e-6, 1.0, cosines)",
        "descending=True": "descending=True, stable=True",
        NEIGHBORS: "best_first[1 : k + 1]",
    },
    "You sort and drop the first entry, believing it to be the row itself. Another row may point exactly the same way "
    "and stand first. Leave the row out by its number.",
)
known.edit("one_too_many", {"[:k]": "[: k + 1]"}, "You return k + 1 rows. After the row itself is left out, keep k.")
known.edit("k_ignored", {"[:k]": ""}, "You return all rows, ranked. Keep the first k.")
known.edit(
    "shifted_after_leaving_out",
    {COSINES: "torch.cat([unit[:index], unit[index + 1 :]]) @ unit[index]", NEIGHBORS: "best_first[:k]"},
    "You take row index out of the table and rank the rest: all later rows then have a number that is one too small.",
)
known.edit(
    "table_changed",
    {f"table / {LENGTHS}": f"table.div_({LENGTHS})"},
    "Your neighbors are right, but you write into the table, as a division in place does: the caller's embeddings "
    "are gone.",
)
known.edit(
    "negative_index_taken",
    {"not 0 <= index < n_rows": "index >= n_rows"},
    "You take a negative index, which Python counts from the end of the table. Refuse it.",
)


HAND_MADE = torch.tensor(
    [[2.0, 0.2], [0.3, 0.3], [6.0, 3.0], [1.0, -1.2], [0.1, 0.0], [-4.0, 0.1], [0.5, 4.0], [-0.2, -0.15]]
)


def hand_made(draw: Generator) -> Arguments:
    return {"table": HAND_MADE.clone(), "index": 0, "k": 4}


def drawn_table(draw: Generator) -> Arguments:
    return {"table": uneven_table(draw, 14, 5), "index": randint(draw, 3, 10), "k": 6}


def all_neighbors(draw: Generator) -> Arguments:
    return {"table": uneven_table(draw, 9, 4), "index": 8, "k": 8}


def not_contiguous(draw: Generator) -> Arguments:
    return {"table": uneven_table(draw, 12, 12)[:, ::3].T.contiguous().T, "index": 5, "k": 5}


def single_neighbor(draw: Generator) -> Arguments:
    return {"table": uneven_table(draw, 10, 4), "index": 4, "k": 1}


def zero_row(draw: Generator) -> Arguments:
    # From row 2 the cosines are about 1, 0.8, 0.3, 0 (the row of zeros), -0.6 and -1.
    table = torch.tensor([[0.0, 0.0], [-3.0, 0.0], [1.0, 0.0], [4.0, 3.0], [0.5, 0.05], [-0.6, 0.8], [0.6, 2.0]])
    return {"table": table, "index": 2, "k": 5}


def from_zero_row_neighbors(draw: Generator) -> Arguments:
    table = uneven_table(draw, 11, 4)
    table[2] = 0.0
    return {"table": table, "index": 7, "k": 10}


def twin(draw: Generator) -> Arguments:
    table = uneven_table(draw, 8, 4)
    table[1] = table[5] * 0.25
    return {"table": table, "index": 5, "k": 3}


def equal_row(draw: Generator) -> Arguments:
    table = uneven_table(draw, 9, 4)
    table[7] = table[3]
    return {"table": table, "index": 3, "k": 3}


def opposite_row(draw: Generator) -> Arguments:
    """All rows are neighbors, and the last of them points exactly away."""
    table = uneven_table(draw, 9, 4)
    table[2], table[6] = torch.tensor([4.0, 0.0, 0.0, 0.0]), torch.tensor([-2.0, 0.0, 0.0, 0.0])
    return {"table": table, "index": 2, "k": 8}


def two_opposite_rows(draw: Generator, index: int) -> Arguments:
    """Their cosine is -1 to the last bit."""
    direction = torch.eye(4)[randint(draw, 0, 3)]
    return {"table": torch.stack([4.0 * direction, -2.0 * direction]), "index": index, "k": 1}


def short_rows(draw: Generator) -> Arguments:
    return {"table": uneven_table(draw, 12, 5) / 1000, "index": randint(draw, 3, 10), "k": 6}


def no_such_row(draw: Generator) -> Arguments:
    return {"table": randn(draw, 5, 3), "index": 5, "k": 2}


def negative_row(draw: Generator) -> Arguments:
    return {"table": randn(draw, 5, 3), "index": -1, "k": 2}


def no_neighbors(draw: Generator) -> Arguments:
    return {"table": randn(draw, 5, 3), "index": 1, "k": 0}


def too_many_neighbors(draw: Generator) -> Arguments:
    return {"table": randn(draw, 5, 3), "index": 1, "k": 5}


EXERCISE = Exercise(
    reference=embeddings.nearest_neighbours,
    points=4,
    cases=(
        Case("hand-made", hand_made, visible=True),
        Case("drawn", drawn_table),
        Case("not contiguous", not_contiguous, visible=True),
        Case("all neighbors", all_neighbors, visible=True),
        Case("single neighbor", single_neighbor, visible=True),
        Case("zero row", zero_row, visible=True),
        Case("zero row among all", from_zero_row_neighbors),
        Case("short rows", short_rows, visible=True),
        Case("twin", twin, visible=True),
        Case("equal row", equal_row, visible=True),
        Case("opposite row", opposite_row, visible=True),
        Case("two opposite rows, from the first", functools.partial(two_opposite_rows, index=0), visible=True),
        Case("two opposite rows, from the second", functools.partial(two_opposite_rows, index=1), visible=True),
        Case("no such row", no_such_row, visible=True),
        Case("negative row", negative_row, visible=True),
        Case("no neighbors", no_neighbors, visible=True),
        Case("too many neighbors", too_many_neighbors, visible=True),
    ),
    properties=(
        Property(
            "The k rows with the largest cosine come back, best first",
            ("hand-made", "drawn", "not contiguous", "all neighbors", "single neighbor", "short rows"),
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
            (
                "twin",
                "equal row",
                "opposite row",
                "two opposite rows, from the first",
                "two opposite rows, from the second",
            ),
            "Leave out the row by its *number*. Its cosine with itself need not be the only 1, and a row that points "
            "exactly away has the cosine -1.",
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
    mistakes=tuple(known),
    shortcuts=("cosine_similarity",),
)
