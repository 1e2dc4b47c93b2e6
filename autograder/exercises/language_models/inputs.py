"""Texts that several exercises of this assignment draw."""

import torch
from torch import Generator


def random_ids(draw: Generator, length: int, vocab_size: int) -> list[int]:
    """A text in which small ids are common, so that pairs repeat."""
    weights = torch.arange(vocab_size, 0, -1, dtype=torch.float64)
    found: list[int] = torch.multinomial(weights, length, replacement=True, generator=draw).tolist()
    return found
