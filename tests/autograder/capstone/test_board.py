"""The picture of a class's models, whose names are whatever the learners' folders are called."""

import itertools
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from autograder.capstone.board import Line, board, draw, height
from autograder.judging.grade import not_graded
from autograder.records.result import ExerciseResult, PropertyResult, Result


def line(name: str, bits: float = 0.3) -> Line:
    return Line(name, bits_per_byte=bits, tokens=4_500_000, parameters=1, right=None, quantized=None)


def drawn(lines: list[Line]) -> Figure:
    figure = Figure(figsize=(7, height(lines)), layout="constrained")
    draw(lines, figure.add_subplot())
    FigureCanvasAgg(figure).draw()
    return figure


def test_a_name_is_no_formula() -> None:
    (axes,) = drawn([line("eve $\\frac$")]).axes
    assert axes.texts[0].get_text() == "eve $\\frac$"


def test_names_of_models_that_are_alike_do_not_overlap() -> None:
    """A class of forty that all took the notebook's settings."""
    figure = drawn([line(f"learner {number}", 0.28 + number / 2000) for number in range(40)])
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [Text.get_window_extent(text, renderer) for text in figure.axes[0].texts]
    assert len(boxes) == 40
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    assert all(figure.bbox.contains(box.x0, box.y0) and figure.bbox.contains(box.x1, box.y1) for box in boxes)


def test_tokens_of_a_ledger_that_does_not_agree_are_not_shown() -> None:
    def result(*holds: bool) -> Result:
        properties = tuple(PropertyResult(f"property {number}", 1, held, False) for number, held in enumerate(holds))
        ledger = ExerciseResult("ledger", 5, 0, properties, None, "", "", ())
        figures: dict[str, Any] = {"bits_per_byte": 0.3, "tokens": 7}
        return Result(**{**vars(not_graded("19_capstone", "")), "figures": figures, "exercises": (ledger,)})

    shown = {item.name: item.tokens for item in board({"ada": result(True, True), "bert": result(True, False)}, {})}
    assert shown == {"ada": 7, "bert": None}
