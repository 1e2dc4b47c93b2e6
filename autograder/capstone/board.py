"""The board of a class: what each model needs for a byte of new text, against the tokens that it has seen.

All of it was measured. Tokens are the ledger's, and stand here only where its steps were done again and agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.exercises.capstone import LEDGER
from autograder.records.result import Result
from llm_course.capstone import curves
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
