"""causal_mask: who may be listened to, oneself and the past."""

from torch import Generator

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from solutions import attention


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
    mistakes=misunderstandings(attention.causal_mask, __file__),
    shortcuts=("generate_square_subsequent_mask",),
)
