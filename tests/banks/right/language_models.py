"""Right alternatives of 01_language_models."""

import math
from collections import Counter
from itertools import pairwise

import torch
from torch import Tensor


def bigram_probabilities_by_counter(ids: list[int], vocab_size: int, alpha: float = 1.0) -> Tensor:
    if alpha < 0 or (ids and not 0 <= min(ids) <= max(ids) < vocab_size):
        raise ValueError("bad arguments")
    pairs, firsts = Counter(pairwise(ids)), Counter(ids[:-1])
    probs = torch.full((vocab_size, vocab_size), 1 / vocab_size, dtype=torch.float64)
    for i in range(vocab_size):
        total = firsts[i] + alpha * vocab_size
        if total:
            probs[i] = torch.tensor([(pairs[i, j] + alpha) / total for j in range(vocab_size)])
    return probs


def sequence_log_prob_by_loop(probs: Tensor, ids: list[int]) -> Tensor:
    total = torch.zeros((), dtype=probs.dtype)
    for token in ids:
        if token < 0 or token >= len(probs):
            raise ValueError("id out of range")
    for previous, following in pairwise(ids):
        total = total + torch.log(probs[previous, following])
    return total


def perplexity_by_inverse(log_prob: float, n_predictions: int) -> float:
    if n_predictions <= 0 or log_prob > 0:
        raise ValueError("nothing to average, or no log probability")
    return 1 / math.e ** (log_prob / n_predictions)
