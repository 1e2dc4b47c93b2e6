"""Weights under a microscope: the levels that few bits leave them, and the error."""

import random
from typing import ClassVar

from traitlets import Bool, Float, Int

from .base import CourseWidget
from .picture import number_table

ROW = 256
"""Weights in the row that is looked at."""


def drawn_row(seed: int, outlier: float) -> list[float]:
    """Normally distributed weights, the eighth of them as many standard deviations away as `outlier` says, if any."""
    draw = random.Random(seed)
    row = [draw.gauss(0, 1) for _ in range(ROW)]
    if outlier:
        row[7] = outlier
    return row


def error_of_whole_numbers(row: list[float], size: int, bits: int) -> float:
    """The relative error of whole multiples of one scale for each `size` neighbors."""
    lost = 0.0
    for start in range(0, len(row), size):
        group = row[start : start + size]
        scale = max(map(abs, group)) / (2 ** (bits - 1) - 1)
        lost += sum((weight - round(weight / scale) * scale) ** 2 for weight in group)
    return float((lost / sum(weight**2 for weight in row)) ** 0.5)


class QuantizationMicroscope(CourseWidget):
    """A row of weights, the levels that it is rounded to, and the error, by bits, group and outlier.

    >>> QuantizationMicroscope(bits=4, group=64, outlier=12)

    Args:
        bits: Bits of a whole number, 2 to 8.
        group: Neighbors that share a scale, 8 to 256.
        outlier: How many standard deviations one weight is away, 0 for none, up to 40.

    Raises:
        ValueError: If one of them is out of range.
    """

    module: ClassVar[str] = "quantization_microscope"

    bits = Int(4, min=2, max=8).tag(sync=True)
    group = Int(64, min=8, max=ROW).tag(sync=True)
    outlier = Float(0.0, min=0.0, max=40.0).tag(sync=True)
    nf4 = Bool(False).tag(sync=True)

    def __init__(self, bits: int = 4, group: int = 64, outlier: float = 0.0) -> None:
        for name, value, low, high in (("bits", bits, 2, 8), ("group", group, 8, ROW), ("outlier", outlier, 0, 40)):
            if not isinstance(value, int | float) or not low <= value <= high:
                raise ValueError(f"{name} is {value!r}: give a number from {low} to {high}.")
        self._row = drawn_row(15, float(outlier))
        super().__init__(bits=bits, group=group, outlier=float(outlier))

    def picture(self) -> str:
        """The error by bits, with one scale for the row and with one for each group."""
        bits = (8, 6, 4, 3, 2)
        errors = [[100 * error_of_whole_numbers(self._row, size, b) for size in (ROW, self.group)] for b in bits]
        caption = f"Error of a row of {ROW} weights, in percent of its length"
        columns = ["one scale for the row", f"one for each {self.group}"]
        return number_table(caption, [f"{b} bits" for b in bits], errors, columns, digits=1)
