"""Long texts in which something was said once: `long_game` to learn looking far back from, `haystack` to test it.

The two share their one task, whose thing it was, but neither sentences nor plots: a haystack is made of plain sentences
that no text of training holds.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from llm_course.corpus import words
from llm_course.corpus.curriculum import SCENE_KINDS, SCENE_STARTS
from llm_course.corpus.games import FIRST_MENTIONS, NAMES, THING_FIRST, Document
from llm_course.corpus.stories import finish, make_objects, make_scene_story

HAY = (
    "The sun was warm.", "It was a quiet day.", "The wind was soft.", "The birds sang.", "The street was empty.",
    "It was not yet dark.", "A dog barked.", "The grass was green.", "The sky was blue.", "The river was near.",
    "The air was clear.", "A door was open.", "The road was long.", "The clouds were high.", "The trees were old.",
    "The water was cold.", "It did not rain.", "The bread was fresh.", "The windows were clean.",
)  # fmt: skip
BEGINNING, NEEDLE, QUESTION = "One day:", "{name} had a {thing}.", "The {thing} belonged to"


@dataclass(frozen=True)
class Haystack:
    """Token ids of a text with needles in it, which ends in a question about the first of them.

    `answer` is the id of the name that should come next, and `needle` says where the sentence with it stands.
    """

    ids: list[int]
    answer: int
    needle: slice
    thing: str


def haystack(
    rng: random.Random,
    encode: Callable[[str], list[int]],
    length: int,
    depth: float,
    *,
    distractors: int = 0,
    same_noun: bool = False,
) -> Haystack:
    """Hide a child and its thing among sentences of `HAY`, and ask at the end whose it was.

    Args:
        encode: text to token ids, without special tokens.
        length: number of tokens, the question included.
        depth: where the needle stands, from 0 (the beginning) to 1 (right before the question).
        distractors: how many other children with other things stand at random places.
        same_noun: whether all things are of one kind, as a red ball and a blue ball.

    Raises:
        ValueError: if needles and question alone are longer than `length`, or depth is not from 0 to 1.
    """
    if not 0 <= depth <= 1:
        raise ValueError(f"the depth is {depth}, and must be from 0 (the beginning) to 1 (the end)")
    names = rng.sample(NAMES, distractors + 1)
    things = _of_one_kind(rng, distractors + 1) if same_noun else make_objects(rng, distractors + 1)
    needles = [
        encode(" " + finish(NEEDLE.format(name=name, thing=thing))) for name, thing in zip(names, things, strict=True)
    ]
    beginning, question = encode(BEGINNING), encode(" " + QUESTION.format(thing=things[0]))
    room = length - len(beginning) - len(question) - sum(map(len, needles))
    if room < 0:
        raise ValueError(f"a haystack of {length} tokens has no room for its needles and its question")
    hay: list[int] = []
    while len(hay) < room:
        hay += encode(" " + rng.choice(HAY))
    places = [round(depth * room), *(rng.randint(0, room) for _ in range(distractors))]
    ids, last, start = list(beginning), 0, 0
    for place, number in sorted(zip(places, range(len(places)), strict=True)):
        ids += hay[last:place]
        start = len(ids) if number == 0 else start
        ids += needles[number]
        last = place
    ids += hay[last:room] + question
    (answer, *_) = encode(" " + names[0])
    return Haystack(ids, answer, slice(start, start + len(needles[0])), things[0])


def _of_one_kind(rng: random.Random, count: int) -> list[str]:
    noun = rng.choice(words.TOYS + words.THINGS)
    return [f"{attribute} {noun}" for attribute in rng.sample(words.COLORS + words.SIZES, count)]


def long_game(rng: random.Random, length: int = 600) -> Document:
    """The game of two to five children and their things, in pieces of stories about others: at least `length` words.

    Each child comes with its thing somewhere, and from there on it is said again and again whose the thing is, however
    far back that was.
    """
    count = rng.randint(2, 5)
    children = list(zip(rng.sample(NAMES, count), make_objects(rng, count), strict=True))
    told: list[tuple[str, str]] = []
    text, looked_up = BEGINNING, []
    while text.count(" ") < length:
        draw = rng.random()
        if len(told) < count and (not told or draw < 0.25):
            name, thing = children[len(told)]
            told.append((name, thing))
            text += " " + finish(rng.choice(FIRST_MENTIONS).format(name=name, thing=thing))
        elif draw < 0.6:
            name, thing = rng.choice(told)
            piece = finish(rng.choice(THING_FIRST[:6]).format(name=name, thing=thing))
            start = len(text) + 1 + piece.rindex(name)
            looked_up.append((start, start + len(name)))
            text += f" {piece}"
        else:
            story = make_scene_story(rng, starts=SCENE_STARTS, scenes=SCENE_KINDS).text.split("\n")[0]
            text += " " + " ".join(story.split()[: rng.randint(15, 75)])
    return Document(text, tuple(looked_up))
