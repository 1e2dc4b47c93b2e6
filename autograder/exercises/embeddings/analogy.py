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
    "You leave out c only. b is often nearest to the sum as well, and a may be near: leave all three out.",
)
known.edit(
    "b_not_left_out",
    {"row not in given": "row not in (a, c)"},
    "You do not leave b out. It is often nearest to the sum, as c is: leave all three out.",
)
known.edit(
    "c_not_left_out",
    {"row not in given": "row not in (a, b)"},
    "You do not leave c out. It is often nearest to the sum, as b is: leave all three out.",
)
known.edit(
    "a_not_left_out",
    {"row not in given": "row not in (b, c)"},
    "You do not leave a out. Where the three rows are alike it is near the sum too: leave all three out.",
)
known.edit(
    "three_rows_counted",
    {"1 <= k <= n_rows - len(given)": "1 <= k <= n_rows - 3"},
    "You count a, b and c as three rows, also where two of them are one. Then one row more is left for an answer: "
    "count the different ones.",
)
known.edit(
    "equal_rows_left_out",
    {"row not in given": "not any(torch.equal(table[row], table[word]) for word in given)"},
    "You leave out every row that equals a, b or c. Only the three themselves are left out, by their numbers.",
)
known.edit(
    "first_three_dropped",
    {"[row for row in best_first if row not in given][:k]": "best_first[3 : k + 3]"},
    "You drop the first three, believing them to be a, b and c. a is mostly far from the sum: leave the three out by "
    "their numbers.",
)
known.edit(
    "as_many_dropped_as_given",
    {"[row for row in best_first if row not in given][:k]": "best_first[len(given) : k + len(given)]"},
    "You drop the head of the ranking, as many rows as were given, believing them to be a, b and c. a is mostly far "
    "from the sum: leave the three out by their numbers.",
)
known.edit(
    "k_before_leaving_out",
    {"[row for row in best_first if row not in given][:k]": "[row for row in best_first[:k] if row not in given]"},
    "You keep k rows and then leave a, b and c out, so some are missing. Leave them out first, then keep k.",
)
known.edit(
    "no_unit_rows",
    {TARGET: "table[b] - table[a] + table[c]", "scores = unit": "scores = table"},
    "You use the rows as they are, for the sum and for the ranking, so long rows decide. Give all of them the length 1 "
    "first.",
)
known.edit(
    "ranked_by_distance_of_unit_rows",
    {f"unit @ ({TARGET})": f"-(unit - ({TARGET})).norm(dim=1)"},
    "You rank unit rows by their distance from the sum. That is the order of the cosines but for a row of zeros, whose "
    "cosine counts as 0.",
    COSINE,
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
    "cosines_multiplied",
    {f"unit @ ({TARGET})": "(lambda to: to[b] * to[c] / (to[a] + 0.001))((unit @ unit.T + 1) / 2)"},
    "You multiply and divide shifted cosines: that is 3CosMul (Levy and Goldberg 2014). Here the three unit rows are "
    "added, b - a + c, and the cosine to this sum ranks.",
)
known.edit(
    "cosines_multiplied_as_they_are",
    {f"unit @ ({TARGET})": "(lambda to: to[b] * to[c] / (to[a] + 0.001))(unit @ unit.T)"},
    "You multiply and divide cosines, as 3CosMul does with shifted ones. Here the three unit rows are added, b - a + "
    "c, and the cosine to this sum ranks.",
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
    "negative_rows_taken",
    {"0 <= row < n_rows": "row < n_rows"},
    "You take negative numbers, which Python counts from the end of the table. Refuse them.",
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
    mistakes=tuple(known),
    shortcuts=("cosine_similarity",),
)
