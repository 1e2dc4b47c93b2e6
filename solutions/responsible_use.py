"""Responsible use: what a model's confidence is worth, what it remembers, what a text gives away, and who wrote it.

Contents, in the order of the exercises:
    expected_calibration_error  how far confidence and accuracy are apart
    selective_score             what answers are worth where silence is allowed and a wrong one costs
    redact                      e-mail addresses, IP addresses and card numbers out of a text
    watermark_z                 how surprising so many green tokens are
    canary_exposure             how well a secret was memorized, by its rank among others
"""

import math
import re

from torch import Tensor


def expected_calibration_error(
    confidence: Tensor,
    correct: Tensor,
    n_bins: int,
) -> float:
    """The mean distance between how sure a model was and how often it was
    right, over bins of similar confidence.

    The bins are equally wide and cut 0 to 1 into (0, 1/n_bins],
    (1/n_bins, 2/n_bins] and so on; a confidence of 0 belongs to the first. A
    bin's distance is the absolute difference between its mean confidence and
    its share of right answers. Each bin is weighted by its number of answers,
    so empty bins have no weight.

    Args:
        confidence: Tensor[n], from 0 to 1, for each answer.
        correct: Tensor[n], whether the answer was right: Booleans, or 0 and 1
            in any dtype.
        n_bins: the number of bins.

    Returns:
        A number from 0 to 1; 0 for a model that is right as often as it says,
        in each bin.

    Raises:
        ValueError: if confidence and correct are not two vectors of one length,
            hold no answers, a confidence is not from 0 to 1, or n_bins is below
            1.

    Example:
        >>> expected_calibration_error(
        ...     torch.tensor([0.75, 1.0, 0.25]),
        ...     torch.tensor([1, 1, 0]),
        ...     n_bins=2,
        ... )
        0.16666666666666666

    Source: Guo et al. 2017.
    """
    if confidence.ndim != 1 or confidence.shape != correct.shape:
        raise ValueError(f"not two vectors of one length: {tuple(confidence.shape)}, {tuple(correct.shape)}")
    if len(confidence) == 0:
        raise ValueError("there are no answers")
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise ValueError("a confidence is from 0 to 1")
    if n_bins < 1:
        raise ValueError(f"there must be at least one bin, not {n_bins}")
    sure, right = confidence.double(), correct.double()
    # A bin holds its upper edge, so we round up; bins are counted from 0.
    bins = ((sure * n_bins).ceil() - 1).clamp(min=0)
    error = 0.0
    for number in bins.unique():
        inside = bins == number
        distance = (right[inside].mean() - sure[inside].mean()).abs()
        error += (distance * inside.sum() / len(sure)).item()
    return error


def selective_score(
    confidence: Tensor,
    correct: Tensor,
    threshold: float,
    penalty: float,
) -> float:
    """The mean score of a model that stays silent where it is not sure.

    An answer whose confidence is below the threshold is withheld and scores 0.
    An answer that is given scores 1 if it is right and -penalty if it is wrong.
    The mean is over all n questions, answered or not.

    Args:
        confidence: Tensor[n], from 0 to 1, for each answer.
        correct: Tensor[n], whether the answer is right: Booleans, or 0 and 1 in
            any dtype.
        threshold: the lowest confidence at which an answer is given; at 0 all
            are given, above 1 none.
        penalty: what a wrong answer costs, 0 or more.

    Returns:
        The mean score, from -penalty to 1.

    Raises:
        ValueError: if confidence and correct are not two vectors of one length,
            hold no answers, a confidence is not from 0 to 1, or penalty is
            negative.

    Example:
        >>> selective_score(
        ...     torch.tensor([0.9, 0.6, 0.2, 0.8]),
        ...     torch.tensor([1, 0, 0, 1]),
        ...     threshold=0.5,
        ...     penalty=1.0,
        ... )
        0.25

    Source: Kalai et al. 2025.
    """
    if confidence.ndim != 1 or confidence.shape != correct.shape:
        raise ValueError(f"not two vectors of one length: {tuple(confidence.shape)}, {tuple(correct.shape)}")
    if len(confidence) == 0:
        raise ValueError("there are no answers")
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise ValueError("a confidence is from 0 to 1")
    if penalty < 0:
        raise ValueError(f"a penalty is what a wrong answer costs, 0 or more, not {penalty}")
    given = confidence >= threshold
    right = correct.bool()
    right_answers = int((given & right).sum())
    wrong_answers = int((given & ~right).sum())
    return (right_answers - penalty * wrong_answers) / len(confidence)


