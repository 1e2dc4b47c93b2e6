"""causal_mask: who may be listened to, oneself and the past."""

from torch import Generator

from autograder.exercises.drawing import Arguments, argument_maker, randint, within
from autograder.exercises.spec import Case, exercise, requires, shown
from solutions import attention


@argument_maker
def drawn(draw: Generator, *, more_keys: bool) -> Arguments:
    n_queries = randint(draw, 5, 20)  # more than the visible square has
    return {"n_queries": n_queries, "n_keys": n_queries + (randint(draw, 2, 9) if more_keys else 0)}


EXERCISE = exercise(
    attention.causal_mask,
    __file__,
    requires(
        "With as many queries as keys, each position attends to itself and to all before it",
        shown("square", n_queries=4, n_keys=4),
        Case("square drawn", drawn(more_keys=False)),
        shown("one position", n_queries=1, n_keys=1),
        advice="Write the 4 x 4 mask on paper: row i has True in columns 0 to i, and nowhere else.",
        fails="With as many queries as keys, your mask is not the lower triangle with its diagonal.",
    ),
    requires(
        "With more keys than queries, each query sees its whole past",
        shown("two queries, five keys", n_queries=2, n_keys=5),
        Case("more keys drawn", drawn(more_keys=True)),
        Case("one query", within(n_queries=1, n_keys=(3, 20)), visible=True),
        advice="Write the mask for two queries and five keys on paper: the queries are positions 3 and 4, and see four "
        "and five keys.",
        fails="With more keys than queries, your mask does not show each query exactly its own past.",
    ),
    points=2,
    shortcuts=("generate_square_subsequent_mask",),
)
