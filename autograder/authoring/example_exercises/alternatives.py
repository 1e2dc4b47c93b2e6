"""Other right answers, as different learners would write them: all must get full marks."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def row_by_row(x: Tensor) -> Tensor:
    """By a loop."""
    rows = []
    for row in x:
        factor = torch.ones_like(row)
        factor[row.argmax()] = 2
        rows.append(row * factor)
    return torch.stack(rows)


def where_it_is_largest(x: Tensor) -> Tensor:
    """By comparing."""
    return torch.where(x == x.amax(dim=1, keepdim=True), x + x, x)


ALTERNATIVES: dict[str, list[Callable[..., Any]]] = {"double_largest": [row_by_row, where_it_is_largest]}
"""By the name of the exercise."""
