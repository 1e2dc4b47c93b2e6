"""The picture of a class's models, whose names are whatever the learners' folders are called."""

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from autograder.capstone.board import Line, draw


def test_a_name_is_no_formula() -> None:
    line = Line(
        "eve $\\frac$", bits_per_byte=2.0, tokens=1_000_000, parameters=1, right=None, quantized=None, own_functions=""
    )
    figure, axes = pyplot.subplots()
    draw([line], axes)
    figure.canvas.draw()
    pyplot.close(figure)
    assert axes.texts[0].get_text() == line.name
