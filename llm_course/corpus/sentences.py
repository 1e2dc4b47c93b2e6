"""Single sentences for the masked model. Whole stories would show it each fact too seldom."""

import random
import re

from llm_course.corpus import facts, stories

FACT_SHARE = 0.7
SENTENCE_END = re.compile(r'(?<=[.!?"]) (?=[A-Z"])')


def fact_sentence(rng: random.Random) -> str:
    """A fact as a statement, no question."""
    while True:
        text = rng.choices(facts.WRITERS, facts.WEIGHTS)[0](rng)
        if "\n" not in text:
            return text


def story_sentences(rng: random.Random) -> str:
    """One or two sentences in a row out of a story."""
    sentences = SENTENCE_END.split(stories.make_story(rng).text.partition("\n")[0])
    start = rng.randrange(len(sentences))
    return " ".join(sentences[start : start + rng.randint(1, 2)])


def training_sentences(count: int, seed: int = 0) -> list[str]:
    rng = random.Random(f"sentences {seed}")
    return [fact_sentence(rng) if rng.random() < FACT_SHARE else story_sentences(rng) for _ in range(count)]
