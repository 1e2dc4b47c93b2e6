"""encode: text to ids."""

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from autograder.exercises.tokenization.inputs import SENTENCE, drawn_ids
from llm_course.checking import observe
from solutions import tokenization

BYTES = "tokenization-bytes"

known = Mistakes(tokenization.encode, section="tokenization-encode")

FIRST_LEARNED = "min(candidates, key=lambda pair: ranks[pair])"


@known.function(
    "You look for the longest token that fits. BPE does not: it repeats its merges in the order in which they were "
    "learned, and may so miss a longer token."
)
def longest_match(text: str, merges: list[tuple[int, int]]) -> list[int]:
    tokens = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        tokens.append(tokens[left] + tokens[right])
    known_tokens = {token: index for index, token in reversed(list(enumerate(tokens)))}
    data, ids = text.encode("utf-8"), []
    while data:
        length = next(length for length in range(len(data), 0, -1) if data[:length] in known_tokens)
        ids.append(known_tokens[data[:length]])
        data = data[length:]
    return ids


known.edit(
    "characters",
    {'list(text.encode("utf-8"))': "[ord(character) for character in text]"},
    "You start from characters: ord gives numbers beyond 255, which are other tokens. Start from the bytes of the "
    "text, text.encode('utf-8').",
    BYTES,
)


@known.function(
    "You go through the text once and merge what you meet. A merge makes new pairs, and an earlier merge may stand "
    "further right: repeat until none applies."
)
def one_pass(text: str, merges: list[tuple[int, int]]) -> list[int]:
    new_ids: dict[tuple[int, ...], int] = {pair: 256 + rank for rank, pair in enumerate(merges)}
    ids, merged, position = list(text.encode("utf-8")), [], 0
    while position < len(ids):
        pair = tuple(ids[position : position + 2])
        merged.append(new_ids.get(pair, ids[position]))
        position += 2 if pair in new_ids else 1
    return merged


known.edit(
    "one_merge_only", {"while candidates": "if candidates"}, "You apply one merge and stop: repeat until none applies."
)
known.edit(
    "two_tokens_left",
    {
        "while candidates := [pair for pair in pairwise(ids) if pair in ranks]": (
            "while len(ids) > 2 and (candidates := [pair for pair in pairwise(ids) if pair in ranks])"
        )
    },
    "You stop when two tokens are left. They are a pair, too: go on as long as there is a pair that has a merge.",
)
known.edit(
    "leftmost_first",
    {FIRST_LEARNED: "candidates[0]"},
    "You merge the leftmost pair that has a merge. The rank decides, not the place: look at all pairs first.",
)
known.edit(
    "leftmost_alone",
    {
        FIRST_LEARNED: "candidates[0]",
        "ids = merge_pair(ids, first_learned, 256 + ranks[first_learned])": (
            "place = list(pairwise(ids)).index(first_learned)\n"
            "        ids[place : place + 2] = [256 + ranks[first_learned]]"
        ),
    },
    "You merge the first pair from the left that has a merge, and then look again. The rank decides, not the place: "
    "collect all pairs that have a merge, and take the one learned first.",
)


@known.function(
    "You go through the merges from the last to the first. A late merge is made of what earlier ones have made: go "
    "through them in the order in which they were learned."
)
def merges_backwards(text: str, merges: list[tuple[int, int]]) -> list[int]:
    ids = list(text.encode("utf-8"))
    for rank in reversed(range(len(merges))):
        ids = tokenization.merge_pair(ids, merges[rank], 256 + rank)
    return ids


known.edit(
    "last_learned_first",
    {"min(candidates": "max(candidates"},
    "You apply the merge learned last; the one learned first, of the lowest rank, comes first.",
)
known.edit(
    "most_frequent_first",
    {"lambda pair: ranks[pair]": "lambda pair: (-candidates.count(pair), ranks[pair])"},
    "You merge the pair that is most frequent in this text. Counting was for training; here the order is fixed: "
    "lowest rank first.",
)
known.edit(
    "longest_pair_first",
    {FIRST_LEARNED: "max(candidates, key=lambda pair: (len(decode(list(pair), merges)), -ranks[pair]))"},
    "Of the pairs that have a merge you take the one that makes the longest token. The rank decides, not the length: "
    "take the one learned first.",
)
known.edit(
    "first_id_257",
    {"256 + ranks[first_learned]": "257 + ranks[first_learned]"},
    "You give the first merge the id 257, so no later merge finds it: ranks are counted from 0, and rank 0 makes 256.",
    BYTES,
)
known.edit(
    "ids_one_too_high",
    {"return ids": "return [token + 1 if token > 255 else token for token in ids]"},
    "Your merged tokens are one too high: rank 0 makes the id 256.",
    BYTES,
)
known.edit(
    "numbered_in_this_text",
    {
        "while candidates": "done = 0\n    while candidates",
        "256 + ranks[first_learned])": "256 + done)\n        done += 1",
    },
    "You number merged tokens by how many merges this text has had so far. The id belongs to the merge, in whatever "
    "text: 256 plus its rank.",
    BYTES,
)
known.edit(
    "ranks_as_ids",
    {"return ids": "return [token - 256 if token > 255 else token for token in ids]"},
    "You give merged tokens their rank as id, but the ids 0 to 255 are taken by the bytes: add 256.",
    BYTES,
)


@known.function(
    "You put the rank itself into the ids, so a merged token looks like one of the bytes 0 to 255 and no later merge "
    "finds it: the new id is 256 plus the rank.",
    section=BYTES,
)
def ranks_within(text: str, merges: list[tuple[int, int]]) -> list[int]:
    ids = list(text.encode("utf-8"))
    for rank, pair in enumerate(merges):
        ids = tokenization.merge_pair(ids, pair, rank)
    return ids


