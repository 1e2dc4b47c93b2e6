"""Right alternatives of 10_context."""

import math
from collections import Counter

import numpy as np
import torch
from torch import Tensor

from tests.banks.right import Alternatives


def cache_layer_by_layer(
    n_layers: int, n_kv_heads: int, head_dim: int, seq_len: int, batch: int = 1, bytes_per_value: float = 2
) -> int:
    for size in (n_layers, n_kv_heads, head_dim, batch):
        if size <= 0:
            raise ValueError("not a model")
    if seq_len < 0:
        raise ValueError("a negative length")
    if bytes_per_value <= 0:
        raise ValueError("no bytes")
    numbers = 0
    for _ in range(n_layers):
        for _ in ("key", "value"):
            numbers += batch * seq_len * n_kv_heads * head_dim
    return int(numbers * bytes_per_value)


def cache_by_product(
    n_layers: int, n_kv_heads: int, head_dim: int, seq_len: int, batch: int = 1, bytes_per_value: float = 2
) -> int:
    sizes = [n_layers, n_kv_heads, head_dim, batch]
    if any(size < 1 for size in sizes) or seq_len < 0 or not bytes_per_value > 0:
        raise ValueError("no such cache")
    return round(math.prod([2, seq_len, *sizes]) * bytes_per_value)


def chunks_until_the_end(ids: list[int], size: int, overlap: int) -> list[list[int]]:
    if overlap >= size or overlap < 0 or size < 1:
        raise ValueError("no such chunks")
    chunks: list[list[int]] = []
    start = 0
    while start < len(ids):
        chunks.append(ids[start : start + size])
        if start + size >= len(ids):
            break
        start += size - overlap
    return chunks


def chunks_by_their_number(ids: list[int], size: int, overlap: int) -> list[list[int]]:
    if size <= 0 or not (0 <= overlap < size):
        raise ValueError("no such chunks")
    if len(ids) == 0:
        return []
    step = size - overlap
    count = 1 + max(0, math.ceil((len(ids) - size) / step))
    return [[ids[place] for place in range(c * step, min(c * step + size, len(ids)))] for c in range(count)]


def chunks_id_by_id(ids: list[int], size: int, overlap: int) -> list[list[int]]:
    """Fills one chunk after another."""
    if size < 1 or overlap < 0 or overlap >= size:
        raise ValueError("no such chunks")
    chunks: list[list[int]] = []
    for token in ids:
        if not chunks:
            chunks.append([])
        elif len(chunks[-1]) == size:
            chunks.append(chunks[-1][size - overlap :])
        chunks[-1].append(token)
    return chunks


def bm25_by_loops(query: list[str], documents: list[list[str]], k1: float = 1.5, b: float = 0.75) -> list[float]:
    if k1 < 0 or b < 0 or b > 1:
        raise ValueError("no such k1 or b")
    scores = [0.0] * len(documents)
    if not documents:
        return scores
    average = sum(len(document) for document in documents) / len(documents)
    for term in query:
        n = sum(1 for document in documents if term in document)
        idf = math.log(1 + (len(documents) - n + 0.5) / (n + 0.5))
        for place, document in enumerate(documents):
            f = document.count(term)
            if f > 0:
                scores[place] += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * len(document) / average))
    return scores


def bm25_in_numpy(query: list[str], documents: list[list[str]], k1: float = 1.5, b: float = 0.75) -> list[float]:
    if k1 < 0 or not 0 <= b <= 1:
        raise ValueError("no such k1 or b")
    if not documents or not query:
        return [0.0 for _ in documents]
    terms = sorted(set(query))
    counts = np.array([[document.count(term) for term in terms] for document in documents], dtype=float)
    times = np.array([query.count(term) for term in terms])
    lengths = np.array([len(document) for document in documents], dtype=float)
    ratio = lengths / lengths.mean() if lengths.any() else lengths
    holding = (counts > 0).sum(0)
    idf = np.log1p((len(documents) - holding + 0.5) / (holding + 0.5))
    below = counts + k1 * (1 - b + b * ratio)[:, None]
    share = np.divide(counts * (k1 + 1), below, out=np.zeros_like(counts), where=counts > 0)
    return [float(score) for score in (share * idf * times).sum(1)]


