"""exact_match_rate: what a rate per token becomes when every token has to be right."""

from torch import Generator

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import emergence

MAIN = "It is the chance that all tokens of the answer are right"


def drawn(draw: Generator) -> Arguments:
    return {"token_accuracy": randint(draw, 60, 97) / 100, "length": randint(draw, 3, 9)}


def drawn_long(draw: Generator) -> Arguments:
    return {"token_accuracy": randint(draw, 950, 990) / 1000, "length": randint(draw, 40, 90)}


def drawn_single(draw: Generator) -> Arguments:
    return {"token_accuracy": randint(draw, 5, 95) / 100, "length": 1}


def drawn_never_right(draw: Generator) -> Arguments:
    return {"token_accuracy": 0.0, "length": randint(draw, 2, 60)}


def drawn_above_one(draw: Generator) -> Arguments:
    return {"token_accuracy": randint(draw, 2, 99), "length": randint(draw, 2, 9)}


def drawn_negative(draw: Generator) -> Arguments:
    return {"token_accuracy": -randint(draw, 1, 9) / 10, "length": randint(draw, 2, 9)}


def drawn_negative_length(draw: Generator) -> Arguments:
    return {"token_accuracy": 0.8, "length": -randint(draw, 1, 9)}


EXERCISE = Exercise(
    reference=emergence.exact_match_rate,
    points=2,
    cases=(
        Case("ten tokens", given(token_accuracy=0.905, length=10), visible=True),
        Case("three tokens", given(token_accuracy=0.5, length=3), visible=True),
        Case("drawn", drawn),
        Case("a long answer", given(token_accuracy=0.7, length=60), visible=True),
        Case("long, drawn", drawn_long),
        Case("one token, drawn", drawn_single),
        Case("never right, drawn", drawn_never_right),
        Case("always right", given(token_accuracy=1.0, length=25), visible=True),
        Case("no tokens", given(token_accuracy=0.7, length=0), visible=True),
        Case("no tokens, never right", given(token_accuracy=0.0, length=0), visible=True),
        Case("above one", given(token_accuracy=1.2, length=5), visible=True),
        Case("above one, drawn", drawn_above_one),
        Case("below zero", given(token_accuracy=-0.1, length=5), visible=True),
        Case("below zero, drawn", drawn_negative),
        Case("negative length", given(token_accuracy=0.8, length=-2), visible=True),
        Case("negative length, drawn", drawn_negative_length),
    ),
    properties=(
        Property(
            MAIN,
            ("ten tokens", "three tokens", "drawn", "a long answer", "long, drawn", "one token, drawn"),
            "Work it out for two tokens of 0.9 each: of 100 answers, 90 have the first token right, and of these 81 "
            "the second.",
            weight=3,
        ),
        Property(
            "What is never right stays at 0, and what is always right at 1",
            ("never right, drawn", "always right"),
            "An accuracy of 0 and one of 1 are chances, too.",
            needs=MAIN,
        ),
        Property(
            "An answer of no tokens is always right",
            ("no tokens", "no tokens, never right"),
            "Nothing can be wrong in an answer of no tokens: 1, whatever the accuracy.",
            needs=MAIN,
        ),
        Property(
            "An accuracy that is no chance is refused with a ValueError",
            ("ten tokens", "above one", "above one, drawn", "below zero", "below zero, drawn"),
            "Raise ValueError for an accuracy below 0 or above 1.",
            observe=observe.refusal,
            needs=MAIN,
        ),
        Property(
            "A negative length is refused with a ValueError",
            ("ten tokens", "negative length", "negative length, drawn"),
            "Raise ValueError for a length below 0.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=misunderstandings(emergence.exact_match_rate, __file__),
)
