"""A learner's figure as a picture, drawn once.

IPython draws a figure twice: first to see how far it reaches, then that part of it. Here it is drawn whole, and the
part is cut out of the drawing, which saves about a quarter of a plot's time.
"""

import io
import math
import zlib

import matplotlib
from IPython.core.pylabtools import print_figure
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

COMPRESSION = {"compress_level": 1, "compress_type": zlib.Z_RLE}
"""Less than half the time of the usual way. The picture of a line is 40 % larger, that of a map 7 %."""


def picture(figure: Figure) -> bytes | None:
    """What there is to see of a figure, as PNG; None for an empty figure, as IPython has it."""
    if not isinstance(figure.canvas, FigureCanvasAgg) or not (figure.axes or figure.lines):
        return _drawn_twice(figure)
    # Drawn for saving: for a window, what is animated would be left out, and an animation would begin to run.
    print_figure(figure, fmt="rgba", bbox_inches=figure.bbox_inches)
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    width, height = figure.get_size_inches()
    if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height:
        return _drawn_twice(figure)
    # The canvas keeps the drawing; a copy of the bytes that were printed would be twice as much to write.
    size = figure.canvas.get_width_height()
    drawing = Image.frombuffer("RGBA", size, figure.canvas.buffer_rgba(), "raw", "RGBA", 0, 1)
    margin, dots = matplotlib.rcParams["savefig.pad_inches"], figure.dpi
    # The box counts from below, a picture from above.
    left, right = max(box.x0 - margin, 0) * dots, (box.x1 + margin) * dots
    top, bottom = max(height - box.y1 - margin, 0) * dots, (height - box.y0 + margin) * dots
    part = (int(left), int(top), min(math.ceil(right), drawing.width), min(math.ceil(bottom), drawing.height))
    file = io.BytesIO()
    drawing.crop(part).save(file, "png", **COMPRESSION)
    return file.getvalue()


def _drawn_twice(figure: Figure) -> bytes | None:
    return print_figure(figure, pil_kwargs=COMPRESSION)
