"""The course model's own weights under a microscope: the levels that few bits leave them, the error, and the story."""

from traitlets import Bool, Float, Int, List, Unicode

from llm_course.corpus.stories import held_out_stories

from ..models.course_model import weight
from ..ui.base import Array, CourseWidget, check_range
from ..ui.picture import number_table

MATRICES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
LAYERS = 4
ROW = 512
"""As a group: more than any row has, so the whole row."""
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
        layer: Which layer's matrix, 1 to 4.
        matrix: Which of its matrices, such as "down_proj".

    Raises:
        ValueError: If one of them is out of range.
    """

    bits = Int(4, min=2, max=8).tag(sync=True)
    group = Int(32, min=8, max=ROW).tag(sync=True)
    outlier = Float(0.0, min=0.0, max=40.0).tag(sync=True)
    nf4 = Bool(False).tag(sync=True)
    matrix = Unicode().tag(sync=True)
    texts = List(Unicode()).tag(sync=True)

    def __init__(
        self, bits: int = 4, group: int = 32, outlier: float = 0.0, layer: int = 1, matrix: str = "down_proj"
    ) -> None:
        check_range("bits", bits, 2, 8)
        check_range("outlier", outlier, 0, 40)
        check_range("layer", layer, 1, LAYERS)
        if group not in (8, 16, 32, 64, 128, ROW):
            raise ValueError(f"group is {group!r}: give 8, 16, 32, 64, 128, or {ROW} for the whole row.")
        if matrix not in MATRICES:
            raise ValueError(f"matrix is {matrix!r}: give one of {', '.join(MATRICES)}.")
        part = "self_attn" if matrix in MATRICES[:4] else "mlp"
        super().__init__(
            bits=bits,
            group=group,
            outlier=float(outlier),
            matrix=f"{layer - 1}.{part}.{matrix}",
            texts=[story.text for story in held_out_stories(TEXTS, seed=0)],
        )

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
