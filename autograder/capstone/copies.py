"""Whether two of a class handed in one model, or one training run: for people to look at, and no verdict.

Each learner's seed is drawn, so that two who work apart begin with other weights and read other batches. A model stays
the same function when its neurons, heads or columns change places, or when its stream is turned. None of that changes
the cosines between its words.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from autograder.capstone.replay import SAME_LOSS
from autograder.capstone.tokenizer import Vocabulary
from autograder.result import Result
from llm_course.capstone.format import BASE, MODEL, REPLAYED, TABLE
from llm_course.capstone.ledger import PRETRAIN

WORDS = (
    " The", " What", " and", " asked", " at", " big", " boy", " but", " called", " came", " capital", " day", " gave",
    " girl", " had", " has", " her", " home", " in", " is", " it", " looked", " near", " new", " of", " old", " put",
    " said", " she", " small", " the", " to", " took", " was", " went", " with",
)  # fmt: skip
"""Words that tokenizers of the course's texts have in one token."""
FEWEST = 50
"""Pairs of words that two models have in common at least."""
SAME_MODEL = 0.95
COMPARED = {BASE: "base model", MODEL: "finished model"}
WORDS_OF = "words"
Cosines = Sequence[float | None]


@dataclass(frozen=True)
class Copy:
    """Two students who have something in common that two runs do not have: "their base models", say."""

    one: str
    other: str
    what: tuple[str, ...]

    def told(self) -> str:
        """What they have in common, and what it means, in a sentence without their names."""
        *most, last = (f"the same {thing}" for thing in self.what)
        shared = f"{', '.join(most)} and {last}" if most else last
        return (
            f"have {shared}: seeds are drawn for each learner, so two who work apart come to that only if both set one "
            "seed and the same settings"
        )


def cosines(vocabulary: Vocabulary, weights: Mapping[str, Tensor]) -> list[float | None]:
    """The cosine between each two of WORDS in a model's table; None where one of them is not a token."""
    ids = {token: number for number, token in enumerate(vocabulary.tokens)}
    vectors = {word: weights[TABLE][ids[word.encode()]] for word in WORDS if word.encode() in ids}
    unit = {word: vector / vector.norm().clamp_min(1e-30) for word, vector in vectors.items()}
    return [
        round(float(unit[one] @ unit[other]), 4) if one in unit and other in unit else None
        for one, other in itertools.combinations(WORDS, 2)
    ]


def copies(results: Mapping[str, Result]) -> list[Copy]:
    """The pairs of a class with a model or a run in common, by name. `results` are those of one assignment."""
    figures = {student: result.figures for student, result in sorted(results.items()) if WORDS_OF in result.figures}
    found = (
        Copy(one, other, tuple(_in_common(figures[one], figures[other])))
        for one, other in itertools.combinations(figures, 2)
    )
    return [copy for copy in found if copy.what]


def _in_common(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    for file, name in COMPARED.items():
        if likeness(one[WORDS_OF].get(file, ()), other[WORDS_OF].get(file, ())) >= SAME_MODEL:
            yield name
    if _same_losses(*(figures.get("curve", {}).get(PRETRAIN, ()) for figures in (one, other))):
        yield "training run"


def likeness(one: Cosines, other: Cosines) -> float:
    """The correlation of the cosines that both have; 0 where they are too few."""
    pairs = [(a, b) for a, b in zip(one, other, strict=False) if a is not None and b is not None]
    if len(pairs) < FEWEST:
        return 0.0
    with np.errstate(invalid="ignore"):
        return float(np.nan_to_num(np.corrcoef(np.array(pairs, float).T)[0, 1]))


def _same_losses(one: Sequence[Sequence[float]], other: Sequence[Sequence[float]]) -> bool:
    """Whether the losses are the same that a grader does again: those between can be made of anything."""
    if len(one) != len(other) or len(one) < REPLAYED:
        return False
    ends = [*zip(one, other, strict=True)]
    return all(abs(a - b) <= SAME_LOSS * abs(a) for (_, a), (_, b) in ends[:REPLAYED] + ends[-REPLAYED:])
