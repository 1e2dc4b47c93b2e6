"""Plots on a narrow page: panels that stand side by side go one below the other, so that their text can be read.

A kept output holds a plot as one SVG. On the site, each column of panels is a window on it: the first has the plot, the
others show it again with `<use>`. Side by side the windows are the whole plot.
"""

import hashlib
import re
from itertools import pairwise
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

PLOT = re.compile(
    r'<div class="figure" (?P<says>role="img" aria-label="[^"]*")[^>]*>'
    r'<svg [^>]*viewBox="0 0 (?P<width>\S+) (?P<height>\S+)"[^>]*>(?P<content>.*?)</svg>\s*</div>',
    re.DOTALL,
)
AXES = re.compile(r'<clipPath[^>]*><rect x="(?P<x>[^"]*)" y="[^"]*" width="(?P<width>[^"]*)"')
NARROWEST = 90.0  # points: narrower axes, such as a color bar, belong to the panel on their left
RIM = 2.5  # points that a panel's last tick label may reach beyond its axes


def columns(content: str, width: float) -> list[tuple[float, float]]:
    """The left and right ends of a plot's columns of panels."""
    axes = sorted({(float(found["x"]), float(found["width"])) for found in AXES.finditer(content)})
    cuts, end = [0.0], None
    for left, wide in axes:
        if end is not None and left > end and wide > NARROWEST:
            cuts.append(min(end + RIM, left))
        end = max(end or 0.0, left + wide)
    return [*pairwise([*cuts, width])]


def stack_panels(plot: re.Match[str]) -> str:
    width, height = float(plot["width"]), plot["height"]
    content = plot["content"].replace("xlink:href=", "href=")  # the prefix was declared by the plot's own SVG
    name = f"plot-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
    shown = f'<g id="{name}">{content}</g>'
    windows = []
    for left, right in columns(content, width):
        size = right - left
        box = f'viewBox="{left:g} 0 {size:g} {height}"'
        windows.append(f'<svg {box} style="--points:{size:g}" aria-hidden="true">{shown}</svg>')
        shown = f'<use href="#{name}"/>'
    return f'<div class="figure plot" {plot["says"]}>{"".join(windows)}</div>'


def stack(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document) -> None:
    if "body" in context:
        context["body"] = PLOT.sub(stack_panels, context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", stack)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
