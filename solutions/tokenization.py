"""Tokenization: byte-level byte-pair encoding, from training to text and back.

Contents, in the order of the chapter:
    merge_pair      one merge, applied to a list of ids
    train_bpe       learn merges from bytes
    encode          text to ids
    decode          ids to text

Ids 0 to 255 are the bytes themselves; the merge of rank r, counted from 0, makes the id 256 + r.
"""

from collections import Counter
from itertools import pairwise


def merge_pair(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    """Replace each occurrence of a pair of neighbors by one new id, from left
    to right.

    Args:
        ids: the ids of a text; the list stays as it is.
        pair: the two neighbors to replace.
        new_id: the id that takes their place.

    Returns:
        A new list. Of overlapping occurrences the left one is replaced:
        [5, 5, 5] holds (5, 5) once.

    Example:
        >>> merge_pair([1, 2, 3, 1, 2], (1, 2), 9)
        [9, 3, 9]

    Source: Sennrich et al. 2016, algorithm 1.
    """
    merged = []
    position = 0
    while position < len(ids):
        if tuple(ids[position : position + 2]) == pair:
            merged.append(new_id)
            position += 2
        else:
            merged.append(ids[position])
            position += 1
    return merged


def train_bpe(data: bytes, n_merges: int) -> list[tuple[int, int]]:
    """Learn merges: in each round the most frequent pair of neighbors becomes
    one new token.

    Each round counts the pairs anew, and overlapping occurrences all count.
    Among equally frequent pairs the smallest wins, in the order of tuples.
    Training stops early when fewer than two tokens are left.

    Args:
        data: the training text, in bytes.
        n_merges: how many merges to learn at most.

    Returns:
        The merged pairs in the order in which they were learned. The pair at
        index r becomes the id 256 + r, and may itself hold such ids.

    Raises:
        ValueError: if n_merges is negative.

    Example:
        >>> train_bpe(b"banana", 2)
        [(97, 110), (98, 256)]

    Source: Sennrich et al. 2016, algorithm 1, on bytes as in Radford et
    al. 2019.
    """
    if n_merges < 0:
        raise ValueError(f"cannot learn {n_merges} merges")
    ids = list(data)
    merges: list[tuple[int, int]] = []
    while len(merges) < n_merges and len(ids) > 1:
        counts = Counter(pairwise(ids))
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        ids = merge_pair(ids, best, 256 + len(merges))
        merges.append(best)
    return merges


def encode(text: str, merges: list[tuple[int, int]]) -> list[int]:
    """Turn text into ids: its UTF-8 bytes, and on them the merges, first
    learned first, until none applies.

    Args:
        text: any text.
        merges: what `train_bpe` returned.

    Returns:
        The ids: 0 to 255 for bytes, 256 + r for the merge of rank r.

    Example:
        >>> encode("banana", [(97, 110), (98, 256)])
        [257, 256, 97]

    Source: Sennrich et al. 2016, on bytes as in Radford et al. 2019.
    """
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    ids = list(text.encode("utf-8"))
    while candidates := [pair for pair in pairwise(ids) if pair in ranks]:
        first_learned = min(candidates, key=lambda pair: ranks[pair])
        ids = merge_pair(ids, first_learned, 256 + ranks[first_learned])
    return ids


def decode(ids: list[int], merges: list[tuple[int, int]]) -> str:
    """Turn ids back into text: the bytes of all tokens, joined first and
    decoded then.

    Args:
        ids: ids from 0 to 255 + len(merges).
        merges: what `train_bpe` returned.

    Returns:
        The text. Bytes that are not valid UTF-8, such as half a character,
        become U+FFFD, as in `bytes.decode` with `errors="replace"`.

    Raises:
        ValueError: if an id is negative, or beyond the last merge.

    Example:
        >>> decode([257, 256, 97], [(97, 110), (98, 256)])
        'banana'
    """
    tokens = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        tokens.append(tokens[left] + tokens[right])
    for token_id in ids:
        # Python would take a negative index from the end of the list.
        if not 0 <= token_id < len(tokens):
            raise ValueError(f"there is no token {token_id} among {len(tokens)}")
    return b"".join(tokens[token_id] for token_id in ids).decode("utf-8", errors="replace")
