"""Logits that several exercises of this assignment draw."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import randn


def rows(draw: Generator, *batch: int, vocab: int, scale: float = 1.5) -> Tensor:
    """Unsorted logits, in memory that is not contiguous: learners' code must not rely on it."""
    return (randn(draw, vocab, *batch) * scale).movedim(0, -1)


LONG_TAIL = torch.tensor([[-4.0, 21.0, 2.0, 10.0, -20.0, 0.0]])
