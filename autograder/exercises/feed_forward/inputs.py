"""What several exercises of this assignment draw."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.spec import Arguments, randn

FAR = 1000.0


def four_axes(draw: Generator) -> Tensor:
    # A transposed view: learners' code must not rely on contiguous memory.
    return randn(draw, 1, 5, 3, 2).transpose(1, 3)


def cast(arguments: Arguments, dtype: torch.dtype) -> Arguments:
    return {name: value.to(dtype) if isinstance(value, Tensor) else value for name, value in arguments.items()}


def whole(arguments: Callable[[Generator], Arguments]) -> Callable[[Generator], Arguments]:
    """Small whole numbers, to be worked out by hand."""
    return lambda draw: {
        name: (1.5 * value).round() + 0.0 if isinstance(value, Tensor) else value
        for name, value in arguments(draw).items()
    }


NEARLY = 4000.0
"""Units of rounding that let GELU by tanh pass, which is off by up to 0.0005. The exact form is its own property."""
