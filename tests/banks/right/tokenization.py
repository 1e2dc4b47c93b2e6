"""Right alternatives of 02_tokenization."""

import functools
import heapq
from collections import defaultdict
from itertools import pairwise

from tests.banks.right import Alternatives


def merge_by_for_loop(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    merged, skip = [], False
    for position, token in enumerate(ids):
        if skip:
            skip = False
        elif position + 1 < len(ids) and (token, ids[position + 1]) == pair:
            merged.append(new_id)
            skip = True
        else:
            merged.append(token)
    return merged


def merge_by_stack(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    left, right = pair
    stack: list[int] = []
    free = False  # whether the top of the stack is a token of the input, not one just made
    for token in ids:
        if free and token == right and stack[-1] == left:
            stack[-1] = new_id
            free = False
        else:
            stack.append(token)
            free = True
    return stack


def merge_in_a_copy(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    result = ids.copy()
    position = 0
    while position < len(result) - 1:
        if result[position] == pair[0] and result[position + 1] == pair[1]:
            result[position : position + 2] = [new_id]
        position += 1
    return result


def merge_by_text(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    text = "".join(map(chr, ids))
    return [ord(character) for character in text.replace(chr(pair[0]) + chr(pair[1]), chr(new_id))]


def train_by_counting_dict(data: bytes, n_merges: int) -> list[tuple[int, int]]:
    if n_merges < 0:
        raise ValueError("n_merges must not be negative")
    ids, merges = [*data], []
    for new_id in range(256, 256 + n_merges):
        counts: dict[tuple[int, int], int] = {}
        for position in range(len(ids) - 1):
            pair = (ids[position], ids[position + 1])
            counts[pair] = counts.get(pair, 0) + 1
        if not counts:
            break
        top = max(counts.values())
        pair = min(each for each, count in counts.items() if count == top)
        merges.append(pair)
        ids = merge_by_for_loop(ids, pair, new_id)
    return merges


def train_by_sorting(data: bytes, n_merges: int) -> list[tuple[int, int]]:
    if n_merges < 0:
        raise ValueError("n_merges must be 0 or more")
    ids, merges = list(data), []
    while n_merges > len(merges):
        pairs = list(pairwise(ids))
        if not pairs:
            return merges
        ranked = sorted(set(pairs), key=lambda pair: (pairs.count(pair), -pair[0], -pair[1]))
        merges.append(ranked[-1])
        ids = merge_in_a_copy(ids, ranked[-1], 255 + len(merges))
    return merges


def train_by_heap(data: bytes, n_merges: int) -> list[tuple[int, int]]:
    if n_merges < 0:
        raise ValueError("negative")
    ids, merges = list(data), []
    for rank in range(n_merges):
        counts: defaultdict[tuple[int, int], int] = defaultdict(int)
        for pair in pairwise(ids):
            counts[pair] += 1
        heap = [(-count, pair) for pair, count in counts.items()]
        heapq.heapify(heap)
        if heap:
            merges.append(heap[0][1])
            ids = merge_by_stack(ids, heap[0][1], 256 + rank)
    return merges


def encode_merge_after_merge(text: str, merges: list[tuple[int, int]]) -> list[int]:
    ids = list(text.encode())
    for rank, pair in enumerate(merges):
        ids = merge_by_for_loop(ids, pair, 256 + rank)
    return ids


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


def encode_by_recursion(text: str, merges: list[tuple[int, int]]) -> list[int]:
    new_ids = {pair: 256 + rank for rank, pair in enumerate(merges)}

    def merged(ids: list[int]) -> list[int]:
        pairs = set(pairwise(ids)) & new_ids.keys()
        if not pairs:
            return ids
        best = min(pairs, key=new_ids.__getitem__)
        return merged(merge_in_a_copy(ids, best, new_ids[best]))

    return merged(list(text.encode("utf-8")))


def decode_by_recursion(ids: list[int], merges: list[tuple[int, int]]) -> str:
    @functools.cache
    def spelled(token: int) -> bytes:
        if token < 256:
            return bytes((token,))
        left, right = merges[token - 256]
        return spelled(left) + spelled(right)

    if any(token < 0 or token >= 256 + len(merges) for token in ids):
        raise ValueError("unknown id")
    return str(b"".join(map(spelled, ids)), "utf-8", "replace")


def decode_by_unmerging(ids: list[int], merges: list[tuple[int, int]]) -> str:
    if ids and (min(ids) < 0 or max(ids) > 255 + len(merges)):
        raise ValueError(f"ids go from 0 to {255 + len(merges)}")
    flat = list(ids)
    for rank in reversed(range(len(merges))):
        flat = [part for token in flat for part in (merges[rank] if token == 256 + rank else (token,))]
    return bytes(flat).decode(errors="replace")


def decode_by_dict(ids: list[int], merges: list[tuple[int, int]]) -> str:
    vocabulary = {byte: bytes([byte]) for byte in range(256)}
    for rank, (left, right) in enumerate(merges):
        vocabulary[256 + rank] = vocabulary[left] + vocabulary[right]
    data = bytearray()
    for token in ids:
        if token not in vocabulary:
            raise ValueError(f"no token has the id {token}")
        data += vocabulary[token]
    return data.decode("utf-8", "replace")


ALTERNATIVES: Alternatives = {
    "merge_pair": [merge_by_for_loop, merge_by_stack, merge_in_a_copy, merge_by_text],
    "train_bpe": [train_by_counting_dict, train_by_sorting, train_by_heap],
    "encode": [encode_merge_after_merge, encode_one_place_at_a_time, encode_by_recursion],
    "decode": [decode_by_recursion, decode_by_unmerging, decode_by_dict],
}
