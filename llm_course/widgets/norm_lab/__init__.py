"""LayerNorm and RMSNorm of one vector, beside a common variant of LayerNorm: what shift, scale and epsilon do."""

from collections.abc import Callable
from typing import Any

import numpy as np
from traitlets import Dict, Float, Int, List

from ..ui.base import CourseWidget, numbers
from ..ui.picture import number_table

NUMBERS = [2.0, -1.0, 0.5, 3.0, -2.0, 1.5]
EPSILONS = (1e-6, 1e-5, 1e-3)


class NormLab(CourseWidget):
    """What LayerNorm, RMSNorm and a common variant make of a vector; in JupyterLab a learner's function beside them.

    >>> NormLab(torch.randn(768), my_layer_norm)

    Args:
        vector: [n], two or more numbers.
        function: The learner's norm, called as function(x, eps) with x a float64 tensor [n]; gives a tensor [n].
        epsilon: 1e-6, 1e-5 or 1e-3.

    Raises:
        ValueError: If the vector has fewer than two numbers or epsilon is another.
    """

    vector: List[float] = List(Float()).tag(sync=True)
    exponent = Int(0, min=-7, max=3).tag(sync=True)
    shift = Float(0.0).tag(sync=True)
    epsilon = Float().tag(sync=True)
    own: Any = Dict(allow_none=True, default_value=None).tag(sync=True)

    def __init__(
        self, vector: Any = NUMBERS, function: Callable[[Any, float], Any] | None = None, *, epsilon: float = 1e-5
    ) -> None:
        values = numbers("vector", vector, dimensions=1)
        if len(values) < 2:
            raise ValueError("The vector has one number: give two or more, one has no variance.")
        if epsilon not in EPSILONS:
            raise ValueError(f"epsilon is {epsilon}: give one of {', '.join(map(str, EPSILONS))}.")
        super().__init__(vector=values.tolist(), epsilon=epsilon)
        self._function = function
        if function is not None:
            self._call()
            self.observe(lambda _change: self._call(), ["vector", "exponent", "shift", "epsilon"])

    def _call(self) -> None:
        """Ask the learner's function for the present input."""
        import torch

        assert self._function is not None
        vector = np.array(self.vector) * 10.0**self.exponent + self.shift
        output = self._function(torch.from_numpy(vector), self.epsilon)
        result = numbers("The function's result", output, dimensions=1)
        if result.shape != vector.shape:
            raise ValueError(f"The function gave {len(result)} numbers for {len(vector)}: a norm keeps the shape.")
        self.own = {"input": vector.tolist(), "epsilon": self.epsilon, "output": result.tolist()}

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
        return number_table("A vector and its norms", list(rows), np.stack(list(rows.values()))[:, :8])
