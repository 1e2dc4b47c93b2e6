"""LayerNorm and RMSNorm of one vector, beside a common variant of LayerNorm: what shift, scale and epsilon do."""

from typing import Any

import numpy as np
from traitlets import Enum, Float, Int, List

from ..ui.base import CourseWidget
from ..ui.picture import number_table


class NormLab(CourseWidget):
    """What LayerNorm, RMSNorm and a common variant make of a vector.

    >>> NormLab(vector=[2.0, -1.0, 0.5], shift=1.0)

    Args:
        vector: [n], two numbers or more.
        exponent: They are multiplied by 10 to this power, -7 to 3.
        shift: What is then added to each.
        epsilon: 1e-6, 1e-5 or 1e-3.
    """

    vector: Any = List(Float(), [2.0, -1.0, 0.5, 3.0, -2.0, 1.5], minlen=2).tag(sync=True)
    exponent = Int(0, min=-7, max=3).tag(sync=True)
    shift = Float(0.0).tag(sync=True)
    epsilon = Enum([1e-6, 1e-5, 1e-3], 1e-5).tag(sync=True)

    def picture(self) -> str:
        """Input and outputs."""
        x = np.array(self.vector) * 10.0**self.exponent + self.shift
        centered = x - x.mean()
        rows = {
            "x": x,
            "LayerNorm": centered / np.sqrt(x.var() + self.epsilon),
            "RMSNorm": x / np.sqrt(np.mean(x**2) + self.epsilon),
            "n − 1, ε outside": centered / (x.std(ddof=1) + self.epsilon),
        }
        return number_table("A vector and its norms", list(rows), np.stack(list(rows.values())))
