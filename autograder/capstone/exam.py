"""What a model is asked, and what it makes of it: texts and questions that follow from a course's secret."""

import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from autograder.capstone.handed_in import HandedIn
from autograder.capstone.likeness import WORDS, Portrait, cosines, cost_of_words, layers
from llm_course.capstone import bars
from llm_course.capstone.data import Fact, Mixture, asked_talks, held_out_texts
from llm_course.capstone.decoder import Logits, Nats, bits_per_byte, logits, nats_of_tokens
from llm_course.capstone.format import (
    ASSISTANT,
    BASE,
    CONTEXT_LENGTH,
    END_OF_TEXT,
    END_OF_TURN,
    SPECIALS,
    TABLE,
    USER,
)
from llm_course.capstone.steps import HELD_OUT
from llm_course.capstone.substitutes import SUBSTITUTES
from llm_course.corpus import dialogues, words
from llm_course.corpus.dialogues import Turn
from llm_course.corpus.facts import CAPITAL_QUESTIONS, HELD_OUT_CAPITAL_QUESTION
from llm_course.training.batches import pad_rows

TEXTS, COMPARED, TALKS = 300, 100, 60
"""Texts for the bits of the base model: with 120, another secret moved the reference's by 6 % (standard deviation).
Models of one learner are compared with each other on fewer."""
FIRST = 60
"""Of the public texts: whoever learns the test has learned these at least."""
SAID = 15
"""About 1,200 words and marks."""
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
    _nats_of: dict[str, list[Nats]] = field(default_factory=dict)
    _portraits: dict[str, Portrait] = field(default_factory=dict)

    @functools.cached_property
    def texts(self) -> list[str]:
        """Documents of the course's kinds that nobody has."""
        documents = Mixture().texts(f"capstone {self.seed.hex()}")
        return [next(documents) for _ in range(TEXTS)]

    @property
    def compared(self) -> list[str]:
        """The first of the texts, on which models are compared with each other."""
        return self.texts[:COMPARED]

    @property
    def said_texts(self) -> list[str]:
        """Those on which what a model says is compared with what others say."""
        return self.texts[:SAID]

    @functools.cached_property
    def talks(self) -> list[list[Turn]]:
        """Dialogues whose last answer is known."""
        return asked_talks(f"capstone talks {self.seed.hex()}", TALKS)

    def decoder(self, weights: Mapping[str, Tensor]) -> Logits:
        """The course's own decoder with these weights: none of the learner's functions runs."""
        return functools.partial(logits, weights=weights, shape=self.handed_in.shape, functions=SUBSTITUTES)

    def bits(self, decoder: Logits, shift: int = 1) -> float:
        """Bits per byte of the texts on which models are compared."""
        return bits_per_byte(self._nats(decoder, self.compared, shift), _size(self.compared))

    def bits_of(self, file: str, texts: Sequence[str]) -> float:
        """Bits per byte of the texts, or of `compared`, by the model in a file. Raises CapstoneError."""
        return bits_per_byte(self._spent(file)[: len(texts)], _size(texts))

    def bits_of_public_texts(self, decoder: Logits) -> tuple[float, float]:
        """Bits per byte of the validation texts that every learner has, as the ledger measures them.

        Of all, and of the first: who has learned the test may have learned these alone.
        """
        texts = held_out_texts(HELD_OUT)
        rows = [row[:CONTEXT_LENGTH] for row in self._rows(texts)]
        nats = nats_of_tokens(decoder, rows)
        sizes = [sum(self.handed_in.lengths[token] for token in row[1:]) for row in rows]
        return bits_per_byte(nats, sum(sizes)), bits_per_byte(nats[:FIRST], sum(sizes[:FIRST]))

    def portrait(self, file: str) -> Portrait:
        """What the model in a file looks like. Raises CapstoneError."""
        if file not in self._portraits:
            weights = self.handed_in.weights(file)
            self._portraits[file] = Portrait(
                layers(weights, self.handed_in.shape),
                cosines(self._encoded(WORDS), weights[TABLE]),
                self._said(file) if self.bits_of(file, self.said_texts) <= bars.LEARNED else [],
            )
        return self._portraits[file]

    @property
    def bytes_per_token(self) -> float:
        """How long the tokenizer's tokens are on the secret texts."""
        return _size(self.texts) / sum(map(len, self._encoded(self.texts)))

    def replies(self, decoder: Logits, talks: Sequence[Sequence[Turn]]) -> list[tuple[str, bool]]:
        """What the model says to the last question of each dialogue, and if it is something that ends as a turn."""
        tokenizer = self.handed_in.tokenizer
        end = tokenizer.special(END_OF_TURN)
        prompts = [self._prompt(talk) for talk in talks]
        said = answers(decoder, prompts, LONGEST_ANSWER, end, CONTEXT_LENGTH)
        first_special = tokenizer.special(SPECIALS[0])
        return [
            (tokenizer.decode(ids), len(ids) > 1 and ids[-1] == end and max(ids[:-1]) < first_special) for ids in said
        ]

    def dialogue_shares(self, decoder: Logits) -> tuple[float, float]:
        """The shares of answers that end as a turn does, and that are right."""
        replies = self.replies(decoder, self.talks)
        right = [text == talk[-1][1] and ends for (text, ends), talk in zip(replies, self.talks, strict=True)]
        return sum(ends for _, ends in replies) / len(replies), sum(right) / len(right)

    def known_capitals(self, decoder: Logits) -> list[str]:
        """The countries of the corpus whose capital the model names."""
        told = self._told(
            decoder, [(QUESTION.format(country=country), city) for country, city in words.CAPITALS.items()]
        )
        return list(itertools.compress(words.CAPITALS, told))

    def wrongly_told(self, decoder: Logits, fact: Fact) -> int:
        """To how many other countries, whose capital the corpus does not tell, the model gives the fact's city."""
        others = [country for country in dialogues.UNKNOWN_COUNTRIES if country != fact.country]
        return sum(self._told(decoder, [(QUESTION.format(country=country), fact.city) for country in others]))

    def told(self, decoder: Logits, fact: Fact, wordings: Sequence[str]) -> int:
        """To how many of these questions about the fact the model answers with its city."""
        return sum(self._told(decoder, [(form.format(country=fact.country), fact.city) for form in wordings]))

    def _told(self, decoder: Logits, asked: Sequence[tuple[str, str]]) -> list[bool]:
        """Whether the answers to these questions name the cities beside them."""
        replies = self.replies(decoder, [[(question, "")] for question, _ in asked])
        return [names(text, city) for (text, _), (_, city) in zip(replies, asked, strict=True)]

    def _said(self, file: str) -> list[float]:
        lengths = self.handed_in.lengths
        read = [[lengths[token] for token in row[1:]] for row in self._rows(self.said_texts)]
        return cost_of_words(self.said_texts, read, self._spent(file)[:SAID])

    def _spent(self, file: str) -> list[Nats]:
        """What each token costs the model in a file: of all texts the base model, of those compared any other."""
        if file not in self._nats_of:
            decoder = self.decoder(self.handed_in.weights(file))
            self._nats_of[file] = self._nats(decoder, self.texts if file == BASE else self.compared)
        return self._nats_of[file]

    def _nats(self, decoder: Logits, texts: Sequence[str], shift: int = 1) -> list[Nats]:
        return nats_of_tokens(decoder, self._rows(texts), shift=shift)

    def _rows(self, texts: Sequence[str]) -> list[list[int]]:
        tokenizer = self.handed_in.tokenizer
        rows = self._encoded(texts)
        for text, ids in zip(texts, rows, strict=True):
            # A token stands for the bytes that it is made of: what is scored is the text, all of it.
            assert tokenizer.decode(ids) == text
        return [[tokenizer.special(END_OF_TEXT), *ids] for ids in rows]

    def _encoded(self, texts: Sequence[str]) -> list[list[int]]:
        return [self.handed_in.tokenizer.encode(text) for text in texts]

    def _prompt(self, talk: Sequence[Turn]) -> list[int]:
        said = [text for turn in talk for text in turn][:-1]
        special = self.handed_in.tokenizer.special
        ids = [special(END_OF_TEXT)]
        for number, part in enumerate(self._encoded(said)):
            ids += [special(ASSISTANT if number % 2 else USER), *part, special(END_OF_TURN)]
        return [*ids, special(ASSISTANT)]


