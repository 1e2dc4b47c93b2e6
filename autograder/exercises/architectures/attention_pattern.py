"""attention_pattern: who may look at whom, in the patterns that tell the families apart."""

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import architectures

known = Mistakes(architectures.attention_pattern, section="architectures-patterns")

DIAGONAL = "diagonal=n_keys - n_queries"
CAUSAL = "everything.tril(diagonal=n_keys - n_queries)"
PREFIX = "causal | (torch.arange(n_keys) < prefix)"
EVERYTHING = "        return everything"
ALL = 'if kind in ("bidirectional", "cross"):\n        return everything'
CHOICE = 'if kind == "causal":'

known.edit(
    "prefix_alone",
    {PREFIX: "(torch.arange(n_keys) < prefix).expand(n_queries, n_keys)"},
    "In your prefix pattern nobody sees anything behind the prefix. The prefix comes on *top* of the causal pattern: a "
    "query sees the first `prefix` keys and everything up to its own position.",
)
known.edit(
    "prefix_rows_see_all",
    {PREFIX: "causal | (torch.arange(n_queries) < prefix)[:, None]"},
    "The first `prefix` *rows* of your pattern see all keys: those queries read the whole continuation. It is the "
    "first `prefix` *columns* that everyone sees.",
)
known.edit(
    "prefix_rows_see_the_prefix_only",
    {
        PREFIX: "torch.where((torch.arange(n_queries) < prefix)[:, None], torch.arange(n_keys) < prefix, causal)",
    },
    "The first `prefix` rows of your pattern see the prefix and nothing else. They may stand behind it, if there are "
    "more keys than queries: add the first columns to the causal pattern, in every row.",
)
known.edit(
    "prefix_and_causal",
    {PREFIX: "causal & (torch.arange(n_keys) < prefix)"},
    "You keep the keys that are in the past *and* in the prefix. A key may be seen if it is in either: use |.",
)
known.edit(
    "prefix_ignored",
    {PREFIX: "causal"},
    "Your prefix pattern is the causal one. Inside the prefix, queries see the later tokens of the prefix too.",
)
known.edit(
    "prefix_sees_everything",
    {PREFIX: "everything"},
    "Your prefix pattern hides nothing. Behind the prefix the pattern is causal: no query sees a key that comes after "
    "both the prefix and itself.",
)
known.edit(
    "prefix_one_more",
    {"< prefix": "<= prefix"},
    "Everyone sees prefix + 1 keys of yours. The first `prefix` keys are those from 0 to prefix - 1.",
)
known.edit(
    "prefix_one_less",
    {"< prefix": "< prefix - 1"},
    "Everyone sees prefix - 1 keys of yours. The first `prefix` keys are those from 0 to prefix - 1.",
)
known.edit(
    "last_keys_for_prefix",
    {"torch.arange(n_keys) < prefix": "torch.arange(n_keys) >= n_keys - prefix"},
    "You show everyone the *last* `prefix` keys. The prefix stands at the beginning.",
)
known.edit(
    "prefix_counted_from_the_first_query",
    {"torch.arange(n_keys) < prefix": "torch.arange(n_keys) < prefix + n_keys - n_queries"},
    "With more keys than queries your prefix begins at the first query. It begins at key 0, whatever the queries are.",
)
known.edit(
    "inverted",
    {
        CHOICE: f"causal, everything = ~causal, ~everything\n    {CHOICE}",
        PREFIX: "causal & (torch.arange(n_keys) >= prefix)",
    },
    "Your patterns are inverted: True means *may attend*, and you marked the keys to hide.",
)
known.edit(
    "inverted_at_start",
    {
        CAUSAL: "everything.triu(diagonal=1)",
        EVERYTHING: "        return ~everything",
        PREFIX: "causal & (torch.arange(n_keys) >= prefix)",
    },
    "Your patterns mark the keys to *hide*, as some code does; True means *may attend*. Turn them around, and then see "
    "where the first query stands if there are more keys than queries.",
)
known.edit(
    "future_only",
    {CAUSAL: "everything.triu(diagonal=n_keys - n_queries)"},
    "You kept the upper triangle: queries see themselves and what comes after them. Rows are queries, columns are "
    "keys; the past is on the left.",
)
known.edit(
    "upper_triangle",
    {CAUSAL: "everything.triu()"},
    "You kept the upper triangle: queries see themselves and what comes after them. It is the past that they may see: "
    "tril, shifted so that the last query sees the last key.",
)
known.edit(
    "diagonal_left_out",
    {DIAGONAL: "diagonal=n_keys - n_queries - 1"},
    "In your causal pattern a query does not see its own position, and the first one sees nothing. The diagonal "
    "belongs to it.",
)
known.edit(
    "one_key_of_the_future",
    {DIAGONAL: "diagonal=n_keys - n_queries + 1"},
    "In your causal pattern each query sees one key of its future, the very token that it is to predict.",
)
known.edit(
    "aligned_at_start",
    {DIAGONAL: "diagonal=0"},
    "Your causal pattern puts the first query at position 0. The queries are the *last* ones: shift the diagonal by "
    "n_keys - n_queries, so that the last query sees the last key.",
)
known.edit(
    "shifted_the_wrong_way",
    {DIAGONAL: "diagonal=n_queries - n_keys"},
    "With more keys than queries your diagonal moves to the left, and queries lose their own past. Shift it by "
    "n_keys - n_queries.",
)
known.edit(
    "not_oneself",
    {EVERYTHING: "        return everything ^ torch.eye(n_queries, n_keys, dtype=torch.bool)"},
    "In your bidirectional pattern a position does not see itself. It sees all keys, its own too.",
)
known.edit(
    "cross_is_causal",
    {ALL: 'if kind == "cross":\n        return causal\n    if kind == "bidirectional":\n        return everything'},
    "Your cross pattern is causal. Its keys are another text, which is there from the start: every query sees all of "
    "it, as a translator who has read the sentence.",
    "architectures-cross",
)
known.edit(
    "cross_by_position",
    {
        ALL: 'if kind == "cross":\n        return torch.eye(n_queries, n_keys, dtype=torch.bool)\n'
        '    if kind == "bidirectional":\n        return everything'
    },
    "In your cross pattern query i sees key i only, as if word stood below word. Every query sees all keys.",
    "architectures-cross",
)
known.edit(
    "cross_is_the_prefix",
    {
        ALL: 'if kind == "cross":\n        return (torch.arange(n_keys) < prefix).expand(n_queries, n_keys)\n'
        '    if kind == "bidirectional":\n        return everything'
    },
    "In your cross pattern only the first `prefix` keys are seen. `prefix` belongs to the kind of that name; cross "
    "sees all keys.",
    "architectures-cross",
)
known.edit(
    "cross_is_square",
    {
        ALL: 'if kind == "cross":\n        return torch.ones(n_queries, n_queries, dtype=torch.bool)\n'
        '    if kind == "bidirectional":\n        return everything'
    },
    "Your cross pattern has as many columns as queries. The other text has a length of its own: n_keys.",
    "architectures-cross",
)
known.edit(
    "keys_by_queries",
    {"torch.ones(n_queries, n_keys": "torch.ones(n_keys, n_queries", PREFIX: f"{PREFIX}[:, None]"},
    "Your pattern has a row for each key. Rows are queries, columns are keys: [n_queries, n_keys].",
)
known.edit(
    "prefix_for_every_kind",
    {CHOICE: f"if prefix and n_keys:\n        causal = {PREFIX}\n    {CHOICE}"},
    "Your causal pattern has a prefix that everyone sees. `prefix` counts for the kind of that name only.",
)
known.edit(
    "additive",
    {
        "everything = torch.ones(n_queries, n_keys, dtype=torch.bool)": "everything = torch.zeros(n_queries, n_keys)",
        CAUSAL: "everything.masked_fill(~torch.ones(n_queries, n_keys).tril(n_keys - n_queries).bool(), -torch.inf)",
        PREFIX: "causal.masked_fill(torch.arange(n_keys) < prefix, 0.0)",
    },
    "You return numbers to add to the scores, 0 and -inf. A Boolean pattern is asked for: True where the query may "
    "attend.",
)
known.edit(
    "ones_and_zeros",
    {", dtype=torch.bool": ", dtype=torch.int64"},
    "You return ones and zeros. A Boolean pattern is asked for: dtype=torch.bool, or compare with 1.",
)
known.edit(
    "floats",
    {", dtype=torch.bool": "", PREFIX: "torch.where(torch.arange(n_keys) < prefix, 1.0, causal)"},
    "You return floats, as torch.ones makes them. A Boolean pattern is asked for: dtype=torch.bool, or .bool().",
)
known.edit(
    "unknown_is_bidirectional",
    {'if kind in ("bidirectional", "cross"):': "if True:"},
    'You take every kind that you do not know for bidirectional, also a misspelt "casual". Raise ValueError.',
)
known.edit(
    "unknown_is_causal",
    {CHOICE: 'if kind not in ("bidirectional", "prefix", "cross"):'},
    "You take every kind that you do not know for causal. Raise ValueError.",
)
known.edit(
    "part_of_a_name_taken",
    {'kind in ("bidirectional", "cross")': 'kind in "bidirectional, cross"'},
    "You look for kind *in* a string, and a part of a name is in it too, even an empty one. Compare with whole names: "
    "put them into a tuple.",
)
known.edit(
    "prefix_of_nothing_refused",
    {PREFIX: f"{PREFIX} if prefix else str()[0]"},
    "Your function raises for a prefix of 0. That is no prefix: the pattern is causal.",
)
known.edit(
    "unknown_is_none",
    {"raise ValueError": "str"},
    "For a kind that you do not know your function returns nothing, without a word. Raise ValueError.",
)
known.edit(
    "unknown_is_a_key_error",
    {"raise ValueError": "raise KeyError"},
    "For an unknown kind your function raises a KeyError, which is what a dict raises by itself. Check first, and "
    "raise ValueError.",
)
known.edit(
    "case_ignored",
    {CHOICE: f"kind = kind.lower()\n    {CHOICE}"},
    'You accept "Causal" for "causal". The four kinds are written in small letters; another one is a ValueError.',
)
known.edit(
    "offset_never_negative",
    {DIAGONAL: "diagonal=max(n_keys - n_queries, 0)"},
    "With fewer keys than queries you put the first query at position 0. The queries are the *last* positions there "
    "too: shift the diagonal by n_keys - n_queries, below 0 as well, so that the first queries see nothing.",
)
known.edit(
    "prefix_block",
    {PREFIX: "causal | (torch.arange(n_queries) < prefix)[:, None] & (torch.arange(n_keys) < prefix)"},
    "You set a block of the first `prefix` rows and columns, so with fewer keys than queries later rows do not see the "
    "whole prefix. Every query sees the first `prefix` keys: set these columns in all rows.",
)
known.edit(
    "prefix_moves_the_diagonal",
    {PREFIX: "everything.tril(diagonal=n_keys - n_queries + prefix)"},
    "You shift the diagonal by `prefix`, so that each query sees so many keys of its future. The diagonal stays; the "
    "first `prefix` *columns* are added.",
)
known.asserted()


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
    mistakes=tuple(known),
)
