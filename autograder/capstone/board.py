"""The board of a class: what each model needs for a byte of new text, against the tokens that it has seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from autograder.result import Result
from llm_course.capstone import curves
from llm_course.capstone.format import MAX_TOKENS
from llm_course.capstone.ledger import PRETRAIN, QUANTIZE, lineage, tokens_seen

REFERENCE = "the course's reference run"


@dataclass(frozen=True)
class Line:
    """A model on the board; what could not be measured is None."""

    name: str
    bits_per_byte: float
    tokens: int | None
    parameters: int | None
    right: float | None
    quantized: float | None
    own_functions: str

    @property
    def million_tokens(self) -> float | None:
        return None if self.tokens is None else self.tokens / 1e6


def board(results: Mapping[str, Result], reference: Mapping[str, Any]) -> list[Line]:
    """The models that were measured, the best first, the reference run among them; empty where there are none."""
    measured = {name: result.figures for name, result in results.items() if result.figures.get("bits_per_byte")}
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


def draw(lines: list[Line], axes: Axes) -> None:
    """The board as a picture: one mark a model, the reference hollow."""
    for line in lines:
        if line.million_tokens is not None:
            hollow = line.name == REFERENCE
            axes.plot(
                line.million_tokens, line.bits_per_byte, "o", color="#4477AA", fillstyle="none" if hollow else "full"
            )
            place = (line.million_tokens, line.bits_per_byte)
            # A name is whatever a learner's folder is called, and no formula.
            axes.annotate(line.name, place, xytext=(6, 3), textcoords="offset points", parse_math=False)
    axes.set(xlabel="million tokens seen", ylabel="bits per byte", xlim=(0, MAX_TOKENS / 1e6 * 1.25), ylim=(0, None))


def _line(name: str, figures: Mapping[str, Any]) -> Line:
    own = figures.get("functions")
    return Line(
        name=name,
        bits_per_byte=figures["bits_per_byte"],
        tokens=figures.get("tokens"),
        parameters=figures.get("parameters"),
        right=figures.get("right"),
        quantized=figures.get("quantized_bits_per_byte"),
        own_functions=f"{own[0]} of {own[1]}" if own else "",
    )
