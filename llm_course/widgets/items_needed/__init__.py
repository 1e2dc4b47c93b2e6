"""How many items a test needs to tell two models apart."""

import math
from statistics import NormalDist
from typing import Any

from traitlets import Float, Int

from ..ui.base import CourseWidget
from ..ui.picture import number_table


def items_needed(difference: float, deviation: float, confidence: float, power: float) -> int:
    """Items for which the two-sided interval leaves out 0 in the share `power` of tests. Miller (2024), section 5."""
    distance = NormalDist().inv_cdf((1 + confidence) / 2) + NormalDist().inv_cdf(power)
    return max(1, math.ceil((distance * deviation / difference) ** 2 - 1e-9))


def deviations(first: float, second: float, likeness: float) -> tuple[float, float]:
    """Standard deviation of the difference on one item: with items of their own, and with the same items.

    On the same items the difference is 1, 0 or -1. Its mean square is the share of items on which they disagree: at
    least the difference of the two shares, and as much as for unrelated models at a `likeness` of 0.
    """
    unrelated = first * (1 - second) + second * (1 - first)
    disagreement = unrelated - likeness * (unrelated - abs(first - second))
    unpaired = math.sqrt(first * (1 - first) + second * (1 - second))
    return unpaired, math.sqrt(max(0.0, disagreement - (first - second) ** 2))


class ItemsNeeded(CourseWidget):
    """The standard error of a difference, and the items that it takes to find it, unpaired and paired.

    >>> ItemsNeeded(first=0.84, second=0.82)

    Args:
        first: Share of items that the first model gets right, 0.01 to 0.99.
        second: The same of the second model.
        likeness: How much the models fail on the same items: from 0, unrelated, to 1, as much as their shares allow.
    """

    first = Float(0.84, min=0.01, max=0.99).tag(sync=True)
    second = Float(0.82, min=0.01, max=0.99).tag(sync=True)
    likeness = Float(0.6, min=0.0, max=1.0).tag(sync=True)
    items = Int(400, min=10, max=100_000).tag(sync=True)
    confidence = Float(0.95).tag(sync=True)
    power = Float(0.8).tag(sync=True)

    def picture(self) -> str:
        """The number of items for the difference, its half, and twice it."""
        rows, values = [], []
        for factor in (2.0, 1.0, 0.5):
            difference = factor * (self.first - self.second)
            if difference and 0.01 <= self.first - difference <= 0.99:
                of = deviations(self.first, self.first - difference, self.likeness)
                rows.append(f"{100 * self.first:g} % against {100 * (self.first - difference):g} %")
                values.append([items_needed(difference, one, self.confidence, self.power) for one in of])
        caption = f"Items to find a difference in {self.power:.0%} of tests, at {self.confidence:.0%} confidence"
        columns: Any = ["separate tests", "the same test"]
        return number_table(caption, rows, values, columns, digits=0)
