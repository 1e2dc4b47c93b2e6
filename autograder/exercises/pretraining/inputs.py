"""What several exercises of this assignment draw."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from autograder.exercises.spec import Arguments


def each_tensor(
    change: Callable[[Tensor], Tensor], arguments: Callable[[Generator], Arguments]
) -> Callable[[Generator], Arguments]:
    """The same arguments, with all tensors changed, those in lists as well."""

    def changed(value: Any) -> Any:
        if isinstance(value, list):
            return [changed(item) for item in value]
        return change(value) if isinstance(value, Tensor) else value

    return lambda draw: {name: changed(value) for name, value in arguments(draw).items()}


def away_from_zero(draw: Generator, *shape: int) -> Tensor:
    """Numbers of both signs, none of them near 0 or 1."""
    signs = torch.where(torch.rand(*shape, generator=draw) < 0.5, -1.0, 1.0)
    return signs * (1.5 + 2 * torch.rand(*shape, generator=draw))
