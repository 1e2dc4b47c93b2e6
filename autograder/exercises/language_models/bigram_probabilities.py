"""bigram_probabilities: the smallest language model, a table of what follows what."""

from collections.abc import Sequence
from typing import Any

from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, randint
from autograder.exercises.language_models.inputs import random_ids
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires, shown
from llm_course.checking import observe
from solutions import language_models

# Token 3 is never followed, token 2 is followed once, and the pair (0, 1) comes three times.
SMALL_TEXT = [0, 1, 0, 1, 1, 2, 0, 1, 0, 0, 3]
MAIN = "Without smoothing, row i holds the shares of what followed token i"


def drawn(length: int, below: int, *, end: Sequence[int] = (), **others: Any) -> ArgumentMaker:
    """A text of drawn ids with a given end."""
    return lambda draw: {"ids": [*random_ids(draw, length, below), *end], **others}


def drawn_text(draw: Generator) -> Arguments:
    vocab_size = randint(draw, 5, 7)
    return {"ids": random_ids(draw, 60, vocab_size), "vocab_size": vocab_size, "alpha": 0.3}


def drawn_negative_id(draw: Generator) -> Arguments:
    return {"ids": [*random_ids(draw, 9, 5), -randint(draw, 1, 5)], "vocab_size": 5, "alpha": 0.5}


def drawn_negative_alpha(draw: Generator) -> Arguments:
    return {"ids": random_ids(draw, 20, 5), "vocab_size": 5, "alpha": -0.1 * randint(draw, 1, 9)}


def drawn_token(draw: Generator) -> Arguments:
    vocab_size = randint(draw, 4, 9)
    return {"ids": [randint(draw, 0, vocab_size - 1)], "vocab_size": vocab_size, "alpha": 0.0}


def drawn_one_word(draw: Generator) -> Arguments:
    return {"ids": [0] * randint(draw, 3, 99), "vocab_size": 1, "alpha": 0.0}


EXERCISE = exercise(
    language_models.bigram_probabilities,
    __file__,
    requires(
        MAIN,
        shown("every row seen", ids=[0, 1, 2, 0, 1, 1, 2, 1, 0, 0, 1], vocab_size=3, alpha=0.0),
        Case("every row seen, drawn", drawn(60, 4, end=(0, 1, 2, 3, 0), vocab_size=4, alpha=0.0)),
        advice="Count by hand in 0 1 0 0: after 0 come 1 and 0, after 1 comes 0. So row 0 is (0.5, 0.5), row 1 is (1, "
        "0).",
        fails="Without smoothing, your row i does not hold the shares of what followed token i.",
        weight=3,
    ),
    requires(
        "Each row sums to 1",
        ("every row seen", "every row seen, drawn"),
        shown("smoothed", ids=SMALL_TEXT, vocab_size=5, alpha=0.5),
        Case("smoothed, drawn", drawn_text),
        advice="A row is a distribution over the next token: divide it by its own sum, after smoothing.",
        fails="Your rows do not all sum to 1.",
        observe=observe.row_sums,
    ),
    requires(
        "alpha is added to every count",
        ("smoothed", "smoothed, drawn"),
        Case("default alpha", drawn(30, 5, vocab_size=6), visible=True),
        advice="Add alpha to each of the vocab_size counts of a row, seen or not, then divide by the new sum of the "
        "row.",
        fails="With smoothing, your entry (i, j) is not (count of j after i + alpha) / the sum of the same over all j.",
        weight=2,
    ),
    requires(
        "With alpha = 0, a row that was never seen is uniform",
        shown("one token", ids=[1], vocab_size=3, alpha=0.0),
        Case("one token, drawn", drawn_token),
        shown("rows never seen", ids=SMALL_TEXT, vocab_size=5, alpha=0.0),
        advice="A row without any count divides 0 by 0. Nothing is known about what follows such a token: give each "
        "token 1 / vocab_size. The last token of a text is followed by nothing.",
        fails="With alpha = 0, your row i is not the shares of what follows i, or 1 / vocab_size where nothing does.",
        weight=2,
    ),
    requires(
        "A long text and a vocabulary of one token give the right table",
        shown("a vocabulary of one", ids=[0, 0], vocab_size=1, alpha=0.0),
        Case("a vocabulary of one, drawn", drawn_one_word),
        shown("long text", ids=[0, 1, 1] * 300 + [2, 0], vocab_size=3, alpha=0.0),
        advice="A pair may come hundreds of times, and a byte counts to 255 only. With one token in the vocabulary the "
        "table has one row of one number, 1.",
        fails="With a long text, or one token in the vocabulary, your row i is not the counts after i, plus alpha, "
        "over their sum.",
        needs=MAIN,
    ),
    refuses(
        shown("id too large", ids=[4, 0, 1, 0], vocab_size=4, alpha=1.0),
        shown("negative id", ids=[0, 1, 0, -1], vocab_size=4, alpha=1.0),
        Case("negative id, drawn", drawn_negative_id),
        advice="Ids run from 0 to vocab_size - 1. A negative id is the dangerous one: Python counts it from the end.",
        name="An id outside the vocabulary raises ValueError",
        fails="You do not raise ValueError exactly where an id is outside the vocabulary.",
    ),
    refuses(
        ("smoothed", "smoothed, drawn"),
        shown("negative alpha", ids=[0, 1, 1, 0], vocab_size=2, alpha=-0.5),
        Case("negative alpha, drawn", drawn_negative_alpha),
        advice="Raise ValueError for alpha below 0: probabilities could become negative.",
        name="A negative alpha raises ValueError",
        fails="You do not raise ValueError exactly where alpha is negative.",
    ),
    leaves_arguments(
        ("every row seen", "every row seen, drawn"),
        advice="Do not remove or change anything in the list that you were given.",
        name="The list of ids is left unchanged",
        fails="You change the list of ids.",
    ),
    points=4,
)
