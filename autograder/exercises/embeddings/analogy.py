"""analogy: b - a + c."""

import torch
from torch import Generator, Tensor

from autograder.exercises.embeddings.inputs import uneven_table
from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
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


def drawn_analogy(draw: Generator) -> Arguments:
    return {"table": uneven_table(draw, 16, 5), "a": 1, "b": 12, "c": randint(draw, 3, 9), "k": 6}


def default_k(draw: Generator) -> Arguments:
    arguments = related(draw)
    del arguments["k"]
    return arguments


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


def short_rows(draw: Generator) -> Arguments:
    return {**drawn_analogy(draw), "table": uneven_table(draw, 16, 5) / 1000}


def row_missing(draw: Generator) -> Arguments:
    return {"table": randn(draw, 6, 3), "a": 0, "b": 6, "c": 1, "k": 1}


def first_row_missing(draw: Generator) -> Arguments:
    return {"table": randn(draw, 6, 3), "a": randint(draw, 6, 9), "b": 2, "c": 1, "k": 1}


def last_row_missing(draw: Generator) -> Arguments:
    return {"table": randn(draw, 6, 3), "a": 2, "b": 3, "c": randint(draw, 6, 9), "k": 1}


def row_negative(draw: Generator) -> Arguments:
    return {"table": randn(draw, 6, 3), "a": 0, "b": 2, "c": -1, "k": 1}


def too_many_answers(draw: Generator) -> Arguments:
    return {"table": randn(draw, 6, 3), "a": 0, "b": 2, "c": 1, "k": 4}


EXERCISE = Exercise(
    reference=embeddings.analogy,
    points=4,
    cases=(
        Case("hand-made", hand_made_analogy, visible=True),
        Case("related rows", related, visible=True),
        Case("drawn", drawn_analogy),
        Case("three alike", three_alike, visible=True),
        Case("a row equal to c", equal_to_c, visible=True),
        Case("short rows", short_rows, visible=True),
        Case("default k", default_k, visible=True),
        Case("same word twice", same_word_twice, visible=True),
        Case("zero row", zero_row_analogy, visible=True),
        Case("no such row", row_missing, visible=True),
        Case("no such first row", first_row_missing, visible=True),
        Case("no such last row", last_row_missing, visible=True),
        Case("negative row", row_negative, visible=True),
        Case("too many answers", too_many_answers, visible=True),
    ),
    properties=(
        Property(
            "The rows nearest by cosine to b - a + c come back, best first",
            ("hand-made", "related rows", "drawn", "short rows"),
            "Give all rows the length 1, then take b minus a plus c, then rank all rows by their dot product with it.",
            weight=3,
        ),
        Property(
            "a, b and c are left out, and no other row",
            ("three alike", "a row equal to c"),
            "Leave the three out by their *numbers*, each of them: any may be near the sum, and another row may equal "
            "one of them.",
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
            (
                "hand-made",
                "no such row",
                "no such first row",
                "no such last row",
                "negative row",
                "too many answers",
            ),
            "Refuse rows outside 0 to vocab - 1, and a k above the number of rows that are not left out.",
            observe=observe.refusal,
            needs="The rows nearest by cosine to b - a + c come back, best first",
        ),
    ),
    mistakes=misunderstandings(embeddings.analogy, __file__),
    shortcuts=("cosine_similarity",),
)
