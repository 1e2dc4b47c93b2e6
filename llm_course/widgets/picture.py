"""Pictures of widgets for print and for pages without scripts: plain HTML that takes its ink from the page."""

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import ArrayLike

# Blue, at a strength that leaves text readable on light and on dark paper.
TINT = "rgb(0 114 178 / {:.2f})"
STRENGTH = 0.45


def heat_map(caption: str, labels: Sequence[str], values: ArrayLike) -> str:
    """A matrix as a table of tinted numbers; rows are named by the last of `labels`, columns by all of them."""
    matrix = np.asarray(values, dtype=float)
    largest = max(float(np.abs(matrix).max()), 1e-9)
    header = "".join(f'<th scope="col">{escape(label)}</th>' for label in labels)
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th>' + "".join(_cell(value, value / largest) for value in row) + "</tr>"
        for label, row in zip(labels[-len(matrix) :], matrix.tolist(), strict=True)
    )
    return (
        f'<div style="overflow-x: auto" tabindex="0" role="group" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr><td></td>{header}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cell(value: float, share: float) -> str:
    return f'<td style="background: {TINT.format(STRENGTH * abs(share))}; text-align: center">{value:.2f}</td>'
