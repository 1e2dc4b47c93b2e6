"""Errands in a shop: what chapter 18 trains a model on that is to use tools, and how such a model is asked and judged.

A task can be done with two tools alone, for the prices change from shop to shop and sums are larger than any that
`stories` has seen. Some things are not sold, and some calls fail at first: what the model is to do then is shown too.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llm_course.corpus import words

Message = dict[str, str]
Tools = dict[str, Callable[..., Any]]
GOODS = words.TOYS + words.THINGS + words.FOODS
HIGHEST_PRICE = 99
BUSY = "busy, ask again"
# Different programs report an error in different words.
REPORTS: tuple[Callable[[Exception], str], ...] = (
    lambda error: f"error: {type(error).__name__}: {error}",
    lambda error: f"error: {error}",
    lambda error: f"error: {error!r}",
    lambda error: f"error: the tool said {error}",
)
# How a turn begins; all end alike. What a tool says comes as a turn of the user's, as in many chat templates.
TURNS = {"system": "<|user|>", "user": "<|user|>", "assistant": "<|assistant|>", "tool": "<|user|>Result: "}
END = "<|end|>"


@dataclass(frozen=True)
class Errand:
    """What is asked for, in a shop that sells some goods.

    A question for a thing in `busy` fails at first; `report` is the number of the words in which errors are told.
    """

    things: tuple[str, ...]
    prices: dict[str, int]
    busy: frozenset[str] = frozenset()
    report: int = 0

    @property
    def task(self) -> str:
        if len(self.things) == 1:
            return f"What does a {self.things[0]} cost?"
        return f"What do a {self.things[0]} and a {self.things[1]} cost?"

    @property
    def answer(self) -> str:
        for thing in self.things:
            if thing not in self.prices:
                return f"Nobody sells a {thing}."
        return f"{sum(self.prices[thing] for thing in self.things)} cents."


class Shop:
    """The tools of an errand: `price` and `add`. A thing in `busy` raises at its first call."""

    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        self._asked: set[str] = set()

    @property
    def tools(self) -> Tools:
        return {"price": self.price, "add": self.add}

    def price(self, of: str) -> int:
        if of in self._errand.busy and of not in self._asked:
            self._asked.add(of)
            raise RuntimeError(BUSY)
        return self._errand.prices[of]

    def add(self, a: int, b: int) -> int:
        return a + b


def draw_errand(rng: random.Random) -> Errand:
    """One or two things; in one errand of six one of them is not sold, in one of four a call fails at first."""
    things = rng.sample(GOODS, rng.choice((1, 2, 2)))
    prices = {thing: rng.randint(10, HIGHEST_PRICE) for thing in things}
    if rng.random() < 1 / 6:
        del prices[rng.choice(things)]
    busy = {rng.choice(things)} & set(prices) if rng.random() < 0.25 else set()
    return Errand(tuple(things), prices, frozenset(busy), rng.randrange(len(REPORTS)))


def errands(count: int, seed: int) -> list[Errand]:
    rng = random.Random(f"errands {seed}")
    return [draw_errand(rng) for _ in range(count)]


def call(tool: str, **arguments: Any) -> str:
    return json.dumps({"tool": tool, "arguments": arguments})


def transcript(errand: Errand) -> list[Message]:
    """The whole errand as it should go: the task, calls and results, and the answer."""
    said: list[Message] = [{"role": "user", "content": errand.task}]
    shop, found = Shop(errand), []

    def ask(request: str, tool: Callable[..., Any], **arguments: Any) -> Any:
        said.append({"role": "assistant", "content": request})
        try:
            result: Any = tool(**arguments)
        except Exception as error:
            said.append({"role": "tool", "content": REPORTS[errand.report](error)})
            return error
        said.append({"role": "tool", "content": str(result)})
        return result

    for thing in errand.things:
        price = ask(call("price", of=thing), shop.price, of=thing)
        if isinstance(price, RuntimeError):
            price = ask(call("price", of=thing), shop.price, of=thing)
        if isinstance(price, KeyError):
            break
        found.append(price)
    else:
        if len(found) == 2:
            ask(call("add", a=found[0], b=found[1]), shop.add, a=found[0], b=found[1])
    return [*said, {"role": "assistant", "content": errand.answer}]


def as_text(messages: list[Message]) -> str:
    """A history as the model reads it."""
    return "".join(f"{TURNS[message['role']]}{message['content']}{END}" for message in messages)
