"""train_bpe: merges learned from bytes."""

from torch import Generator

from autograder.exercises.drawing import Arguments, randint, within
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from autograder.exercises.tokenization.inputs import SENTENCE, drawn_ids
from llm_course.checking import observe
from solutions import tokenization

FIRST = "The first merge is the most frequent pair of bytes"


def drawn_data(draw: Generator) -> Arguments:
    letters = [randint(draw, 97, 102), randint(draw, 103, 110), randint(draw, 111, 122)]
    return {"data": bytes(drawn_ids(draw, letters, 60)), "n_merges": randint(draw, 6, 9)}


def drawn_favorite(draw: Generator) -> Arguments:
    """One pair stands between letters that occur once, so nothing else is as frequent."""
    pair = bytes([randint(draw, 48, 52), randint(draw, 53, 57)])
    return {"data": b"".join(pair + bytes([letter]) for letter in range(97, 97 + randint(draw, 5, 9))), "n_merges": 1}


def drawn_ties(draw: Generator) -> Arguments:
    middle, low, high = randint(draw, 110, 112), randint(draw, 97, 100), randint(draw, 119, 121)
    doubled = [byte for first in (middle, high, low) for byte in (first, first + 1) * 2]
    return {"data": bytes(doubled), "n_merges": 3}


def drawn_tie_of_first(draw: Generator) -> Arguments:
    """After a come d and, further on, the smaller c: where the first number is equal, the second decides."""
    a, c, d = randint(draw, 97, 103), randint(draw, 104, 112), randint(draw, 113, 122)
    return {"data": bytes([a, d, a, c]), "n_merges": 1}


def drawn_tie_of_first_and_second(draw: Generator) -> Arguments:
    """(a, z) comes before (b, c) and (c, a), though its second number and its sum are the largest."""
    a, b, c, z = (randint(draw, low, low + 3) for low in (97, 101, 105, 119))
    return {"data": bytes([b, c, a, z]), "n_merges": 1}


def drawn_long_run(draw: Generator) -> Arguments:
    """(b, b) is counted five times and fits three times, as often as (a, c), which is smaller."""
    a, b, c = randint(draw, 97, 103), randint(draw, 104, 112), randint(draw, 113, 122)
    return {"data": bytes([*[b] * 6, *[a, c] * 3, a]), "n_merges": 3}


def drawn_bytes(draw: Generator, length: int) -> bytes:
    return bytes(randint(draw, 97, 122) for _ in range(length))


EXERCISE = exercise(
    tokenization.train_bpe,
    __file__,
    requires(
        FIRST,
        shown("one merge", data=b"she sells sea shells", n_merges=1),
        shown("bytes above 127", data="après été".encode() * 2, n_merges=1),
        Case("one merge, drawn", drawn_favorite),
        shown("a pair with a space", data=b"so to do go no", n_merges=1),
        advice="Count by hand which two neighbors stand together most often in b'she sells sea shells'. The ids at the "
        "start are the bytes: list(data).",
        fails="Your first merge is not the most frequent pair of bytes.",
    ),
    requires(
        "Each round counts anew, merged tokens included",
        shown("two merges", data=b"abcxabcyab", n_merges=2),
        shown("low, lower, lowest", data=SENTENCE, n_merges=5),
        Case("drawn", drawn_data),
        advice="After each merge replace the pair in the ids by its new id, 256 + rank, and count again.",
        fails="With several merges, your pairs are not the most frequent of each round, counted anew after each merge.",
        weight=3,
    ),
    requires(
        "Of pairs equally frequent, the smallest is merged",
        Case("a tie of the first number", drawn_tie_of_first, visible=True),
        Case("a tie of all numbers", drawn_tie_of_first_and_second, visible=True),
        Case("drawn ties", drawn_ties),
        advice="In b'cdcdefefabab' three pairs occur twice. Tuples compare as numbers do, left part first: the "
        "smallest of the three is (97, 98).",
        fails="Where pairs are equally frequent, your merges are not those of taking the smallest, in the order of "
        "tuples.",
        weight=2,
    ),
    requires(
        "Overlapping occurrences all count",
        shown("runs", data=b"zzzzxyxy", n_merges=2),
        Case("long runs", drawn_long_run),
        advice="In z z z z the pair (z, z) occurs three times: count every two neighbors.",
        fails="Where a token is repeated in a row, your merges are not those of counting overlapping pairs, too.",
    ),
    requires(
        "Training goes on until fewer than two tokens are left, then it stops",
        shown("runs out of pairs", data=b"abab", n_merges=10),
        Case("one byte", lambda draw: {"data": drawn_bytes(draw, 1), "n_merges": randint(draw, 2, 9)}, visible=True),
        Case("no bytes", within(data=b"", n_merges=(2, 99)), visible=True),
        Case("no merges", lambda draw: {"data": drawn_bytes(draw, 7), "n_merges": 0}, visible=True),
        advice="Try b'abab' with 10 merges: two merges make it one token, and then there is no pair to merge.",
        fails="You stop too early or too late, or fail when no pair is left.",
        needs=FIRST,
    ),
    refuses(
        shown("negative", data=b"banana", n_merges=-1),
        advice="Raise ValueError for n_merges below 0, and only then.",
        name="A negative number of merges raises ValueError",
        fails="You do not raise ValueError exactly where n_merges is negative.",
    ),
    requires(
        "Each merge is a tuple",
        ("one merge", "low, lower, lowest"),
        advice="Append (first, second), with round brackets: a list cannot be the key of a dict, which encoding needs.",
        fails="Your merges are not all tuples.",
        observe=observe.item_types,
        needs=FIRST,
    ),
    points=6,
)
