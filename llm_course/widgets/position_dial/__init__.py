"""Positions as clock hands: RoPE turns queries and keys, sinusoids are such hands themselves."""

from typing import Any

import numpy as np
from traitlets import Enum, Float, Int, List

from ..ui.base import CourseWidget, numbers
from ..ui.picture import number_table

BASES = (100, 10000, 500000)


class PositionDial(CourseWidget):
    """The angle of each pair of numbers at two positions, and the product of query and key by distance.

    Args:
        query: [d], an even number of numbers; pairs are i and i + d/2, as in Llama's RoPE. Ones in the first half
            and zeros in the second if left out.
        key: [d]; the query if left out.
        kind: "rope" or "sinusoid"; sinusoids take only the width from the query.
        base: 100, 10000 or 500000.

    Raises:
        ValueError: If d is odd or query and key differ in width.
        TraitError: If kind or base is another.
    """

    query: List[float] = List(Float()).tag(sync=True)
    key: List[float] = List(Float()).tag(sync=True)
    kind = Enum(["rope", "sinusoid"]).tag(sync=True)
    base = Enum(BASES).tag(sync=True)
    query_position = Int(60, min=0, max=64).tag(sync=True)
    key_position = Int(24, min=0, max=64).tag(sync=True)
    moved = Int(0, min=0, max=1000).tag(sync=True)

    def __init__(self, query: Any = None, key: Any = None, *, kind: str = "rope", base: int = 10000) -> None:
        query = np.repeat([1.0, 0.0], 4) if query is None else numbers("query", query, dimensions=1)
        key = query if key is None else numbers("key", key, dimensions=1)
        if len(query) != len(key):
            raise ValueError(f"The query has {len(query)} numbers but the key {len(key)}: they must be as many.")
        if len(query) % 2:
            raise ValueError(f"The query has {len(query)} numbers: give an even number, they turn in pairs.")
        super().__init__(query=query.tolist(), key=key.tolist(), kind=kind, base=base)

    def picture(self) -> str:
        """The angles of the first pairs at a few positions."""
        pairs = np.arange(min(len(self.query) // 2, 6))
        positions = [0, 1, 2, 4, 16, 64]
        angles = np.degrees(np.outer(positions, self.base ** (-2.0 * pairs / len(self.query)))) % 360
        rows = [f"position {position}" for position in positions]
        return number_table("The angle of each pair of numbers, in degrees, by position", rows, angles)
