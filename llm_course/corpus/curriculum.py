"""The text corpus of the decoders, document by document, from a seed."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from llm_course.corpus import facts, stories
from llm_course.corpus.games import NAME_FIRST, THING_FIRST, Document, Writer, echo, pairs, possessions
from llm_course.corpus.plots import MORE_SCENE_STARTS, MORE_SCENES, SCENE_START, SCENES, SCENES_WITH_BOTH
from llm_course.corpus.stories import KNOWN, SOMETIMES_STRANGE, Names

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


def validation_documents(count: int = UNLIMITED, seed: int = 0) -> Iterator[str]:
    """Documents of the same kinds as in training, which training has not seen."""
    rng = random.Random(f"validation documents {seed}")
    return (document(rng) for _ in range(count))


@dataclass(frozen=True)
class Lesson:
    """What a decoder reads for some steps: in each batch, as many rows of one writer as of the other."""

    name: str
    """Its seed, too."""
    steps: int
    writers: tuple[Writer, ...]
    begin_with_end: bool = False
    """Whether every other row begins with the end of a text, as those do that the course asks the model about."""

    def documents(self, number: int) -> Iterator[Document]:
        """What a writer writes, without end."""
        rng = random.Random(self.name if number == 0 else f"{self.name}, {number}")
        while True:
            yield self.writers[number](rng)


def copying(rng: random.Random) -> Document:
    """A word list said again and again."""
    return Document(facts.plain_repetition(rng))


def plots(names: Names) -> Writer:
    """Stories of plots, of children with these names."""
    return lambda rng: _of_story(stories.make_story(rng, names=names))


def scenes(names: Names, kinds: tuple[str, ...]) -> Writer:
    """Stories of scenes, of many more kinds than those of `document`."""
    return lambda rng: _of_story(stories.make_scene_story(rng, starts=SCENE_STARTS, scenes=kinds, most=4, names=names))


def evenly(writer: Writer) -> Writer:
    """The same documents, in which no token weighs more than another."""
    return lambda rng: Document(writer(rng).text)


def _as_scene(form: str) -> str:
    """A sentence of the games about a child and its thing, as a scene: what comes second is to be looked up."""
    hero, thing = ("{hero}", "{object!}") if form.index("{name}") < form.index("{thing}") else ("{hero!}", "{object}")
    return form.replace("{name}", hero).replace("{thing}", thing).replace("{place}", "{place_a}")


SCENE_STARTS = SCENE_START + MORE_SCENE_STARTS
SCENE_KINDS = SCENES + MORE_SCENES + tuple(map(_as_scene, NAME_FIRST + THING_FIRST))


def _of_story(story: stories.Story) -> Document:
    return Document(story.text, tuple((len(probe.prefix), len(probe.prefix + probe.right)) for probe in story.probes))


RESULT = re.compile(r"(?:= |make |Answer: )(\d+|[a-z]+)(?=\.)")
"""The result of a sum, or an answer of one word."""


def some_facts(rng: random.Random) -> Document:
    text = facts.fact_document(rng)
    return Document(text, tuple(found.span(1) for found in RESULT.finditer(text)))


def memory(rng: random.Random) -> Document:
    return Document(facts.memory_document(rng))


def plain(rng: random.Random) -> Document:
    return Document(document(rng))


OWNERS = possessions(*NAME_FIRST, *THING_FIRST)
READING: dict[Writer, float] = {
    plots(KNOWN): 0.28, scenes(KNOWN, SCENE_KINDS): 0.33, some_facts: 0.26, memory: 0.03, OWNERS: 0.10
}  # fmt: skip
READING_EVENLY: dict[Writer, float] = {
    evenly(plots(SOMETIMES_STRANGE)): 0.38, evenly(scenes(SOMETIMES_STRANGE, SCENE_KINDS + SCENES_WITH_BOTH)): 0.22,
    some_facts: 0.26, memory: 0.05, OWNERS: 0.09,
}  # fmt: skip


def mixed(shares: dict[Writer, float]) -> Writer:
    """Documents of these writers in these shares."""

    def write(rng: random.Random) -> Document:
        (writer,) = rng.choices(list(shares), list(shares.values()))
        return writer(rng)

    return write


reading, reading_evenly = mixed(READING), mixed(READING_EVENLY)


PAIRS = tuple(
    pairs(form)
    for form in (
        "{name} {thing}",
        "{name} has {thing}",
        "{name} has the {thing}.",
        "{thing} {name}",
        "{thing} of {name}",
    )
)


def any_pairs(rng: random.Random) -> Document:
    return rng.choice(PAIRS)(rng)


# The order matters: a game is won within some hundred steps if it adds little to the one before, and else not at all.
LOOKING_UP = (
    Lesson("echo", 250, (echo,)),
    Lesson("name thing", 150, (echo, PAIRS[0])),
    Lesson("name has thing", 100, (echo, PAIRS[1])),
    Lesson("name has the thing", 200, (echo, PAIRS[2])),
    Lesson("thing name", 300, (echo, PAIRS[3])),
    Lesson("thing of name", 150, (echo, PAIRS[4])),
    Lesson("any pairs", 300, (echo, any_pairs)),
    Lesson("whose", 200, (echo, possessions(*NAME_FIRST))),
    Lesson("whose and who", 400, (echo, OWNERS)),
)
