"""Of much that is alike, what a run of the tests looks at: some, others each day. `make soak` looks at all."""

import hashlib
import os
from collections.abc import Iterable

from tests.soak import ALL


def of_the_day(names: Iterable[str], count: int) -> list[str]:
    """So many of the names, in their order, others with each LLM_COURSE_SEED; all where LLM_COURSE_SOAK is 1."""
    every = list(names)
    return every if ALL else drawn(every, count, os.environ["LLM_COURSE_SEED"])


def drawn(names: Iterable[str], count: int, seed: str) -> list[str]:
    """So many of the names, in their order: those that the seed draws."""
    every = list(names)
    first = sorted(every, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest())[:count]
    return [name for name in every if name in set(first)]
