"""Language models: counting what follows, scoring a text, and saying how surprised a model is.

Contents, in the order of the chapter:
    bigram_probabilities    the smallest language model: a table of what follows what
    sequence_log_prob       the chain rule: how likely is a text?
    perplexity              the same, per prediction, as a number of choices
"""

import math

import torch
from torch import Tensor


def bigram_probabilities(
    ids: list[int],
    vocab_size: int,
    alpha: float = 1.0,
) -> Tensor:
    """Estimate from a text how likely each token is to follow each other token.

    With add-alpha smoothing, P(j | i) is (count of j right after i, plus alpha)
    divided by the sum of the same over all j. With alpha = 0 these are the
    plain shares, and a row that was never followed by anything is uniform.

    Args:
        ids: the text as token ids, each from 0 to vocab_size - 1.
        vocab_size: number of tokens in the vocabulary.
        alpha: added to every count, 0 or more.

    Returns:
        Tensor[vocab_size, vocab_size]: row i is the distribution of the token
        after token i.

    Raises:
        ValueError: if alpha is negative, or an id is not in the vocabulary.

    Example:
        >>> bigram_probabilities([0, 1, 0, 1, 1], vocab_size=2, alpha=0)
        tensor([[0.0000, 1.0000],
                [0.5000, 0.5000]])
    """
    if alpha < 0:
        raise ValueError(f"alpha is {alpha}: a count cannot be raised by less than nothing")
    if any(not 0 <= token < vocab_size for token in ids):
        raise ValueError(f"an id is not in the vocabulary, which has the ids 0 to {vocab_size - 1}")
    previous, following = torch.tensor(ids[:-1], dtype=torch.long), torch.tensor(ids[1:], dtype=torch.long)
    # One number for each pair, so that bincount counts pairs.
    counts = torch.bincount(previous * vocab_size + following, minlength=vocab_size**2)
    smoothed = counts.reshape(vocab_size, vocab_size) + float(alpha)
    totals = smoothed.sum(dim=1, keepdim=True)
    return torch.where(totals > 0, smoothed / totals, 1 / vocab_size)


def sequence_log_prob(probs: Tensor, ids: list[int]) -> Tensor:
    """Score a text by the chain rule: the sum of log P(ids[t] | ids[t-1]) over
    t >= 1.

    The first token is given, not predicted: a text of n tokens has n - 1
    predictions.

    Args:
        probs: Tensor[vocab, vocab], row i the distribution of the token after
            token i.
        ids: the text as token ids.

    Returns:
        Tensor[], in nats (natural logarithm). It is -inf where a step has
        probability 0, and 0 for a single token.

    Raises:
        ValueError: if an id is not in the vocabulary.

    Example:
        >>> sequence_log_prob(
        ...     torch.tensor([[0.5, 0.5], [0.25, 0.75]]), [0, 1, 0]
        ... ).exp()
        tensor(0.1250)
    """
    if any(not 0 <= token < probs.shape[0] for token in ids):
        raise ValueError(f"an id is not in the vocabulary, which has the ids 0 to {probs.shape[0] - 1}")
    previous, following = torch.tensor(ids[:-1], dtype=torch.long), torch.tensor(ids[1:], dtype=torch.long)
    return probs[previous, following].log().sum()


def perplexity(log_prob: float, n_predictions: int) -> float:
    """Turn a log probability into the number of equally likely choices that
    would be as surprising per prediction.

    Args:
        log_prob: the sum of the log probabilities of all predictions, in nats,
            so at most 0.
        n_predictions: how many predictions it sums over.

    Returns:
        exp(-log_prob / n_predictions), at least 1.

    Raises:
        ValueError: if n_predictions is below 1, or log_prob is positive.

    Example:
        >>> # three throws of a fair die
        >>> round(perplexity(3 * math.log(1 / 6), 3), 4)
        6.0
    """
    if n_predictions < 1:
        raise ValueError(f"a perplexity needs at least one prediction, not {n_predictions}")
    if log_prob > 0:
        raise ValueError(f"the log probability is {log_prob}, which would be a probability above 1")
    return math.exp(-log_prob / n_predictions)
