"""The assignment 02_tokenization: what is asked, how it is weighed, and the known mistakes with their hints."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

from torch import Generator

from autograder.exercises.spec import Arguments, Assignment, Case, Exercise, Mistake, Property, given, randint
from llm_course.checking import observe
from solutions import tokenization

BPE, BYTES, ENCODE, DECODE = "tokenization-bpe", "tokenization-bytes", "tokenization-encode", "tokenization-decode"
PIECES = "tokenization-pieces"

Pair = tuple[int, int]
Merges = list[Pair]


def _drawn_ids(draw: Generator, alphabet: list[int], length: int) -> list[int]:
    return [alphabet[randint(draw, 0, len(alphabet) - 1)] for _ in range(length)]


# merge_pair


def _pair_at_the_end_missed(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    merged = tokenization.merge_pair(ids[:-1], pair, new_id)
    return merged + ids[-1:]


def _overlap_merged_twice(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    starts = {place for place, found in enumerate(pairwise(ids)) if found == pair}
    inside = {place + 1 for place in starts}
    return [
        new_id if place in starts else token
        for place, token in enumerate(ids)
        if place in starts or place not in inside
    ]


def _list_changed(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    ids[:] = tokenization.merge_pair(ids, pair, new_id)
    return ids


def _last_token_lost(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    merged, position = [], 0
    while position < len(ids) - 1:
        found = (ids[position], ids[position + 1]) == pair
        merged.append(new_id if found else ids[position])
        position += 2 if found else 1
    return merged


def _first_occurrence_only(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    for place, found in enumerate(pairwise(ids)):
        if found == pair:
            return [*ids[:place], new_id, *ids[place + 2 :]]
    return list(ids)


def _from_the_right(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    return tokenization.merge_pair(ids[::-1], (pair[1], pair[0]), new_id)[::-1]


def _either_order(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    merged, position = [], 0
    while position < len(ids):
        found = sorted(ids[position : position + 2]) == sorted(pair)
        merged.append(new_id if found else ids[position])
        position += 2 if found else 1
    return merged


def _second_half_kept(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    return [new_id if tuple(ids[place : place + 2]) == pair else token for place, token in enumerate(ids)]


def _neighbors_one_by_one(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    return [new_id if found == pair else found[0] for found in pairwise(ids)]


def _replaced_in_text(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    written = " ".join(map(str, ids)).replace(f"{pair[0]} {pair[1]}", str(new_id))
    return [int(token) for token in written.split()]


def _never_equal(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    return list(ids)


def _drawn_merge(draw: Generator) -> Arguments:
    alphabet = [randint(draw, 40, 120), randint(draw, 256, 290), randint(draw, 300, 400)]
    ids = [*_drawn_ids(draw, alphabet, 24), alphabet[1], alphabet[0], alphabet[1], alphabet[2]]
    return {"ids": ids, "pair": (alphabet[0], alphabet[1]), "new_id": randint(draw, 500, 900)}


def _drawn_run(draw: Generator) -> Arguments:
    token, other = randint(draw, 40, 120), randint(draw, 256, 400)
    runs = [other, *[token] * (2 * randint(draw, 1, 3) + 1), other, *[token] * 4, other, *[token] * 3]
    return {"ids": runs, "pair": (token, token), "new_id": randint(draw, 500, 900)}


MERGE_PAIR = Exercise(
    reference=tokenization.merge_pair,
    points=3,
    cases=(
        Case(
            "several occurrences",
            given(ids=[104, 101, 108, 101, 104, 101, 104, 32], pair=(104, 101), new_id=256),
            visible=True,
        ),
        Case(
            "a pair of merged tokens",
            given(ids=[256, 257, 97, 256, 256, 257, 258, 97], pair=(256, 257), new_id=300),
            visible=True,
        ),
        Case("numbers in numbers", given(ids=[12, 3, 2, 3, 112, 34, 2, 31], pair=(2, 3), new_id=256), visible=True),
        Case("drawn", _drawn_merge),
        Case("pair at the end", given(ids=[104, 111, 104, 101], pair=(104, 101), new_id=256), visible=True),
        Case("nothing but the pair", given(ids=[9, 7], pair=(9, 7), new_id=400)),
        Case("five of a kind", given(ids=[97, 97, 97, 97, 97], pair=(97, 97), new_id=256), visible=True),
        Case("drawn runs", _drawn_run),
        Case("pair absent", given(ids=[98, 97, 98, 98], pair=(97, 99), new_id=256)),
        Case("one token", given(ids=[97], pair=(97, 97), new_id=256)),
        Case("no token", given(ids=[], pair=(97, 98), new_id=256)),
    ),
    properties=(
        Property(
            "Each occurrence of the pair becomes the new id, and all else stays",
            ("several occurrences", "a pair of merged tokens", "numbers in numbers", "drawn"),
            "Write down [104, 101, 108, 101, 104, 101, 104, 32] and replace (104, 101) by 256, from left to right.",
            weight=2,
        ),
        Property(
            "A pair at the very end counts too",
            ("pair at the end", "nothing but the pair"),
            "What does your loop do when only two tokens are left?",
        ),
        Property(
            "Of overlapping occurrences the left one is taken",
            ("five of a kind", "drawn runs"),
            "In a a a a a the pair (a, a) fits twice, and the last a stays alone.",
        ),
        Property(
            "Without the pair, the tokens stay as they are, however few",
            ("pair absent", "one token", "no token"),
            "Try a list without the pair, a list of one token and an empty one.",
            needs="Each occurrence of the pair becomes the new id, and all else stays",
        ),
        Property(
            "The list it was given stays as it is",
            ("several occurrences", "five of a kind", "drawn"),
            "Build a new list, or work on a copy: the caller still needs the old one.",
            observe=observe.changed,
            needs="Each occurrence of the pair becomes the new id, and all else stays",
        ),
    ),
    mistakes=(
        Mistake(
            "pair_at_the_end_missed",
            "You miss a pair at the very end of the list: your loop stops one position too early.",
            BPE,
            _pair_at_the_end_missed,
        ),
        Mistake(
            "overlap_merged_twice",
            "You use a token twice: in a a a the middle one belongs to the pair on its left, so it is not there any "
            "more for the pair on its right. After a match, go on two positions further.",
            BPE,
            _overlap_merged_twice,
        ),
        Mistake(
            "list_changed",
            "Your result is right, but you change the list that you were given, and the caller may still need it: "
            "build a new one.",
            BPE,
            _list_changed,
        ),
        Mistake(
            "last_token_lost",
            "The last token is lost where it is not part of the pair: it has no right neighbor, and still has to be "
            "copied.",
            BPE,
            _last_token_lost,
        ),
        Mistake(
            "first_occurrence_only",
            "You replace the first occurrence and stop: a merge replaces all of them.",
            BPE,
            _first_occurrence_only,
        ),
        Mistake(
            "from_the_right",
            "You go from right to left. Where occurrences overlap, the left one comes first: a a a is (a a) a.",
            BPE,
            _from_the_right,
        ),
        Mistake(
            "either_order",
            "You also replace the pair the other way round: (104, 101) is h e, and e h is another pair.",
            BPE,
            _either_order,
        ),
        Mistake(
            "second_half_kept",
            "You put the new id in place of the left half and keep the right half: the new id stands for both, so "
            "skip the right one.",
            BPE,
            _second_half_kept,
        ),
        Mistake(
            "neighbors_one_by_one",
            "You look at all neighbors, two by two: after a match the right half comes again as the left half of the "
            "next two, and the last token never comes. Keep a position of your own, and skip what you have used.",
            BPE,
            _neighbors_one_by_one,
        ),
        Mistake(
            "replaced_in_text",
            "You replace digits in a text: 12 3 holds the text “2 3”, but not the tokens 2 and 3. Compare numbers "
            "with numbers.",
            BPE,
            _replaced_in_text,
        ),
        Mistake(
            "never_equal",
            "You never find the pair. In Python a list never equals a tuple: [1, 2] == (1, 2) is False. Compare "
            "tuple with tuple.",
            BPE,
            _never_equal,
        ),
    ),
)


# train_bpe


def _require_merges(n_merges: int) -> None:
    if n_merges < 0:
        raise ValueError("the number of merges is 0 or more")


def _train(
    data: bytes,
    n_merges: int,
    choose: Callable[[Counter[Pair]], Pair],
    *,
    count: Callable[[list[int]], Counter[Pair]] = lambda ids: Counter(pairwise(ids)),
    least_count: int = 1,
    first_id: int = 256,
    start: Callable[[bytes], list[int]] = list,
) -> Merges:
    """Right training but for what the arguments say."""
    _require_merges(n_merges)
    ids, merges = start(data), list[Pair]()
    while len(merges) < n_merges and len(ids) > 1:
        counts = count(ids)
        best = choose(counts)
        if counts[best] < least_count:
            break
        ids = tokenization.merge_pair(ids, best, first_id + len(merges))
        merges.append(best)
    return merges


def _smallest_best(counts: Counter[Pair]) -> Pair:
    return min(counts, key=lambda pair: (-counts[pair], pair))


def _ties_by_first_seen(data: bytes, n_merges: int) -> Merges:
    return _train(data, n_merges, lambda counts: max(counts, key=counts.__getitem__))


def _ties_by_largest(data: bytes, n_merges: int) -> Merges:
    return _train(data, n_merges, lambda counts: max(counts, key=lambda pair: (counts[pair], pair)))


def _counted_once(data: bytes, n_merges: int) -> Merges:
    _require_merges(n_merges)
    counts = Counter(pairwise(data))
    return sorted(counts, key=lambda pair: (-counts[pair], pair))[:n_merges]


def _one_merge_short(data: bytes, n_merges: int) -> Merges:
    return tokenization.train_bpe(data, max(n_merges - 1, min(n_merges, 0)))


def _one_merge_more(data: bytes, n_merges: int) -> Merges:
    _require_merges(n_merges)
    return tokenization.train_bpe(data, n_merges + 1)


def _overlaps_counted_once(data: bytes, n_merges: int) -> Merges:
    def count(ids: list[int]) -> Counter[Pair]:
        return Counter(
            {pair: len(ids) - len(tokenization.merge_pair(ids, pair, -1)) for pair in dict.fromkeys(pairwise(ids))}
        )

    return _train(data, n_merges, _smallest_best, count=count)


def _single_pairs_left(data: bytes, n_merges: int) -> Merges:
    return _train(data, n_merges, _smallest_best, least_count=2)


def _fails_when_nothing_is_left(data: bytes, n_merges: int) -> Merges:
    merges = tokenization.train_bpe(data, n_merges)
    if len(merges) < n_merges:
        raise ValueError("max() iterable argument is empty")
    return merges


def _first_id_257(data: bytes, n_merges: int) -> Merges:
    return _train(data, n_merges, _smallest_best, first_id=257)


def _next_after_the_largest(data: bytes, n_merges: int) -> Merges:
    _require_merges(n_merges)
    ids, merges = list(data), list[Pair]()
    while len(merges) < n_merges and len(ids) > 1:
        merges.append(_smallest_best(Counter(pairwise(ids))))
        ids = tokenization.merge_pair(ids, merges[-1], max(ids) + 1)
    return merges


def _trained_on_characters(data: bytes, n_merges: int) -> Merges:
    return _train(
        data, n_merges, _smallest_best, start=lambda data: [ord(character) for character in data.decode("utf-8")]
    )


def _rarest_pair(data: bytes, n_merges: int) -> Merges:
    return _train(data, n_merges, lambda counts: min(counts, key=lambda pair: (counts[pair], pair)))


def _negative_accepted(data: bytes, n_merges: int) -> Merges:
    return tokenization.train_bpe(data, max(n_merges, 0))


SENTENCE = b"low lower lowest, slow slower slowest"
TIES = b"cdcdefefabab"


def _drawn_data(draw: Generator) -> Arguments:
    letters = [randint(draw, 97, 102), randint(draw, 103, 110), randint(draw, 111, 122)]
    return {"data": bytes(_drawn_ids(draw, letters, 60)), "n_merges": randint(draw, 6, 9)}


def _drawn_favorite(draw: Generator) -> Arguments:
    """One pair stands between letters that occur once, so nothing else is as frequent."""
    pair = bytes([randint(draw, 48, 52), randint(draw, 53, 57)])
    return {"data": b"".join(pair + bytes([letter]) for letter in range(97, 97 + randint(draw, 5, 9))), "n_merges": 1}


def _drawn_ties(draw: Generator) -> Arguments:
    middle, low, high = randint(draw, 110, 112), randint(draw, 97, 100), randint(draw, 119, 121)
    doubled = [byte for first in (middle, high, low) for byte in (first, first + 1) * 2]
    return {"data": bytes(doubled), "n_merges": 3}


TRAIN_BPE = Exercise(
    reference=tokenization.train_bpe,
    points=6,
    cases=(
        Case("one merge", given(data=b"she sells sea shells", n_merges=1), visible=True),
        Case("bytes above 127", given(data="après été".encode() * 2, n_merges=1), visible=True),
        Case("one merge, drawn", _drawn_favorite),
        Case("low, lower, lowest", given(data=SENTENCE, n_merges=5), visible=True),
        Case("drawn", _drawn_data),
        Case("three pairs equally frequent", given(data=TIES, n_merges=2), visible=True),
        Case("drawn ties", _drawn_ties),
        Case("runs", given(data=b"zzzzxyxy", n_merges=2), visible=True),
        Case("long runs", given(data=b"bbbbbbacacaca", n_merges=3)),
        Case("runs out of pairs", given(data=b"abab", n_merges=10), visible=True),
        Case("one byte", given(data=b"a", n_merges=3)),
        Case("no bytes", given(data=b"", n_merges=3)),
        Case("no merges", given(data=b"banana", n_merges=0)),
        Case("negative", given(data=b"banana", n_merges=-1), visible=True),
    ),
    properties=(
        Property(
            "The first merge is the most frequent pair of bytes",
            ("one merge", "bytes above 127", "one merge, drawn"),
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
            ("three pairs equally frequent", "drawn ties"),
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
    ),
    mistakes=(
        Mistake(
            "ties_by_first_seen",
            "Among equally frequent pairs you take the one seen first, as max and most_common do; the smallest pair "
            "is asked for, so that the result does not depend on the order of the text.",
            BPE,
            _ties_by_first_seen,
        ),
        Mistake(
            "ties_by_largest",
            "Among equally frequent pairs you take the largest, as max of (count, pair) does; the smallest is asked "
            "for.",
            BPE,
            _ties_by_largest,
        ),
        Mistake(
            "counted_once",
            "You count once and take the most frequent pairs of the first count. Each merge changes the ids: replace "
            "the pair by its new id and count again, or no merge can build on another.",
            BPE,
            _counted_once,
        ),
        Mistake(
            "one_merge_short",
            "You stop one merge early: look at the bounds of your loop.",
            BPE,
            _one_merge_short,
        ),
        Mistake(
            "one_merge_more",
            "You learn one merge more than asked for: look at the bounds of your loop.",
            BPE,
            _one_merge_more,
        ),
        Mistake(
            "overlaps_counted_once",
            "You count (z, z) in z z z z twice, as if each token could be used once. For the counts every two "
            "neighbors are a pair, three here; only merging uses a token up.",
            BPE,
            _overlaps_counted_once,
        ),
        Mistake(
            "single_pairs_left",
            "You stop when every pair occurs only once. Here training goes on as long as there is a pair.",
            BPE,
            _single_pairs_left,
        ),
        Mistake(
            "fails_when_nothing_is_left",
            "You raise an error when no pair is left: min and max of nothing fail. Stop when fewer than two ids are "
            "left, and return the merges so far.",
            BPE,
            _fails_when_nothing_is_left,
        ),
        Mistake(
            "first_id_257",
            "Your new ids are one too high: the bytes are 0 to 255, so the first merge makes 256, not 257.",
            BYTES,
            _first_id_257,
        ),
        Mistake(
            "next_after_the_largest",
            "You number a new token by the largest id in the text, max(ids) + 1. The bytes keep 0 to 255, whichever "
            "of them occur: the merge of rank r makes 256 + r.",
            BYTES,
            _next_after_the_largest,
        ),
        Mistake(
            "trained_on_characters",
            "You count characters. The data are bytes, and a character beyond ASCII has several: list(data) gives the "
            "bytes as they are.",
            BYTES,
            _trained_on_characters,
        ),
        Mistake(
            "rarest_pair",
            "You merge the rarest pair: the sign is wrong. The most frequent one comes first.",
            BPE,
            _rarest_pair,
        ),
        Mistake(
            "negative_accepted",
            "You accept a negative number of merges: it makes no sense, so raise ValueError.",
            BPE,
            _negative_accepted,
        ),
    ),
)


# encode


def _encode(
    text: str,
    merges: Merges,
    choose: Callable[[list[int], list[int]], int],
    *,
    ids: list[int] | None = None,
    first_id: int = 256,
) -> list[int]:
    """Right encoding but for what the arguments say; `choose` picks a rank, given the ids and the ranks that apply."""
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    ids = list(text.encode("utf-8")) if ids is None else ids
    while applicable := [ranks[pair] for pair in pairwise(ids) if pair in ranks]:
        rank = choose(ids, applicable)
        ids = tokenization.merge_pair(ids, merges[rank], first_id + rank)
    return ids


def _longest_match(text: str, merges: Merges) -> list[int]:
    tokens = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        tokens.append(tokens[left] + tokens[right])
    known = {token: index for index, token in reversed(list(enumerate(tokens)))}
    data, ids = text.encode("utf-8"), []
    while data:
        length = next(length for length in range(len(data), 0, -1) if data[:length] in known)
        ids.append(known[data[:length]])
        data = data[length:]
    return ids


def _characters(text: str, merges: Merges) -> list[int]:
    return _encode(text, merges, lambda ids, ranks: min(ranks), ids=[ord(character) for character in text])


def _one_pass(text: str, merges: Merges) -> list[int]:
    new_ids: dict[tuple[int, ...], int] = {pair: 256 + rank for rank, pair in enumerate(merges)}
    ids, merged, position = list(text.encode("utf-8")), [], 0
    while position < len(ids):
        pair = tuple(ids[position : position + 2])
        merged.append(new_ids.get(pair, ids[position]))
        position += 2 if pair in new_ids else 1
    return merged


def _leftmost_first(text: str, merges: Merges) -> list[int]:
    return _encode(text, merges, lambda ids, ranks: ranks[0])


def _leftmost_alone(text: str, merges: Merges) -> list[int]:
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    ids = list(text.encode("utf-8"))
    while places := [place for place, pair in enumerate(pairwise(ids)) if pair in ranks]:
        first = places[0]
        ids[first : first + 2] = [256 + ranks[ids[first], ids[first + 1]]]
    return ids


def _ranks_within(text: str, merges: Merges) -> list[int]:
    ids = list(text.encode("utf-8"))
    for rank, pair in enumerate(merges):
        ids = tokenization.merge_pair(ids, pair, rank)
    return ids


def _last_learned_first(text: str, merges: Merges) -> list[int]:
    return _encode(text, merges, lambda ids, ranks: max(ranks))


def _most_frequent_first(text: str, merges: Merges) -> list[int]:
    return _encode(text, merges, lambda ids, ranks: min(ranks, key=lambda rank: (-ranks.count(rank), rank)))


def _one_merge_only(text: str, merges: Merges) -> list[int]:
    ids = list(text.encode("utf-8"))
    applicable = [rank for rank, pair in enumerate(merges) if pair in pairwise(ids)]
    return tokenization.merge_pair(ids, merges[applicable[0]], 256 + applicable[0]) if applicable else ids


def _ids_one_too_high(text: str, merges: Merges) -> list[int]:
    return [token + 1 if token > 255 else token for token in tokenization.encode(text, merges)]


def _ranks_as_ids(text: str, merges: Merges) -> list[int]:
    return [token - 256 if token > 255 else token for token in tokenization.encode(text, merges)]


def _words_only(text: str, merges: Merges) -> list[int]:
    return [token for word in text.split() for token in tokenization.encode(word, merges)]


def _merges_used_up(text: str, merges: Merges) -> list[int]:
    ids = tokenization.encode(text, merges)
    merges.clear()
    return ids


LEARNED = tokenization.train_bpe(SENTENCE * 2, 20)
# "bc" before "ab" before "abc": what is learned first, what stands first and what is longest are three things.
COMPETING = [(98, 99), (97, 98), (257, 99), (100, 97), (99, 120)]
# "abcd" is "ab" and "cd" by rank and from the left, and "abc" and "d" by length.
LONG_AND_LATE = [(99, 100), (98, 99), (97, 257), (97, 98)]
ACCENTS = [(195, 169), (99, 97), (257, 102), (258, 256)]


def _drawn_words(draw: Generator) -> Arguments:
    words = ("low", "lower", "lowest", "slow", "slower")
    return {"text": ",".join(words[randint(draw, 0, 4)] for _ in range(randint(draw, 4, 7))), "merges": LEARNED}


def _drawn_encoding(draw: Generator) -> Arguments:
    letters = [97, 98, 99, 100]
    merges = tokenization.train_bpe(bytes(_drawn_ids(draw, letters, 60)), randint(draw, 10, 14))
    return {"text": bytes(_drawn_ids(draw, letters, 50)).decode(), "merges": merges}


def _drawn_bytes(draw: Generator) -> Arguments:
    codes = [randint(draw, 0x61, 0x7A), randint(draw, 0xC0, 0xFF), randint(draw, 0x4E00, 0x9FA5)]
    return {"text": "".join(chr(code) for code in codes) + "🙂", "merges": []}


ENCODE_TEXT = Exercise(
    reference=tokenization.encode,
    points=6,
    cases=(
        Case("no merges", given(text="low,10%", merges=[]), visible=True),
        Case("no merges, other scripts", given(text="é漢🙂", merges=[]), visible=True),
        Case("drawn bytes", _drawn_bytes),
        Case("one merge", given(text="lowlow", merges=[(108, 111)]), visible=True),
        Case("the third of four merges", given(text="dadabed", merges=[(98, 99), (99, 99), (97, 100), (120, 121)])),
        Case("low, lower, lowest", given(text="lowest,slower", merges=LEARNED), visible=True),
        Case("a word with an accent", given(text="cafés,café", merges=ACCENTS), visible=True),
        Case("words drawn", _drawn_words),
        Case("two merges compete", given(text="abc-dab", merges=COMPETING), visible=True),
        Case("more competition", given(text="abcbcbcdabda-da-abcx", merges=COMPETING), visible=True),
        Case("the longest token is not reached", given(text="abcd", merges=LONG_AND_LATE), visible=True),
        Case("drawn", _drawn_encoding),
        Case("spaces", given(text="  low \n\tlower  ", merges=LEARNED), visible=True),
        Case("no text", given(text="", merges=LEARNED)),
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
            ("low, lower, lowest", "a word with an accent", "words drawn"),
            "After a merge look at all neighbors again: the new token may be part of a further pair.",
            weight=2,
        ),
        Property(
            "Where merges compete, the one learned first goes first",
            ("two merges compete", "more competition", "the longest token is not reached", "drawn"),
            "Look at all pairs that could be merged now, and take the one with the lowest rank, wherever it stands.",
            weight=3,
        ),
        Property(
            "Spaces and line ends are text like any other; no text gives no ids",
            ("spaces", "no text"),
            "Do not split, strip or change the text: every byte has to come back from decode.",
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
    mistakes=(
        Mistake(
            "longest_match",
            "You look for the longest token that fits. BPE does not: it repeats its merges in the order in which they "
            "were learned, and may so miss a longer token.",
            ENCODE,
            _longest_match,
        ),
        Mistake(
            "characters",
            "You start from characters: ord gives numbers beyond 255, which are other tokens. Start from the bytes of "
            "the text, text.encode('utf-8').",
            BYTES,
            _characters,
        ),
        Mistake(
            "one_pass",
            "You go through the text once and merge what you meet. A merge makes new pairs, and an earlier merge may "
            "stand further right: repeat until none applies.",
            ENCODE,
            _one_pass,
        ),
        Mistake(
            "one_merge_only",
            "You apply one merge and stop: repeat until none applies.",
            ENCODE,
            _one_merge_only,
        ),
        Mistake(
            "leftmost_first",
            "You merge the leftmost pair that has a merge. The rank decides, not the place: look at all pairs first.",
            ENCODE,
            _leftmost_first,
        ),
        Mistake(
            "leftmost_alone",
            "You merge the first pair from the left that has a merge, and then look again. The rank decides, not the "
            "place: collect all pairs that have a merge, and take the one learned first.",
            ENCODE,
            _leftmost_alone,
        ),
        Mistake(
            "last_learned_first",
            "You apply the merge learned last; the one learned first, of the lowest rank, comes first.",
            ENCODE,
            _last_learned_first,
        ),
        Mistake(
            "most_frequent_first",
            "You merge the pair that is most frequent in this text. Counting was for training; here the order is "
            "fixed: lowest rank first.",
            ENCODE,
            _most_frequent_first,
        ),
        Mistake(
            "ids_one_too_high",
            "Your merged tokens are one too high: rank 0 makes the id 256.",
            BYTES,
            _ids_one_too_high,
        ),
        Mistake(
            "ranks_as_ids",
            "You give merged tokens their rank as id, but the ids 0 to 255 are taken by the bytes: add 256.",
            BYTES,
            _ranks_as_ids,
        ),
        Mistake(
            "ranks_within",
            "You put the rank itself into the ids, so a merged token looks like one of the bytes 0 to 255 and no "
            "later merge finds it: the new id is 256 plus the rank.",
            BYTES,
            _ranks_within,
        ),
        Mistake(
            "words_only",
            "The spaces are gone: you split the text at them. They are bytes like any other, and have to come back.",
            PIECES,
            _words_only,
        ),
        Mistake(
            "merges_used_up",
            "Your ids are right, but you change the list of merges that you were given, and the next text needs it "
            "too.",
            ENCODE,
            _merges_used_up,
        ),
    ),
)


# decode


def _tokens(merges: Merges, *, swapped: bool = False) -> list[bytes]:
    tokens = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        tokens.append(tokens[right] + tokens[left] if swapped else tokens[left] + tokens[right])
    return tokens


def _looked_up(ids: list[int], tokens: list[bytes]) -> list[bytes]:
    if any(not 0 <= token < len(tokens) for token in ids):
        raise ValueError("unknown id")
    return [tokens[token] for token in ids]


def _token_by_token(ids: list[int], merges: Merges) -> str:
    return "".join(token.decode("utf-8", "replace") for token in _looked_up(ids, _tokens(merges)))


def _strict(ids: list[int], merges: Merges) -> str:
    return b"".join(_looked_up(ids, _tokens(merges))).decode("utf-8")


def _invalid_dropped(ids: list[int], merges: Merges) -> str:
    return b"".join(_looked_up(ids, _tokens(merges))).decode("utf-8", "ignore")


def _byte_by_byte(ids: list[int], merges: Merges) -> str:
    return b"".join(_looked_up(ids, _tokens(merges))).decode("latin-1")


def _parts_swapped(ids: list[int], merges: Merges) -> str:
    return b"".join(_looked_up(ids, _tokens(merges, swapped=True))).decode("utf-8", "replace")


def _one_level(ids: list[int], merges: Merges) -> str:
    _looked_up(ids, _tokens(merges))
    data = b"".join(bytes(merges[token - 256] if token > 255 else [token]) for token in ids)
    return data.decode("utf-8", "replace")


def _key_error(ids: list[int], merges: Merges) -> str:
    tokens = dict(enumerate(_tokens(merges)))
    return b"".join(tokens[token] for token in ids).decode("utf-8", "replace")


def _index_error(ids: list[int], merges: Merges) -> str:
    tokens = _tokens(merges)
    return b"".join(tokens[token] for token in ids).decode("utf-8", "replace")


def _empty_refused(ids: list[int], merges: Merges) -> str:
    if min(ids) < 0 or max(ids) >= 256 + len(merges):  # raises where there are no ids
        raise ValueError("there is no such token")
    return tokenization.decode(ids, merges)


def _unknown_skipped(ids: list[int], merges: Merges) -> str:
    tokens = dict(enumerate(_tokens(merges)))
    return b"".join(tokens.get(token, b"") for token in ids).decode("utf-8", "replace")


def _negative_from_the_end(ids: list[int], merges: Merges) -> str:
    tokens = _tokens(merges)
    if any(token >= len(tokens) for token in ids):
        raise ValueError("unknown id")
    return b"".join(tokens[token] for token in ids).decode("utf-8", "replace")


def _last_merge_unknown(ids: list[int], merges: Merges) -> str:
    return tokenization.decode(ids, merges[:-1])


def _ids_used_up(ids: list[int], merges: Merges) -> str:
    text = tokenization.decode(ids, merges)
    ids.clear()
    return text


# 256 is "a" with the first half of a letter, 257 is the second half with "b": é begins in one and ends in the other.
HALVES = [(97, 195), (169, 98), (226, 130)]


def _drawn_decoding(draw: Generator) -> Arguments:
    merges = tokenization.train_bpe(bytes(_drawn_ids(draw, [97, 98, 99, 32], 60)), 12)
    return {"ids": [randint(draw, 256, 267) for _ in range(6)] + [267, 100], "merges": merges}


def _drawn_letters(draw: Generator) -> Arguments:
    return {"ids": [randint(draw, 97, 122) for _ in range(8)], "merges": []}


def _drawn_bytes_to_text(draw: Generator) -> Arguments:
    character = chr(randint(draw, 0x4E00, 0x9FA5)).encode()
    return {"ids": [randint(draw, 97, 122), *character, randint(draw, 97, 122)], "merges": []}


def _drawn_half(draw: Generator) -> Arguments:
    character = chr(randint(draw, 0x4E00, 0x9FA5)).encode()
    return {"ids": [*character, 257, *character[: randint(draw, 1, 2)], 258], "merges": [(97, 97), (98, 99), (32, 98)]}


DECODE_IDS = Exercise(
    reference=tokenization.decode,
    points=5,
    cases=(
        Case("plain letters", given(ids=[108, 111, 119, 33], merges=[]), visible=True),
        Case("letters, drawn", _drawn_letters),
        Case(
            "merges of merges", given(ids=[258, 32, 257, 33], merges=[(97, 110), (98, 256), (257, 256)]), visible=True
        ),
        Case("drawn", _drawn_decoding),
        Case("letters of two bytes", given(ids=[99, 97, 102, 195, 169], merges=[]), visible=True),
        Case("a letter across two tokens", given(ids=[256, 257, 33], merges=HALVES), visible=True),
        Case("drawn bytes", _drawn_bytes_to_text),
        Case("half a letter", given(ids=[53, 258, 32, 226, 130, 172, 256], merges=HALVES), visible=True),
        Case("bytes that never occur in text", given(ids=[255, 98, 128, 98, 192], merges=[])),
        Case("drawn half", _drawn_half),
        Case("beyond the last merge", given(ids=[97, 258], merges=[(97, 98), (256, 256)]), visible=True),
        Case("negative", given(ids=[97, -1], merges=[(97, 98)]), visible=True),
        Case("beyond the bytes", given(ids=[256], merges=[])),
        Case("no ids", given(ids=[], merges=HALVES)),
    ),
    properties=(
        Property(
            "Ids below 256 are bytes, and no ids are no text",
            ("plain letters", "letters, drawn", "no ids"),
            "bytes([108]) is the byte of the letter l.",
        ),
        Property(
            "A merged token is its left part and then its right part",
            ("merges of merges", "drawn"),
            "Build the bytes of all tokens in the order of their ids: both parts of a merge come before it.",
            weight=2,
        ),
        Property(
            "The bytes of all tokens are joined before they are decoded",
            ("letters of two bytes", "a letter across two tokens", "drawn bytes"),
            "A letter may begin in one token and end in the next: join all bytes first, decode once.",
            weight=3,
        ),
        Property(
            "Bytes that are no valid UTF-8 become U+FFFD",
            ("half a letter", "bytes that never occur in text", "drawn half"),
            "bytes.decode takes a second argument that says what to do with bytes that are no text.",
            weight=2,
        ),
        Property(
            "An id that no token has is refused with a ValueError",
            ("plain letters", "beyond the last merge", "negative", "beyond the bytes"),
            "With two merges the ids go from 0 to 257. Raise ValueError for any other, also for a negative one.",
            weight=2,
            observe=observe.refusal,
            needs="Ids below 256 are bytes, and no ids are no text",
        ),
        Property(
            "Ids and merges stay as they are",
            ("merges of merges", "a letter across two tokens", "drawn"),
            "Do not remove anything from the lists that you were given.",
            observe=observe.changed,
            needs="A merged token is its left part and then its right part",
        ),
    ),
    mistakes=(
        Mistake(
            "token_by_token",
            "You decode each token by itself. A letter of several bytes may be spread over tokens: join the bytes of "
            "all tokens, then decode once.",
            DECODE,
            _token_by_token,
        ),
        Mistake(
            "strict",
            "Half a letter raises a UnicodeDecodeError. A model can stop anywhere, so invalid bytes must become "
            "U+FFFD: look at the errors argument of bytes.decode.",
            DECODE,
            _strict,
        ),
        Mistake(
            "invalid_dropped",
            "You drop invalid bytes in silence; they must become U+FFFD, so that a reader sees that something is "
            "missing.",
            DECODE,
            _invalid_dropped,
        ),
        Mistake(
            "byte_by_byte",
            "You make a character of each byte, so that é becomes Ã©. In UTF-8 a character has one to four bytes: use "
            "bytes.decode.",
            BYTES,
            _byte_by_byte,
        ),
        Mistake(
            "parts_swapped",
            "The two parts of a merged token are swapped: the left one of the pair comes first.",
            DECODE,
            _parts_swapped,
        ),
        Mistake(
            "one_level",
            "You take the two parts of a merge for bytes, but they may be merged tokens themselves, with ids above "
            "255. Build the bytes of each token from those of its parts.",
            DECODE,
            _one_level,
        ),
        Mistake(
            "key_error",
            "An unknown id raises a KeyError. Check the ids first and raise ValueError, which says that an argument "
            "makes no sense.",
            DECODE,
            _key_error,
        ),
        Mistake(
            "index_error",
            "An id beyond the last merge raises an IndexError, and a negative one is taken from the end of the list. "
            "Check the ids first and raise ValueError for both.",
            DECODE,
            _index_error,
        ),
        Mistake(
            "empty_refused",
            "No ids raise an error: `min` and `max` have nothing to choose from. No ids are no text, the empty string.",
            DECODE,
            _empty_refused,
        ),
        Mistake(
            "unknown_skipped",
            "You skip unknown ids in silence, which hides the fault that made them: raise ValueError.",
            DECODE,
            _unknown_skipped,
        ),
        Mistake(
            "negative_from_the_end",
            "A negative id gives a token: Python takes a negative index from the end of a list. Refuse it too.",
            DECODE,
            _negative_from_the_end,
        ),
        Mistake(
            "last_merge_unknown",
            "The token of the last merge is unknown to you: with n merges the ids go up to 255 + n.",
            DECODE,
            _last_merge_unknown,
        ),
        Mistake(
            "ids_used_up",
            "Your text is right, but you change the list of ids that you were given.",
            DECODE,
            _ids_used_up,
        ),
    ),
)


ASSIGNMENT = Assignment("02_tokenization", (MERGE_PAIR, TRAIN_BPE, ENCODE_TEXT, DECODE_IDS))
