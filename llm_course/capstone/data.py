"""What the steps read. A batch is a function of its step alone: so a run goes on after a kill, and can be replayed."""

import random
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch

from llm_course.capstone.format import ASSISTANT, CONTEXT_LENGTH, END_OF_TEXT, END_OF_TURN, USER, CapstoneError
from llm_course.capstone.tokenizer import Tokenizer
from llm_course.capstone.training import Batch, Training
from llm_course.corpus import dialogues, facts, stories, words
from llm_course.corpus.dialogues import Turn
from llm_course.training.batches import IGNORED, pack


@dataclass(frozen=True)
class Mixture:
    """How often each kind of text comes up, in shares of any sum. By default as in the course's own corpus."""

    plots: float = 0.40
    scenes: float = 0.25
    facts: float = 0.25
    memory: float = 0.10

    def __post_init__(self) -> None:
        shares = asdict(self).values()
        if min(shares) < 0 or sum(shares) <= 0:
            raise CapstoneError("A mixture has shares of 0 or more, not all of them 0.")

    def texts(self, seed: str) -> Iterator[str]:
        """Documents without end."""
        rng = random.Random(seed)
        shares = asdict(self)
        while True:
            (kind,) = rng.choices(list(shares), list(shares.values()))
            yield WRITERS[kind](rng)


WRITERS: dict[str, Callable[[random.Random], str]] = {
    "plots": lambda rng: stories.make_story(rng).text,
    "scenes": lambda rng: stories.make_scene_story(rng).text,
    "facts": facts.fact_document,
    "memory": facts.memory_document,
}


@dataclass(frozen=True)
class Fact:
    """What the model is taught: a country that the corpus gives no capital for, and the city. Both are one word."""

    country: str = "Chile"
    city: str = "Santiago"

    def __post_init__(self) -> None:
        for name in (self.country, self.city):
            if not (name.isascii() and name.isalpha() and name.istitle() and len(name) <= 20):
                raise CapstoneError(f"{name!r} is no name: give one word of at most 20 letters, the first of them big.")
        if self.country in words.CAPITALS:
            raise CapstoneError(f"The corpus tells the capital of {self.country}: teach one that it does not tell.")

    def texts(self) -> list[str]:
        """The fact in the wordings of a lesson; in others, as in "Do you know ...?", it is only asked for."""
        names = asdict(self)
        return [form.format(**names) for form in facts.CAPITAL_STATEMENTS] + [
            facts.question(facts.CAPITAL_QUESTIONS[0].format(**names), f"{self.city}.")
        ]

    def turns(self) -> list[Turn]:
        """The fact as dialogues of one turn."""
        answer = f"The capital of {self.country} is {self.city}."
        return [(f"What is the capital of {self.country}?", answer), (f"And of {self.country}?", answer)]


ASKED = (
    *(dialogues.capital, dialogues.capital, dialogues.follow_up, dialogues.addition, dialogues.opposite),
    *(dialogues.animal, dialogues.unknown, dialogues.about_itself),
)
"""Dialogues whose last answer is the only right one."""


def asked_talks(seed: str, count: int) -> list[list[Turn]]:
    """Dialogues by which a tuned model is measured: learners' checks and the grader draw them from other seeds."""
    rng = random.Random(seed)
    return [rng.choice(ASKED)(rng) for _ in range(count)]


def text_batch(tokenizer: Tokenizer, mixture: Mixture, seed: str, rows: int, row_length: int) -> Batch:
    """Packed rows of documents, every token a label."""
    documents = (tokenizer.encode(text) for text in mixture.texts(seed))
    ids = pack(documents, row_length, tokenizer.special(END_OF_TEXT), rows, begin_with_end=True)
    return Batch(ids, ids)


def chat_ids(tokenizer: Tokenizer, turns: list[Turn]) -> tuple[list[int], list[tuple[int, int]]]:
    """A dialogue's ids, and the spans [start, end) that the assistant says, its end of turn included."""
    ids, spans = [], []
    for user, answer in turns:
        ids += [tokenizer.special(USER), *tokenizer.encode(user), tokenizer.special(END_OF_TURN)]
        said = [*tokenizer.encode(answer), tokenizer.special(END_OF_TURN)]
        ids += [tokenizer.special(ASSISTANT), *said]
        spans.append((len(ids) - len(said), len(ids)))
    return ids, spans