def redact(text: str) -> str:
    """Replace e-mail addresses, IPv4 addresses and payment-card numbers by
    [EMAIL], [IP] and [CARD].

    An e-mail address is a run of letters, digits and . _ % + -, an @, and a
    domain: labels of letters, digits and hyphens, separated by dots, with at
    least one dot; the last label has at least two characters, all letters. An
    IPv4 address is four numbers from 0 to 255, separated by dots, without
    leading zeros. Four numbers inside a longer row of dotted numbers are not an
    address, and neither are digits inside a longer number. A card number is a
    run of 13 to 19 digits that passes Luhn's check, with at most one space or
    hyphen between two digits. Take the longest run: a card number inside a
    longer run of digits is left alone.

    Args:
        text: any text.

    Returns:
        The text, with nothing else changed.

    Raises:
        Nothing: every text has an answer.

    Example:
        >>> text = "Ann (ann@mail.example.com) paid with 4111 1111 1111 1111."
        >>> redact(f"{text} Her machine is 10.0.0.7.")
        'Ann ([EMAIL]) paid with [CARD]. Her machine is [IP].'

    Source: ISO/IEC 7812-1 (Luhn's check).
    """
    email = r"[A-Za-z0-9._%+-]+@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}"
    octet = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
    # Not behind or before another digit, nor another number of a longer row of them, such as 1.2.3.4.5.
    ipv4 = rf"(?<![0-9])(?<![0-9]\.){octet}(?:\.{octet}){{3}}(?![0-9])(?!\.[0-9])"
    # Greedy from its first digit on: the longest row of digits with single spaces or hyphens between them.
    digits = r"[0-9](?:[ -]?[0-9])*"

    def is_card(run: str) -> bool:
        numbers = [int(character) for character in reversed(run) if character.isdigit()]
        # Every second digit, from the last but one to the left, is doubled; of a result above 9 its digits are added.
        doubled = [2 * number for number in numbers[1::2]]
        total = sum(numbers[::2]) + sum(double - 9 if double > 9 else double for double in doubled)
        return 13 <= len(numbers) <= 19 and total % 10 == 0

    text = re.sub(email, "[EMAIL]", text)
    text = re.sub(ipv4, "[IP]", text)
    return re.sub(digits, lambda found: "[CARD]" if is_card(found[0]) else found[0], text)


def watermark_z(green: int, total: int, gamma: float) -> float:
    """By how many standard deviations the number of green tokens exceeds what
    is expected of a text without a watermark.

    Without a watermark each token is green with probability gamma,
    independently of the others.

    Args:
        green: the number of green tokens in the text.
        total: the number of tokens that were checked.
        gamma: the share of the vocabulary that is green.

    Returns:
        (green - expected) / standard deviation; negative if there are fewer
        than expected.

    Raises:
        ValueError: if total is below 1, green is negative or above total, or
            gamma is not above 0 and below 1.

    Example:
        >>> watermark_z(green=36, total=48, gamma=0.25)
        8.0

    Source: Kirchenbauer et al. 2023.
    """
    if total < 1:
        raise ValueError(f"there must be at least one token, not {total}")
    if not 0 <= green <= total:
        raise ValueError(f"of {total} tokens, {green} cannot be green")
    if not 0 < gamma < 1:
        raise ValueError(f"gamma is a share above 0 and below 1, not {gamma}")
    expected = gamma * total
    deviation = math.sqrt(total * gamma * (1 - gamma))
    return (green - expected) / deviation


def canary_exposure(canary_loss: float, reference_losses: list[float]) -> float:
    """How well a model has memorized a canary, in bits: how much its loss helps
    somebody who tries to guess the canary.

    The canary is ranked among sequences made in the same way that were never in
    the training text. Rank 1 is a loss below all of theirs; a reference whose
    loss is equal comes before the canary.

    Args:
        canary_loss: the model's loss on the canary.
        reference_losses: its loss on each of the other sequences, in any order,
            at least one.

    Returns:
        log2 of the number of sequences, the canary among them, minus log2 of
        its rank: from 0 to log2(n + 1).

    Raises:
        ValueError: if there are no reference losses.

    Example:
        >>> canary_exposure(1.5, [4.0, 1.0, 2.0, 5.0, 3.0, 2.5, 6.0])
        2.0

    Source: Carlini et al. 2019.
    """
    if not reference_losses:
        raise ValueError("there are no other sequences to rank the canary among")
    rank = 1 + sum(loss <= canary_loss for loss in reference_losses)
    return math.log2(len(reference_losses) + 1) - math.log2(rank)
