"""One look for every figure of the book.

`figure` and `show` are all a chapter needs; `heat_map` and `bars` draw the two pictures that come back most often.

A figure is shown as inline SVG, and black is its ink: whatever matplotlib draws in black (text, axes, ticks) takes the
page's own text color, and so follows the page from light to dark mode. Other colors stay as they are; those below keep
a contrast of at least 3:1 on either background. Every figure has alt text: `show` asks for a sentence that says what
the picture shows, for a reader who does not see it.
"""

import base64
import hashlib
import io
import itertools
import re
from collections.abc import Sequence
from html import escape
from typing import Any

import matplotlib
import numpy as np
from cycler import cycler
from IPython.display import HTML, display
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from PIL import Image

# Okabe and Ito's colors for the color-blind, the last two darkened to stand out on white.
BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#B8568F"
COLORS = (BLUE, ORANGE, GREEN, PINK)

# Little is nearly the page, on light and on dark paper alike, and much is full color. The weak end is not the page
# itself, so that a small weight differs from a cell left empty because the query may not attend there.
WEIGHTS: Colormap = LinearSegmentedColormap.from_list("weights", [to_rgba(BLUE, 0.12), to_rgba(BLUE)])
# Diverging, for values with a sign: orange below zero, blue above.
_ENDS = [(0.0, to_rgba(ORANGE)), (0.5, to_rgba(ORANGE, 0.08)), (0.5, to_rgba(BLUE, 0.08)), (1.0, to_rgba(BLUE))]
# More shades are not seen, and a picture takes more with each.
SIGNED: Colormap = LinearSegmentedColormap.from_list("signed", _ENDS, N=64)
STRONG = 0.75  # from here on a cell is so strong that white stands out on it

_STYLE: dict[Any, Any] = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.labelsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=COLORS),
    "svg.fonttype": "none",  # text stays text: small, sharp and in a font the reader has
    "svg.hashsalt": "llm_course",
    "svg.image_inline": True,
}

# A figure shrinks with the page as long as its text can be read.
_SVG_STYLE = "max-width:100%;min-width:min(30rem,{width}in);height:auto;stroke-linejoin:round"


def figure(width: float = 5.5, height: float = 3.2, columns: int = 1, rows: int = 1) -> tuple[Figure, list[Axes]]:
    """Return a figure in the book's style, in inches, and its axes row by row."""
    with matplotlib.rc_context(_STYLE):
        drawing = Figure(figsize=(width, height), layout="constrained")
        axes = drawing.subplots(rows, columns, squeeze=False)
    return drawing, list(axes.flat)


def show(drawing: Figure, alt: str) -> None:
    """Display a figure inline; `alt` says in a sentence or two what it shows."""
    if not alt.strip():
        raise ValueError("show needs alt text: say in a sentence what the figure shows, alt='...'.")
    # On a narrow screen a wide figure scrolls, also by keyboard.
    frame = f'<div class="figure" role="img" aria-label="{escape(alt)}" tabindex="0" style="overflow-x:auto">'
    display(HTML(f"{frame}{to_svg(drawing)}</div>"))


def to_svg(drawing: Figure) -> str:
    """Return the figure as an SVG element that takes its ink from the page and shrinks with it."""
    for legend in filter(None, (axes.get_legend() for axes in drawing.axes)):
        legend.set_frame_on(False)
    for image in (image for axes in drawing.axes for image in axes.get_images()):
        image.set_interpolation("none")  # a cell is one pixel of the picture, which the browser makes larger
    buffer = io.StringIO()
    with matplotlib.rc_context(_STYLE):
        drawing.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    # Inline, matplotlib's own style sheet would reach the whole page; text takes the page's font.
    svg = re.sub(
        r"<metadata>.*?</metadata>|<style.*?</style>|font-family: [^;\"]*;? ?", "", buffer.getvalue(), flags=re.DOTALL
    )
    svg = _without_what_is_not_seen(svg)
    # A page holds many figures, and an id may occur only once on it.
    prefix = f"figure-{hashlib.sha256(svg.encode()).hexdigest()[:8]}-"
    svg = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{prefix}", svg[svg.index("<svg") :])
    # Matplotlib leaves out `fill` where it is black, so black shapes and text inherit the fill of the root.
    svg = svg.replace("#000000", "currentColor")
    style = _SVG_STYLE.format(width=drawing.get_figwidth())
    return svg.replace("<svg ", f'<svg aria-hidden="true" fill="currentColor" style="{style}" ', 1)


def _without_what_is_not_seen(svg: str) -> str:
    """The SVG, in less than half of its text: short numbers, no names that nothing refers to, comments and indents."""
    parts = re.split(r"(<image[^>]*>)", re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL))
    parts[::2] = map(_with_short_numbers, parts[::2])  # not those that enlarge an image
    parts[1::2] = map(_with_small_picture, parts[1::2])
    svg = "".join(parts)
    referred = set(re.findall(r"(?:href=\"#|url\(#)([^\")]+)", svg))
    svg = re.sub(r' id="([^"]*)"', lambda name: name[0] if name[1] in referred else "", svg)
    return re.sub(r"\s*\n\s*", " ", re.sub(r">\s+<", "><", svg))


