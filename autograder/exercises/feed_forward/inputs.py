"""What several exercises of this assignment draw."""

import functools

from torch import Generator, Tensor

from autograder.exercises.drawing import each_tensor, randn

FAR = 1000.0


def four_axes(draw: Generator) -> Tensor:
    # A transposed view: learners' code must not rely on contiguous memory.
    return randn(draw, 1, 5, 3, 2).transpose(1, 3)


whole = functools.partial(each_tensor, lambda numbers: (1.5 * numbers).round() + 0.0)
"""Small whole numbers, to be worked out by hand."""
NEARLY = 4000.0
"""Units of rounding that let GELU by tanh pass, which is off by up to 0.0005. The exact form is its own property."""
