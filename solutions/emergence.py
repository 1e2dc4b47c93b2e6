"""Evaluation: what a score says, how sure it is, and what it hides.

Contents, in the order of the exercises:
    exact_match_rate        what a rate per token becomes when every token has to be right
    pass_at_k               the chance that one of k attempts is right
    bootstrap_interval      how far a mean may be from the truth
    paired_difference       two models on the same items
    contamination           how much of a test the training text already held
    majority_vote           one answer out of many
    induction_score         does a head look at what came next the last time?
"""

import math
import random
from collections import Counter

import torch
from torch import Tensor


def exact_match_rate(token_accuracy: float, length: int) -> float:
    """The chance that a whole answer is right, if each of its tokens is right
    with the same chance, independently.

    Args:
        token_accuracy: the chance of one token, from 0 to 1.
        length: tokens in the answer; an answer of no tokens is always right.

    Returns:
        A chance from 0 to 1.

    Raises:
        ValueError: if token_accuracy is below 0 or above 1, or length is
            negative.

    Example:
        >>> round(exact_match_rate(0.905, 10), 2)
        0.37
    """
    if not 0 <= token_accuracy <= 1:
        raise ValueError(f"token_accuracy is a chance, from 0 to 1, not {token_accuracy}")
    if length < 0:
        raise ValueError(f"an answer cannot have {length} tokens")
    return float(token_accuracy**length)


def pass_at_k(n: int, correct: int, k: int) -> float:
    """The unbiased estimate of the chance that at least one of k attempts is
    right, from n attempts at one task.

    Args:
        n: attempts made.
        correct: how many of them were right.
        k: attempts allowed, at most n.

    Returns:
        The share of all choices of k out of the n attempts that hold a right
        one.

    Raises:
        ValueError: if n or k is below 1, k is above n, or correct is negative
            or above n.

    Example:
        >>> round(pass_at_k(n=4, correct=1, k=2), 4)
        0.5

    Source: Chen et al. 2021.
    """
    if n < 1 or not 0 <= correct <= n:
        raise ValueError(f"{correct} of {n} attempts cannot be right")
    if not 1 <= k <= n:
        raise ValueError(f"k is from 1 to the {n} attempts made, not {k}")
    # Python's integers do not overflow, and neither does their quotient; with fewer than k wrong ones comb gives 0.
    return 1 - math.comb(n - correct, k) / math.comb(n, k)


def bootstrap_interval(
    values: list[float],
    level: float,
    n_resamples: int,
    seed: int,
) -> tuple[float, float]:
    """The percentile bootstrap interval of the mean.

    A resample draws len(values) of the values with replacement, and has a mean.
    The interval holds the middle `level` of these means: the same share of them
    lies below it and above it.

    Args:
        values: the score of each item.
        level: the share of means inside, above 0 and below 1, as 0.95.
        n_resamples: how many resamples to draw.
        seed: the same seed gives the same interval, another seed another one.
            The global generators of random, NumPy and torch stay as they are.

    Returns:
        Lower and upper end. Between two neighboring means, any way to
        interpolate will do.

    Raises:
        ValueError: if there are no values, level is not above 0 and below 1, or
            n_resamples is below 1.

    Example:
        >>> bootstrap_interval([0.0, 0.0, 3.0, 3.0], 0.5, 2000, seed=0)
        (0.75, 2.25)

    Source: Efron and Tibshirani 1993.
    """
    if not values:
        raise ValueError("no values have no mean")
    if not 0 < level < 1:
        raise ValueError(f"level is a share above 0 and below 1, as 0.95, not {level}")
    if n_resamples < 1:
        raise ValueError(f"{n_resamples} resamples give no interval: draw at least one")
    generator = random.Random(seed)  # its own: whoever calls keeps theirs
    means = [sum(generator.choices(values, k=len(values))) / len(values) for _ in range(n_resamples)]
    tail = (1 - level) / 2
    low, high = torch.tensor(means, dtype=torch.float64).quantile(torch.tensor([tail, 1 - tail], dtype=torch.float64))
    return low.item(), high.item()


