"""Tables that several exercises of this assignment draw."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import randn


def uneven_table(draw: Generator, rows: int, width: int) -> Tensor:
    """Rows of very different lengths, so that a cosine and a dot product rank differently."""
    lengths = torch.exp(1.2 * torch.randn(rows, 1, generator=draw))
    return randn(draw, rows, width) * lengths
