"""Right alternatives of 12_emergence."""

import math
import random
import statistics
from itertools import combinations
from math import comb, exp, lgamma

import numpy as np
import torch
from torch import Tensor

from tests.banks.right import Alternatives


def match_by_loop(token_accuracy: float, length: int) -> float:
    if token_accuracy < 0 or token_accuracy > 1:
        raise ValueError("token_accuracy must be between 0 and 1")
    if length < 0:
        raise ValueError("length must not be negative")
    chance = 1.0
    for _ in range(length):
        chance *= token_accuracy
    return chance


def match_by_math(token_accuracy: float, length: int) -> float:
    if not (token_accuracy >= 0 and token_accuracy <= 1) or length < 0:
        raise ValueError("not a chance, or not a length")
    return math.pow(token_accuracy, length)


def match_by_logarithm(token_accuracy: float, length: int) -> float:
    if not 0 <= token_accuracy <= 1 or length < 0:
        raise ValueError("out of range")
    if length == 0:
        return 1
    return exp(length * math.log(token_accuracy)) if token_accuracy else 0


def pass_by_product(n: int, correct: int, k: int) -> float:
    if k < 1 or k > n or correct < 0 or correct > n:
        raise ValueError("impossible counts")
    if n - correct < k:
        return 1.0
    return float(1.0 - np.prod(1.0 - k / np.arange(n - correct + 1, n + 1)))


def pass_by_quotients(n: int, correct: int, k: int) -> float:
    if not (n >= 1 and 0 <= correct <= n and 1 <= k <= n):
        raise ValueError("impossible counts")
    none = 1.0
    for i in range(k):
        none *= max(n - correct - i, 0) / (n - i)
    return 1 - none


def pass_by_log_gamma(n: int, correct: int, k: int) -> float:
    if n <= 0 or correct not in range(n + 1) or k not in range(1, n + 1):
        raise ValueError("impossible counts")
    wrong = n - correct
    if wrong < k:
        return 1.0

    def log_choose(total: int) -> float:
        return lgamma(total + 1) - lgamma(k + 1) - lgamma(total - k + 1)

    return 1 - exp(log_choose(wrong) - log_choose(n))


def pass_by_counting(n: int, correct: int, k: int) -> float:
    if n < 1 or correct < 0 or correct > n or k < 1 or k > n:
        raise ValueError("impossible counts")
    if comb(n, k) > 20_000:  # too many to list
        return 1 - comb(n - correct, k) / comb(n, k)
    choices = list(combinations([True] * correct + [False] * (n - correct), k))
    return sum(any(choice) for choice in choices) / len(choices)


def bootstrap_by_numpy(values: list[float], level: float, n_resamples: int, seed: int) -> tuple[float, float]:
    if len(values) == 0 or level <= 0 or level >= 1 or n_resamples <= 0:
        raise ValueError("bad arguments")
    draw = np.random.default_rng(seed)
    means = draw.choice(values, size=(n_resamples, len(values)), replace=True).mean(axis=1)
    low, high = np.percentile(means, [50 * (1 - level), 50 * (1 + level)])
    return float(low), float(high)


def bootstrap_by_torch(values: list[float], level: float, n_resamples: int, seed: int) -> tuple[float, float]:
    if not values or n_resamples < 1:
        raise ValueError("nothing to draw")
    if level <= 0.0 or level >= 1.0:
        raise ValueError("level is a share")
    generator = torch.Generator().manual_seed(seed)
    scores = torch.tensor(values, dtype=torch.float64)
    chosen = torch.randint(len(values), (n_resamples, len(values)), generator=generator)
    means = scores[chosen].mean(dim=1).sort().values
    cut = (1 - level) / 2 * (n_resamples - 1)
    return means[round(cut)].item(), means[round(n_resamples - 1 - cut)].item()


def bootstrap_by_sorting(values: list[float], level: float, n_resamples: int, seed: int) -> tuple[float, float]:
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


def difference_by_statistics(first: list[float], second: list[float]) -> tuple[float, float]:
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("the same items, at least two")
    gaps = [a - b for a, b in zip(first, second, strict=True)]
    return statistics.fmean(gaps), statistics.stdev(gaps) / len(gaps) ** 0.5


def difference_by_torch(first: list[float], second: list[float]) -> tuple[float, float]:
    if len(first) != len(second):
        raise ValueError("lengths differ")
    if len(first) <= 1:
        raise ValueError("too few")
    gaps = torch.tensor(first, dtype=torch.float64) - torch.tensor(second, dtype=torch.float64)
    return gaps.mean().item(), (gaps.std() / math.sqrt(len(gaps))).item()


def difference_by_covariance(first: list[float], second: list[float]) -> tuple[float, float]:
    if len(first) != len(second) or len(second) < 2:
        raise ValueError("not the same items")
    one, other = np.array(first, dtype=float), np.array(second, dtype=float)
    spread = np.cov(one, other)
    variance = spread[0, 0] + spread[1, 1] - 2 * spread[0, 1]
    return float(one.mean() - other.mean()), float(np.sqrt(max(variance, 0.0) / len(one)))


