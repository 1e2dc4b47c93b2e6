"""The capstone's tokenizer: merges learned from words and their counts, and the way from text to ids and back.

`train_bpe` of chapter 2 reads one stream, in which "the end of a word and a space" is the most frequent pair of all.
Here a merge never crosses from one piece to the next (`PIECES`), as in the tokenizers of real models: the loop counts
pairs within pieces, each as often as the piece stands in the texts. The merge itself is the learner's.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from llm_course.capstone.format import MAX_MERGES, PIECES, SPECIALS, CapstoneError, canonical

Merges = list[tuple[int, int]]
MergePair = Callable[[list[int], tuple[int, int], int], list[int]]


def learn(texts: Iterable[str], n_merges: int, merge_pair: MergePair) -> Merges:
    """Learn merges: in each round the most frequent pair, of those equally frequent the smallest.

    Stops early when no piece has two tokens left.
    """
    counts = Counter(piece for text in texts for piece in re.findall(PIECES, text))
    words = {piece: list(piece.encode("utf-8")) for piece in counts}
    frequency: Counter[tuple[int, int]] = Counter()
    found_in: defaultdict[tuple[int, int], set[str]] = defaultdict(set)

    def count(piece: str, sign: int) -> None:
        for pair in pairwise(words[piece]):
            frequency[pair] += sign * counts[piece]
            found_in[pair].add(piece)

    for piece in words:
        count(piece, 1)
    merges: Merges = []
    while len(merges) < n_merges:
        best = min(frequency, key=lambda pair: (-frequency[pair], pair), default=None)
        if best is None or frequency[best] == 0:
            break
        for piece in sorted(found_in.pop(best)):
            count(piece, -1)
            words[piece] = merge_pair(words[piece], best, 256 + len(merges))
            count(piece, 1)
        del frequency[best]
        merges.append(best)
    return merges


@dataclass(frozen=True)
class Tokenizer:
    """Text to ids and back, by `encode` and `decode` of chapter 2.

    Args:
        merges: as `learn` and `train_bpe` give them.
        functions: `encode` and `decode`.
    """

    merges: Merges
    functions: Mapping[str, Callable[..., Any]]
    _known: dict[str, list[int]] = field(default_factory=dict, repr=False)

    @property
    def size(self) -> int:
        """Bytes, merges and specials together."""
        return 256 + len(self.merges) + len(SPECIALS)

    def special(self, name: str) -> int:
        """The id of a special token."""
        return 256 + len(self.merges) + SPECIALS.index(name)

    def encode(self, text: str) -> list[int]:
        """The ids of a text, piece by piece. Specials in the text are text."""
        ids: list[int] = []
        for piece in re.findall(PIECES, text):
            if piece not in self._known:
                self._known[piece] = list(self.functions["encode"](piece, self.merges))
            ids += self._known[piece]
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text of these ids, specials left out."""
        plain = [token for token in ids if token < 256 + len(self.merges)]
        return str(self.functions["decode"](plain, self.merges))

    def to_json(self) -> str:
        return canonical({"merges": self.merges}) + "\n"


def merges_of(content: bytes) -> Merges:
    """The merges of a tokenizer.json. Raises CapstoneError if it is not of the capstone's format."""
    try:
        record = json.loads(content)
        merges = [(left, right) for left, right in record.pop("merges")]
        if record or any(type(token) is not int for pair in merges for token in pair):
            raise TypeError
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CapstoneError("tokenizer.json holds other things than merges: make the tokenizer anew.") from error
    if len(merges) > MAX_MERGES or len(set(merges)) != len(merges):
        raise CapstoneError(f"tokenizer.json has more than {MAX_MERGES} merges, or one twice: make the tokenizer anew.")
    for rank, pair in enumerate(merges):
        if not all(0 <= token < 256 + rank for token in pair):
            raise CapstoneError(f"tokenizer.json: merge {rank} joins a token that no merge before it has made.")
    return merges
