"""Right alternatives of 12_emergence."""

import math
import random
import statistics
from math import exp, lgamma

import numpy as np
import torch
from torch import Tensor


def exact_match_rate_by_logarithm(token_accuracy: float, length: int) -> float:
    if not 0 <= token_accuracy <= 1 or length < 0:
        raise ValueError("out of range")
    if length == 0:
        return 1
    return exp(length * math.log(token_accuracy)) if token_accuracy else 0


def pass_at_k_by_log_gamma(n: int, correct: int, k: int) -> float:
    if n <= 0 or correct not in range(n + 1) or k not in range(1, n + 1):
        raise ValueError("impossible counts")
    wrong = n - correct
    if wrong < k:
        return 1.0

    def log_choose(total: int) -> float:
        return lgamma(total + 1) - lgamma(k + 1) - lgamma(total - k + 1)

    return 1 - exp(log_choose(wrong) - log_choose(n))


def bootstrap_interval_by_numpy(values: list[float], level: float, n_resamples: int, seed: int) -> tuple[float, float]:
    if len(values) == 0 or level <= 0 or level >= 1 or n_resamples <= 0:
        raise ValueError("bad arguments")
    draw = np.random.default_rng(seed)
    means = draw.choice(values, size=(n_resamples, len(values)), replace=True).mean(axis=1)
    low, high = np.percentile(means, [50 * (1 - level), 50 * (1 + level)])
    return float(low), float(high)


def bootstrap_interval_by_sorting(
    values: list[float], level: float, n_resamples: int, seed: int
) -> tuple[float, float]:
    if not values:
        raise ValueError("no values")
    if not (0 < level < 1):
        raise ValueError("level")
    if n_resamples < 1:
        raise ValueError("resamples")
    draw = random.Random(seed)
    means = []
    for _ in range(n_resamples):
        total = 0.0
        for _ in values:
            total += values[draw.randrange(len(values))]
        means.append(total / len(values))
    means.sort()
    left_out = int((1 - level) / 2 * n_resamples)
    return means[left_out], means[n_resamples - 1 - left_out]


def paired_difference_by_statistics(first: list[float], second: list[float]) -> tuple[float, float]:
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("the same items, at least two")
    gaps = [a - b for a, b in zip(first, second, strict=True)]
    return statistics.fmean(gaps), statistics.stdev(gaps) / len(gaps) ** 0.5


def contamination_by_text(test: list[int], training: list[list[int]], n: int) -> float:
    if n < 1:
        raise ValueError("n must be positive")
    if len(test) < n:
        return 0
    texts = ["," + "".join(f"{token}," for token in document) for document in training]
    pieces = ["," + "".join(f"{token}," for token in test[i : i + n]) for i in range(len(test) - n + 1)]
    return float(np.mean([any(piece in text for text in texts) for piece in pieces]))


def majority_vote_by_max(answers: list[str]) -> str:
    if len(answers) == 0:
        raise ValueError("nobody voted")
    return max(answers, key=answers.count)


def induction_score_by_mask(attention: Tensor, ids: list[int]) -> Tensor:
    if attention.dim() != 3 or attention.shape[1] != attention.shape[2] or attention.shape[1] != len(ids):
        raise ValueError("the weights are not of this text")
    mask = torch.zeros(len(ids), len(ids), dtype=attention.dtype)
    for query, token in enumerate(ids):
        earlier = [place for place in range(query) if ids[place] == token]
        if earlier:
            mask[query, max(earlier) + 1] = 1
    return torch.einsum("hqk,qk->h", attention, mask) / mask.sum().clamp_min(1)
