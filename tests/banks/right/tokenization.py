"""Right alternatives of 02_tokenization."""

from itertools import pairwise


def merge_pair_in_a_copy(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    result = ids.copy()
    position = 0
    while position < len(result) - 1:
        if result[position] == pair[0] and result[position + 1] == pair[1]:
            result[position : position + 2] = [new_id]
        position += 1
    return result


def train_bpe_by_sorting(data: bytes, n_merges: int) -> list[tuple[int, int]]:
    if n_merges < 0:
        raise ValueError("n_merges must be 0 or more")
    ids, merges = list(data), []
    while n_merges > len(merges):
        pairs = list(pairwise(ids))
        if not pairs:
            return merges
        ranked = sorted(set(pairs), key=lambda pair: (pairs.count(pair), -pair[0], -pair[1]))
        merges.append(ranked[-1])
        ids = merge_pair_in_a_copy(ids, ranked[-1], 255 + len(merges))
    return merges


def encode_one_place_at_a_time(text: str, merges: list[tuple[int, int]]) -> list[int]:
    ids = list(bytes(text, "utf8"))
    while True:
        places = [
            (merges.index((ids[place], ids[place + 1])), place)
            for place in range(len(ids) - 1)
            if (ids[place], ids[place + 1]) in merges
        ]
        if not places:
            return ids
        rank, place = min(places)
        ids[place : place + 2] = [256 + rank]


def decode_by_unmerging(ids: list[int], merges: list[tuple[int, int]]) -> str:
    if ids and (min(ids) < 0 or max(ids) > 255 + len(merges)):
        raise ValueError(f"ids go from 0 to {255 + len(merges)}")
    flat = list(ids)
    for rank in reversed(range(len(merges))):
        flat = [part for token in flat for part in (merges[rank] if token == 256 + rank else (token,))]
    return bytes(flat).decode(errors="replace")