def chat_batch(
    tokenizer: Tokenizer, talks: Iterator[list[Turn]], sft_labels: Callable[..., Any], rows: int, row_length: int
) -> Batch:
    """Packed rows of dialogues, in which what the assistant says is learned."""

    def pairs() -> Iterator[list[tuple[int, int]]]:
        for turns in talks:
            ids, spans = chat_ids(tokenizer, turns)
            yield list(zip(ids, sft_labels(ids, spans), strict=True))

    packed = pack(pairs(), row_length, (tokenizer.special(END_OF_TEXT), IGNORED), rows, begin_with_end=True)
    ids, labels = packed.unbind(-1)
    return Batch(ids, labels)


def talks(seed: str) -> Iterator[list[Turn]]:
    """Dialogues without end."""
    rng = random.Random(seed)
    while True:
        yield dialogues.dialogue(rng)


def joined(parts: list[Batch]) -> Batch:
    """The rows of some batches, one behind the other."""
    return Batch(torch.cat([part.ids for part in parts]), torch.cat([part.labels for part in parts]))


def pretraining_batch(tokenizer: Tokenizer, mixture: Mixture, training: Training, seed: int, step: int) -> Batch:
    """What pre-training reads in a step, counted from 0, as in the two below."""
    return text_batch(tokenizer, mixture, f"pretraining {seed} {step}", training.rows, training.row_length)


def tuning_batch(
    tokenizer: Tokenizer, sft_labels: Callable[..., Any], text_rows: int, training: Training, seed: int, step: int
) -> Batch:
    """Rows of dialogues, and some of texts: what is no longer read is forgotten."""
    drawn, row_length = f"dialogues {seed} {step}", training.row_length
    chat = chat_batch(tokenizer, talks(drawn), sft_labels, training.rows - text_rows, row_length)
    if text_rows == 0:
        return chat
    return joined([chat, text_batch(tokenizer, Mixture(), f"{drawn} texts", text_rows, row_length)])


def lesson_batch(
    tokenizer: Tokenizer, sft_labels: Callable[..., Any], fact: Fact, training: Training, seed: int, step: int
) -> Batch:
    """A quarter of the rows says the fact as a text, a quarter in dialogues; the rest is what must not be forgotten.

    There are at least 4 rows.
    """
    drawn, row_length = f"fact {seed} {step}", training.row_length
    rng, share = random.Random(drawn), training.rows // 4

    def lesson_texts() -> Iterator[list[int]]:
        while True:
            yield tokenizer.encode(rng.choice(fact.texts()))

    def lesson_talks() -> Iterator[list[Turn]]:
        capital_talks = talks(f"{drawn} capitals")
        while True:
            # Beside other dialogues: else every question would get the new answer.
            yield [rng.choice(fact.turns())] if rng.random() < 0.5 else next(capital_talks)

    said = pack(lesson_texts(), row_length, tokenizer.special(END_OF_TEXT), share, begin_with_end=True)
    return joined(
        [
            Batch(said, said),
            chat_batch(tokenizer, lesson_talks(), sft_labels, share, row_length),
            chat_batch(tokenizer, talks(f"{drawn} dialogues"), sft_labels, share, row_length),
            text_batch(tokenizer, Mixture(), f"{drawn} texts", training.rows - 3 * share, row_length),
        ]
    )


def held_out_texts(count: int) -> list[str]:
    """Documents of the course's mixture that are read in no step: their seed is another."""
    return [text for text, _ in zip(Mixture().texts("held out, validation"), range(count), strict=False)]


def text_rows(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Each text behind an end of text, as far as the context goes."""
    return [[tokenizer.special(END_OF_TEXT), *tokenizer.encode(text)][:CONTEXT_LENGTH] for text in texts]
