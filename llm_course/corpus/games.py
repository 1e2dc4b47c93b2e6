"""Games in which some words can only be known by looking back: what a decoder plays before it reads stories.

To tell who has the ball, a decoder must notice whom each word belongs to, and find the word that belongs to the same
child. In stories alone it has no reason to begin with either: one is of no use without the other. The games ask for
the first by itself, then for both with nothing between a child and its thing, then with more and more.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from llm_course.corpus import words
from llm_course.corpus.stories import finish, invented_name, make_objects

NAMES = words.GIRLS + words.BOYS
THINGS = words.TOYS + words.THINGS + words.FOODS
ATTRIBUTES = words.COLORS + words.SIZES
FILLERS = [
    "has", "the", "a", "was", "had", "took", "saw", "and", "to", "said", "with", "it", "in", "under", "then", "looked",
    "at", "for", "of", "is", "on", "asked", "gave", "went",
]  # fmt: skip
# What may come next in the game of echoes, and how often in 100.
ECHOES = {"name": 22, "thing": 18, "new name": 10, "new thing": 10, "attribute": 8, "filler": 32}

BEGINNINGS = ("Once:", "One day:", "It was morning.", "One evening:")
FIRST_MENTIONS = (
    "{name} had a {thing}.", "{name} found a {thing}.", "{name} got a {thing}.", "{name} had a new {thing}.",
    "{name} came with a {thing}.", "a {thing} belonged to {name}.", "{name} brought a {thing} to school.",
    "{name} was there with a {thing}.",
)  # fmt: skip
NAME_FIRST = (
    "{name} took the {thing}.", "{name} saw the {thing}.", "{name} looked at the {thing}.",
    "{name} went home with the {thing}.", "{name} was proud of the {thing}.", "{name} carried the {thing} up the hill.",
    "{name} cleaned the {thing}.", "{name} put the {thing} {place}.", "{name} looked for the {thing}.",
    "{name} still had the {thing}.", "{name} ran with the {thing}.", "then {name} dropped the {thing}.",
    "{name} did not want to lose the {thing}.", "{name} has the {thing}.", "{name} needed the {thing}.",
    "{name} sat {place} with the {thing}.", "{name}'s {thing} was nice.",
)  # fmt: skip
THING_FIRST = (
    "the {thing} was {name}'s.", "the {thing} belonged to {name}.", "the {thing} is with {name}.",
    "the {thing} was from {name}.", "someone took the {thing} from {name}.", "they gave the {thing} to {name}.",
    '"Whose {thing} is it?" "It is {name}\'s."', '"I want the {thing}," said {name}.',
    "the {thing} fell down, so {name} picked it up.",
)  # fmt: skip


@dataclass(frozen=True)
class Document:
    """A text, and the places in it, by their first and last character and one, that only the text before can tell."""

    text: str
    looked_up: tuple[tuple[int, int], ...] = ()


Writer = Callable[[random.Random], Document]


class _Game:
    """A game while it is written."""

    def __init__(self, beginning: str) -> None:
        self.text = beginning
        self.looked_up: list[tuple[int, int]] = []

    def add(self, piece: str, looked_up: str = "") -> None:
        """Add a piece, in which the last occurrence of `looked_up` is to be looked up."""
        self.text += " "
        if looked_up:
            start = len(self.text) + piece.rindex(looked_up)
            self.looked_up.append((start, start + len(looked_up)))
        self.text += piece

    def document(self) -> Document:
        return Document(self.text, tuple(self.looked_up))


def echo(rng: random.Random) -> Document:
    """Any words, and at any moment the last name or the last thing once more."""
    game = _Game("Once:")
    name, thing = rng.choice(NAMES), rng.choice(THINGS)
    game.add(f"{name} {thing}")
    for _ in range(rng.randint(40, 90)):
        (kind,) = rng.choices(list(ECHOES), list(ECHOES.values()))
        if kind == "name":
            game.add(name, looked_up=name)
        elif kind == "thing":
            game.add(thing, looked_up=thing)
        elif kind == "new name":
            name = rng.choice(NAMES)
            game.add(name)
        elif kind == "new thing":
            thing = rng.choice(THINGS)
            game.add(thing)
        else:
            game.add(rng.choice(ATTRIBUTES if kind == "attribute" else FILLERS))
    return game.document()


def pairs(form: str) -> Writer:
    """The game of two to four children and their things, said over and over in this form, "{name} has {thing}"."""
    name_comes_first = form.index("{name}") < form.index("{thing}")

    def write(rng: random.Random) -> Document:
        count = rng.randint(2, 4)
        children = list(zip(rng.sample(NAMES, count), rng.sample(THINGS, count), strict=True))
        game = _Game("Once:")
        for turn in range(rng.randint(3, 6)):
            for name, thing in rng.sample(children, count):
                known = thing if name_comes_first else name
                game.add(form.format(name=name, thing=thing), looked_up=known if turn else "")
        return game.document()

    return write


def possessions(*forms: str) -> Writer:
    """The game of two to four children who come with a thing each, and are then told of in these forms."""

    def write(rng: random.Random) -> Document:
        count = rng.randint(2, 4)
        names = [invented_name(rng) if rng.random() < 0.1 else name for name in rng.sample(NAMES, count)]
        things = make_objects(rng, count)
        game = _Game(rng.choice(BEGINNINGS))
        for name, thing in rng.sample(list(zip(names, things, strict=True)), count):
            game.add(finish(rng.choice(FIRST_MENTIONS).format(name=name, thing=thing)))
        for _ in range(rng.randint(3, 10)):
            child, form = rng.randrange(count), rng.choice(forms)
            known = things[child] if form.index("{name}") < form.index("{thing}") else names[child]
            piece = form.format(name=names[child], thing=things[child], place=rng.choice(words.HIDING_PLACES))
            game.add(finish(piece), looked_up=known)
        return game.document()

    return write
