"""The book's diagram language: a box is a tensor, a rounded box an operation, and colors say what a tensor is for."""

from html import escape

# Okabe and Ito's colors for the color-blind, as in llm_course/plotting.py: at least 3:1 on light and on dark paper.
QUERY, KEY, VALUE, LEARNED = "#0072B2", "#D55E00", "#009E73", "#B8568F"
INK = "currentColor"  # all else, the residual stream as a thick line

FONT = 14


class Canvas:
    """A drawing under way, in pixels from the top left corner. Places are centers unless they say otherwise."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.parts: list[str] = []

    def tensor(
        self, x: float, y: float, width: float, height: float, text: str = "", color: str = INK, fill: float = 0.12
    ) -> None:
        """A box: a tensor, `fill` strong."""
        self._box(x, y, width, height, color, fill, 0)
        self.text(x, y, text)

    def operation(self, x: float, y: float, width: float, height: float, text: str, color: str = INK) -> None:
        """A rounded box: something is done. In the color of what learns if it has weights of its own."""
        self._box(x, y, width, height, color, 0.0, min(height / 2, 14))
        self.text(x, y, text)

    def grid(self, x: float, y: float, values: list[list[float]], size: float, color: str = INK) -> None:
        """A matrix whose top left corner is at the place: a cell is as strong as its value, from 0 to 1."""
        for i, row in enumerate(values):
            for j, value in enumerate(row):
                self._box(x + size * (j + 0.5), y + size * (i + 0.5), size, size, color, value, 0, line=0.8)

    def text(
        self, x: float, y: float, text: str, *, size: float = FONT, anchor: str = "middle", bold: bool = False
    ) -> None:
        """Lines of text around a place."""
        lines = text.split("\n") if text else []
        weight = ' font-weight="600"' if bold else ""
        for i, line in enumerate(lines):
            height = y + size * 1.2 * (i - (len(lines) - 1) / 2) + size * 0.35
            place = f'x="{x:g}" y="{height:.1f}" font-size="{size:g}" text-anchor="{anchor}"'
            self.parts.append(f'<text {place}{weight} stroke="none" fill="currentColor">{escape(line)}</text>')

    def arrow(self, *points: tuple[float, float], color: str = INK, width: float = 1.5, dashed: bool = False) -> None:
        """A line through the points, with a head at the last."""
        (x0, y0), (x1, y1) = points[-2:]
        length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-9)
        dx, dy = (x1 - x0) / length, (y1 - y0) / length
        size = 4 + 2 * width
        sides = [(x1 - size * dx + sign * size * 0.5 * dy, y1 - size * dy - sign * size * 0.5 * dx) for sign in (1, -1)]
        head = " ".join(f"{x:.1f},{y:.1f}" for x, y in [(x1, y1), *sides])
        self.line(*points[:-1], (x1 - size * 0.6 * dx, y1 - size * 0.6 * dy), color=color, width=width, dashed=dashed)
        self.parts.append(f'<polygon points="{head}" stroke="none" fill="{color}"/>')

    def line(self, *points: tuple[float, float], color: str = INK, width: float = 1.5, dashed: bool = False) -> None:
        """A line through the points."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width:g}"{dashes}/>')

    def circle(self, x: float, y: float, radius: float, color: str = INK, fill: float = 0.0) -> None:
        style = f'stroke="{color}" stroke-width="1.5" fill="{color}" fill-opacity="{fill:g}"'
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" {style}/>')

    def plus(self, x: float, y: float) -> None:
        """Where something is added to the residual stream."""
        self.parts.append(
            f'<circle cx="{x:g}" cy="{y:g}" r="11" fill="none" stroke="currentColor" stroke-width="1.5"/>'
        )
        self.line((x - 6, y), (x + 6, y))
        self.line((x, y - 6), (x, y + 6))

    def svg(self) -> str:
        """The drawing as an SVG element that takes its ink from the page."""
        box = f'viewBox="0 0 {self.width:g} {self.height:g}" width="{self.width:g}" height="{self.height:g}"'
        return f'<svg {box} aria-hidden="true" font-family="inherit">{"".join(self.parts)}</svg>'

    def _box(
        self, x: float, y: float, width: float, height: float, color: str, fill: float, radius: float, line: float = 1.6
    ) -> None:
        place = f'x="{x - width / 2:g}" y="{y - height / 2:g}" width="{width:g}" height="{height:g}" rx="{radius:g}"'
        style = f'stroke="{color}" stroke-width="{line:g}" fill="{color}" fill-opacity="{fill:g}"'
        self.parts.append(f"<rect {place} {style}/>")
