"""The course model's own weights under a microscope: the levels that few bits leave them, the error, and the story."""

from traitlets import Bool, Enum, Float, Int, List, Unicode, default

from llm_course.corpus.stories import held_out_stories

from ..models.course_model import weight
from ..ui.base import Array, CourseWidget
from ..ui.picture import number_table

ROW = 512
"""As a group: more than any row has, so the whole row."""
GROUPS = (8, 16, 32, 64, 128, ROW)
TEXTS = 8
"""Held-out stories that the page reads: some 900 tokens, in about a second."""


def error_of_whole_numbers(row: Array, size: int, bits: int) -> float:
    """The relative error of whole multiples of one scale for each `size` neighbors of a row without groups of zeros."""
    lost = 0.0
    for start in range(0, len(row), size):
        group = row[start : start + size]
        scale = abs(group).max() / (2 ** (bits - 1) - 1)
        lost += float(((group - (group / scale).round() * scale) ** 2).sum())
    return float((lost / (row**2).sum()) ** 0.5)


class QuantizationMicroscope(CourseWidget):
    """A row of the course model's weights, its levels in few bits, the error, and the story that the model then tells.

    >>> QuantizationMicroscope(bits=4, group=32, outlier=12)

    Args:
        bits: Bits of a whole number, 2 to 8.
        group: Neighbors that share a scale: 8, 16, 32, 64, 128, or 512 for the whole row.
        outlier: How many standard deviations one weight of the row is away, 0 for as it is, up to 40.
        matrix: Layer and matrix, such as "0.mlp.down_proj".
    """

    bits = Int(4, min=2, max=8).tag(sync=True)
    group = Enum(GROUPS, 32).tag(sync=True)
    outlier = Float(0.0, min=0.0, max=40.0).tag(sync=True)
    nf4 = Bool(False).tag(sync=True)
    matrix = Unicode("0.mlp.down_proj").tag(sync=True)
    texts = List(Unicode()).tag(sync=True)

    @default("texts")
    def _held_out(self) -> list[str]:
        return [story.text for story in held_out_stories(TEXTS, seed=0)]

    def first_row(self) -> Array:
        """The first row of the matrix, with the outlier: what the widget looks at."""
        row = weight("stories", f"model.layers.{self.matrix}.weight")[0]
        if self.outlier:
            row[7] = self.outlier * float((row**2).mean() ** 0.5)
        return row

    def picture(self) -> str:
        """The error by bits, with one scale for the row and with one for each group."""
        row = self.first_row()
        bits = (8, 6, 4, 3, 2)
        errors = [[100 * error_of_whole_numbers(row, size, b) for size in (ROW, self.group)] for b in bits]
        caption = f"Error of {len(row)} weights of the course model, in percent of their length"
        columns = ["one scale for the row", f"one for each {self.group}"]
        return number_table(caption, [f"{b} bits" for b in bits], errors, columns, digits=1)
