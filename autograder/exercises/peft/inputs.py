"""What several exercises of this assignment draw."""

import torch
from torch import Generator, nn

from autograder.exercises.drawing import randn


def drawn_layer(
    draw: Generator, rows: int, columns: int, bias: bool = True, dtype: torch.dtype = torch.float32
) -> nn.Linear:
    layer = nn.Linear(columns, rows, bias=bias, dtype=dtype)
    with torch.no_grad():
        layer.weight.copy_(randn(draw, rows, columns, dtype=dtype))
        if bias:
            layer.bias.copy_(randn(draw, rows, dtype=dtype))
    return layer
