"""nearest_neighbours: which rows point the same way?"""

import functools

import torch
from torch import Generator

from autograder.exercises.embeddings.inputs import uneven_table
from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
from solutions import embeddings

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
    mistakes=misunderstandings(embeddings.nearest_neighbours, __file__),
    shortcuts=("cosine_similarity",),
)
