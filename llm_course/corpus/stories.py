"""Stories: a plot, a cast and a seed make a text, and the places where it can go wrong."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from llm_course.corpus import words
from llm_course.corpus.plots import (
    HELD_OUT_PLOTS,
    OPENINGS,
    PLOTS,
    SCENE_END,
    SCENE_QUESTIONS,
    SCENE_START,
    SCENE_SWAP,
    SCENES,
)

CHOICE = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"\{(\w+(?:\.\w+)?)(!?)\}")
ARTICLE = re.compile(r"\b([Aa]) (?=[aeiou])")
PRONOUNS = {"she": ("she", "her", "her"), "he": ("he", "him", "his")}
# What stands in a probe against the right word: the other child, the other object, the other pronoun.
RIVALS = {"hero": "friend", "friend": "hero", "object": "other", "other": "object"}


@dataclass(frozen=True)
class Probe:
    """After `prefix`, `right` should be likelier than `wrong`. `kind` is "name", "object" or "pronoun"."""

    kind: str
    prefix: str
    right: str
    wrong: str


@dataclass(frozen=True)
class Story:
    plot: str
    text: str
    probes: tuple[Probe, ...]


def choose(template: str, rng: random.Random) -> str:
    """Replace every `[a|b]` by one of its alternatives, innermost first."""
    while match := CHOICE.search(template):
        template = template[: match.start()] + rng.choice(match[1].split("|")) + template[match.end() :]
    return template


def invented_name(rng: random.Random) -> str:
    """A name that no list holds, as "Zomi": it can only be copied, never recalled."""
    return "".join(
        rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(rng.choice([2, 2, 3]))
    ).capitalize()


def strange_name(rng: random.Random) -> str:
    """An invented name that is harder to copy, as "Brennis": it is cut into pieces of more kinds."""
    middle = "".join(rng.choice("aeiou") + rng.choice(words.NAME_MIDDLES) for _ in range(rng.choice([1, 1, 1, 2])))
    name = (rng.choice(words.NAME_ONSETS) + middle + rng.choice(words.NAME_ENDS)).capitalize()
    return strange_name(rng) if name in words.HELD_OUT_GIRLS + words.HELD_OUT_BOYS else name


@dataclass(frozen=True)
class Names:
    """Where the names of children come from, and the share of them that `invent` makes instead."""

    girls: list[str]
    boys: list[str]
    invented: float = 0.0
    invent: Callable[[random.Random], str] = invented_name


KNOWN = Names(words.GIRLS, words.BOYS, invented=0.15)
SOMETIMES_STRANGE = Names(words.GIRLS, words.BOYS, invented=0.30, invent=strange_name)
HELD_OUT = Names(words.HELD_OUT_GIRLS, words.HELD_OUT_BOYS)


def make_cast(rng: random.Random, names: Names = KNOWN) -> dict[str, str]:
    """Fill every slot once."""
    slots: dict[str, str] = {}
    for role in ("hero", "friend"):
        pronoun = rng.choice(["she", "he"])
        listed = names.girls if pronoun == "she" else names.boys
        name = rng.choice([name for name in listed if name not in slots.values()])
        if names.invented and rng.random() < names.invented:
            name = names.invent(rng)
        slots[role] = name
        _add_pronouns(slots, "" if role == "hero" else f"{role}.", pronoun)
    adult, pronoun = rng.choice(words.ADULTS)
    slots["adult"] = adult
    _add_pronouns(slots, "adult.", pronoun)
    slots["object"], slots["other"] = make_objects(rng, 2)
    slots["place_a"], slots["place_b"], slots["place_c"] = rng.sample(words.HIDING_PLACES, 3)
    slots["food"], slots["food_b"] = rng.sample(words.FOODS, 2)
    slots["day"], slots["day_b"] = rng.sample(words.DAYS, 2)
    slots["pet_name"] = rng.choice(["Spot", "Fluffy", "Milo", "Button", "Coco", "Pepper", invented_name(rng)])
    cities = [*words.CAPITALS.values(), *words.HELD_OUT_CAPITALS.values()]
    count = rng.randint(4, 12)
    paid = rng.randint(2, count - 1)
    slots |= {
        "outdoors": rng.choice(words.OUTDOOR_PLACES), "drink": rng.choice(words.DRINKS), "pet": rng.choice(words.PETS),
        "feeling_good": rng.choice(words.FEELINGS_GOOD), "feeling_bad": rng.choice(words.FEELINGS_BAD),
        "flower": rng.choice(words.FLOWERS), "city": rng.choice(cities),
        "count": words.NUMBERS[count], "paid": words.NUMBERS[paid], "left": words.NUMBERS[count - paid],
    }  # fmt: skip
    return slots


def make_objects(rng: random.Random, count: int) -> list[str]:
    """Things that differ in noun and attribute, as ["red ball", "small key"]."""
    nouns = rng.sample(words.TOYS + words.THINGS, count)
    attributes = rng.sample(words.COLORS + words.SIZES, count)
    return [f"{attribute} {noun}" for attribute, noun in zip(attributes, nouns, strict=True)]


def _add_pronouns(slots: dict[str, str], prefix: str, pronoun: str) -> None:
    subject, object_form, possessive = PRONOUNS[pronoun]
    child = "girl" if pronoun == "she" else "boy"
    slots |= {f"{prefix}he": subject, f"{prefix}him": object_form, f"{prefix}his": possessive, f"{prefix}child": child}


def _rival(slot: str, slots: dict[str, str]) -> tuple[str, str] | None:
    """What a confused storyteller would write in this slot, after the kind of that error; or None."""
    if slot in RIVALS:
        return ("name" if slot in ("hero", "friend") else "object"), slots[RIVALS[slot]]
    form = slot.rpartition(".")[2]
    if form in ("he", "him", "his"):
        other = "he" if slots[slot] in PRONOUNS["she"] else "she"
        return "pronoun", PRONOUNS[other][("he", "him", "his").index(form)]
    return None


def fill(template: str, slots: dict[str, str], before: str = "") -> tuple[str, list[Probe]]:
    """Fill the slots of one line. Returns the text and its probes, whose prefix starts with `before`."""
    text, probes, end = "", [], 0
    for match in SLOT.finditer(template):
        text += template[end : match.start()]
        slot, end = match[1].lower(), match.end()
        as_written = capitalize if match[1][0].isupper() or not text else str
        value, rival = as_written(slots[slot]), _rival(slot, slots)
        text = finish(text + value)
        if match[2] and rival:
            kind, wrong = rival
            prefix = before + text[: len(text) - len(value)]
            # A name or an object is a matter of memory only once both have been named.
            if kind == "pronoun" or (slots[slot] in prefix and wrong in prefix):
                probes.append(Probe(kind, prefix, value, as_written(wrong)))
    return finish(text + template[end:]), probes


def capitalize(text: str) -> str:
    return text[:1].upper() + text[1:]


def finish(text: str) -> str:
    """A capital at the start, and "an" before a vowel."""
    start = 1 if text.startswith('"') else 0
    return ARTICLE.sub(r"\1n ", text[:start] + capitalize(text[start:]))


class Telling:
    """A story while it is told: the text so far, and the probes in it."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.text = ""
        self.probes: list[Probe] = []

    def tell(self, sentence: str, slots: dict[str, str], join: str = " ") -> None:
        """Choose, fill and add a sentence; an empty one adds nothing."""
        chosen = choose(sentence, self.rng).strip()
        if chosen:
            before = self.text + (join if self.text else "")
            filled, found = fill(chosen, slots, before)
            self.text = before + filled
            self.probes += found

    def ask(self, line: str, slots: dict[str, str]) -> None:
        """Add a question about the story and its answer; `line` is "? question ? answer"."""
        _, question, answer = (part.strip() for part in line.split("?"))
        self.tell(f"Question: {fill(question + '?', slots)[0]}", slots, "\n")
        self.text += "\nAnswer:"
        self.tell(answer, slots)


