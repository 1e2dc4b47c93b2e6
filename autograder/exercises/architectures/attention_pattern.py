"""attention_pattern: who may look at whom, in the patterns that tell the families apart."""

from torch import Generator

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import architectures


def square(kind: str, draw: Generator) -> Arguments:
    size = randint(draw, 6, 12)
    return {"kind": kind, "n_queries": size, "n_keys": size}


def sized(kind: str, draw: Generator) -> Arguments:
    """As many queries as keys, of a number that is rarely the same."""
    size = randint(draw, 6, 40)
    return {"kind": kind, "n_queries": size, "n_keys": size}


def prefix_of_everything(draw: Generator) -> Arguments:
    arguments = sized("prefix", draw)
    return {**arguments, "prefix": arguments["n_keys"]}


def more_keys(kind: str, draw: Generator) -> Arguments:
    n_queries = randint(draw, 3, 9)
    return {"kind": kind, "n_queries": n_queries, "n_keys": n_queries + randint(draw, 2, 9)}


def more_queries(kind: str, draw: Generator) -> Arguments:
    n_keys = randint(draw, 3, 9)
    return {"kind": kind, "n_queries": n_keys + randint(draw, 2, 9), "n_keys": n_keys}


def with_prefix(draw: Generator) -> Arguments:
    arguments = square("prefix", draw)
    return {**arguments, "prefix": randint(draw, 3, arguments["n_keys"] - 2)}


def prefix_and_more_keys(draw: Generator) -> Arguments:
    """A prefix that reaches beyond the first query's position, so that it shows."""
    n_queries, earlier = randint(draw, 5, 8), randint(draw, 2, 5)
    return {
        "kind": "prefix",
        "n_queries": n_queries,
        "n_keys": n_queries + earlier,
        "prefix": earlier + randint(draw, 3, n_queries - 1),
    }


def prefix_and_more_queries(draw: Generator) -> Arguments:
    """The first rows see the prefix and nothing else, also some below the first `prefix` rows."""
    arguments = more_queries("prefix", draw)
    return {**arguments, "prefix": randint(draw, 2, arguments["n_keys"] - 1)}


def causal_with_prefix(draw: Generator) -> Arguments:
    return {**square("causal", draw), "prefix": randint(draw, 3, 5)}


SQUARE = "Causal, with as many queries as keys: each sees itself and all before it"

