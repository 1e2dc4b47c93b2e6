"""Right alternatives of 01_language_models."""

import math
from collections import Counter
from itertools import pairwise

import torch
from torch import Tensor

from tests.banks.right import Alternatives


def bigram_by_loops(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    if alpha < 0:
        raise ValueError("alpha must not be negative")
    table = [[float(alpha)] * vocab_size for _ in range(vocab_size)]
    for token in ids:
        if token < 0 or token >= vocab_size:
            raise ValueError(f"no such token: {token}")
    for t in range(1, len(ids)):
        table[ids[t - 1]][ids[t]] += 1
    for row in table:
        total = sum(row)
        for j in range(vocab_size):
            row[j] = row[j] / total if total > 0 else 1 / vocab_size
    return torch.tensor(table)


def bigram_by_counter(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    if alpha < 0 or (ids and not 0 <= min(ids) <= max(ids) < vocab_size):
        raise ValueError("bad arguments")
    pairs, firsts = Counter(pairwise(ids)), Counter(ids[:-1])
    probs = torch.full((vocab_size, vocab_size), 1 / vocab_size, dtype=torch.float64)
    for i in range(vocab_size):
        total = firsts[i] + alpha * vocab_size
        if total:
            probs[i] = torch.tensor([(pairs[i, j] + alpha) / total for j in range(vocab_size)])
    return probs


def bigram_by_one_hot(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    if alpha < 0:
        raise ValueError("alpha")
    if not all(0 <= token < vocab_size for token in ids):
        raise ValueError("ids")
    rows = torch.eye(vocab_size)[torch.tensor(ids)]
    counts = rows[:-1].T @ rows[1:] + alpha
    empty = counts.sum(-1, keepdim=True) == 0
    return torch.where(empty, torch.ones_like(counts), counts) / torch.where(
        empty, float(vocab_size), counts.sum(-1, keepdim=True)
    )


def score_by_loop(probs: Tensor, ids: list[int]) -> Tensor:
    total = torch.zeros((), dtype=probs.dtype)
    for token in ids:
        if token < 0 or token >= len(probs):
            raise ValueError("id out of range")
    for previous, following in pairwise(ids):
        total = total + torch.log(probs[previous, following])
    return total


def score_by_gather(probs: Tensor, ids: list[int]) -> Tensor:
    if min(ids) < 0 or max(ids) >= probs.size(0):
        raise ValueError("id out of range")
    rows = probs[torch.tensor(ids[:-1], dtype=torch.long)]
    return torch.log(rows.gather(1, torch.tensor(ids[1:], dtype=torch.long)[:, None])).sum()


def score_by_index_select(probs: Tensor, ids: list[int]) -> Tensor:
    known = range(probs.shape[0])
    for token in ids:
        if token not in known:
            raise ValueError(f"{token} is not in the vocabulary")
    index = torch.tensor([a * probs.shape[1] + b for a, b in pairwise(ids)], dtype=torch.long)
    return probs.reshape(-1).index_select(0, index).double().log().sum().to(probs.dtype)


def perplexity_by_inverse(log_prob: float, n_predictions: int) -> float:
    if n_predictions <= 0 or log_prob > 0:
        raise ValueError("nothing to average, or no log probability")
    return 1 / math.e ** (log_prob / n_predictions)


def perplexity_by_torch(log_prob: float, n_predictions: int) -> float:
    if n_predictions < 1:
        raise ValueError("n_predictions must be at least 1")
    if log_prob > 0:
        raise ValueError("a log probability is not positive")
    return torch.exp(torch.tensor(-log_prob / n_predictions, dtype=torch.float64)).item()


def perplexity_by_bits(log_prob: float, n_predictions: int) -> float:
    if n_predictions < 1 or log_prob > 0:
        raise ValueError("senseless arguments")
    bits = -log_prob / math.log(2) / n_predictions
    return float(2**bits)


ALTERNATIVES: Alternatives = {
    "bigram_probabilities": [bigram_by_loops, bigram_by_counter, bigram_by_one_hot],
    "sequence_log_prob": [score_by_loop, score_by_gather, score_by_index_select],
    "perplexity": [perplexity_by_inverse, perplexity_by_torch, perplexity_by_bits],
}
