"""Figures follow the page's colors, can stand side by side on a page, and always have alt text."""

import base64
import io
import re
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from IPython.display import HTML
from PIL import Image

from llm_course import plotting


def labelled_plot(title: str) -> plotting.Figure:
    drawing, axes = plotting.figure()
    axes[0].plot([0, 1], [0, 1], label="line")
    axes[0].legend()
    axes[0].set(title=title)
    return drawing


def test_text_and_axes_take_the_page_color_but_data_does_not() -> None:
    svg = plotting.to_svg(labelled_plot("A title"))
    colors = set(re.findall(r"(?:fill|stroke): ([^;\"]*)", svg))
    assert colors == {"none", "currentColor", plotting.BLUE.lower()}
    assert ElementTree.fromstring(svg).get("fill") == "currentColor"


def test_upright_labels_are_written_too() -> None:
    names = [f"a long name {number}" for number in range(5)]
    drawing, axes = plotting.figure()
    plotting.heat_map(axes[0], [[0.1] * 5], columns=names)
    svg = plotting.to_svg(drawing)
    assert all(f">{name}</text>" in svg for name in names)
    assert "font-family" not in svg


def test_nothing_in_a_figure_reaches_the_rest_of_the_page() -> None:
    first, second = (set(re.findall(r' id="([^"]*)"', plotting.to_svg(labelled_plot(title)))) for title in "AB")
    assert first and second and not first & second
    svg = plotting.to_svg(labelled_plot("A"))
    assert set(re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', svg)) and "<style" not in svg
    references = {name for pair in re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', svg) for name in pair if name}
    assert references <= first


def test_show_gives_the_alt_text_to_screen_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[HTML] = []
    monkeypatch.setattr(plotting, "display", shown.append)
    plotting.show(labelled_plot("A"), alt='A line "rises" & ends')
    assert 'role="img" aria-label="A line &quot;rises&quot; &amp; ends"' in shown[0].data


def test_show_refuses_a_figure_without_alt_text() -> None:
    with pytest.raises(ValueError, match="alt"):
        plotting.show(labelled_plot("A"), alt="  ")


def test_heat_map_leaves_nan_empty_and_writes_readable_numbers() -> None:
    _, axes = plotting.figure()
    plotting.heat_map(axes[0], [[1.0, np.nan], [0.0, 0.5]], rows=["a", "b"], columns=["a", "b"], numbers=".1f")
    written = {text.get_text(): text.get_color() for text in axes[0].texts}
    assert written == {"1.0": "white", "0.0": "black", "0.5": "black"}


@pytest.mark.parametrize("color", plotting.COLORS)
@pytest.mark.parametrize("background", ["#FFFFFF", "#14181E"])
def test_data_colors_stand_out_on_light_and_dark(color: str, background: str) -> None:
    def luminance(code: str) -> float:
        parts = np.array([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    bright, dim = sorted((luminance(color), luminance(background)), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= 3


def test_a_cell_of_a_heat_map_is_one_pixel_and_numbers_are_short() -> None:
    drawing, axes = plotting.figure()
    plotting.heat_map(axes[0], np.random.default_rng(0).random((6, 7)))
    axes[0].plot(np.linspace(0, 6, 50), np.sin(np.linspace(0, 6, 50)))
    svg = plotting.to_svg(drawing)
    (image,) = re.findall(r"<image[^>]*>", svg)
    (png,) = re.findall(r"base64,([^\"]*)", image)
    assert base64.b64decode(png)[16:24] == bytes([0, 0, 0, 7, 0, 0, 0, 6])  # width and height in its header
    assert not re.search(r"\d\.\d{3}", svg.replace(image, ""))
    assert not re.search(r" d=\"[^\"]*\.\d\d", svg)
    assert "<!--" not in svg and "\n" not in svg


def test_a_label_says_what_was_written() -> None:
    assert "from 0.125, not 0.1249999" in plotting.to_svg(labelled_plot("from 0.125, not 0.1249999"))


@pytest.mark.parametrize(("levels", "cells", "smaller"), [(256, 9000, True), (257, 9000, False), (6, 9, False)])
def test_a_picture_keeps_each_pixel_and_takes_less_where_its_colors_are_few(
    levels: int, cells: int, smaller: bool
) -> None:
    random = np.random.default_rng(0)
    colors = random.integers(0, 256, (levels, 4), dtype=np.uint8)
    pixels = colors[random.permutation(np.arange(cells) % levels)].reshape(-1, 3, 4)
    plain = io.BytesIO()
    Image.fromarray(pixels).save(plain, "PNG")
    image = f'<image href="data:image/png;base64,{base64.b64encode(plain.getvalue()).decode()}" width="3"/>'
    small = plotting._with_small_picture(image)
    assert (len(small) < len(image) / 2) is smaller and len(small) <= len(image)
    (png,) = re.findall(r'^<image href="data:image/png;base64,([^"]*)" width="3"/>$', small)
    shown = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA")
    assert (np.asarray(shown) == pixels).all()


def test_pictures_are_inside_a_figure_whatever_a_reader_has_set() -> None:
    with matplotlib.rc_context({"svg.image_inline": False}):
        drawing, axes = plotting.figure()
        plotting.heat_map(axes[0], [[0.1, 0.9]])
        assert "data:image/png;base64," in plotting.to_svg(drawing)


def test_a_line_in_steps_passes_the_same_places() -> None:
    points = np.random.default_rng(0).integers(-4000, 4000, (400, 2)) / 10
    absolute = "M " + " \nL ".join(f"{x:g} {y:g}" for x, y in points)
    (moves,) = re.findall("^M (.*) z Q 1 2 3 4 L 5 6$", plotting._in_steps(f"{absolute} \nz Q 1 2 3 4 L 5 6"))
    steps = np.array(moves.replace("l ", "").split(), dtype=float).reshape(-1, 2)
    assert np.allclose(steps.cumsum(axis=0), points)