EXERCISE = Exercise(
    reference=architectures.attention_pattern,
    points=2,
    cases=(
        Case("causal", given(kind="causal", n_queries=4, n_keys=4), visible=True),
        Case("causal, drawn", lambda draw: square("causal", draw)),
        Case("causal, more keys", given(kind="causal", n_queries=2, n_keys=5), visible=True),
        Case("causal, more keys, drawn", lambda draw: more_keys("causal", draw)),
        Case("causal, one query", lambda draw: {"kind": "causal", "n_queries": 1, "n_keys": randint(draw, 6, 40)}),
        Case("causal, more queries", given(kind="causal", n_queries=5, n_keys=3), visible=True),
        Case("causal, more queries, drawn", lambda draw: more_queries("causal", draw)),
        Case("bidirectional", given(kind="bidirectional", n_queries=3, n_keys=3), visible=True),
        Case("bidirectional, drawn", lambda draw: square("bidirectional", draw)),
        Case("bidirectional, more keys", given(kind="bidirectional", n_queries=2, n_keys=4), visible=True),
        Case("bidirectional, more queries", lambda draw: more_queries("bidirectional", draw)),
        Case("cross", given(kind="cross", n_queries=3, n_keys=5), visible=True),
        Case("cross, more queries", given(kind="cross", n_queries=5, n_keys=2), visible=True),
        Case("cross, drawn", lambda draw: more_keys("cross", draw)),
        Case("cross, more queries, drawn", lambda draw: more_queries("cross", draw)),
        Case("prefix", given(kind="prefix", n_queries=5, n_keys=5, prefix=3), visible=True),
        Case("prefix, drawn", with_prefix),
        Case("prefix, more keys", given(kind="prefix", n_queries=4, n_keys=6, prefix=5), visible=True),
        Case("prefix, more keys, drawn", prefix_and_more_keys),
        Case("prefix, more queries", given(kind="prefix", n_queries=5, n_keys=3, prefix=2), visible=True),
        Case("prefix, more queries, drawn", prefix_and_more_queries),
        Case("prefix of no keys", given(kind="prefix", n_queries=3, n_keys=4, prefix=0), visible=True),
        Case("prefix of nothing", lambda draw: {**sized("prefix", draw), "prefix": 0}),
        Case("prefix of everything", prefix_of_everything),
        Case("prefix of more than there is", given(kind="prefix", n_queries=4, n_keys=4, prefix=6), visible=True),
        Case(
            "prefix of far more than there is", lambda draw: {**sized("prefix", draw), "prefix": randint(draw, 50, 60)}
        ),
        Case("causal, a prefix given", given(kind="causal", n_queries=5, n_keys=5, prefix=3), visible=True),
        Case("causal, a prefix given, drawn", causal_with_prefix),
        Case("cross, a prefix given", given(kind="cross", n_queries=3, n_keys=5, prefix=2), visible=True),
        Case("misspelt", given(kind="casual", n_queries=4, n_keys=4), visible=True),
        Case("with a capital", given(kind="Causal", n_queries=4, n_keys=4), visible=True),
        Case("an empty name", given(kind="", n_queries=4, n_keys=4), visible=True),
        Case("no name", lambda draw: sized("", draw)),
        Case("another pattern", lambda draw: {**sized("sliding", draw), "prefix": 2}),
    ),
    properties=(
        Property(
            SQUARE,
            ("causal", "causal, drawn"),
            "Write the 4 x 4 pattern on paper: row i has True in columns 0 to i, and nowhere else.",
        ),
        Property(
            "Causal, with more keys than queries or fewer: the last query sees the last key",
            (
                "causal, more keys",
                "causal, more keys, drawn",
                "causal, one query",
                "causal, more queries",
                "causal, more queries, drawn",
            ),
            "The queries are the last positions: with one query and six keys, all six are in its past. With fewer keys "
            "than queries, the first queries see none.",
        ),
        Property(
            "Bidirectional: everyone sees everyone, themselves too",
            ("bidirectional", "bidirectional, drawn", "bidirectional, more keys", "bidirectional, more queries"),
            "All entries are True, those on the diagonal as well.",
            needs=SQUARE,
        ),
        Property(
            "Cross: every query sees all keys of the other text",
            ("cross", "cross, more queries", "cross, drawn", "cross, more queries, drawn"),
            "The keys belong to another text of its own length. All entries of [n_queries, n_keys] are True.",
            needs=SQUARE,
        ),
        Property(
            "Prefix: the causal pattern, and the first `prefix` keys for everyone",
            (
                "prefix",
                "prefix, drawn",
                "prefix, more keys",
                "prefix, more keys, drawn",
                "prefix, more queries",
                "prefix, more queries, drawn",
                "prefix of no keys",
                "prefix of nothing",
                "prefix of everything",
                "prefix of more than there is",
                "prefix of far more than there is",
            ),
            "Start from the causal pattern, and set the first `prefix` columns to True in every row.",
            weight=2,
        ),
        Property(
            "`prefix` counts for the kind of that name only",
            ("causal, a prefix given", "causal, a prefix given, drawn", "cross, a prefix given"),
            'Look at `prefix` where kind is "prefix", and nowhere else.',
            needs=SQUARE,
        ),
        Property(
            "Another kind is refused with a ValueError",
            ("causal", "misspelt", "with a capital", "an empty name", "no name", "another pattern"),
            "Compare kind with the four names, and raise ValueError if it is none of them.",
            observe=observe.refusal,
            needs=SQUARE,
        ),
    ),
    mistakes=misunderstandings(architectures.attention_pattern, __file__),
)
