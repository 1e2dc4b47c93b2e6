"""A figure's picture holds all that there is to see, as IPython's own does."""

import io
from collections.abc import Callable, Iterator

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


def ink(shown: np.ndarray) -> int:
    """How many pixels are not of the background."""
    return int((shown != shown[0, 0]).any(axis=-1).sum())


def line_plot() -> Figure:
    figure, axes = plt.subplots()
    axes.plot([1, 2, 1])
    axes.set(title="title", xlabel="$x$", ylabel="a label")
    return figure


def fitted_axes() -> Figure:
    figure, _ = plt.subplots(1, 3, figsize=(9.004, 3.006), layout="constrained")
    figure.suptitle("three")
    return figure


def animation() -> Figure:
    figure = line_plot()
    figure.axes[0].lines[0].set_animated(True)
    return figure


def legend_outside() -> Figure:
    figure, axes = plt.subplots()
    axes.plot([1, 2], label="a long name in the legend")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


@pytest.mark.parametrize("make", [line_plot, fitted_axes, animation])
def test_nothing_of_what_fits_is_cut_off(make: Callable[[], Figure]) -> None:
    figure = make()
    shown = pixels(picture(figure))
    whole = pixels(print_figure(figure, bbox_inches=None))
    assert ink(shown) == ink(whole) > 0
    height, width, _ = pixels(print_figure(figure)).shape
    assert width - 12 <= shown.shape[1] <= width + 2
    assert height - 12 <= shown.shape[0] <= height + 2


def test_what_sticks_out_is_seen_whole() -> None:
    figure = legend_outside()
    assert np.array_equal(pixels(picture(figure)), pixels(print_figure(figure)))


def test_an_empty_figure_has_no_picture() -> None:
    assert picture(plt.figure()) is None