def make_story(rng: random.Random, *, plots: dict[str, str] = PLOTS, names: Names = KNOWN) -> Story:
    """One story of one plot, with one question about it at the end three times in ten."""
    name = rng.choice(list(plots))
    slots = make_cast(rng, names)
    lines = [line.strip() for line in plots[name].strip().splitlines()]
    telling = Telling(rng)
    for sentence in [rng.choice(OPENINGS), *(line for line in lines if not line.startswith("?"))]:
        telling.tell(sentence, slots)
    if rng.random() < 0.3:
        telling.ask(rng.choice([line for line in lines if line.startswith("?")]), slots)
    return Story(name, telling.text, tuple(telling.probes))


def make_scene_story(
    rng: random.Random,
    *,
    starts: tuple[str, ...] = SCENE_START,
    scenes: tuple[str, ...] = SCENES,
    most: int = 3,
    names: Names = KNOWN,
) -> Story:
    """A story of two to `most` scenes in any order. Whoever has what at each moment, the right words follow from it."""
    slots = make_cast(rng, names)
    telling = Telling(rng)
    telling.tell(rng.choice(OPENINGS), slots)
    telling.tell(rng.choice(starts), slots)
    for _ in range(rng.randint(2, most)):
        slots = scene_slots(slots, rng)
        if rng.random() < 0.2:
            telling.tell(rng.choice(SCENE_SWAP), slots)
            slots = slots | {"object": slots["other"], "other": slots["object"]}
        else:
            telling.tell(rng.choice(scenes), slots)
    slots = scene_slots(slots, rng)
    telling.tell(rng.choice(SCENE_END), slots)
    if rng.random() < 0.4:
        telling.ask(rng.choice(SCENE_QUESTIONS), scene_slots(slots, rng))
    return Story("scenes", telling.text, tuple(telling.probes))


def scene_slots(slots: dict[str, str], rng: random.Random) -> dict[str, str]:
    """The slots of the next scene: new places, and half the time the other child, with its object, as the hero."""
    places = dict(zip(("place_a", "place_b", "place_c"), rng.sample(words.HIDING_PLACES, 3), strict=True))
    if rng.random() < 0.5:
        return slots | places
    turned = {"hero": "friend", "friend": "hero", "object": "other", "other": "object"}
    pronouns = {form: f"friend.{form}" for form in ("he", "him", "his", "child")}
    turned |= pronouns | {long: short for short, long in pronouns.items()}
    return slots | {slot: slots[source] for slot, source in turned.items()} | places


def held_out_stories(count: int, seed: int) -> list[Story]:
    """Stories of plots that training never shows, half of them with names that it never shows."""
    rng = random.Random(f"held-out stories {seed}")
    return [make_story(rng, plots=HELD_OUT_PLOTS, names=(KNOWN, HELD_OUT)[index % 2]) for index in range(count)]
