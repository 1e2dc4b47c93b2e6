"""decode: ids to text."""

from torch import Generator

from autograder.exercises.drawing import Arguments, randint
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires, shown
from autograder.exercises.tokenization.inputs import drawn_ids
from solutions import tokenization

# 256 is "a" with the first half of a letter, 257 is the second half with "b": é begins in one and ends in the other.
HALVES = [(97, 195), (169, 98), (226, 130)]
LETTERS = [*range(97, 123)]
MERGED = "A merged token is its left part and then its right part"


def drawn_decoding(draw: Generator) -> Arguments:
    merges = tokenization.train_bpe(bytes(drawn_ids(draw, [97, 98, 99, 32], 60)), 12)
    return {"ids": [randint(draw, 256, 267) for _ in range(6)] + [267, 100], "merges": merges}


def drawn_bytes_to_text(draw: Generator) -> Arguments:
    character = chr(randint(draw, 0x4E00, 0x9FA5)).encode()
    return {"ids": [randint(draw, 97, 122), *character, randint(draw, 97, 122)], "merges": []}


def drawn_no_text(draw: Generator) -> Arguments:
    never, continued = randint(draw, 0xF8, 0xFF), randint(draw, 0x80, 0xBF)
    letters = [randint(draw, 97, 122) for _ in range(2)]
    return {"ids": [0, never, letters[0], continued, continued, letters[1], 0xC0, 255], "merges": []}


def drawn_half(draw: Generator) -> Arguments:
    character = chr(randint(draw, 0x4E00, 0x9FA5)).encode()
    return {"ids": [*character, 257, *character[: randint(draw, 1, 2)], 258], "merges": [(97, 97), (98, 99), (32, 98)]}


EXERCISE = exercise(
    tokenization.decode,
    __file__,
    requires(
        "Ids below 256 are bytes, and no ids are no text",
        shown("plain letters", ids=[108, 111, 119, 33], merges=[]),
        Case("letters, drawn", lambda draw: {"ids": [32, *drawn_ids(draw, LETTERS, 8), 13, 10], "merges": []}),
        Case("no ids", lambda draw: {**drawn_decoding(draw), "ids": []}, visible=True),
        advice="bytes([108]) is the byte of the letter l, and bytes([32]) that of a space, which stays too.",
        fails="You do not turn ids below 256 into the text of these bytes.",
    ),
    requires(
        MERGED,
        shown("merges of merges", ids=[258, 32, 257, 33], merges=[(97, 110), (98, 256), (257, 256)]),
        Case("drawn", drawn_decoding),
        advice="Build the bytes of all tokens in the order of their ids: both parts of a merge come before it.",
        fails="For merged tokens, your text is not that of each one's left part and then its right part.",
        weight=2,
    ),
    requires(
        "The bytes of all tokens are joined before they are decoded",
        shown("letters of two bytes", ids=[99, 97, 102, 195, 169], merges=[]),
        shown("a letter across two tokens", ids=[256, 257, 33], merges=HALVES),
        Case("drawn bytes", drawn_bytes_to_text),
        advice="A letter may begin in one token and end in the next: join all bytes first, decode once.",
        fails="With letters of several bytes, your text is not all tokens' bytes, joined and then decoded as UTF-8.",
        weight=3,
    ),
    requires(
        "Bytes that are not valid UTF-8 become U+FFFD",
        shown("half a letter", ids=[53, 258, 32, 226, 130, 172, 256], merges=HALVES),
        Case("bytes that never occur in text", drawn_no_text, visible=True),
        Case("drawn half", drawn_half),
        advice="bytes.decode takes a second argument that says what to do with bytes that are not text.",
        fails="You do not turn bytes that are not valid UTF-8 into U+FFFD.",
        weight=2,
    ),
    refuses(
        shown("beyond the last merge", ids=[97, 258], merges=[(97, 98), (256, 256)]),
        Case("negative", lambda draw: {"ids": [-randint(draw, 1, 200), 97], "merges": [(97, 98)]}, visible=True),
        Case("beyond the bytes", lambda draw: {"ids": [randint(draw, 0, 127), 256], "merges": []}),
        advice="With two merges the ids go from 0 to 257. Raise ValueError for any other, also for a negative one.",
        name="An unknown id raises ValueError",
        weight=2,
        fails="You do not raise ValueError exactly for ids that no token has.",
    ),
    leaves_arguments(
        ("merges of merges", "a letter across two tokens", "drawn"),
        advice="Do not remove anything from the lists that you were given.",
        name="Ids and merges are left unchanged",
        fails="You change a list that you were given.",
        needs=MERGED,
    ),
    points=5,
)