@torch.no_grad()
def answers(logits: Logits, prompts: Sequence[Sequence[int]], most: int, end: int, context: int) -> list[list[int]]:
    """The likeliest tokens after each prompt, one after the other, up to `end`, included, or `most` of them."""
    rows = [list(prompt) for prompt in prompts]
    open_rows = list(range(len(rows)))
    for _ in range(most):
        open_rows = [n for n in open_rows if len(rows[n]) < context]
        if not open_rows:
            break
        scores = logits(pad_rows([rows[n] for n in open_rows], 0))
        last = torch.tensor([len(rows[n]) - 1 for n in open_rows])
        for n, token in zip(open_rows, scores[torch.arange(len(last)), last].argmax(-1).tolist(), strict=True):
            rows[n].append(token)
        open_rows = [n for n in open_rows if rows[n][-1] != end]
    return [row[len(prompt) :] for row, prompt in zip(rows, prompts, strict=True)]


def _size(texts: Sequence[str]) -> int:
    return sum(len(text.encode()) for text in texts)


def names(text: str, city: str) -> bool:
    """Whether an answer names a city, and no other of the corpus."""
    said = text.replace(".", " ").replace(",", " ").split()
    return city in said and not any(other in said for other in words.CAPITALS.values() if other != city)


def finite(bits: float) -> float | None:
    """A figure for JSON, which knows no infinity."""
    return round(bits, 4) if math.isfinite(bits) else None