def bm25_over_shared_words(
    query: list[str], documents: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """Both logarithms apart, and the fraction divided by its numerator."""
    if k1 < 0 or b < 0 or b > 1:
        raise ValueError("no such k1 or b")
    asked = Counter(query)
    holding = Counter(term for document in documents for term in set(document))
    total = sum(map(len, documents))
    scores = []
    for document in documents:
        counted, score = Counter(document), 0.0
        for term in asked.keys() & counted.keys():
            idf = math.log(len(documents) + 1) - math.log(holding[term] + 0.5)
            length = len(document) * len(documents) / total
            score += asked[term] * idf * (k1 + 1) / (1 + k1 / counted[term] * (1 - b + b * length))
        scores.append(score)
    return scores


def mask_by_loops(seq_len: int, sinks: int, window: int) -> Tensor:
    if window <= 0 or sinks < 0 or seq_len < 0:
        raise ValueError("no such mask")
    mask = torch.zeros(seq_len, seq_len, dtype=torch.bool)
    for query in range(seq_len):
        mask[query, max(0, query - window + 1) : query + 1] = True
        mask[query, : min(sinks, query + 1)] = True
    return mask


def mask_from_triangles(seq_len: int, sinks: int, window: int) -> Tensor:
    if min(sinks, seq_len) < 0 or window < 1:
        raise ValueError("no such mask")
    causal = torch.ones(seq_len, seq_len, dtype=torch.bool).tril()
    too_old = causal.tril(-window)
    too_old[:, :sinks] = False
    return causal & ~too_old


def interpolated_positions(head_dim: int, base: float, scale: float) -> Tensor:
    """Divides the position, here 1, and not the frequencies."""
    if head_dim <= 0 or head_dim % 2 == 1 or not base > 0 or not scale > 0:
        raise ValueError("no such frequencies")
    position = 1 / scale
    return torch.tensor([position / base ** (2 * pair / head_dim) for pair in range(head_dim // 2)])


def interpolated_by_exponentials(head_dim: int, base: float, scale: float) -> Tensor:
    if head_dim < 2 or head_dim % 2 != 0 or min(base, scale) <= 0:
        raise ValueError("no such frequencies")
    pair = torch.arange(head_dim // 2, dtype=torch.float64)
    return torch.exp(-2 * pair / head_dim * math.log(base) - math.log(scale)).float()


def yarn_pair_by_pair(
    head_dim: int, base: float, scale: float, original_length: int, slow: float = 1.0, fast: float = 32.0
) -> Tensor:
    if head_dim < 2 or head_dim % 2 or base <= 0 or scale <= 0 or original_length < 1 or fast <= slow:
        raise ValueError("no such frequencies")
    found = []
    for pair in range(head_dim // 2):
        frequency = base ** (-2 * pair / head_dim)
        turns = original_length / (2 * math.pi / frequency)
        if turns >= fast:
            found.append(frequency)
        elif turns <= slow:
            found.append(frequency / scale)
        else:
            kept = (turns - slow) / (fast - slow)
            found.append(frequency * ((1 - kept) / scale + kept))
    return torch.tensor(found)


def yarn_by_lerp(
    head_dim: int, base: float, scale: float, original_length: int, slow: float = 1.0, fast: float = 32.0
) -> Tensor:
    if head_dim <= 0 or head_dim % 2 == 1 or min(base, scale, original_length) <= 0 or not slow < fast:
        raise ValueError("no such frequencies")
    plain = 1.0 / torch.pow(torch.tensor(base), torch.arange(0, head_dim, 2).float() / head_dim)
    wavelength = 2 * math.pi / plain
    share = torch.clip((original_length / wavelength - slow) / (fast - slow), 0.0, 1.0)
    return torch.lerp(plain / scale, plain, share)


ALTERNATIVES: Alternatives = {
    "kv_cache_bytes": [cache_layer_by_layer, cache_by_product],
    "chunk_tokens": [chunks_until_the_end, chunks_by_their_number, chunks_id_by_id],
    "bm25_scores": [bm25_by_loops, bm25_in_numpy, bm25_over_shared_words],
    "sink_window_mask": [mask_by_loops, mask_from_triangles],
    "interpolated_rope_frequencies": [interpolated_positions, interpolated_by_exponentials],
    "yarn_frequencies": [yarn_pair_by_pair, yarn_by_lerp],
}
