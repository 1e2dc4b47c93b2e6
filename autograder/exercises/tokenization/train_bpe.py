"""train_bpe: merges learned from bytes."""

from collections import Counter
from itertools import pairwise

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from autograder.exercises.tokenization.inputs import SENTENCE, drawn_ids
from llm_course.checking import observe
from solutions import tokenization

BYTES = "tokenization-bytes"

known = Mistakes(tokenization.train_bpe, section="tokenization-bpe")

BEST = "min(counts, key=lambda pair: (-counts[pair], pair))"

known.edit(
    "ties_by_first_seen",
    {BEST: "max(counts, key=lambda pair: counts[pair])"},
    "Among equally frequent pairs you take the one seen first, as max and most_common do; the smallest pair is asked "
    "for, so that the result does not depend on the order of the text.",
)
known.edit(
    "ties_by_last_seen",
    {BEST: "max(reversed(counts), key=lambda pair: counts[pair])"},
    "Among equally frequent pairs you take the one seen last, as a loop with >= does; the smallest pair is asked for, "
    "so that the result does not depend on the order of the text.",
)
known.edit(
    "ties_by_largest",
    {BEST: "max(counts, key=lambda pair: (counts[pair], pair))"},
    "Among equally frequent pairs you take the largest, as max of (count, pair) does; the smallest is asked for.",
)
known.edit(
    "ties_by_first_number",
    {BEST: "min(counts, key=lambda pair: (-counts[pair], pair[0]))"},
    "Among equally frequent pairs you compare the first numbers only. Where these are equal too, the second number "
    "decides: compare the whole tuples.",
)
known.edit(
    "ties_by_second_number",
    {BEST: "min(counts, key=lambda pair: (-counts[pair], pair[::-1]))"},
    "Among equally frequent pairs you compare the second numbers first. Tuples compare by the first number, and by the "
    "second where the first is equal.",
)
known.edit(
    "ties_by_sum",
    {BEST: "min(counts, key=lambda pair: (-counts[pair], sum(pair)))"},
    "Among equally frequent pairs you take the one with the smallest sum. Tuples compare by the first number, and by "
    "the second where the first is equal.",
)
known.edit(
    "lists_for_pairs",
    {"merges.append(best)": "merges.append(list(best))"},
    "Your merges are lists of two numbers, and tuples are asked for: a list cannot be the key of a dict, which "
    "encoding needs.",
)


@known.function(
    "You count once and take the most frequent pairs of the first count. Each merge changes the ids: replace the pair "
    "by its new id and count again, or no merge can build on another."
)
def counted_once(data: bytes, n_merges: int) -> list[tuple[int, int]]:
    if n_merges < 0:
        raise ValueError(f"cannot learn {n_merges} merges")
    counts = Counter(pairwise(data))
    return sorted(counts, key=lambda pair: (-counts[pair], pair))[:n_merges]


known.edit(
    "ids_never_replaced",
    {"ids = merge_pair(": "merge_pair("},
    "You learn the same pair in each round: the ids stay as they are. merge_pair returns a new list, so keep its "
    "result.",
)
known.edit(
    "first_occurrence_merged",
    {
        "ids = merge_pair(ids, best, 256 + len(merges))": (
            "place = list(pairwise(ids)).index(best)\n        ids[place : place + 2] = [256 + len(merges)]"
        )
    },
    "You replace the pair in one place only. It becomes the new token wherever it stands, before you count again.",
)
known.edit(
    "every_second_pair",
    {"Counter(pairwise(ids))": "Counter(zip(ids[::2], ids[1::2]))"},
    "You cut the text into pairs: of a b c d you count (a, b) and (c, d). Every two neighbors are a pair, so (b, c) "
    "counts too.",
)
known.edit(
    "never_across_spaces",
    {"Counter(pairwise(ids))": "Counter(pair for pair in pairwise(ids) if pair[1] != 32)"},
    "You never merge a token with a space behind it. Other tokenizers cut a text into words first; here a space is a "
    "byte like any other.",
    "tokenization-pieces",
)
known.edit(
    "one_merge_short",
    {"< n_merges and": "< n_merges - 1 and"},
    "You stop one merge early: look at the bounds of your loop.",
)
known.edit(
    "one_merge_more",
    {"< n_merges and": "<= n_merges and"},
    "You learn one merge more than asked for: look at the bounds of your loop.",
)
known.edit(
    "overlaps_counted_once",
    {
        "Counter(pairwise(ids))": (
            "Counter({pair: len(ids) - len(merge_pair(ids, pair, -1)) for pair in pairwise(ids)})"
        )
    },
    "You count (z, z) in z z z z twice, as if each token could be used once. For the counts every two neighbors are a "
    "pair, three here; only merging uses a token up.",
)
known.edit(
    "single_pairs_left",
    {"ids = merge_pair": "if counts[best] < 2:\n            break\n        ids = merge_pair"},
    "You stop when every pair occurs only once. Here training goes on as long as there is a pair.",
)
known.edit(
    "two_tokens_left",
    {"len(ids) > 1": "len(ids) > 2"},
    "You stop when two tokens are left. They are a pair, too, and become one: go on while len(ids) is at least 2.",
)
known.edit(
    "fails_when_nothing_is_left",
    {" and len(ids) > 1": ""},
    "You raise an error when no pair is left: min and max of nothing fail. Stop when fewer than two ids are left, and "
    "return the merges so far.",
)
known.edit(
    "first_id_257",
    {"256 + len(merges)": "257 + len(merges)"},
    "Your new ids are one too high: the bytes are 0 to 255, so the first merge makes 256, not 257.",
    BYTES,
)
known.edit(
    "next_after_the_largest",
    {"256 + len(merges)": "max(ids) + 1"},
    "You number a new token by the largest id in the text, max(ids) + 1. The bytes keep 0 to 255, whichever of them "
    "occur: the merge of rank r makes 256 + r.",
    BYTES,
)
known.edit(
    "trained_on_characters",
    {"list(data)": '[ord(character) for character in data.decode("utf-8")]'},
    "You count characters. The data are bytes, and a character beyond ASCII has several: list(data) gives the bytes "
    "as they are.",
    BYTES,
)
known.edit(
    "rarest_pair",
    {"-counts[pair]": "counts[pair]"},
    "You merge the rarest pair: the sign is wrong. The most frequent one comes first.",
)
known.edit(
    "negative_accepted",
    {"if n_merges < 0": "if False"},
    "You accept a negative number of merges: it makes no sense, so raise ValueError.",
)


