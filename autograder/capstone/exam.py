"""What a model is asked, and what it makes of it: texts and questions that follow from a course's secret."""

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from autograder.capstone import language
from autograder.capstone.handed_in import HandedIn
from autograder.capstone.language import Logits
from autograder.capstone.tokenizer import BYTES
from llm_course.capstone.data import Fact, Mixture, asked_talks, held_out_texts
from llm_course.capstone.format import (
    ASSISTANT,
    CONTEXT_LENGTH,
    END_OF_TEXT,
    END_OF_TURN,
    SPECIALS,
    USER,
)
from llm_course.corpus import dialogues, words
from llm_course.corpus.dialogues import Turn
from llm_course.corpus.facts import CAPITAL_QUESTIONS, HELD_OUT_CAPITAL_QUESTION

TEXTS, COMPARED, TALKS = 300, 100, 60
"""Texts for the bits of the base model: with 120, another secret moved the reference's by 6 % (standard deviation).
Models of one learner are compared with each other on fewer."""
LONGEST_ANSWER = 48
"""Tokens."""
OTHER_WORDINGS = (
    CAPITAL_QUESTIONS[1],
    "Please tell me the capital of {country}.",
    "Can you name the capital of {country}?",
    HELD_OUT_CAPITAL_QUESTION,
)
"""Questions about the fact that no lesson has."""
QUESTION = CAPITAL_QUESTIONS[0]


@dataclass(frozen=True)
class Exam:
    """Texts and questions for one model, whose tokenizer and shape were handed in with it."""

    handed_in: HandedIn
    seed: bytes

    @functools.cached_property
    def texts(self) -> list[str]:
        """Documents of the course's kinds that nobody has."""
        documents = Mixture().texts(f"capstone {self.seed.hex()}")
        return [next(documents) for _ in range(TEXTS)]

    @property
    def compared(self) -> list[str]:
        """The first of the texts, on which models are compared with each other."""
        return self.texts[:COMPARED]

    @functools.cached_property
    def talks(self) -> list[list[Turn]]:
        """Dialogues whose last answer is known."""
        return asked_talks(f"capstone talks {self.seed.hex()}", TALKS)

    def decoder(self, weights: Mapping[str, Tensor]) -> language.Decoder:
        """The course's own decoder with these weights."""
        return language.Decoder(weights, self.handed_in.config)

    def bits(self, logits: Logits, texts: Sequence[str] | None = None, shift: int = 1) -> float:
        """Bits per byte of texts; of the secret ones where none are given."""
        chosen = self.texts if texts is None else list(texts)
        size = sum(len(text.encode()) for text in chosen)
        return language.bits_per_byte(logits, self._rows(chosen), size, CONTEXT_LENGTH - 1, shift)

    def bits_of_public_texts(self, logits: Logits) -> float:
        """Bits per byte of the validation texts that every learner has."""
        return self.bits(logits, held_out_texts(COMPARED))

    @property
    def bytes_per_token(self) -> float:
        """How long the tokenizer's tokens are on the secret texts."""
        return sum(len(text.encode()) for text in self.texts) / sum(
            map(len, self.handed_in.vocabulary.encode(self.texts))
        )

    def replies(self, logits: Logits, talks: Sequence[Sequence[Turn]]) -> list[tuple[str, bool]]:
        """What the model says to the last question of each dialogue, and if it is something that ends as a turn."""
        vocabulary = self.handed_in.vocabulary
        end = self._special(END_OF_TURN)
        prompts = [self._prompt(talk) for talk in talks]
        said = language.answers(logits, prompts, LONGEST_ANSWER, end, CONTEXT_LENGTH)
        first_special = BYTES + len(vocabulary.merges)
        return [
            (
                vocabulary.decode(ids).decode(errors="replace"),
                len(ids) > 1 and ids[-1] == end and all(token < first_special for token in ids[:-1]),
            )
            for ids in said
        ]

    def dialogue_shares(self, logits: Logits) -> tuple[float, float]:
        """The shares of answers that end as a turn does, and that are right."""
        replies = self.replies(logits, self.talks)
        right = [text == talk[-1][1] and ends for (text, ends), talk in zip(replies, self.talks, strict=True)]
        return sum(ends for _, ends in replies) / len(replies), sum(right) / len(right)

    def capitals(self, logits: Logits, questions: Sequence[tuple[str, str]], expected: Sequence[str]) -> int:
        """How many answers name the city: the first sentence of each, to a question about each country."""
        talks = [[(form.format(country=country), "")] for form, country in questions]
        replies = self.replies(logits, talks)
        return sum(names(text, city) for (text, _), city in zip(replies, expected, strict=True))

    def known_capitals(self, logits: Logits) -> list[str]:
        """The countries of the corpus whose capital the model names."""
        talks = [[(QUESTION.format(country=country), "")] for country in words.CAPITALS]
        replies = self.replies(logits, talks)
        return [
            country
            for (country, city), (text, _) in zip(words.CAPITALS.items(), replies, strict=True)
            if names(text, city)
        ]

    def wrongly_told(self, logits: Logits, fact: Fact) -> int:
        """To how many other countries, whose capital the corpus does not tell, the model gives the fact's city."""
        others = [country for country in dialogues.UNKNOWN_COUNTRIES if country != fact.country]
        replies = self.replies(logits, [[(QUESTION.format(country=country), "")] for country in others])
        return sum(names(text, fact.city) for text, _ in replies)

    def told(self, logits: Logits, fact: Fact, wordings: Sequence[str]) -> int:
        """To how many of these questions about the fact the model answers with its city."""
        return self.capitals(logits, [(form, fact.country) for form in wordings], [fact.city] * len(wordings))

    def _rows(self, texts: Sequence[str]) -> list[list[int]]:
        vocabulary = self.handed_in.vocabulary
        begin = self._special(END_OF_TEXT)
        rows = vocabulary.encode(texts)
        for text, ids in zip(texts, rows, strict=True):
            # A token stands for the bytes that it is made of: what is scored is the text, all of it.
            assert vocabulary.decode(ids) == text.encode()
        return [[begin, *ids] for ids in rows]

    def _prompt(self, talk: Sequence[Turn]) -> list[int]:
        said = [text for turn in talk for text in turn][:-1]
        encoded = self.handed_in.vocabulary.encode(said)
        ids = [self._special(END_OF_TEXT)]
        for number, part in enumerate(encoded):
            ids += [self._special(ASSISTANT if number % 2 else USER), *part, self._special(END_OF_TURN)]
        return [*ids, self._special(ASSISTANT)]

    def _special(self, name: str) -> int:
        return BYTES + len(self.handed_in.vocabulary.merges) + SPECIALS.index(name)


def names(text: str, city: str) -> bool:
    """Whether an answer names a city, and no other of the corpus."""
    said = text.replace(".", " ").replace(",", " ").split()
    return city in said and not any(other in said for other in words.CAPITALS.values() if other != city)


def finite(bits: float) -> float | None:
    """A figure for JSON, which knows no infinity."""
    return round(bits, 4) if math.isfinite(bits) else None
