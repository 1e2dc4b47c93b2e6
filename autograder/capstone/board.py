"""The board of a class: what each model needs for a byte of new text, against the tokens that it has seen.

All of it was measured. Tokens are the ledger's, and stand here only where its steps were done again and agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from autograder.exercises.capstone import LEDGER
from autograder.records.result import Result
from llm_course.capstone import curves
from llm_course.capstone.format import MAX_TOKENS
from llm_course.capstone.ledger import PRETRAIN, QUANTIZE, lineage, tokens_seen

REFERENCE = "the course's reference run"
LABEL_POINTS = 13
"""Room for a name, from one to the next."""
USED = 0.8
"""The share of a figure's height that its axes have."""


@dataclass(frozen=True)
class Line:
    """A model on the board; what could not be measured is None."""

    name: str
    bits_per_byte: float
    tokens: int | None
    parameters: int | None
    right: float | None
    quantized: float | None

    @property
    def million_tokens(self) -> float | None:
        return None if self.tokens is None else self.tokens / 1e6


def board(results: Mapping[str, Result], reference: Mapping[str, Any]) -> list[Line]:
    """The models that were measured, the best first, the reference run among them; empty where there are none."""
    measured = {name: _proven(result) for name, result in results.items() if result.figures.get("bits_per_byte")}
    if not measured:
        return []
    named = {**measured, **({REFERENCE: reference} if reference else {})}
    return sorted((_line(name, figures) for name, figures in named.items()), key=lambda line: line.bits_per_byte)


def reference() -> dict[str, Any]:
    """The figures of the course's reference run, as its ledger has them."""
    made = lineage(curves.reference())
    return {
        "bits_per_byte": made[PRETRAIN].figures["bits_per_byte"],
        "parameters": made[PRETRAIN].figures["parameters"],
        "quantized_bits_per_byte": made[QUANTIZE].figures["bits_per_byte"],
        "tokens": tokens_seen(made.values()),
    }


def height(lines: list[Line]) -> float:
    """Inches of a figure that has room for all names, one above the other."""
    return max(4.0, (len(lines) + 1) * LABEL_POINTS / 72 / USED)


def draw(lines: list[Line], axes: Axes) -> None:
    """The board as a picture: one mark a model, the reference hollow. `lines` are the best first."""
    shown = [line for line in lines if line.million_tokens is not None]
    top = max((line.bits_per_byte for line in shown), default=1.0) * 1.1
    gap = top * LABEL_POINTS / 72 / USED / height(lines)
    for line, name_at in zip(shown, _spread([line.bits_per_byte for line in shown], gap, top), strict=True):
        tokens = line.million_tokens or 0.0
        axes.plot(
            tokens, line.bits_per_byte, "o", color="#4477AA", fillstyle="none" if line.name == REFERENCE else "full"
        )
        is_right = tokens > 0.6 * MAX_TOKENS / 1e6
        axes.annotate(
            line.name,
            (tokens, line.bits_per_byte),
            xytext=(tokens + (-0.3 if is_right else 0.3), name_at),
            ha="right" if is_right else "left",
            va="center",
            arrowprops={"arrowstyle": "-", "color": "#BBBBBB", "linewidth": 0.6, "relpos": (int(is_right), 0.5)},
            # A name is whatever a learner's folder is called, and no formula.
            parse_math=False,
        )
    axes.set(xlabel="million tokens seen", ylabel="bits per byte", xlim=(0, MAX_TOKENS / 1e6 * 1.05), ylim=(0, top))


def _spread(values: Sequence[float], gap: float, top: float) -> list[float]:
    """Rising values moved as little as need be, so that each is `gap` above the one before and `top` is above all.

    Who takes the notebook's settings stands where the others do.
    """
    places: list[float] = []
    for value in values:
        places.append(max(value, places[-1] + gap) if places else value)
    limit = top - gap / 2
    for number in reversed(range(len(places))):
        places[number] = min(places[number], limit)
        limit = places[number] - gap
    return places


def _proven(result: Result) -> dict[str, Any]:
    """The figures of a model, without those that its ledger tells and nobody could do again."""
    ledger = next((exercise for exercise in result.exercises if exercise.name == LEDGER.name), None)
    is_proven = ledger is not None and all(item.holds for item in ledger.properties)
    return result.figures if is_proven else {**result.figures, "tokens": None}


def _line(name: str, figures: Mapping[str, Any]) -> Line:
    return Line(
        name=name,
        bits_per_byte=figures["bits_per_byte"],
        tokens=figures.get("tokens"),
        parameters=figures.get("parameters"),
        right=figures.get("right"),
        quantized=figures.get("quantized_bits_per_byte"),
    )
