"""What several exercises of this assignment draw."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from autograder.exercises.spec import Arguments


def without_gaps(arguments: Callable[[Generator], Arguments]) -> Callable[[Generator], Arguments]:
    """The same numbers, in memory without gaps."""
    return lambda draw: {name: packed(value) for name, value in arguments(draw).items()}


def packed(value: Any) -> Any:
    if isinstance(value, list):
        return [packed(item) for item in value]
    return value.contiguous() if isinstance(value, Tensor) else value


def away_from_zero(draw: Generator, *shape: int) -> Tensor:
    """Numbers of both signs, none of them near 0 or 1."""
    signs = torch.where(torch.rand(*shape, generator=draw) < 0.5, -1.0, 1.0)
    return signs * (1.5 + 2 * torch.rand(*shape, generator=draw))
