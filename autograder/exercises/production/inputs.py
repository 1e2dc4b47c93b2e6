"""Weights that have one right code each, whatever the order in which somebody multiplies and divides; prices."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import randint
from solutions.production import NF4_LEVELS


def clear_rows(draw: Generator, rows: int, columns: int, bits: int) -> Tensor:
    """float32 rows that no rounding decides: each entry is well away from a half, and scales differ by row.

    The largest magnitude of a row belongs to one entry; in the first row it is negative, in the second positive.
    """
    largest = 2 ** (bits - 1) - 1
    sides = torch.randint(0, 2, (2, rows, columns), generator=draw).double() * 2 - 1
    aside = sides[0] * (0.15 + 0.2 * torch.rand(rows, columns, generator=draw, dtype=torch.float64))
    whole = torch.randint(0, largest + 1, (rows, columns), generator=draw).double()
    magnitudes = whole + torch.where(whole == largest, -aside.abs(), aside)
    multiples = sides[1] * magnitudes
    for row in range(rows):
        multiples[row, randint(draw, 0, columns - 1)] = largest * (-1) ** (row + 1)
    return (multiples * scales(draw, rows)).float()


def scales(draw: Generator, rows: int) -> Tensor:
    """A scale for each row, no two of them near each other: float64 Tensor[rows, 1]."""
    steps = torch.randperm(rows, generator=draw).double() + 0.5 * torch.rand(rows, generator=draw, dtype=torch.float64)
    return (0.01 * 1.7**steps)[:, None]


def exact_rows(draw: Generator, rows: int, columns: int, bits: int, dtype: torch.dtype) -> Tensor:
    """Whole multiples of a power of two, which half a precision holds as well."""
    largest = 2 ** (bits - 1) - 1
    whole = torch.randint(-largest, largest + 1, (rows, columns), generator=draw)
    whole[:, randint(draw, 0, columns - 1)] = -largest
    exponents = torch.randint(-3, 3, (rows, 1), generator=draw).double()
    return (whole * 2.0**exponents).to(dtype)


def clear_blocks(draw: Generator, n: int, block_size: int) -> Tensor:
    """float32 numbers well within reach of one level of NF4 each; every block has a largest magnitude of its own."""
    levels = torch.tensor(NF4_LEVELS, dtype=torch.float64)
    codes = torch.randint(1, 15, (n,), generator=draw)
    gaps = torch.stack([levels[codes] - levels[codes - 1], levels[codes + 1] - levels[codes]])
    upward = torch.randint(0, 2, (n,), generator=draw)
    aside = (2 * upward - 1) * gaps.gather(0, upward[None])[0]
    shares = levels[codes] + aside * (0.15 + 0.2 * torch.rand(n, generator=draw, dtype=torch.float64))
    largest = scales(draw, -(-n // block_size)).flatten() * 20
    for block in range(len(largest)):
        first, last = block * block_size, min((block + 1) * block_size, n) - 1
        shares[randint(draw, first, last)] = (-1) ** (block + 1)
    return (shares * largest.repeat_interleave(block_size)[:n]).float()
