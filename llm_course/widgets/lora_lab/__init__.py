"""LoRA: what a product of two thin matrices saves, and what it can hold."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from traitlets import Int, List

from ..models.course_model import weight
from ..ui.base import Array, CourseWidget, numbers
from ..ui.picture import number_table

RANKS = (1, 2, 4, 8, 16, 32, 64)
CORNER = 16
"""Rows and columns of a matrix that the page draws."""
LEVELS = 127
"""Whole numbers to each side of 0 that the drawn corner's factors are rounded to."""


class LoRALab(CourseWidget):
    """Parameters and best error by rank, for real weights of the course model.

    They are what fine-tuning on dialogues changed in a query projection of `stories`, the projection itself, and random
    numbers of the same shape.

    >>> LoRALab({0: 5.0, 2: 2.0, 8: 1.0})

    Args:
        ability: Rank -> the loss of a model that keeps so many ranks of the change in all its matrices; rank 0 keeps
            nothing, the highest all. The page shows it as the share of the gain that is lost.

    Raises:
        ValueError: If the losses name no rank 0 and no other, or keeping all is no gain.
    """

    matrices: List[Any] = List().tag(sync=True)
    chosen = Int(0, min=0).tag(sync=True)
    rank = Int(1, min=1).tag(sync=True)
    ability: List[Any] = List().tag(sync=True)  # [rank, share of the gain that is lost]

    def __init__(self, ability: Mapping[int, float]) -> None:
        name = "model.layers.2.self_attn.q_proj.weight"
        trained = weight("stories", name)
        matrices = {
            "The change": weight("stories-chat", name) - trained,
            "The trained weight": trained,
            "Random numbers": np.random.default_rng(0).standard_normal(trained.shape),
        }
        super().__init__(
            matrices=[describe(name, matrix) for name, matrix in matrices.items()], ability=shares_lost(ability)
        )

    def picture(self) -> str:
        """The error of each matrix at a few ranks."""
        columns = []
        for rank in RANKS:
            rests = [np.array(matrix["singular_values"])[rank:] for matrix in self.matrices]
            totals = [np.array(matrix["singular_values"]) for matrix in self.matrices]
            columns.append([np.linalg.norm(r) / np.linalg.norm(t) for r, t in zip(rests, totals, strict=True)])
        names = [matrix["name"] for matrix in self.matrices]
        caption = "Relative error of the best approximation, by rank"
        return number_table(caption, names, np.transpose(columns), [f"rank {rank}" for rank in RANKS])


def shares_lost(losses: Mapping[int, float]) -> list[list[float]]:
    """[rank, share of the gain from rank 0 to the highest that is lost], by rank."""
    ranks = sorted(losses)
    if len(ranks) < 2 or ranks[0] != 0:
        raise ValueError(f"ability names the ranks {ranks}: give the loss at rank 0 and at one rank or more above it.")
    values = numbers("ability", [losses[rank] for rank in ranks], dimensions=1)
    gain = values[0] - values[-1]
    if gain <= 0:
        raise ValueError(
            f"ability: the loss at rank {ranks[-1]} is not below that at rank 0, so there is nothing to lose."
        )
    lost = np.round((values - values[-1]) / gain, 4)
    return [[rank, share] for rank, share in zip(ranks, lost.tolist(), strict=True)]


def describe(name: str, matrix: Array) -> dict[str, Any]:
    """What the page needs of a matrix: its shape, its singular values, and the factors of the corner that it draws."""
    rows, columns = matrix.shape
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    b, a = left[:CORNER] * np.sqrt(values), np.sqrt(values)[:, None] * right[:, :CORNER]
    corner = {"b": whole_numbers(b), "a": whole_numbers(a)}
    return {"name": name, "rows": rows, "columns": columns, "singular_values": values.tolist(), "corner": corner}


def whole_numbers(matrix: Array) -> list[list[int]]:
    """A matrix in multiples of a small step: enough to draw with, and a fraction of its size on a page."""
    rounded: list[list[int]] = np.rint(matrix / np.abs(matrix).max() * LEVELS).astype(int).tolist()
    return rounded
