"""causal_mask: who may be listened to, oneself and the past."""

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from solutions import attention

known = Mistakes(attention.causal_mask, section="attention-masks")

known.edit(
    "aligned_at_start",
    {"diagonal=n_keys - n_queries": "diagonal=0"},
    "Your first query is at position 0, but the queries are the *last* `n_queries` of the `n_keys` positions: shift "
    "the diagonal by n_keys - n_queries, so that the last query sees the last key.",
)
known.edit(
    "diagonal_left_out",
    {"n_keys - n_queries)": "n_keys - n_queries - 1)"},
    "Your queries do not see themselves: the diagonal belongs to the mask. Without it the first position has nothing "
    "to attend to, and its softmax is NaN.",
)
known.edit(
    "one_key_too_many",
    {"n_keys - n_queries)": "n_keys - n_queries + 1)"},
    "Each of your queries sees one key of its future: the diagonal is off by one, and a model trained so reads the "
    "very token that it is to predict.",
)
known.edit(
    "inverted",
    {"return torch": "return ~torch"},
    "Your mask is inverted: True means *may attend* here, and you marked the keys to hide.",
)
known.edit(
    "future_only",
    {".tril(": ".triu("},
    "You kept the upper triangle: your queries see themselves and the future instead of the past. Rows are queries, "
    "columns are keys.",
)
known.edit(
    "upper_triangle",
    {".tril(diagonal=n_keys - n_queries)": ".triu()"},
    "You kept the upper triangle: each query sees itself and what comes after it. It is to see what comes before: "
    "`tril`, shifted so that the last query sees the last key.",
)
known.edit(
    "inverted_at_start",
    {".tril(diagonal=n_keys - n_queries)": ".triu(1)"},
    "Your mask marks the keys to *hide*, as some code does; True means *may attend* here. Turn it around, and then "
    "see where the first query stands if there are more keys than queries.",
)
known.edit(
    "shifted_the_wrong_way",
    {"n_keys - n_queries": "n_queries - n_keys"},
    "With more keys than queries your diagonal moves to the left, so that queries lose even their own past. It has to "
    "move right: n_keys - n_queries.",
)
known.edit(
    "additive",
    {
        "torch.ones(n_queries, n_keys, dtype=torch.bool).tril(diagonal=": (
            "torch.full((n_queries, n_keys), -torch.inf).triu(diagonal=1 + "
        )
    },
    "You return numbers to add to the scores (0 and -inf); a Boolean mask is asked for: True where the query may "
    "attend.",
)


def square(draw: Generator) -> Arguments:
    size = randint(draw, 6, 20)
    return {"n_queries": size, "n_keys": size}


def more_keys(draw: Generator) -> Arguments:
    n_queries = randint(draw, 3, 9)
    return {"n_queries": n_queries, "n_keys": n_queries + randint(draw, 2, 9)}


EXERCISE = Exercise(
    reference=attention.causal_mask,
    points=2,
    cases=(
        Case("square", given(n_queries=4, n_keys=4), visible=True),
        Case("square drawn", square),
        Case("two queries, five keys", given(n_queries=2, n_keys=5), visible=True),
        Case("more keys drawn", more_keys),
        Case("one query", lambda draw: {"n_queries": 1, "n_keys": randint(draw, 3, 20)}, visible=True),
        Case("one position", given(n_queries=1, n_keys=1), visible=True),
    ),
    properties=(
        Property(
            "With as many queries as keys, each position attends to itself and to all before it",
            ("square", "square drawn", "one position"),
            "Write the 4 x 4 mask on paper: row i has True in columns 0 to i, and nowhere else.",
        ),
        Property(
            "With more keys than queries, the last query sees the last key",
            ("two queries, five keys", "more keys drawn", "one query"),
            "The queries are the last positions: with one query and seven keys, all seven are in its past.",
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("generate_square_subsequent_mask",),
)
