"""Milestones over the years, on a linear or a logarithmic scale, with the sizes that nobody published drawn hollow."""

from dataclasses import asdict
from html import escape
from typing import Any

from traitlets import Enum, Int, List

from ..ui.base import CourseWidget
from .milestones import MILESTONES


class Timeline(CourseWidget):
    """A timeline of milestones. The reader chooses the scale, what counts as size, and whose models are shown.

    >>> Timeline(scale="linear", measure="active")

    Args:
        scale: "log" or "linear".
        measure: "total" or "active" parameters.
        kind: "all", "open" or "closed" weights.
    """

    milestones: Any = List([asdict(one) for one in MILESTONES]).tag(sync=True)
    scale = Enum(["log", "linear"], "log").tag(sync=True)
    measure = Enum(["total", "active"], "total").tag(sync=True)
    kind = Enum(["all", "open", "closed"], "all").tag(sync=True)
    chosen = Int(-1).tag(sync=True)

    def picture(self) -> str:
        """The milestones as a table: month, name, sizes."""
        rows = "".join(
            f'<tr><td>{one.month}</td><th scope="row">{escape(one.name)}</th><td>{escape(one.organization)}</td>'
            f"<td>{in_words(one.total)}</td><td>{in_words(one.active)}</td></tr>"
            for one in MILESTONES
        )
        head = "".join(f'<th scope="col">{name}</th>' for name in ("month", "model", "by", "parameters", "active"))
        return (
            '<div style="overflow-x: auto" tabindex="0" role="group" aria-label="Milestones"><table><caption>'
            f"Milestones, and their sizes where published</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{rows}</tbody></table></div>"
        )


def in_words(billions: float | None) -> str:
    """A number of parameters: 117 M, 46.7 B, 1.6 T, or "not disclosed"."""
    if billions is None:
        return "not disclosed"
    if billions >= 1000:
        return f"{billions / 1000:.4g} T"
    return f"{billions:.4g} B" if billions >= 1 else f"{1000 * billions:.4g} M"
