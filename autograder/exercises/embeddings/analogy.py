"""analogy: b - a + c."""

import torch
from torch import Generator, Tensor

from autograder.exercises.embeddings.inputs import uneven_table
from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
from solutions import embeddings

COSINE = "embeddings-cosine"

known = Mistakes(embeddings.analogy, section="embeddings-analogy")

TARGET = "unit[b] - unit[a] + unit[c]"

known.edit(
    "inputs_not_left_out",
    {" if row not in given": ""},
    "You do not leave a, b and c out. The sum is mostly nearest to b or c itself, so the answer would be one of the "
    "words you started from.",
)
known.edit(
    "only_c_left_out",
    {"row not in given": "row != c"},
    "You leave out c only. b is often nearest to the sum as well: leave all three out.",
)
known.edit(
    "only_b_left_out",
    {"row not in given": "row != b"},
    "You leave out b only. c is often nearest to the sum as well: leave all three out.",
)
known.edit(
    "wrong_way_round",
    {TARGET: "unit[a] - unit[b] + unit[c]"},
    "You go from b to a. The step that is added to c is b - a.",
)
known.edit("all_added", {TARGET: "unit[b] + unit[a] + unit[c]"}, "You add all three rows: a has to be *subtracted*.")
known.edit(
    "c_subtracted",
    {TARGET: "unit[b] + unit[a] - unit[c]"},
    "You subtract c in place of a. The step is b - a, and c is where it starts.",
)
known.edit("c_forgotten", {TARGET: "unit[b] - unit[a]"}, "You rank by the step b - a alone. Add it to c.")
known.edit(
    "rows_of_any_length",
    {TARGET: "table[b] - table[a] + table[c]"},
    "You add the rows as they are, so the longest of the three decides. Give them the length 1 first.",
)
known.edit(
    "ranked_by_dot_product",
    {"scores = unit": "scores = table"},
    "You rank by dot product with rows of any length: long rows win. Rank by the cosine.",
    COSINE,
)
known.edit(
    "ranked_by_distance",
    {f"unit @ ({TARGET})": f"-(table - ({TARGET})).norm(dim=1)"},
    "You rank by distance between the sum and rows of any length. Rank by the cosine.",
    COSINE,
)
known.edit(
    "farthest_first",
    {"descending=True": "descending=False"},
    "You return the rows that point away from b - a + c. Sort from large to small cosine.",
)
known.edit("always_one", {"[:k]": "[:1]"}, "You return one answer whatever k says. Return the best k.")
known.edit(
    "analogy_zero_nan",
    {"torch.where(lengths > 0, lengths, 1)": "lengths"},
    "A row of zeros divided by its length 0 is NaN, and NaN sorts first. Its cosine counts as 0.",
    COSINE,
)
known.edit(
    "analogy_changes_table",
    {"return [row": "found = [row", "[:k]": "[:k]\n    table[[a, b, c]] = 0.0\n    return found"},
    "Your answers are right, but rows of the table are overwritten, perhaps to leave them out. Change a copy, or the "
    "scores.",
)
known.edit(
    "any_row_taken",
    {
        "n_rows, given = table.shape[0], {a, b, c}": (
            "n_rows = table.shape[0]\n    a, b, c = a % n_rows, b % n_rows, c % n_rows\n    given = {a, b, c}"
        )
    },
    "You take numbers that are no rows, such as -1. Refuse them.",
)


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
    arguments = drawn_analogy(draw)
    arguments["table"][10] = 0.0
    return {**arguments, "k": 13}


def row_missing(draw: Generator) -> Arguments:
    return {"table": randn(draw, 6, 3), "a": 0, "b": 6, "c": 1, "k": 1}


def row_negative(draw: Generator) -> Arguments:
    return {"table": randn(draw, 6, 3), "a": 0, "b": 2, "c": -1, "k": 1}


def no_answers(draw: Generator) -> Arguments:
    return {"table": randn(draw, 6, 3), "a": 0, "b": 2, "c": 1, "k": 0}


def too_many_answers(draw: Generator) -> Arguments:
    return {"table": randn(draw, 6, 3), "a": 0, "b": 2, "c": 1, "k": 4}


EXERCISE = Exercise(
    reference=embeddings.analogy,
    points=4,
    cases=(
        Case("hand-made", hand_made_analogy, visible=True),
        Case("related rows", related, visible=True),
        Case("drawn", drawn_analogy),
        Case("default k", default_k),
        Case("same word twice", same_word_twice),
        Case("zero row", zero_row_analogy, visible=True),
        Case("no such row", row_missing, visible=True),
        Case("negative row", row_negative, visible=True),
        Case("no answers", no_answers),
        Case("too many answers", too_many_answers, visible=True),
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
    mistakes=tuple(known),
    shortcuts=("cosine_similarity",),
)
