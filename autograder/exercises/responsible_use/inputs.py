"""Answers whose confidence lies on no edge, card numbers that pass Luhn's check or just miss it, careless checks."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import Arguments, randint, uniform


def outside(draw: Generator) -> float:
    """A number that is no share: above 1, as if in percent, or below 0."""
    return (1 + uniform(draw, 0.05, 90), -uniform(draw, 0.05, 9))[randint(draw, 0, 1)]


def inside_bins(draw: Generator, n: int, n_bins: int) -> Tensor:
    """n confidences, each well within one of n_bins equal bins, float32."""
    number = torch.randint(0, n_bins, (n,), generator=draw)
    place = 0.15 + 0.7 * torch.rand(n, generator=draw, dtype=torch.float64)
    return ((number + place) / n_bins).float()


def right_or_wrong(draw: Generator, n: int) -> Tensor:
    """n zeros and ones, int64, both among them."""
    correct = torch.randint(0, 2, (n,), generator=draw)
    correct[0], correct[-1] = 0, 1
    return correct


def as_booleans(arguments: Arguments) -> Arguments:
    """The same answers, right or wrong as Booleans."""
    return arguments | {"correct": arguments["correct"].bool()}


def shortened(draw: Generator, arguments: Arguments) -> Arguments:
    """The same answers, with the last few of `correct` missing."""
    return arguments | {"correct": arguments["correct"][: -randint(draw, 1, 4)]}


def luhn_sum(digits: list[int]) -> int:
    """What Luhn's check divides by 10."""
    return sum(2 * digit - 9 * (digit > 4) if place % 2 else digit for place, digit in enumerate(reversed(digits)))


def card_number(draw: Generator, length: int, *, valid: bool = True) -> str:
    """So many digits that pass Luhn's check, or of which the last is one too large."""
    digits = [4, *(randint(draw, 0, 9) for _ in range(length - 2)), 0]
    digits[-1] = -luhn_sum(digits) % 10
    if not valid:
        digits[-1] = (digits[-1] + 1) % 10
    return "".join(map(str, digits))


def in_groups(digits: str, separator: str) -> str:
    """The digits in groups of four."""
    return separator.join(digits[start : start + 4] for start in range(0, len(digits), 4))
