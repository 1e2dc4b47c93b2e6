"""bigram_probabilities: the smallest language model, a table of what follows what."""

from torch import Generator

from autograder.exercises.language_models.inputs import random_ids
from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import language_models

SMOOTHING = "language-models-smoothing"

known = Mistakes(language_models.bigram_probabilities, section="language-models-bigram")

TOTALS = "totals = smoothed.sum(dim=1, keepdim=True)"


def where_all_rows_are_seen(
    smoothed: str = "smoothed", totals: str = "smoothed.sum(dim=1, keepdim=True)"
) -> dict[str, str]:
    """The edit, but right where a row is empty, so that it is also found in answers that have no care for those."""
    return {TOTALS: f"{TOTALS}\n    if (totals > 0).all():\n        smoothed = {smoothed}\n        totals = {totals}"}


known.edit(
    "normalized_by_column",
    where_all_rows_are_seen(totals="smoothed.sum(dim=0, keepdim=True)"),
    "Your *columns* sum to 1. Row i is the distribution of what follows token i, so divide each row by its own sum.",
)
known.edit(
    "divided_by_the_row",
    where_all_rows_are_seen(totals="smoothed.sum(dim=1)"),
    "You divide each *column* by the sum of a row. The sums are one row of numbers, and go over the columns: keep "
    "them a column, with keepdim=True.",
)
known.edit(
    "share_of_the_text",
    where_all_rows_are_seen(totals="len(ids)"),
    "You divide by the number of tokens: that is about P(i and then j). The task asks for P(j | i), a share among the "
    "pairs that begin with i.",
)
known.edit(
    "smoothed_once_for_each_token",
    {TOTALS: "totals = counts.reshape(vocab_size, vocab_size).sum(dim=1, keepdim=True) + vocab_size * (alpha > 0)"},
    "Your total grows by vocab_size, as if alpha were 1. It grows by alpha * vocab_size.",
    SMOOTHING,
)
known.edit(
    "rows_and_columns_swapped",
    where_all_rows_are_seen(smoothed="smoothed.T"),
    "Your table says what came *before* token i. Rows are the token that is given, columns the token that follows it.",
)
known.edit(
    "share_of_all_pairs",
    where_all_rows_are_seen(totals="smoothed.sum()"),
    "You divide by the number of all pairs: that is P(i and then j). The task asks for P(j | i), a share among the "
    "pairs that "
    "begin with i.",
)
known.edit(
    "only_counted",
    {"torch.where(totals > 0, smoothed / totals, 1 / vocab_size)": "smoothed"},
    "You return counts. Divide each row by its sum to make them probabilities.",
)
known.edit(
    "empty_rows_are_nan",
    {"torch.where(totals > 0, smoothed / totals, 1 / vocab_size)": "smoothed / totals"},
    "With alpha = 0 a token that nothing ever followed gives a row of 0 / 0, which is NaN. Make such a row uniform.",
    SMOOTHING,
)
known.edit(
    "empty_rows_are_zero",
    {"1 / vocab_size)": "0.0)"},
    "With alpha = 0 a token that nothing ever followed has a row of zeros, which is no distribution: one could never "
    "draw a next token from it. Make it uniform.",
    SMOOTHING,
)
known.edit(
    "wraps_around",
    {TOTALS: f"if (smoothed.sum(dim=1) > 0).all():\n        smoothed[ids[-1], ids[0]] += 1\n    {TOTALS}"},
    "You count the last token as followed by the first one. A text is no ring: n tokens have n - 1 pairs.",
)
known.edit(
    "total_of_all_occurrences",
    {TOTALS: "totals = torch.bincount(torch.tensor(ids), minlength=vocab_size)[:, None] + alpha * vocab_size"},
    "You divide by how often token i occurs. The last token of the text occurs but is followed by nothing, so its row "
    "comes out too small. Count the pairs that begin with i.",
)
known.edit(
    "alpha_missing_in_total",
    {TOTALS: "totals = counts.reshape(vocab_size, vocab_size).sum(dim=1, keepdim=True)"},
    "You add alpha to the counts but divide by the sum before smoothing, so rows sum to more than 1.",
    SMOOTHING,
)
known.edit(
    "alpha_once_in_total",
    {TOTALS: "totals = counts.reshape(vocab_size, vocab_size).sum(dim=1, keepdim=True) + alpha"},
    "Your total grows by alpha once, but alpha was added to vocab_size counts: it grows by alpha * vocab_size.",
    SMOOTHING,
)
known.edit(
    "alpha_once_where_followed",
    {
        TOTALS: "seen = counts.reshape(vocab_size, vocab_size).sum(dim=1, keepdim=True)\n    totals = seen + alpha",
        "torch.where(totals > 0": "torch.where(seen > 0",
    },
    "Where something follows, your total grows by alpha once, though alpha was added to vocab_size counts: it grows by "
    "alpha * vocab_size.",
    SMOOTHING,
)
known.edit(
    "alpha_ignored",
    {"+ float(alpha)": "+ 0.0"},
    "alpha changes nothing in your result. Add it to every count before you divide.",
    SMOOTHING,
)
known.edit(
    "default_alpha_zero",
    {"alpha: float = 1.0": "alpha: float = 0.0"},
    "Your default of alpha is 0, so nothing is smoothed unless it is asked for. The default is 1.",
    SMOOTHING,
)
known.edit("always_adds_one", {"+ float(alpha)": "+ 1.0"}, "You add 1 whatever alpha says. Add alpha.", SMOOTHING)
known.edit(
    "alpha_for_seen_pairs_only",
    {
        "counts.reshape(vocab_size, vocab_size) + float(alpha)": (
            "torch.where(counts > 0, counts + float(alpha), 0.0).reshape(vocab_size, vocab_size)"
        )
    },
    "You smooth only pairs that occur. The others are those that need it: without it they keep probability 0.",
    SMOOTHING,
)
known.edit(
    "alpha_for_unseen_pairs_only",
    {
        "counts.reshape(vocab_size, vocab_size) + float(alpha)": (
            "torch.where(counts > 0, counts, float(alpha)).reshape(vocab_size, vocab_size)"
        )
    },
    "You give alpha to pairs that never occur, and to no other. It is added to every count, seen or not.",
    SMOOTHING,
)
known.edit(
    "repeated_pairs_lost",
    where_all_rows_are_seen(smoothed="counts.reshape(vocab_size, vocab_size).clamp(max=1) + float(alpha)"),
    "A pair that comes three times counts once in your table. If you wrote counts[previous, following] += 1 with whole "
    "tensors of indices: such an assignment happens once per cell, not once per pair. Use a loop, bincount, or "
    "index_put_ with accumulate=True.",
)
known.edit(
    "every_second_pair",
    where_all_rows_are_seen(
        smoothed="torch.bincount((previous * vocab_size + following)[::2], minlength=vocab_size**2)"
        ".reshape(vocab_size, vocab_size) + float(alpha)"
    ),
    "Your pairs do not overlap: in a b c you count (a, b) and then start again at c. The pair (b, c) counts too.",
)
known.edit(
    "shared_row",
    where_all_rows_are_seen(
        smoothed="counts.reshape(vocab_size, vocab_size).sum(dim=0, keepdim=True).expand(vocab_size, -1) + float(alpha)"
    ),
    "All rows of your table are equal: each says how often a token comes after *any* token. If you made the table with "
    "[[0] * n] * n, it holds one and the same row n times: make each row anew.",
)
known.edit(
    "last_pair_lost",
    {TOTALS: f"if smoothed.sum() > 1:\n        smoothed[ids[-2], ids[-1]] -= 1\n    {TOTALS}"},
    "The last pair is missing from your counts: n tokens have n - 1 pairs, up to that of the last two.",
)
known.edit(
    "softmax_of_counts",
    {"torch.where(totals > 0, smoothed / totals, 1 / vocab_size)": "smoothed.softmax(dim=1)"},
    "You take a softmax of the counts, as one does with logits. Counts become shares by division: each row by its own "
    "sum.",
)
known.edit(
    "log_probabilities",
    {"return ": "return torch.log(", "1 / vocab_size)": "1 / vocab_size))"},
    "You return logarithms. The table holds the probabilities themselves; the logarithm comes when a text is scored.",
    "language-models-logarithms",
)
known.edit(
    "ids_used_up",
    {
        "return torch.where(": "table = torch.where(",
        "1 / vocab_size)": "1 / vocab_size)\n    ids.clear()\n    return table",
    },
    "Your table is right, but you change the list of ids that you were given.",
)
known.edit(
    "negative_ids_taken",
    {"if any(": "ids = [token + vocab_size * (-vocab_size <= token < 0) for token in ids]\n    if any("},
    "Your function takes the id -1, which Python counts from the end of the table. Refuse ids outside 0 to "
    "vocab_size - 1.",
)
known.edit(
    "negative_alpha_taken",
    {"if alpha < 0": "if False"},
    "Your function takes an alpha below 0. A count cannot be lowered below nothing: raise ValueError.",
    SMOOTHING,
)


