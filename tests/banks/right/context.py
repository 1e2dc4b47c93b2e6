"""Right alternatives of 10_context."""

import math

import torch
from torch import Tensor


def kv_cache_bytes_by_product(
    n_layers: int, n_kv_heads: int, head_dim: int, seq_len: int, batch: int = 1, bytes_per_value: float = 2
) -> int:
    sizes = [n_layers, n_kv_heads, head_dim, batch]
    if any(size < 1 for size in sizes) or seq_len < 0 or not bytes_per_value > 0:
        raise ValueError("no such cache")
    return round(math.prod([2, seq_len, *sizes]) * bytes_per_value)


def chunk_tokens_by_their_number(ids: list[int], size: int, overlap: int) -> list[list[int]]:
    if size <= 0 or not (0 <= overlap < size):
        raise ValueError("no such chunks")
    if len(ids) == 0:
        return []
    step = size - overlap
    count = 1 + max(0, math.ceil((len(ids) - size) / step))
    return [[ids[place] for place in range(c * step, min(c * step + size, len(ids)))] for c in range(count)]


def bm25_scores_by_loops(query: list[str], documents: list[list[str]], k1: float = 1.5, b: float = 0.75) -> list[float]:
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


def sink_window_mask_from_triangles(seq_len: int, sinks: int, window: int) -> Tensor:
    if min(sinks, seq_len) < 0 or window < 1:
        raise ValueError("no such mask")
    causal = torch.ones(seq_len, seq_len, dtype=torch.bool).tril()
    too_old = causal.tril(-window)
    too_old[:, :sinks] = False
    return causal & ~too_old


def interpolated_rope_frequencies_by_position(head_dim: int, base: float, scale: float) -> Tensor:
    """Divides the position, here 1, and not the frequencies."""
    if head_dim <= 0 or head_dim % 2 == 1 or not base > 0 or not scale > 0:
        raise ValueError("no such frequencies")
    position = 1 / scale
    return torch.tensor([position / base ** (2 * pair / head_dim) for pair in range(head_dim // 2)])


def yarn_frequencies_by_lerp(
    head_dim: int, base: float, scale: float, original_length: int, slow: float = 1.0, fast: float = 32.0
) -> Tensor:
    if head_dim <= 0 or head_dim % 2 == 1 or min(base, scale, original_length) <= 0 or not slow < fast:
        raise ValueError("no such frequencies")
    plain = 1.0 / torch.pow(torch.tensor(base), torch.arange(0, head_dim, 2).float() / head_dim)
    wavelength = 2 * math.pi / plain
    share = torch.clip((original_length / wavelength - slow) / (fast - slow), 0.0, 1.0)
    return torch.lerp(plain / scale, plain, share)
