"""expected_tokens: what one pass of the target is worth, with a draft of k tokens."""

from collections.abc import Callable

import torch
from torch import Generator

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import serving


def drawn(low: int, high: int) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        acceptance = 0.35 + 0.3 * torch.rand((), generator=draw, dtype=torch.float64).item()
        return {"acceptance": acceptance, "k": randint(draw, low, high)}

    return arguments


def negative_length(draw: Generator) -> Arguments:
    return {**drawn(1, 1)(draw), "k": -randint(draw, 2, 5)}


def nearly_always(draw: Generator) -> Arguments:
    return {"acceptance": 1 - randint(draw, 5, 9) / 10_000, "k": randint(draw, 20, 40)}


MAIN = "It is 1 + a + a² + … + a^k"

EXERCISE = Exercise(
    reference=serving.expected_tokens,
    points=2,
    cases=(
        Case("a draft of 3", given(acceptance=0.6, k=3), visible=True),
        Case("a good draft", given(acceptance=0.9, k=2), visible=True),
        Case("a long draft", given(acceptance=0.83, k=9), visible=True),
        Case("a draft, drawn", drawn(2, 5)),
        Case("a long draft, drawn", drawn(6, 9)),
        Case("one drafted token", given(acceptance=0.3, k=1), visible=True),
        Case("no draft", given(acceptance=0.7, k=0), visible=True),
        Case("never right", given(acceptance=0.0, k=4), visible=True),
        Case("always right", given(acceptance=1.0, k=4), visible=True),
        Case("always right, drawn", lambda draw: {"acceptance": 1.0, "k": randint(draw, 5, 9)}),
        Case("nearly always right", given(acceptance=0.9996, k=25), visible=True),
        Case("nearly always right, drawn", nearly_always),
        Case("acceptance above 1", given(acceptance=1.2, k=3), visible=True),
        Case("negative acceptance", given(acceptance=-0.1, k=3), visible=True),
        Case("negative k", given(acceptance=0.5, k=-1), visible=True),
        Case("negative k, drawn", negative_length),
    ),
    properties=(
        Property(
            MAIN,
            (
                "a draft of 3",
                "a good draft",
                "a long draft",
                "a draft, drawn",
                "a long draft, drawn",
                "one drafted token",
            ),
            "With a = 0.6 and k = 3: one token always, a second with 0.6, a third with 0.36, a fourth with 0.216.",
            weight=3,
        ),
        Property(
            "The ends are right: never accepted gives 1, always accepted k + 1, no draft 1",
            (
                "no draft",
                "never right",
                "always right",
                "always right, drawn",
                "nearly always right",
                "nearly always right, drawn",
            ),
            "The fraction has no value at a = 1, but the sum has: k + 1 ones.",
            weight=2,
            needs=MAIN,
        ),
        Property(
            "What makes no sense is refused with a ValueError",
            ("a draft of 3", "acceptance above 1", "negative acceptance", "negative k", "negative k, drawn"),
            "Raise ValueError for an acceptance below 0 or above 1, and for a negative k.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=misunderstandings(serving.expected_tokens, __file__),
)