TIES = b"cdcdefefabab"


def drawn_data(draw: Generator) -> Arguments:
    letters = [randint(draw, 97, 102), randint(draw, 103, 110), randint(draw, 111, 122)]
    return {"data": bytes(drawn_ids(draw, letters, 60)), "n_merges": randint(draw, 6, 9)}


def drawn_favorite(draw: Generator) -> Arguments:
    """One pair stands between letters that occur once, so nothing else is as frequent."""
    pair = bytes([randint(draw, 48, 52), randint(draw, 53, 57)])
    return {"data": b"".join(pair + bytes([letter]) for letter in range(97, 97 + randint(draw, 5, 9))), "n_merges": 1}


def drawn_spaces(draw: Generator) -> Arguments:
    """A letter and the space behind it are the only pair that comes more than once."""
    favorite, others = randint(draw, 110, 122), range(97, 97 + randint(draw, 4, 9))
    return {"data": b"".join(bytes([other, favorite, 32]) for other in others), "n_merges": 1}


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


EXERCISE = Exercise(
    reference=tokenization.train_bpe,
    points=6,
    cases=(
        Case("one merge", given(data=b"she sells sea shells", n_merges=1), visible=True),
        Case("bytes above 127", given(data="après été".encode() * 2, n_merges=1), visible=True),
        Case("one merge, drawn", drawn_favorite),
        Case("a pair with a space", given(data=b"so to do go no", n_merges=1), visible=True),
        Case("a pair with a space, drawn", drawn_spaces),
        Case("low, lower, lowest", given(data=SENTENCE, n_merges=5), visible=True),
        Case("drawn", drawn_data),
        Case("three pairs equally frequent", given(data=TIES, n_merges=2), visible=True),
        Case("drawn ties", drawn_ties),
        Case("a tie of the first number", drawn_tie_of_first, visible=True),
        Case("a tie of all numbers", drawn_tie_of_first_and_second, visible=True),
        Case("runs", given(data=b"zzzzxyxy", n_merges=2), visible=True),
        Case("long runs", drawn_long_run),
        Case("runs out of pairs", given(data=b"abab", n_merges=10), visible=True),
        Case("one byte", lambda draw: {"data": drawn_bytes(draw, 1), "n_merges": randint(draw, 2, 9)}, visible=True),
        Case("no bytes", lambda draw: {"data": b"", "n_merges": randint(draw, 2, 99)}, visible=True),
        Case("no merges", lambda draw: {"data": drawn_bytes(draw, 7), "n_merges": 0}, visible=True),
        Case("negative", given(data=b"banana", n_merges=-1), visible=True),
    ),
    properties=(
        Property(
            "The first merge is the most frequent pair of bytes",
            ("one merge", "bytes above 127", "one merge, drawn", "a pair with a space", "a pair with a space, drawn"),
            "Count by hand which two neighbors stand together most often in b'she sells sea shells'. The ids at the "
            "start are the bytes: list(data).",
        ),
        Property(
            "Each round counts anew, merged tokens included",
            ("low, lower, lowest", "drawn"),
            "After each merge replace the pair in the ids by its new id, 256 + rank, and count again.",
            weight=3,
        ),
        Property(
            "Of pairs equally frequent, the smallest is merged",
            ("three pairs equally frequent", "drawn ties", "a tie of the first number", "a tie of all numbers"),
            "In b'cdcdefefabab' three pairs occur twice. Tuples compare as numbers do, left part first: the smallest "
            "of the three is (97, 98).",
            weight=2,
        ),
        Property(
            "Overlapping occurrences all count",
            ("runs", "long runs"),
            "In z z z z the pair (z, z) occurs three times: count every two neighbors.",
        ),
        Property(
            "Training goes on until fewer than two tokens are left, then it stops",
            ("runs out of pairs", "one byte", "no bytes", "no merges"),
            "Try b'abab' with 10 merges: two merges make it one token, and then there is no pair to merge.",
            needs="The first merge is the most frequent pair of bytes",
        ),
        Property(
            "A negative number of merges is refused with a ValueError",
            ("one merge", "negative"),
            "Raise ValueError for n_merges below 0, and only then.",
            observe=observe.refusal,
            needs="The first merge is the most frequent pair of bytes",
        ),
        Property(
            "Each merge is a tuple",
            ("one merge", "low, lower, lowest"),
            "Append (first, second), with round brackets: a list cannot be the key of a dict, which encoding needs.",
            observe=observe.item_types,
            needs="The first merge is the most frequent pair of bytes",
        ),
    ),
    mistakes=tuple(known),
)
