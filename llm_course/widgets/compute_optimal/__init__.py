"""How to split a budget of compute between parameters and tokens, by a law that was fitted to real runs."""

import math

from traitlets import Float

from ..ui.base import CourseWidget
from ..ui.picture import number_table


def fitted_loss(parameters: float, tokens: float) -> float:
    """Loss in nats a token. Besiroglu et al. (2024), fitted to the runs of Hoffmann et al. (2022)."""
    return 1.82 + 482 / parameters**0.348 + 2085 / tokens**0.366


class ComputeOptimal(CourseWidget):
    """The loss of every size of model for one budget of compute.

    >>> ComputeOptimal(budget=21.0, parameters=9.5)

    Args:
        budget: Floating-point operations of training, as a power of ten, 17 to 28.
        parameters: As a power of ten, 6 to 13.
        served: Tokens that the model is used for in its life.
    """

    budget = Float(math.log10(6 * 70e9 * 1.4e12), min=17.0, max=28.0).tag(sync=True)  # Chinchilla's
    parameters = Float(math.log10(70e9), min=6.0, max=13.0).tag(sync=True)
    served = Float(0.0, min=0.0).tag(sync=True)

    def picture(self) -> str:
        """A quarter, half, once, twice and four times the parameters of the split of 20 to 1, for the same budget."""
        budget = 10.0**self.budget
        sizes = [factor * math.sqrt(budget / 120) for factor in (0.25, 0.5, 1, 2, 4)]
        runs = [(size, budget / (6 * size)) for size in sizes]
        values = [[size / 1e9, tokens / 1e9, fitted_loss(size, tokens)] for size, tokens in runs]
        rows = [f"{tokens / size:.3g} tokens for each parameter" for size, tokens in runs]
        columns = ["parameters in 10⁹", "tokens in 10⁹", "fitted loss"]
        return number_table(f"Ways to spend {budget:.1e} FLOPs", rows, values, columns)
