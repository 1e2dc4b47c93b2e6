"""A byte-level BPE as the capstone has it, on whole corpora: what its tokens stand for, encoding, training.

Ids 0 to 255 are bytes, and merge r makes the id 256 + r, as in `solutions.tokenization`; no merge crosses a piece of
the text. What the learner's functions do word by word is done here to all words at once, for a class of tokenizers.
"""

import functools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from autograder.capstone.tensors import FileFault
from llm_course.capstone.format import PIECES, SPECIALS

Ids = npt.NDArray[np.int64]
BYTES = 256
MAX_TOKEN = 256
"""Bytes of one token: each merge may double the length, and forty of them would fill a memory."""
BETWEEN = -1
"""Stands behind each piece, and in no merge."""
SPLIT = re.compile(PIECES)


@dataclass(frozen=True)
class Vocabulary:
    """Merges that have been checked. A special token has the id after the last merge, or one of the next."""

    merges: tuple[tuple[int, int], ...]

    @functools.cached_property
    def tokens(self) -> list[bytes]:
        """What each id stands for."""
        tokens = [bytes([byte]) for byte in range(BYTES)]
        for left, right in self.merges:
            tokens.append(tokens[left] + tokens[right])
        return tokens

    @functools.cached_property
    def lengths(self) -> list[int]:
        """The bytes of each id; special tokens are none."""
        return [*map(len, self.tokens), *[0] * len(SPECIALS)]

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text. All merges of one rank are made at once: what they make stands only in later ones."""
        split = [pieces(text) for text in texts]
        known = sorted({piece for found in split for piece in found})
        ids = joined(known)
        for rank, pair in enumerate(self.merges):
            ids = merge_everywhere(ids, pair, BYTES + rank)
        ends = np.flatnonzero(ids == BETWEEN)
        parts = np.split(ids, ends + 1)
        own = {piece: part[:-1].tolist() for piece, part in zip(known, parts, strict=False)}
        return [[token for piece in found for token in own[piece]] for found in split]

    def decode(self, ids: Sequence[int]) -> bytes:
        """The bytes that these ids stand for; special tokens stand for none."""
        return b"".join(self.tokens[token] for token in ids if token < len(self.tokens))


def read_merges(merges: Any, file: str, most: int) -> Vocabulary:
    """Merges out of a file that others wrote. Raises FileFault."""
    if not isinstance(merges, list) or len(merges) > most:
        raise FileFault(f"{file} needs a list of at most {most} merges, as train_bpe returns them.")
    lengths = [1] * BYTES
    seen: set[tuple[int, int]] = set()
    for rank, pair in enumerate(merges):
        if not isinstance(pair, list) or len(pair) != 2 or not all(type(part) is int for part in pair):
            raise FileFault(f"{file}: merge {rank} is no pair of whole numbers.")
        if not all(0 <= part < len(lengths) for part in pair):
            raise FileFault(f"{file}: merge {rank} joins a token that no merge before it has made.")
        if tuple(pair) in seen:
            raise FileFault(f"{file}: merge {rank} stands there twice: its token would never come up.")
        seen.add((pair[0], pair[1]))
        lengths.append(lengths[pair[0]] + lengths[pair[1]])
        if lengths[-1] > MAX_TOKEN:
            raise FileFault(f"{file}: merge {rank} makes a token of more than {MAX_TOKEN} bytes.")
    return Vocabulary(tuple((left, right) for left, right in merges))


def train(texts: Iterable[str], n_merges: int) -> tuple[tuple[int, int], ...]:
    """The merges that these texts give: the most frequent pair of neighbors in a piece; of equals the smallest."""
    counts = Counter(piece for text in texts for piece in pieces(text))
    ids = joined(list(counts))
    often = np.repeat(np.array(list(counts.values()), float), [len(piece.encode()) + 1 for piece in counts])
    merges: list[tuple[int, int]] = []
    while len(merges) < n_merges:
        known = BYTES + len(merges)
        inside = np.flatnonzero((ids[:-1] != BETWEEN) & (ids[1:] != BETWEEN))
        if not len(inside):
            break
        # argmax takes the first of the most frequent, which is the smallest pair.
        best = int(np.bincount(ids[inside] * known + ids[inside + 1], often[inside]).argmax())
        merges.append(divmod(best, known))
        keep = np.ones(len(ids), bool)
        places = places_of(ids, merges[-1])
        keep[places + 1] = False
        ids = merge_everywhere(ids, merges[-1], known)
        often = often[keep]
    return tuple(merges)


def pieces(text: str) -> list[str]:
    """A text cut where no merge crosses."""
    return SPLIT.findall(text)


def joined(parts: Sequence[str]) -> Ids:
    """The bytes of texts in one array, each followed by BETWEEN."""
    arrays = [np.append(np.frombuffer(part.encode(), np.uint8).astype(np.int64), BETWEEN) for part in parts]
    return np.concatenate(arrays) if arrays else np.zeros(0, np.int64)


def places_of(ids: Ids, pair: tuple[int, int]) -> Ids:
    """Where a pair begins, from left to right, none within another."""
    left, right = pair
    places = np.flatnonzero((ids[:-1] == left) & (ids[1:] == right))
    if left == right and len(places):
        # Occurrences overlap in a run of equal ids: every other one is taken.
        begins = np.append(True, np.diff(places) > 1)
        first = places[begins][np.cumsum(begins) - 1]
        places = places[(places - first) % 2 == 0]
    return places


def merge_everywhere(ids: Ids, pair: tuple[int, int], new_id: int) -> Ids:
    """Replace each occurrence of a pair, from left to right."""
    places = places_of(ids, pair)
    merged = ids.copy()
    merged[places] = new_id
    keep = np.ones(len(ids), bool)
    keep[places + 1] = False
    return merged[keep]
