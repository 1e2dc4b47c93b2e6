"""Milestones over the years, on a linear or a logarithmic scale, with the sizes that nobody published drawn hollow."""

from dataclasses import asdict
from html import escape
from typing import Any

from traitlets import Int, List, Unicode

from ..ui.base import CourseWidget
from .milestones import MILESTONES, Milestone

KINDS = ("all", "open", "closed")
SCALES = ("log", "linear")
MEASURES = ("total", "active")


class Timeline(CourseWidget):
    """A timeline of milestones. The reader chooses the scale, what counts as size, and whose models are shown.

    >>> Timeline()
    >>> Timeline(scale="linear", measure="active")

    Args:
        milestones: what is drawn, by default those of chapter 18.
        scale: "log" or "linear".
        measure: "total" or "active" parameters.
        kind: "all", "open" or "closed" weights.

    Raises:
        ValueError: If there is no milestone, or a choice is none of these.
    """

    milestones: Any = List().tag(sync=True)
    scale = Unicode("log").tag(sync=True)
    measure = Unicode("total").tag(sync=True)
    kind = Unicode("all").tag(sync=True)
    chosen = Int(-1).tag(sync=True)

    def __init__(
        self,
        milestones: tuple[Milestone, ...] = MILESTONES,
        scale: str = "log",
        measure: str = "total",
        kind: str = "all",
    ) -> None:
        if not milestones:
            raise ValueError("There is no milestone to show: give at least one.")
        for name, value, choices in (("scale", scale, SCALES), ("measure", measure, MEASURES), ("kind", kind, KINDS)):
            if value not in choices:
                raise ValueError(f"{name} is {value!r}: choose one of {', '.join(choices)}.")
        self._rows = milestones
        super().__init__(milestones=[asdict(one) for one in milestones], scale=scale, measure=measure, kind=kind)

    def picture(self) -> str:
        """The milestones as a table: month, name, sizes."""
        rows = "".join(
            f'<tr><td>{one.month}</td><th scope="row">{escape(one.name)}</th><td>{escape(one.organization)}</td>'
            f"<td>{in_words(one.total)}</td><td>{in_words(one.active)}</td></tr>"
            for one in self._rows
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
