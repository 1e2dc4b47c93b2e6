"""analogy: b - a + c."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, randint, randn
from autograder.exercises.embeddings.inputs import uneven_table
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires
from solutions import embeddings


def rows_of_length_one(table: Tensor) -> Tensor:
    lengths = table.norm(dim=1, keepdim=True)
    return table / torch.where(lengths > 0, lengths, 1)


def related(draw: Generator) -> Arguments:
    """A table in which b - a + c leads near b, near c and near one other row."""
    table = uneven_table(draw, 14, 6)
    unit = rows_of_length_one(table)
    table[9] = 0.3 * (unit[4] - unit[2] + unit[11]) + 0.05 * randn(draw, 6)
    return {"table": table, "a": 2, "b": 4, "c": 11, "k": 5}


def hand_made_analogy(draw: Generator) -> Arguments:
    # Columns: royal, male, female, young. Rows of other lengths than 1.
    table = torch.tensor(
        [
            [0.0, 24.0, 0.0, 2.0],  # 0 man
            [0.0, 0.0, 14.0, 2.0],  # 1 woman
            [60.0, 52.0, 0.0, 4.0],  # 2 king
            [10.0, 0.0, 9.0, 0.0],  # 3 queen
            [6.0, 7.0, 0.0, 8.0],  # 4 prince
            [32.0, 0.0, 30.0, 38.0],  # 5 princess
            [0.0, 80.0, 6.0, 60.0],  # 6 boy
            [2.0, 0.0, 40.0, 36.0],  # 7 girl
            [44.0, 2.0, 2.0, 6.0],  # 8 crown
        ]
    )
    return {"table": table, "a": 0, "b": 1, "c": 2, "k": 3}


def drawn_analogy(draw: Generator) -> Arguments:
    return {"table": uneven_table(draw, 16, 5), "a": 1, "b": 12, "c": randint(draw, 3, 9), "k": 6}


def default_k(draw: Generator) -> Arguments:
    return {name: value for name, value in related(draw).items() if name != "k"}


def same_word_twice(draw: Generator) -> Arguments:
    return {"table": uneven_table(draw, 10, 5), "a": 3, "b": 6, "c": 6, "k": 8}


def zero_row_analogy(draw: Generator) -> Arguments:
    """Of two rows before the row of zeros one has a small cosine: by distance from the sum, it would come after."""
    arguments = drawn_analogy(draw)
    table, words = arguments["table"], [arguments[name] for name in "abc"]
    # Then the sum is never short.
    table[arguments["c"]] = rows_of_length_one(table)[arguments["b"]] + 0.1 * randn(draw, 5)
    a, b, c = rows_of_length_one(table)[words]
    goal = (b - a + c) / (b - a + c).norm()
    aside = randn(draw, 5)
    aside -= (aside @ goal) * goal
    table[10], table[14], table[15] = 0.0, 0.1 * goal + aside / aside.norm(), 3 * goal + 0.1 * aside
    return {**arguments, "k": 13}


def three_alike(draw: Generator) -> Arguments:
    table = uneven_table(draw, 12, 5)
    table[[2, 7, 9]] = randn(draw, 5) + 0.2 * randn(draw, 3, 5)
    return {"table": table, "a": 7, "b": 2, "c": 9, "k": 6}


def equal_to_c(draw: Generator) -> Arguments:
    table = uneven_table(draw, 12, 5)
    table[10] = table[4]
    return {"table": table, "a": 1, "b": 8, "c": 4, "k": 9}


def of_six_rows(a: int, b: int, c: int, k: int = 1) -> ArgumentMaker:
    return lambda draw: {"table": randn(draw, 6, 3), "a": a, "b": b, "c": c, "k": k}


EXERCISE = exercise(
    embeddings.analogy,
    __file__,
    requires(
        "The rows nearest by cosine to b - a + c come back, best first",
        Case("hand-made", hand_made_analogy, visible=True),
        Case("related rows", related, visible=True),
        Case("drawn", drawn_analogy),
        advice="Give all rows the length 1, then take b minus a plus c, then rank all rows by their dot product with "
        "it.",
        fails="You do not return the k rows nearest by cosine to b - a + c, best first.",
        weight=3,
    ),
    requires(
        "a, b and c are left out, and no other row",
        Case("three alike", three_alike, visible=True),
        Case("a row equal to c", equal_to_c, visible=True),
        advice="Leave the three out by their *numbers*, each of them: any may be near the sum, and another row may "
        "equal one of them.",
        fails="Where rows are alike, you do not leave out exactly a, b and c.",
    ),
    requires(
        "One answer is the default, and a, b and c may be equal",
        Case("default k", default_k, visible=True),
        Case("same word twice", same_word_twice, visible=True),
        advice="k is 1 unless told otherwise. If two of the three are the same row, only two rows are left out.",
        fails="Without k, or with one row twice among a, b and c, your list is not the nearest rows beside them, 1 by "
        "default.",
    ),
    requires(
        "A row of zeros stays zero",
        Case("zero row", zero_row_analogy, visible=True),
        advice="Dividing a row of zeros by its length gives NaN, which sorts before everything. Its cosine counts as "
        "0.",
        fails="With a row of zeros in the table, your ranking is not that of cosines, with 0 for that row.",
    ),
    leaves_arguments(
        ("hand-made", "related rows"),
        advice="The table differs after your call: work on a new tensor.",
        name="The table is left unchanged",
        fails="You change the table.",
    ),
    refuses(
        Case("no such row", of_six_rows(0, 6, 1), visible=True),
        Case("no such first row", lambda draw: of_six_rows(randint(draw, 6, 9), 2, 1)(draw), visible=True),
        Case("no such last row", lambda draw: of_six_rows(2, 3, randint(draw, 6, 9))(draw), visible=True),
        Case("negative row", of_six_rows(0, 2, -1), visible=True),
        Case("too many answers", of_six_rows(0, 2, 1, k=4), visible=True),
        advice="Refuse rows outside 0 to vocab - 1, and a k above the number of rows that are not left out.",
        name="Rows that do not exist and an impossible k raise ValueError",
        fails="You accept invalid rows or an invalid k, or raise something other than ValueError.",
    ),
    points=4,
    shortcuts=("cosine_similarity",),
)
