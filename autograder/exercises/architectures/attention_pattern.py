"""attention_pattern: who may look at whom, in the patterns that tell the families apart."""

from collections.abc import Callable

from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, argument_maker, randint, within
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from solutions import architectures


@argument_maker
def square(draw: Generator, kind: str, largest: int = 12) -> Arguments:
    size = randint(draw, 6, largest)
    return {"kind": kind, "n_queries": size, "n_keys": size}


@argument_maker
def more(draw: Generator, longer: str, kind: str) -> Arguments:
    """More queries than keys, or the other way around."""
    few = randint(draw, 6, 12)
    return {"kind": kind, "n_queries": few, "n_keys": few, longer: few + randint(draw, 2, 9)}


@argument_maker
def prefixed(draw: Generator, arguments: ArgumentMaker, prefix: Callable[[Generator, int], int]) -> Arguments:
    """With a prefix that may depend on the number of keys."""
    drawn = arguments(draw)
    return {**drawn, "prefix": prefix(draw, drawn["n_keys"])}


SQUARE = "Causal, with as many queries as keys: each sees itself and all before it"

EXERCISE = exercise(
    architectures.attention_pattern,
    __file__,
    requires(
        SQUARE,
        shown("causal", kind="causal", n_queries=4, n_keys=4),
        Case("causal, drawn", square("causal")),
        advice="Write the 4 x 4 pattern on paper: row i has True in columns 0 to i, and nowhere else.",
        fails="In your square causal pattern, queries do not see just themselves and all keys before them.",
    ),
    requires(
        "Causal, with more keys than queries or fewer: the last query sees the last key",
        shown("causal, more keys", kind="causal", n_queries=2, n_keys=5),
        Case("causal, more keys, drawn", more("n_keys", "causal")),
        Case("causal, one query", within(kind="causal", n_queries=1, n_keys=(6, 40))),
        shown("causal, more queries", kind="causal", n_queries=5, n_keys=3),
        advice="The queries are the last positions: with one query and six keys, all six are in its past. With fewer "
        "keys than queries, the first queries see none.",
        fails="With n_queries ≠ n_keys, a causal query i does not see just the keys 0 to i + n_keys - n_queries.",
    ),
    requires(
        "Bidirectional: every query sees every key",
        shown("bidirectional", kind="bidirectional", n_queries=3, n_keys=3),
        shown("bidirectional, more keys", kind="bidirectional", n_queries=2, n_keys=4),
        Case("bidirectional, more queries", more("n_queries", "bidirectional")),
        advice="All entries are True, those on the diagonal as well.",
        needs=SQUARE,
        fails="Your bidirectional pattern hides keys.",
    ),
    requires(
        "Cross: every query sees all keys of the other text",
        shown("cross", kind="cross", n_queries=3, n_keys=5),
        shown("cross, more queries", kind="cross", n_queries=5, n_keys=2),
        Case("cross, drawn", more("n_keys", "cross")),
        advice="The keys belong to another text of its own length. All entries of [n_queries, n_keys] are True.",
        needs=SQUARE,
        fails="Your cross pattern hides keys of the other text.",
    ),
    requires(
        "Prefix: the causal pattern, and the first `prefix` keys for every query",
        shown("prefix", kind="prefix", n_queries=5, n_keys=5, prefix=3),
        shown("prefix, more keys", kind="prefix", n_queries=4, n_keys=6, prefix=5),
        shown("prefix, more queries", kind="prefix", n_queries=5, n_keys=3, prefix=2),
        shown("prefix left out", kind="prefix", n_queries=4, n_keys=3),
        Case("prefix of nothing", prefixed(square("prefix", 40), lambda draw, n_keys: 0)),
        Case("prefix of everything", prefixed(square("prefix", 40), lambda draw, n_keys: n_keys)),
        shown("prefix of more than there is", kind="prefix", n_queries=4, n_keys=4, prefix=6),
        advice="Start from the causal pattern, and set the first `prefix` columns to True in every row.",
        weight=2,
        fails="Your prefix pattern is not the causal one with the first `prefix` keys added for every query.",
    ),
    requires(
        '`prefix` counts for the kind "prefix" only',
        shown("causal, a prefix given", kind="causal", n_queries=5, n_keys=5, prefix=3),
        Case("causal, a prefix given, drawn", prefixed(square("causal"), lambda draw, n_keys: randint(draw, 3, 5))),
        shown("cross, a prefix given", kind="cross", n_queries=3, n_keys=5, prefix=2),
        advice='Look at `prefix` where kind is "prefix", and nowhere else.',
        needs=SQUARE,
        fails="With `prefix` given, your causal pattern does not show just the past, or your cross pattern hides keys.",
    ),
    refuses(
        shown("an empty name", kind="", n_queries=4, n_keys=4),
        Case("another pattern", prefixed(square("sliding", 40), lambda draw, n_keys: 2)),
        advice="Compare kind with the four names, and raise ValueError if it is none of them.",
        name="Any other kind raises ValueError",
        fails="You accept an unknown kind, or raise something other than ValueError.",
    ),
    points=2,
)