def contamination_by_loops(test: list[int], training: list[list[int]], n: int) -> float:
    if n <= 0:
        raise ValueError("n must be positive")
    places = len(test) - n + 1
    if places <= 0:
        return 0.0
    found = 0
    for i in range(places):
        window = test[i : i + n]
        found += any(document[j : j + n] == window for document in training for j in range(len(document) - n + 1))
    return found / places


def contamination_by_zip(test: list[int], training: list[list[int]], n: int) -> float:
    if n < 1:
        raise ValueError("n must be positive")

    def windows(ids: list[int]) -> list[tuple[int, ...]]:
        return list(zip(*(ids[i:] for i in range(n)), strict=False))

    known: set[tuple[int, ...]] = set()
    for document in training:
        known.update(windows(document))
    hits = [window in known for window in windows(test)]
    return sum(hits) / len(hits) if hits else 0.0


def contamination_by_text(test: list[int], training: list[list[int]], n: int) -> float:
    if n < 1:
        raise ValueError("n must be positive")
    if len(test) < n:
        return 0
    texts = ["," + "".join(f"{token}," for token in document) for document in training]
    pieces = ["," + "".join(f"{token}," for token in test[i : i + n]) for i in range(len(test) - n + 1)]
    return float(np.mean([any(piece in text for text in texts) for piece in pieces]))


def vote_by_max(answers: list[str]) -> str:
    if len(answers) == 0:
        raise ValueError("nobody voted")
    return max(answers, key=answers.count)


def vote_by_dict(answers: list[str]) -> str:
    counts: dict[str, int] = {}
    for answer in answers:
        counts[answer] = counts.get(answer, 0) + 1
    best, most = "", 0
    for answer, count in counts.items():
        if count > most:
            best, most = answer, count
    if most == 0:
        raise ValueError("nobody voted")
    return best


def vote_by_sorting(answers: list[str]) -> str:
    if not answers:
        raise ValueError("nobody voted")
    return sorted(set(answers), key=lambda answer: (-answers.count(answer), answers.index(answer)))[0]


def vote_by_mode(answers: list[str]) -> str:
    if not answers:
        raise ValueError("nobody voted")
    return statistics.mode(answers)


def score_by_loops(attention: Tensor, ids: list[int]) -> Tensor:
    if attention.ndim != 3 or attention.size(1) != len(ids) or attention.size(2) != len(ids):
        raise ValueError("the weights are not of this text")
    found = []
    for query in range(1, len(ids)):
        for place in reversed(range(query)):
            if ids[place] == ids[query]:
                found.append(attention[:, query, place + 1])
                break
    if not found:
        return torch.zeros(attention.size(0), dtype=attention.dtype, device=attention.device)
    return torch.stack(found).mean(0)


def score_by_mask(attention: Tensor, ids: list[int]) -> Tensor:
    if attention.dim() != 3 or attention.shape[1] != attention.shape[2] or attention.shape[1] != len(ids):
        raise ValueError("the weights are not of this text")
    mask = torch.zeros(len(ids), len(ids), dtype=attention.dtype)
    for query, token in enumerate(ids):
        earlier = [place for place in range(query) if ids[place] == token]
        if earlier:
            mask[query, max(earlier) + 1] = 1
    return torch.einsum("hqk,qk->h", attention, mask) / mask.sum().clamp_min(1)


def score_by_comparison(attention: Tensor, ids: list[int]) -> Tensor:
    if attention.dim() != 3 or tuple(attention.shape[1:]) != (len(ids),) * 2:
        raise ValueError("the weights are not of this text")
    tokens, places = torch.tensor(ids), torch.arange(len(ids))
    same = (tokens[:, None] == tokens[None, :]) & (places[None, :] < places[:, None])
    queries = same.any(dim=1).nonzero()[:, 0]
    if queries.numel() == 0:
        return attention.sum((1, 2)) * 0
    keys = torch.where(same, places, -1).max(dim=1).values[queries] + 1
    return attention[:, queries, keys].mean(-1)


ALTERNATIVES: Alternatives = {
    "exact_match_rate": [match_by_loop, match_by_math, match_by_logarithm],
    "pass_at_k": [pass_by_product, pass_by_quotients, pass_by_log_gamma, pass_by_counting],
    "bootstrap_interval": [bootstrap_by_numpy, bootstrap_by_torch, bootstrap_by_sorting],
    "paired_difference": [difference_by_statistics, difference_by_torch, difference_by_covariance],
    "contamination": [contamination_by_loops, contamination_by_zip, contamination_by_text],
    "majority_vote": [vote_by_max, vote_by_dict, vote_by_sorting, vote_by_mode],
    "induction_score": [score_by_loops, score_by_mask, score_by_comparison],
}