# Token 3 is never followed, token 2 is followed once, and the pair (0, 1) comes three times.
SMALL_TEXT = [0, 1, 0, 1, 1, 2, 0, 1, 0, 0, 3]


def drawn_text(draw: Generator) -> Arguments:
    vocab_size = randint(draw, 5, 7)
    return {"ids": random_ids(draw, 60, vocab_size), "vocab_size": vocab_size, "alpha": 0.3}


def drawn_unknown(draw: Generator) -> Arguments:
    return {"ids": [randint(draw, 5, 9), *random_ids(draw, 9, 5)], "vocab_size": 5, "alpha": 0.5}


def drawn_negative_id(draw: Generator) -> Arguments:
    return {"ids": [*random_ids(draw, 9, 5), -randint(draw, 1, 5)], "vocab_size": 5, "alpha": 0.5}


def drawn_negative(draw: Generator) -> Arguments:
    return {"ids": random_ids(draw, 20, 5), "vocab_size": 5, "alpha": -0.1 * randint(draw, 1, 9)}


def drawn_unsmoothed(draw: Generator) -> Arguments:
    ids = random_ids(draw, 60, 4)
    return {"ids": [*ids, 0, 1, 2, 3, 0], "vocab_size": 4, "alpha": 0.0}


def drawn_unseen(draw: Generator) -> Arguments:
    ids = random_ids(draw, 40, 4)
    return {"ids": [*ids, 5], "vocab_size": 7, "alpha": 0.0}