def _with_small_picture(image: str) -> str:
    """An `<image>` whose pixels are numbers of colors, where that is smaller: often by half."""
    head, data, tail = re.split(r'(?<=href="data:image/png;base64,)([^"]*)', image)
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA"))
    colors, numbers = np.unique(pixels.reshape(-1, 4), axis=0, return_inverse=True)
    if len(colors) > 256:
        return image
    small = Image.fromarray(numbers.reshape(pixels.shape[:2]).astype(np.uint8), mode="P")
    small.putpalette(colors[:, :3].tobytes())
    buffer = io.BytesIO()
    small.save(buffer, "PNG", optimize=True, transparency=colors[:, 3].tobytes())
    return head + min(data, base64.b64encode(buffer.getvalue()).decode(), key=len) + tail


def _with_short_numbers(svg: str) -> str:
    """Places to a tenth of a point, lines as steps from place to place, all else in tags to a hundredth."""
    svg = re.sub(r'(?<= [xy]=")[^"]*|(?<=translate\()[^)]*', lambda place: _rounded(place[0], 1), svg)
    svg = re.sub(r'(?<= d=")[^"]*', lambda path: _in_steps(_rounded(path[0], 1)), svg)
    return re.sub(r"<[^>]*>", lambda tag: _rounded(tag[0], 2), svg)


def _in_steps(path: str) -> str:
    """A path whose lines are steps: they repeat themselves, and a page is sent compressed."""
    return re.sub(r"M (\S+) (\S+)(?: L \S+ \S+)+", _line_in_steps, " ".join(path.split()))


def _line_in_steps(line: re.Match[str]) -> str:
    # In whole tenths, so that no step's rounding moves those after it.
    numbers = [round(10 * float(number)) for number in re.findall(r"[-\d.]+", line[0])]
    places = [*zip(numbers[::2], numbers[1::2], strict=True)]
    steps = [(x - from_x, y - from_y) for (from_x, from_y), (x, y) in itertools.pairwise(places)]
    return f"M {line[1]} {line[2]} l " + " ".join(f"{x / 10:g} {y / 10:g}" for x, y in steps)


def _rounded(text: str, digits: int) -> str:
    """The text with its longer numbers rounded."""
    number = rf"\b\d+\.\d{{{digits + 1},}}(?=[\s,;\")L]|$)"
    return re.sub(number, lambda found: f"{float(found[0]):.{digits}f}".removesuffix(".0"), text)


def heat_map(
    axes: Axes,
    values: Sequence[Sequence[float]],
    *,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    title: str = "",
    row_label: str = "query",
    column_label: str = "key",
    limits: tuple[float, float] = (0.0, 1.0),
    numbers: str | None = None,
    colors: Colormap = WEIGHTS,
) -> None:
    """Draw a matrix, one row per query and one column per key; cells that are NaN stay empty.

    Args:
        values: a list of rows, a NumPy array or a tensor without gradient.
        limits: the values at the two ends of the color scale.
        numbers: a format such as ".2f" writes each value into its cell.
    """
    grid = [[float(value) for value in row] for row in values]
    axes.imshow(grid, cmap=colors, vmin=limits[0], vmax=limits[1], aspect="auto" if numbers is None else "equal")
    axes.set(title=title, xlabel=column_label, ylabel=row_label)
    _name_ticks(axes, rows, columns)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    if numbers is not None:
        _write_cells(axes, grid, limits, numbers, colors)


def bars(axes: Axes, values: Sequence[float], labels: Sequence[str], *, title: str = "", y_label: str = "") -> None:
    """Draw one bar per value, each with its label below."""
    axes.bar(range(len(labels)), [float(value) for value in values], color=BLUE)
    axes.set(title=title, ylabel=y_label)
    axes.set_xticks(range(len(labels)), labels)


def _name_ticks(axes: Axes, rows: Sequence[str] | None, columns: Sequence[str] | None) -> None:
    if columns is not None:
        upright = sum(len(name) for name in columns) < 40
        axes.set_xticks(range(len(columns)), columns, rotation=0 if upright else 90)
    if rows is not None:
        axes.set_yticks(range(len(rows)), rows)


def _write_cells(
    axes: Axes, grid: list[list[float]], limits: tuple[float, float], numbers: str, colors: Colormap
) -> None:
    low, high = limits
    for y, row in enumerate(grid):
        for x, value in enumerate(row):
            if value == value:  # NaN is the one number that differs from itself
                *_, strength = colors((value - low) / (high - low))
                ink = "white" if strength > STRONG else "black"  # black becomes the page's own ink
                axes.text(x, y, f"{value:{numbers}}", ha="center", va="center", color=ink)
