"""Pictures of widgets for print and for pages without scripts: plain HTML that takes its ink from the page."""

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
    return _table(caption, f"<thead><tr><td></td>{header}</tr></thead><tbody>{rows}</tbody>")


def number_table(
    caption: str, rows: Sequence[str], values: ArrayLike, columns: Sequence[str] | None = None, digits: int = 2
) -> str:
    """A table of numbers; columns are numbered from 1 if they have no names."""
    matrix = np.asarray(values, dtype=float)
    names = [str(column + 1) for column in range(matrix.shape[1])] if columns is None else columns
    header = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    lines = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(f"<td>{value:.{digits}f}</td>" for value in line)
        + "</tr>"
        for label, line in zip(rows, matrix.tolist(), strict=True)
    )
    return _table(caption, f"<thead><tr><td></td>{header}</tr></thead><tbody>{lines}</tbody>")


def softmax(logits: ArrayLike) -> NDArray[np.float64]:
    """The softmax of one row."""
    scores = np.asarray(logits, dtype=float)
    exponentials = np.exp(scores - scores.max())
    return exponentials / exponentials.sum()


def most_probable(caption: str, tokens: Sequence[str], logits: ArrayLike, count: int = 10) -> str:
    """The `count` most probable tokens of a softmax over `logits`."""
    probabilities = softmax(logits)
    ranked = np.argsort(-probabilities)[:count]
    return bars(caption, [tokens[index] for index in ranked], probabilities[ranked])


def bars(caption: str, labels: Sequence[str], shares: ArrayLike) -> str:
    """Shares of one as a table with bars, as wide as their column for 1; spaces in labels are made visible."""
    values = np.asarray(shares, dtype=float).tolist()
    rows = "".join(
        f'<tr><th scope="row">{_visible(label)}</th>'
        f'<td style="width: 12rem"><div style="width: {100 * value:.1f}%; min-width: 2px; height: 0.9em; '
        f'background: rgb(0 114 178)"></div></td><td>{100 * value:.1f} %</td></tr>'
        for label, value in zip(labels, values, strict=True)
    )
    return _table(caption, f"<tbody>{rows}</tbody>")


def way(caption: str, stops: Sequence[tuple[str, str, str]]) -> str:
    """The stops of a way from top to bottom: name, shape of what passes, and the guess there, if there is one."""
    rows = "".join(
        f'<tr><th scope="row" style="text-align: left">{escape(name)}</th><td>{escape(shape)}</td>'
        f"<td>{_visible(guess)}</td></tr>"
        for name, shape, guess in stops
    )
    header = "".join(f'<th scope="col">{name}</th>' for name in ("Part", "Shape", "Top guess"))
    return _table(caption, f"<thead><tr>{header}</tr></thead><tbody>{rows}</tbody>")


def token_strip(caption: str, tokens: Sequence[str]) -> str:
    """Tokens side by side, each in a frame."""
    style = "border: 1px solid; border-radius: 3px; padding: 0 0.15em; margin: 0 1px; display: inline-block"
    frames = "".join(f'<span style="{style}">{_visible(token)}</span>' for token in tokens)
    return f"<p>{escape(caption)}:</p><p>{frames}</p>"


def _visible(token: str) -> str:
    return escape(token.replace(" ", "␣").replace("\n", "⏎"))


def _table(caption: str, content: str) -> str:
    name = escape(caption)
    table = f"<table><caption>{name}</caption>{content}</table>"
    return f'<div style="overflow-x: auto" tabindex="0" role="group" aria-label="{name}">{table}</div>'


def _cell(value: float, share: float) -> str:
    return f'<td style="background: {TINT.format(STRENGTH * abs(share))}; text-align: center">{value:.2f}</td>'