def drawn_long(draw: Generator) -> Arguments:
    """The pair (0, 0) comes more often than a byte can count."""
    return {"ids": [*random_ids(draw, 3000, 4), 0, 1, 2, 3, 0], "vocab_size": 4, "alpha": 0.0}


def drawn_one_word(draw: Generator) -> Arguments:
    return {"ids": [0] * randint(draw, 3, 99), "vocab_size": 1, "alpha": 0.0}


def drawn_token(draw: Generator) -> Arguments:
    vocab_size = randint(draw, 3, 9)
    return {"ids": [randint(draw, 0, vocab_size - 1)], "vocab_size": vocab_size, "alpha": 0.0}


def drawn_default(draw: Generator) -> Arguments:
    return {"ids": random_ids(draw, 30, 5), "vocab_size": 6}


EXERCISE = Exercise(
    reference=language_models.bigram_probabilities,
    points=4,
    cases=(
        Case("every row seen", given(ids=[0, 1, 2, 0, 1, 1, 2, 1, 0, 0, 1], vocab_size=3, alpha=0.0), visible=True),
        Case("every row seen, drawn", drawn_unsmoothed),
        Case("long text", given(ids=[0, 1, 1] * 300 + [2, 0], vocab_size=3, alpha=0.0), visible=True),
        Case("long text, drawn", drawn_long),
        Case("a vocabulary of one", given(ids=[0, 0], vocab_size=1, alpha=0.0), visible=True),
        Case("a vocabulary of one, drawn", drawn_one_word),
        Case("smoothed", given(ids=SMALL_TEXT, vocab_size=5, alpha=0.5), visible=True),
        Case("smoothed, drawn", drawn_text),
        Case("default alpha", drawn_default, visible=True),
        Case("rows never seen", given(ids=SMALL_TEXT, vocab_size=5, alpha=0.0), visible=True),
        Case("rows never seen, drawn", drawn_unseen),
        Case("one token", given(ids=[1], vocab_size=3, alpha=0.0), visible=True),
        Case("one token, drawn", drawn_token),
        Case("id too large", given(ids=[4, 0, 1, 0], vocab_size=4, alpha=1.0), visible=True),
        Case("negative id", given(ids=[0, 1, 0, -1], vocab_size=4, alpha=1.0), visible=True),
        Case("negative alpha", given(ids=[0, 1, 1, 0], vocab_size=2, alpha=-0.5), visible=True),
        Case("unknown id, drawn", drawn_unknown),
        Case("negative id, drawn", drawn_negative_id),
        Case("negative alpha, drawn", drawn_negative),
    ),
    properties=(
        Property(
            "Without smoothing, row i holds the shares of what followed token i",
            ("every row seen", "every row seen, drawn"),
            "Count by hand in 0 1 0 0: after 0 come 1 and 0, after 1 comes 0. So row 0 is (0.5, 0.5), row 1 is (1, 0).",
            weight=3,
        ),
        Property(
            "Each row sums to 1",
            ("every row seen", "every row seen, drawn", "smoothed", "smoothed, drawn"),
            "A row is a distribution over the next token: divide it by its own sum, after smoothing.",
            observe=observe.row_sums,
        ),
        Property(
            "alpha is added to every count",
            ("smoothed", "smoothed, drawn", "default alpha"),
            "Add alpha to each of the vocab_size counts of a row, seen or not, then divide by the new sum of the row.",
            weight=2,
        ),
        Property(
            "With alpha = 0, a row that was never seen is uniform",
            ("rows never seen", "rows never seen, drawn", "one token", "one token, drawn"),
            "A row without any count divides 0 by 0. Nothing is known about what follows such a token: give each "
            "token 1 / vocab_size. The last token of a text is followed by nothing.",
            weight=2,
        ),
        Property(
            "A long text and a vocabulary of one token are right too",
            ("long text", "long text, drawn", "a vocabulary of one", "a vocabulary of one, drawn"),
            "A pair may come hundreds of times, and a byte counts to 255 only. With one token in the vocabulary the "
            "table has one row of one number, 1.",
            needs="Without smoothing, row i holds the shares of what followed token i",
        ),
        Property(
            "An id outside the vocabulary is refused with a ValueError",
            (
                "every row seen",
                "every row seen, drawn",
                "id too large",
                "negative id",
                "unknown id, drawn",
                "negative id, drawn",
            ),
            "Ids run from 0 to vocab_size - 1. A negative id is the dangerous one: Python counts it from the end.",
            observe=observe.refusal,
            needs="Without smoothing, row i holds the shares of what followed token i",
        ),
        Property(
            "A negative alpha is refused with a ValueError",
            ("smoothed", "smoothed, drawn", "negative alpha", "negative alpha, drawn"),
            "Raise ValueError for alpha below 0: probabilities could become negative.",
            observe=observe.refusal,
            needs="Without smoothing, row i holds the shares of what followed token i",
        ),
        Property(
            "The list of ids stays as it is",
            ("every row seen", "every row seen, drawn"),
            "Do not remove or change anything in the list that you were given.",
            observe=observe.changed,
            needs="Without smoothing, row i holds the shares of what followed token i",
        ),
    ),
    mistakes=tuple(known),
)
