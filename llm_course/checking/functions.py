"""Functions that a learner's function is given, by name: it is handed tools to call, or a way to count.

A sandbox never receives code. Both sides hold the same table, and a name in it stands for one of these functions. They
touch nothing outside, and each is made anew for each call that it goes with.
"""

from collections.abc import Callable
from functools import partial
from types import FunctionType
from typing import Any

PRICES = {"ball": 47, "kite": 85, "drum": 316}


def add(a: Any, b: Any) -> Any:
    """The sum."""
    return a + b


def subtract(minuend: float, subtrahend: float) -> float:
    """The difference: by place, a call whose arguments come in another order gives another number."""
    return minuend - subtrahend


def price(of: str) -> int:
    """A price; raises KeyError for what is not sold."""
    return PRICES[of]


def divide(dividend: float, divisor: float) -> float:
    """The quotient; raises ZeroDivisionError."""
    return dividend / divisor


def greet(name: str = "you") -> str:
    """A tool that needs no argument."""
    return f"hello {name}"


def colors() -> list[str]:
    """A list, whose text is not JSON."""
    return ["red", "blue"]


def nothing() -> None:
    """A tool without a result."""


def repeat(text: str) -> str:
    """The text itself."""
    return text


def is_sold(thing: str) -> bool:
    """Whether a thing has a price: a result that may be false."""
    return thing in PRICES


def fail(message: str) -> None:
    """Raises RuntimeError with this message."""
    raise RuntimeError(message)


def words_in(message: dict[str, Any]) -> int:
    """How many words a message has."""
    return len(message["content"].split())


def letters_in(message: dict[str, Any]) -> int:
    """How many characters a message has, with four more for its role."""
    return 4 + len(message["content"])


def one_each(message: dict[str, Any]) -> int:
    """Each message counts as one."""
    return 1


class _Ticket:
    """Gives 1, then 2, and so on: its results tell how often it was called."""

    def __init__(self) -> None:
        self._given = 0

    def __call__(self) -> int:
        self._given += 1
        return self._given


PLAIN = (
    add, subtract, price, divide, greet, colors, nothing, repeat, is_sold, fail, words_in, letters_in, one_each,
)  # fmt: skip
MAKERS: dict[str, Callable[[], Callable[..., Any]]] = {
    **{function.__name__: partial(lambda itself: itself, function) for function in PLAIN},
    "ticket": _Ticket,
}
NAMES: dict[Any, str] = {function: function.__name__ for function in PLAIN}


def named(name: str) -> Callable[..., Any]:
    """The function of this name, made anew. Raises KeyError."""
    return MAKERS[name]()


def name_of(value: object) -> str | None:
    """The name of one of these functions, None for anything else."""
    if type(value) is _Ticket:
        return "ticket"
    # A learner's object may compare as it likes, so only a plain function is looked up.
    return NAMES.get(value) if isinstance(value, FunctionType) else None
