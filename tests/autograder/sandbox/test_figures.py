"""A figure's picture holds all that there is to see, as IPython's own does."""

import io
from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.pylabtools import print_figure
from matplotlib.figure import Figure
from PIL import Image

from autograder.sandbox.figures import picture


@pytest.fixture(autouse=True)
def no_figure_is_left() -> Iterator[None]:
    with plt.rc_context():
        plt.switch_backend("module://matplotlib_inline.backend_inline")
        yield
        plt.close("all")


def pixels(data: bytes | None) -> np.ndarray:
    assert data is not None
    return np.asarray(Image.open(io.BytesIO(data)))


def plot(**legend: object) -> Figure:
    figure, axes = plt.subplots()
    axes.plot([1, 2], label="a long name in the legend")
    axes.legend(**legend)
    return figure


def test_what_fits_is_drawn_whole() -> None:
    figure = plot()
    assert np.array_equal(pixels(picture(figure)), pixels(print_figure(figure, bbox_inches=None)))


def test_what_sticks_out_is_seen_whole() -> None:
    figure = plot(loc="center left", bbox_to_anchor=(1, 0.5))
    assert np.array_equal(pixels(picture(figure)), pixels(print_figure(figure)))


def test_an_empty_figure_has_no_picture() -> None:
    assert picture(plt.figure()) is None
