"""One question, one answer: what chapter 9 tunes a base model on, and how its answers are judged."""

import random
from collections.abc import Callable

from llm_course.corpus import dialogues, words
from llm_course.corpus.dialogues import Turn
from llm_course.corpus.facts import article

Sum = tuple[int, int]
ALL_SUMS: list[Sum] = [(left, right) for left in range(10) for right in range(10)]
SHOWN_SUMS = [pair for pair in ALL_SUMS if not words.is_held_out_sum(*pair)]
NEVER_SHOWN_SUMS = [pair for pair in ALL_SUMS if words.is_held_out_sum(*pair)]
OTHER_TOPICS: tuple[Callable[[random.Random], list[Turn]], ...] = (
    dialogues.capital,
    dialogues.capital,
    dialogues.opposite,
    dialogues.animal,
    dialogues.unknown,
    dialogues.about_itself,
    dialogues.greeting,
)


def short_turns(count: int, seed: int = 0) -> list[Turn]:
    """Questions and answers: one in four a sum, one in four about an animal, the rest of other kinds."""
    rng = random.Random(f"short turns {seed}")
    return [_turn(rng) for _ in range(count)]


def ask_sum(pair: Sum) -> str:
    """The one wording in which the chapter asks, so that all its prompts are equally long."""
    return f"What is {pair[0]} + {pair[1]}?"


def answer_sum(pair: Sum) -> str:
    left, right = pair
    return f"{left} + {right} = {left + right}."


def ask_animal(animal: str) -> str:
    return f"Tell me about the {animal}."


def true_sentences(animal: str) -> list[str]:
    """The three sentences that the course's models were told about an animal."""
    home, food, ability = words.ANIMALS[animal]
    one = article(animal)
    subject = one[0].upper() + one[1:]
    return [f"{subject} lives {home}.", f"{subject} eats {food}.", f"{subject} can {ability}."]


def judge_animal(animal: str, answer: str) -> tuple[int, int]:
    """How many sentences an answer about an animal has, and how many of them are not among the true ones."""
    sentences = [f"{sentence.strip()}." for sentence in answer.split(".") if sentence.strip()]
    true = true_sentences(animal)
    return len(sentences), sum(sentence not in true for sentence in sentences)


def _turn(rng: random.Random) -> Turn:
    kind = rng.random()
    if kind < 0.25:
        return dialogues.addition(rng)[0]
    if kind < 0.5:
        animal = rng.choice(list(words.ANIMALS))
        said = rng.sample(true_sentences(animal), rng.randint(1, 3))
        return ask_animal(animal), " ".join(said)
    return rng.choice(OTHER_TOPICS)(rng)[0]
