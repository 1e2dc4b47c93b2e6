"""How to split a budget of compute between parameters and tokens, by a law that was fitted to real runs."""

import math
from collections.abc import Callable
from typing import Any

from traitlets import Dict, Float

from ..ui.base import CourseWidget
from ..ui.picture import number_table

CHINCHILLA = 6 * 70e9 * 1.4e12


def fitted_loss(parameters: float, tokens: float) -> float:
    """Loss in nats a token. Besiroglu et al. (2024), fitted to the runs of Hoffmann et al. (2022)."""
    return 1.82 + 482 / parameters**0.348 + 2085 / tokens**0.366


class ComputeOptimal(CourseWidget):
    """The loss of every size of model for one budget of compute; in JupyterLab a learner's function beside it.

    >>> ComputeOptimal(1e21, compute_optimal)

    Args:
        flops: The budget, 1e17 to 1e28 floating-point operations.
        function: The learner's `compute_optimal`, called with the budget; gives parameters and tokens.

    Raises:
        ValueError: If the budget is out of range, or the function gives no pair of numbers above 0.
    """

    budget = Float(min=17.0, max=28.0).tag(sync=True)
    """Of training, as a power of ten; `parameters` is one, too."""
    parameters = Float(min=6.0, max=13.0).tag(sync=True)
    served = Float(0.0, min=0.0).tag(sync=True)
    own: Any = Dict(allow_none=True, default_value=None).tag(sync=True)

    def __init__(self, flops: float = CHINCHILLA, function: Callable[[float], Any] | None = None) -> None:
        if not isinstance(flops, int | float) or not 1e17 <= flops <= 1e28:
            raise ValueError(f"The budget is {flops!r}: give a number from 1e17 to 1e28.")
        super().__init__(budget=math.log10(flops), parameters=math.log10(math.sqrt(flops / 120)))
        self._function = function
        if function is not None:
            self._call()
            self.observe(lambda _change: self._call(), ["budget"])

    def _call(self) -> None:
        """Ask the learner's function how to spend the present budget."""
        assert self._function is not None
        reply = self._function(10.0**self.budget)
        try:
            parameters, tokens = map(float, reply)
        except (TypeError, ValueError):
            parameters = tokens = math.nan
        if not (0 < parameters < math.inf and 0 < tokens < math.inf):
            raise ValueError(f"The function gave {reply!r}: it must give parameters and tokens, two numbers above 0.")
        self.own = {"budget": self.budget, "parameters": parameters, "tokens": tokens}

    def picture(self) -> str:
        """A quarter, half, once, twice and four times the parameters of the split of 20 to 1, for the same budget."""
        budget = 10.0**self.budget
        sizes = [factor * math.sqrt(budget / 120) for factor in (0.25, 0.5, 1, 2, 4)]
        runs = [(size, budget / (6 * size)) for size in sizes]
        values = [[size / 1e9, tokens / 1e9, fitted_loss(size, tokens)] for size, tokens in runs]
        rows = [f"{tokens / size:.3g} tokens for each parameter" for size, tokens in runs]
        columns = ["parameters in 10⁹", "tokens in 10⁹", "fitted loss"]
        return number_table(f"Ways to spend {budget:.1e} FLOPs", rows, values, columns)