def paired_difference(
    first: list[float],
    second: list[float],
) -> tuple[float, float]:
    """By how much the first model is better than the second on the same items,
    and the standard error of that.

    Args:
        first: the score of the first model on each item.
        second: the score of the second model on the same items, in the same
            order.

    Returns:
        The mean of first - second, and its standard error: the sample standard
        deviation of the differences, divided by the root of their number.

    Raises:
        ValueError: if the lists differ in length, or have fewer than two items.

    Example:
        >>> paired_difference([1.0, 1.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0])
        (0.5, 0.28867513459481287)

    Source: Miller 2024.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} scores and {len(second)} are not of the same items")
    if len(first) < 2:
        raise ValueError(f"{len(first)} items have no spread: give at least two")
    differences = [one - other for one, other in zip(first, second, strict=True)]
    mean = sum(differences) / len(differences)
    variance = sum((difference - mean) ** 2 for difference in differences) / (len(differences) - 1)
    return mean, math.sqrt(variance / len(differences))


def contamination(test: list[int], training: list[list[int]], n: int) -> float:
    """The share of a test's n-grams that appear in some training document.

    Args:
        test: the token ids of the test text. Each of its len(test) - n + 1
            places counts, repeated n-grams too.
        training: the token ids of each training document. An n-gram lies within
            one document.
        n: tokens in an n-gram.

    Returns:
        A share from 0 to 1; 0.0 for a test of fewer than n tokens.

    Raises:
        ValueError: if n is below 1.

    Example:
        >>> contamination([5, 1, 2, 3, 9], [[7, 1, 2, 3], [3, 9]], n=2)
        0.75

    Source: Brown et al. 2020, appendix C.
    """
    if n < 1:
        raise ValueError(f"n is at least 1, not {n}")
    asked = [tuple(test[start : start + n]) for start in range(len(test) - n + 1)]
    seen = {tuple(document[start : start + n]) for document in training for start in range(len(document) - n + 1)}
    return sum(n_gram in seen for n_gram in asked) / len(asked) if asked else 0.0


def majority_vote(answers: list[str]) -> str:
    """The answer that was given most often; of several, the one that was given
    first.

    Args:
        answers: one answer for each sample, in the order in which they came.

    Returns:
        One of the answers.

    Raises:
        ValueError: if there are no answers.

    Example:
        >>> majority_vote(["8", "7", "7", "8", "9"])
        '8'

    Source: Wang et al. 2022.
    """
    if not answers:
        raise ValueError("nobody voted: give at least one answer")
    # most_common lists equal counts in the order in which they were first met.
    return Counter(answers).most_common(1)[0][0]


def induction_score(attention: Tensor, ids: list[int]) -> Tensor:
    """How much each head looks from a repeated token to the token that came
    next the last time.

    Args:
        attention: Tensor[heads, query, key], the weights of one layer on one
            text.
        ids: the tokens of that text, as many as there are queries and keys.

    Returns:
        Tensor[heads]: the mean, over every position whose token appeared
        earlier in the text, of the weight on the position right after its
        latest earlier appearance; 0 where no token repeats.

    Raises:
        ValueError: if attention does not have three dimensions, or the number
            of its queries or of its keys is not the number of ids.

    Example:
        >>> attention = torch.tensor(
        ...     [[[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.1, 0.7, 0.2]]]
        ... )
        >>> # the last token stood at position 0, and 6 came next
        >>> induction_score(attention, [4, 6, 4])
        tensor([0.7000])

    Source: Olsson et al. 2022.
    """
    if attention.dim() != 3 or attention.shape[1:] != (len(ids), len(ids)):
        raise ValueError(
            f"attention of shape {tuple(attention.shape)} is not [heads, {len(ids)}, {len(ids)}], "
            f"as the {len(ids)} ids ask for"
        )
    latest: dict[int, int] = {}
    queries, keys = [], []
    for position, token in enumerate(ids):
        if token in latest:
            queries.append(position)
            keys.append(latest[token] + 1)
        latest[token] = position
    if not queries:
        return attention.new_zeros(len(attention))
    return attention[:, queries, keys].mean(dim=1)
