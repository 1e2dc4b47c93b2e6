"""exact_match_rate: what a rate per token becomes when every token has to be right."""

from torch import Generator

from autograder.exercises.drawing import Arguments, argument_maker, randint
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from solutions import emergence

MAIN = "It is the chance that all tokens of the answer are right"


@argument_maker
def drawn(draw: Generator, low: int, high: int, parts: int, lengths: tuple[int, int], sign: int = 1) -> Arguments:
    """An accuracy of low to high parts, and a length."""
    return {"token_accuracy": sign * randint(draw, low, high) / parts, "length": randint(draw, *lengths)}


EXERCISE = exercise(
    emergence.exact_match_rate,
    __file__,
    requires(
        MAIN,
        shown("three tokens", token_accuracy=0.5, length=3),
        shown("ten tokens", token_accuracy=0.905, length=10),
        Case("drawn", drawn(60, 97, 100, (3, 9))),
        shown("a long answer", token_accuracy=0.7, length=60),
        Case("one token, drawn", drawn(5, 95, 100, (1, 1))),
        advice="Work it out for two tokens of 0.9 each: of 100 answers, 90 have the first token right, and of these 81 "
        "the second.",
        weight=3,
        fails="Your result is not the chance that every token of the answer is right.",
    ),
    requires(
        "What is never right stays at 0, and what is always right at 1",
        Case("never right, drawn", drawn(0, 0, 1, (2, 60))),
        shown("always right", token_accuracy=1.0, length=25),
        advice="Try an accuracy of 0 and one of 1 with length 2: 0 * 0 is 0, and 1 * 1 is 1.",
        needs=MAIN,
        fails="You do not return exactly 0 for an accuracy of 0, or 1 for an accuracy of 1.",
    ),
    requires(
        "An answer of no tokens is always right",
        shown("no tokens", token_accuracy=0.7, length=0),
        shown("no tokens, never right", token_accuracy=0.0, length=0),
        advice="Nothing can be wrong in an answer of no tokens: return 1, whatever the accuracy.",
        needs=MAIN,
        fails="You do not return 1 for an answer of no tokens.",
    ),
    refuses(
        shown("above one", token_accuracy=1.2, length=5),
        shown("below zero", token_accuracy=-0.1, length=5),
        Case("below zero, drawn", drawn(2, 9, 10, (2, 9), sign=-1)),
        advice="Compare token_accuracy with 0 and with 1 before you compute. Both ends are valid.",
        name="An accuracy below 0 or above 1 raises ValueError",
        fails="You do not refuse exactly the accuracies below 0 or above 1 with a ValueError.",
    ),
    refuses(
        shown("negative length", token_accuracy=0.8, length=-2),
        Case("negative length, drawn", lambda draw: {"token_accuracy": 0.8, "length": -randint(draw, 3, 9)}),
        advice="Check the length before you compute: raise ValueError below 0.",
        name="A negative length raises ValueError",
        fails="You do not raise ValueError for a negative length, or raise it for a valid one.",
    ),
    points=2,
)
