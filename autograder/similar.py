"""Which answers of a class are much alike: a list for people to look at, and no verdict.

The code is compared by the fingerprints of its tokens (winnowing, Schleimer et al. 2003), as MOSS does it: other names,
comments and spaces change nothing. What the release brought is left out. Nothing leaves the machine.
"""

import io
import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from copydetect import CodeFingerprint, compare_files

from autograder.source_code import MAX_SEARCHED

LENGTH, WINDOW = 25, 4
"""Characters of a piece, names and texts being one each, and pieces of which one is kept."""
FEWEST = 10
"""Pieces that two answers have in common at least: a line or two look alike in any class."""


@dataclass(frozen=True)
class Pair:
    """Two students, and the share of the code of each that the other has too, from 0 to 1."""

    one: str
    other: str
    share_of_one: float
    share_of_other: float

    @property
    def alike(self) -> float:
        """The smaller of the two shares: a short answer is easily found within a long one."""
        return min(self.share_of_one, self.share_of_other)


def similar(texts: Mapping[str, str], released: str, at_least: float) -> list[Pair]:
    """The pairs that are alike by this share or more, most alike first. `texts` are the students' code."""
    known = np.array(sorted(_fingerprint("release", released).hashes), dtype=int)
    prints = {student: _fingerprint(student, text, known) for student, text in texts.items()}
    pairs = [
        _pair(one, other, prints)
        for one, other in itertools.combinations(prints, 2)
        # Comparing sets takes a hundredth of the time.
        if len(prints[one].hashes & prints[other].hashes) >= FEWEST
    ]
    found = [pair for pair in pairs if pair.alike >= at_least]
    return sorted(found, key=lambda pair: (-pair.alike, pair.one, pair.other))


def _fingerprint(name: str, text: str, boilerplate: "np.ndarray | None" = None) -> CodeFingerprint:
    # Over ten thousand lines of spaces the lexer would go for a quarter of a minute.
    lines = "\n".join(line for line in text[:MAX_SEARCHED].splitlines() if line.strip())
    return CodeFingerprint(f"{name}.py", LENGTH, WINDOW, boilerplate, language="python", fp=io.StringIO(lines))


def _pair(one: str, other: str, prints: Mapping[str, CodeFingerprint]) -> Pair:
    _, shares, _ = compare_files(prints[one], prints[other])
    return Pair(one, other, *map(float, shares))