known.edit(
    "words_only",
    {
        "ids = list": (
            "if text.split() != [text]:\n        return [token for word in text.split() for token in encode(word, "
            "merges)]\n    ids = list"
        )
    },
    "The spaces are gone: you split the text at them. They are bytes like any other, and have to come back.",
    "tokenization-pieces",
)
known.edit(
    "pieces",
    {
        "ids = list": (
            'place = text.find(" ", 1)\n    if place > 0:\n        return encode(text[:place], merges) + '
            "encode(text[place:], merges)\n    ids = list"
        )
    },
    "You cut the text before each space and merge within the pieces, as GPT-2's tokenizer does. Here nothing is cut: a "
    "merge may hold a space anywhere.",
    "tokenization-pieces",
)
known.edit(
    "merges_used_up",
    {"return ids": "merges.clear()\n    return ids"},
    "Your ids are right, but you change the list of merges that you were given, and the next text needs it too.",
)


LEARNED = tokenization.train_bpe(SENTENCE * 2, 20)


# "bc" before "ab" before "abc": what is learned first, what stands first and what is longest are three things.
COMPETING = [(98, 99), (97, 98), (257, 99), (100, 97), (99, 120)]


# "abcd" is "ab" and "cd" by rank and from the left, and "abc" and "d" by length.
LONG_AND_LATE = [(99, 100), (98, 99), (97, 257), (97, 98)]


# In "abcd", "ab" is made first; then "cd" was learned before the longer "abc".
SHORT_BEFORE_LONG = [(97, 98), (99, 100), (256, 99)]


ACCENTS = [(195, 169), (99, 97), (257, 102), (258, 256)]


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


def drawn_short_before_long(draw: Generator) -> Arguments:
    a, b, c, d = (97 + torch.randperm(26, generator=draw)[:4]).tolist()
    return {"text": bytes([c, d, a, b, c, d, d, a, b]).decode(), "merges": [(a, b), (c, d), (256, c)]}


def drawn_spaces(draw: Generator) -> Arguments:
    a, b = randint(draw, 97, 109), randint(draw, 110, 122)
    text = bytes([32, a, 32, b, 13, 10, a, 32, b, 9, 32]).decode()
    return {"text": text, "merges": [(a, 32), (256, b), (13, 10)]}


def drawn_letter(draw: Generator) -> Arguments:
    return {**drawn_encoding(draw), "text": chr(randint(draw, 97, 122))}


EXERCISE = Exercise(
    reference=tokenization.encode,
    points=6,
    cases=(
        Case("no merges", given(text="Low,10%", merges=[]), visible=True),
        Case("no merges, other scripts", given(text="é漢🙂e\u0301", merges=[]), visible=True),
        Case("drawn bytes", drawn_bytes),
        Case("one merge", given(text="lowlow", merges=[(108, 111)]), visible=True),
        Case("the third of four merges", drawn_third_merge),
        Case("low, lower, lowest", given(text="lowest,slower", merges=LEARNED), visible=True),
        Case("a word with an accent", given(text="cafés,café", merges=ACCENTS), visible=True),
        Case("words drawn", drawn_words),
        Case("one token in the end", drawn_whole_word, visible=True),
        Case("two merges compete", given(text="abc-dab", merges=COMPETING), visible=True),
        Case("the left one was learned first", drawn_left_before_right, visible=True),
        Case("more competition", given(text="abcbcbcdabda-da-abcx", merges=COMPETING), visible=True),
        Case("the longest token is not reached", given(text="abcd", merges=LONG_AND_LATE), visible=True),
        Case("a longer token comes later", given(text="abcd", merges=SHORT_BEFORE_LONG), visible=True),
        Case("a longer token comes later, drawn", drawn_short_before_long),
        Case("drawn", drawn_encoding),
        Case("spaces", given(text="  low \r\n\tlower  ", merges=LEARNED), visible=True),
        Case("merges with a space", drawn_spaces, visible=True),
        Case("one character", drawn_letter, visible=True),
        Case("no text", lambda draw: {**drawn_encoding(draw), "text": ""}, visible=True),
    ),
    properties=(
        Property(
            "Without merges, the ids are the UTF-8 bytes of the text",
            ("no merges", "no merges, other scripts", "drawn bytes"),
            "Start from text.encode('utf-8'): a letter with an accent is two bytes, a Chinese character three.",
        ),
        Property(
            "The merge of rank r makes the id 256 + r",
            ("one merge", "the third of four merges"),
            "The pair at place r of the list of merges, counted from 0, makes the id 256 + r.",
        ),
        Property(
            "Merged tokens merge again, until no merge applies",
            ("low, lower, lowest", "a word with an accent", "words drawn", "one token in the end"),
            "After a merge look at all neighbors again: the new token may be part of a further pair.",
            weight=2,
        ),
        Property(
            "Where merges compete, the one learned first goes first",
            (
                "two merges compete",
                "the left one was learned first",
                "more competition",
                "the longest token is not reached",
                "a longer token comes later",
                "a longer token comes later, drawn",
                "drawn",
            ),
            "Look at all pairs that could be merged now, and take the one with the lowest rank, wherever it stands.",
            weight=3,
        ),
        Property(
            "Spaces and line ends are text like any other, and a text may be short or empty",
            ("spaces", "merges with a space", "one character", "no text"),
            "Do not split, strip or change the text: every byte has to come back from decode. No text gives no ids.",
            needs="The merge of rank r makes the id 256 + r",
        ),
        Property(
            "The list of merges stays as it is",
            ("low, lower, lowest", "two merges compete", "drawn"),
            "Do not remove or sort anything in the list of merges: the next text needs it too.",
            observe=observe.changed,
            needs="The merge of rank r makes the id 256 + r",
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("replace",),
)
