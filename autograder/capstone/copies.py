"""Whether two of a class handed in one model, or one training run: for people to look at, and no verdict.

Each learner's seed is drawn, so that two who work apart begin with other weights and read other batches.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.capstone.likeness import Portrait
from autograder.capstone.replay import SAME_LOSS
from autograder.records.result import Result
from llm_course.capstone.format import BASE, MODEL, REPLAYED
from llm_course.capstone.ledger import PRETRAIN

COMPARED = {BASE: "base model", MODEL: "finished model"}
PORTRAITS = "portraits"
Curves = Mapping[str, Sequence[Sequence[float]]]


@dataclass(frozen=True)
class Copy:
    """Two students who have something in common that two runs do not have: "their base models", say."""

    one: str
    other: str
    what: tuple[str, ...]

    def message(self) -> str:
        """What they have in common, and what it means, in a sentence without their names."""
        *most, last = (f"the same {thing}" for thing in self.what)
        shared = f"{', '.join(most)} and {last}" if most else last
        return (
            f"have {shared}: seeds are drawn for each learner, so two who work apart come to that only if both set one "
            "seed and the same settings"
        )


def copies(results: Mapping[str, Result]) -> list[Copy]:
    """The pairs of a class with a model or a run in common, by name. `results` are those of one assignment."""
    figures = {student: result.figures for student, result in sorted(results.items()) if PORTRAITS in result.figures}
    found = (
        Copy(one, other, tuple(_in_common(figures[one], figures[other])))
        for one, other in itertools.combinations(figures, 2)
    )
    return [copy for copy in found if copy.what]


def same_run(one: Curves, other: Curves) -> bool:
    """Whether pre-training has the same losses where a grader does it again: those between can be made of anything."""
    losses = [[loss for _, loss in curves.get(PRETRAIN, ())] for curves in (one, other)]
    if len(losses[0]) != len(losses[1]) or len(losses[0]) < REPLAYED:
        return False
    pairs = [*zip(*losses, strict=True)]
    return all(abs(a - b) <= SAME_LOSS * abs(a) for a, b in pairs[:REPLAYED] + pairs[-REPLAYED:])


def _in_common(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    for file, name in COMPARED.items():
        if all(file in figures[PORTRAITS] for figures in (one, other)):
            portraits = (Portrait(**figures[PORTRAITS][file]) for figures in (one, other))
            if next(portraits).shared(next(portraits)):
                yield name
    if same_run(*(figures.get("curve", {}) for figures in (one, other))):
        yield "training run"
