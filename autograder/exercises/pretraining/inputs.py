"""What several exercises of this assignment draw."""

import torch
from torch import Generator, Tensor


def away_from_zero(draw: Generator, *shape: int) -> Tensor:
    """Numbers of both signs, none of them near 0 or 1."""
    signs = torch.where(torch.rand(*shape, generator=draw) < 0.5, -1.0, 1.0)
    return signs * (1.5 + 2 * torch.rand(*shape, generator=draw))
