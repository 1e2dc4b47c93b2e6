"""encode: text to ids."""

import torch
from torch import Generator

from autograder.exercises.drawing import Arguments, randint
from autograder.exercises.spec import Case, exercise, leaves_arguments, requires, shown
from autograder.exercises.tokenization.inputs import SENTENCE, drawn_ids
from solutions import tokenization

LEARNED = tokenization.train_bpe(SENTENCE * 2, 20)


# "bc" before "ab" before "abc": what is learned first, what stands first and what is longest are three things.
COMPETING = [(98, 99), (97, 98), (257, 99), (100, 97), (99, 120)]
# "abcd" is "ab" and "cd" by rank and from the left, and "abc" and "d" by length.
LONG_AND_LATE = [(99, 100), (98, 99), (97, 257), (97, 98)]
# In "abcd", "ab" is made first; then "cd" was learned before the longer "abc".
SHORT_BEFORE_LONG = [(97, 98), (99, 100), (256, 99)]
ACCENTS = [(195, 169), (99, 97), (257, 102), (258, 256)]
RANKS = "The merge of rank r makes the id 256 + r"


def drawn_words(draw: Generator) -> Arguments:
    words = ("low", "lower", "lowest", "slow", "slower")
    return {"text": ",".join(words[randint(draw, 0, 4)] for _ in range(randint(draw, 4, 7))), "merges": LEARNED}


def drawn_encoding(draw: Generator) -> Arguments:
    letters = [97, 98, 99, 100]
    merges = tokenization.train_bpe(bytes(drawn_ids(draw, letters, 60)), randint(draw, 10, 14))
    return {"text": bytes(drawn_ids(draw, letters, 50)).decode(), "merges": merges}


def drawn_third_merge(draw: Generator) -> Arguments:
    a, b, c, d, e, x, y = (97 + torch.randperm(26, generator=draw)[:7]).tolist()
    return {"text": bytes([d, a, d, a, b, e, d]).decode(), "merges": [(b, c), (c, c), (a, d), (x, y)]}


def drawn_whole_word(draw: Generator) -> Arguments:
    """A text that becomes one token."""
    a, b, c = (97 + torch.randperm(26, generator=draw)[:3]).tolist()
    return {"text": bytes([a, b, c]).decode(), "merges": [(b, c), (a, 256)]}


def drawn_left_before_right(draw: Generator) -> Arguments:
    """The merge learned first is that of the two letters on the left."""
    a, b, c = (97 + torch.randperm(26, generator=draw)[:3]).tolist()
    return {"text": bytes([a, b, c]).decode(), "merges": [(a, b), (b, c)]}


def drawn_bytes(draw: Generator) -> Arguments:
    codes = [randint(draw, 0x41, 0x5A), randint(draw, 0xC0, 0xFF), randint(draw, 0x4E00, 0x9FA5)]
    return {"text": "".join(chr(code) for code in codes) + "e\u0301🙂", "merges": []}


def drawn_spaces(draw: Generator) -> Arguments:
    a, b = randint(draw, 97, 109), randint(draw, 110, 122)
    text = bytes([32, a, 32, b, 13, 10, a, 32, b, 9, 32]).decode()
    return {"text": text, "merges": [(a, 32), (256, b), (13, 10)]}


EXERCISE = exercise(
    tokenization.encode,
    __file__,
    requires(
        "Without merges, the ids are the UTF-8 bytes of the text",
        shown("no merges", text="Low,10%", merges=[]),
        Case("drawn bytes", drawn_bytes),
        advice="Start from text.encode('utf-8'): a letter with an accent is two bytes, a Chinese character three.",
        fails="Without merges, you do not return the UTF-8 bytes of the text.",
    ),
    requires(
        RANKS,
        shown("one merge", text="lowlow", merges=[(108, 111)]),
        Case("the third of four merges", drawn_third_merge),
        advice="The pair at place r of the list of merges, counted from 0, makes the id 256 + r.",
        fails="Where one merge applies, your ids are not the bytes with 256 + r in place of the pair of rank r.",
    ),
    requires(
        "Merged tokens merge again, until no merge applies",
        Case("one token in the end", drawn_whole_word, visible=True),
        shown("a word with an accent", text="cafés,café", merges=ACCENTS),
        shown("low, lower, lowest", text="lowest,slower", merges=LEARNED),
        Case("words drawn", drawn_words),
        advice="After a merge look at all neighbors again: the new token may be part of a further pair.",
        fails="Where merges build on merges, your ids are not those of merging until no pair is left to merge.",
        weight=2,
    ),
    requires(
        "Where merges compete, the one learned first goes first",
        Case("the left one was learned first", drawn_left_before_right, visible=True),
        shown("a longer token comes later", text="abcd", merges=SHORT_BEFORE_LONG),
        shown("the longest token is not reached", text="abcd", merges=LONG_AND_LATE),
        shown("two merges compete", text="abc-dab", merges=COMPETING),
        Case("drawn", drawn_encoding),
        advice="Look at all pairs that could be merged now, and take the one with the lowest rank, wherever it stands.",
        fails="Where several merges apply, your ids are not those of the earliest-learned merge first.",
        weight=3,
    ),
    requires(
        "Spaces and line ends are text like any other, and a text may be short or empty",
        shown("spaces", text="  low \r\n\tlower  ", merges=LEARNED),
        Case("merges with a space", drawn_spaces, visible=True),
        Case("one character", lambda draw: {**drawn_encoding(draw), "text": chr(randint(draw, 97, 122))}, visible=True),
        Case("no text", lambda draw: {**drawn_encoding(draw), "text": ""}, visible=True),
        advice="Do not split, strip or change the text: every byte has to come back from decode. No text gives no ids.",
        fails="With spaces or line ends, or at most one character, your ids are not all the bytes, merged as learned.",
        needs=RANKS,
    ),
    leaves_arguments(
        ("low, lower, lowest", "two merges compete", "drawn"),
        advice="Do not remove or sort anything in the list of merges: the next text needs it too.",
        name="The list of merges is left unchanged",
        fails="You change the list of merges.",
        needs=RANKS,
    ),
    points=6,
    shortcuts=("replace",),
)
