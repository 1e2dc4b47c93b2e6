"""A learner's figure as a picture, drawn once.

IPython draws a figure twice: first to see how far it reaches, then that part of it. Here it is drawn whole, and the
part is cut out of the drawing, which saves about a quarter of a plot's time.
"""

import math
import os
import struct
import zlib

import matplotlib
import numpy as np
from IPython.core.pylabtools import print_figure
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

PNG = b"\x89PNG\r\n\x1a\n"
TRUE_COLOR_WITH_ALPHA, UNFILTERED = 6, 0
"""Names and codes of the PNG specification, third edition (W3C)."""


def picture(figure: Figure) -> bytes | None:
    """What there is to see of a figure, as PNG; None for an empty figure, as IPython has it."""
    if not isinstance(figure.canvas, FigureCanvasAgg) or not (figure.axes or figure.lines):
        return _drawn_twice(figure)
    # Drawn for saving: for a window, what is animated would be left out, and an animation would begin to run.
    figure.canvas.print_figure(
        os.devnull,
        format="rgba",
        dpi=figure.dpi,
        facecolor=figure.get_facecolor(),
        edgecolor=figure.get_edgecolor(),
        bbox_inches=figure.bbox_inches,
    )
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    width, height = figure.get_size_inches()
    if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height:
        return _drawn_twice(figure)
    # The canvas keeps the drawing.
    drawing = np.asarray(figure.canvas.buffer_rgba())
    margin, dots = matplotlib.rcParams["savefig.pad_inches"], figure.dpi
    # The box counts from below, a picture from above.
    left, right = max(box.x0 - margin, 0) * dots, (box.x1 + margin) * dots
    top, bottom = max(height - box.y1 - margin, 0) * dots, (height - box.y0 + margin) * dots
    return png(drawing[int(top) : math.ceil(bottom), int(left) : math.ceil(right)])


def png(pixels: np.ndarray) -> bytes:
    """Pixels, red, green, blue and alpha of 8 bits each (height, width, 4), as PNG.

    Pillow finds out for each line which of five ways makes it smallest, and takes four times as long.
    """
    height, width, channels = pixels.shape
    lines = np.empty((height, 1 + width * channels), np.uint8)
    lines[:, 0] = UNFILTERED
    lines[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, TRUE_COLOR_WITH_ALPHA, 0, 0, 0)
    return PNG + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines.data, 1)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _drawn_twice(figure: Figure) -> bytes | None:
    return print_figure(figure)
