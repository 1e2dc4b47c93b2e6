"""The text corpus of the decoders, document by document, from a seed."""

import random
from collections.abc import Iterator

from llm_course.training import facts, stories

UNLIMITED = 10**9
PLOT_SHARE, SCENE_SHARE, FACT_SHARE = 0.40, 0.25, 0.25


def document(rng: random.Random) -> str:
    """One document: a story of a plot (40 of 100), a story of scenes (25), facts (25) or a memory game (10)."""
    draw = rng.random()
    if draw < PLOT_SHARE:
        return stories.make_story(rng).text
    if draw < PLOT_SHARE + SCENE_SHARE:
        return stories.make_scene_story(rng).text
    if draw < PLOT_SHARE + SCENE_SHARE + FACT_SHARE:
        return facts.fact_document(rng)
    return facts.memory_document(rng)


def training_documents(count: int = UNLIMITED, seed: int = 0) -> Iterator[str]:
    """The first `count` training documents of this seed. No held-out name, plot, sum or capital is in them."""
    rng = random.Random(f"training documents {seed}")
    return (document(rng) for _ in range(count))


def copying_games(seed: int = 0) -> Iterator[str]:
    """Word lists said again and again, without end: what a decoder is given first."""
    rng = random.Random(f"copying games {seed}")
    while True:
        yield facts.plain_repetition(rng)


def validation_documents(count: int = UNLIMITED, seed: int = 0) -> Iterator[str]:
    """Documents of the same kinds as in training, which training has not seen."""
    rng = random.Random(f"validation documents {seed}")
    return (document(rng) for _ in range(count))
