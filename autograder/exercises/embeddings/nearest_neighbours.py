"""nearest_neighbours: which rows point the same way?"""

from functools import partial

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, randint, randn
from autograder.exercises.embeddings.inputs import uneven_table
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires
from solutions import embeddings

HAND_MADE = [[20, 2], [3, 3], [60, 30], [10, -12], [1, 0], [-40, 1], [5, 40], [-2, -1]]


def hand_made(draw: Generator) -> Arguments:
    return {"table": torch.tensor(HAND_MADE, dtype=torch.float32), "index": 0, "k": 4}


def uneven(rows: int, *, index: int, k: int) -> ArgumentMaker:
    return lambda draw: {"table": uneven_table(draw, rows, 4), "index": index, "k": k}


def not_contiguous(draw: Generator) -> Arguments:
    return {"table": uneven_table(draw, 12, 12)[:, ::3].T.contiguous().T, "index": 5, "k": 5}


def zero_row(draw: Generator) -> Arguments:
    # From row 2 the cosines are about 1, 0.8, 0.3, 0 (the row of zeros), -0.6 and -1.
    rows = [[0, 0], [-30, 0], [10, 0], [40, 30], [10, 1], [-6, 8], [6, 20]]
    return {"table": torch.tensor(rows, dtype=torch.float32), "index": 2, "k": 5}


def zero_row_among_all(draw: Generator) -> Arguments:
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


def of_five_rows(*, index: int, k: int) -> ArgumentMaker:
    return lambda draw: {"table": randn(draw, 5, 3), "index": index, "k": k}


EXERCISE = exercise(
    embeddings.nearest_neighbours,
    __file__,
    requires(
        "The k rows with the largest cosine come back, best first",
        Case("hand-made", hand_made, visible=True),
        Case("drawn", lambda draw: {"table": uneven_table(draw, 14, 5), "index": randint(draw, 3, 10), "k": 6}),
        Case("not contiguous", not_contiguous, visible=True),
        Case("all neighbors", uneven(9, index=8, k=8), visible=True),
        Case("single neighbor", uneven(10, index=4, k=1), visible=True),
        Case("short rows", short_rows, visible=True),
        advice="Give every row the length 1, take dot products with row index, sort from large to small, leave the row "
        "itself out, and keep k.",
        fails="You do not return the k rows with the largest cosine, best first.",
        weight=3,
    ),
    requires(
        "A row of zeros has cosine 0",
        Case("zero row", zero_row, visible=True),
        Case("zero row among all", zero_row_among_all),
        advice="Dividing a row of zeros by its length gives NaN, which sorts before everything. Its cosine counts as "
        "0: after the rows that point the same way, before those that point away.",
        fails="With a row of zeros in the table, your ranking is not that of cosines, with 0 for that row.",
        weight=2,
    ),
    requires(
        "A row that points the same way is a neighbor; the row itself is not",
        Case("two opposite rows, from the first", partial(two_opposite_rows, index=0), visible=True),
        Case("two opposite rows, from the second", partial(two_opposite_rows, index=1), visible=True),
        Case("twin", twin, visible=True),
        Case("equal row", equal_row, visible=True),
        Case("opposite row", opposite_row, visible=True),
        advice="Leave out the row by its *number*. Its cosine with itself need not be the only 1, and a row that "
        "points exactly away has the cosine -1.",
        fails="Where rows point the same way or exactly away, your list is not the other rows by their cosine.",
    ),
    leaves_arguments(
        ("hand-made", "drawn", "zero row"),
        advice="The table differs after your call: make a new tensor, and beware of /= and of names ending in _.",
        name="The table is left unchanged",
        fails="You change the table.",
    ),
    refuses(
        Case("no such row", of_five_rows(index=5, k=2), visible=True),
        Case("negative row", of_five_rows(index=-1, k=2), visible=True),
        Case("no neighbors", of_five_rows(index=1, k=0), visible=True),
        Case("too many neighbors", of_five_rows(index=1, k=5), visible=True),
        advice="Refuse an index outside 0 to vocab - 1, and a k below 1 or above vocab - 1.",
        name="An index without a row and an impossible k raise ValueError",
        fails="You accept an invalid index or k, or raise something other than ValueError.",
    ),
    points=4,
    shortcuts=("cosine_similarity",),
)
