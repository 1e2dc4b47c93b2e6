"""expected_tokens: what one pass of the target is worth, with a draft of k tokens."""

from collections.abc import Callable

import torch
from torch import Generator

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, refuses
from solutions import serving


def drawn(low: int, high: int) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        acceptance = 0.35 + 0.3 * torch.rand((), generator=draw, dtype=torch.float64).item()
        return {"acceptance": acceptance, "k": randint(draw, low, high)}

    return arguments


MAIN = "The result is 1 + a + a² + … + a^k"

EXERCISE = Exercise(
    reference=serving.expected_tokens,
    points=2,
    cases=(
        Case("two drafted tokens", given(acceptance=0.5, k=2), visible=True),
        Case("a draft of 3", given(acceptance=0.6, k=3), visible=True),
        Case("a long draft, drawn", drawn(6, 9)),
        Case("one drafted token", given(acceptance=0.3, k=1), visible=True),
        Case("no draft", given(acceptance=0.7, k=0), visible=True),
        Case("never right", given(acceptance=0.0, k=4), visible=True),
        Case("always right", given(acceptance=1.0, k=4), visible=True),
        Case("always right, drawn", lambda draw: {"acceptance": 1.0, "k": randint(draw, 5, 9)}),
        Case("nearly always right", given(acceptance=0.9996, k=25), visible=True),
        Case("acceptance above 1", given(acceptance=1.2, k=3), visible=True),
        Case("negative acceptance", given(acceptance=-0.1, k=3), visible=True),
        Case("negative k", given(acceptance=0.5, k=-1), visible=True),
        Case("negative k, drawn", drawn(-5, -2)),
    ),
    properties=(
        Property(
            MAIN,
            ("two drafted tokens", "a draft of 3", "a long draft, drawn", "one drafted token"),
            "With a = 0.5 and k = 2: one token always, a second with probability 0.5, a third with 0.25.",
            weight=3,
            fails="Your result is not 1 + a + a² + … + a^k.",
        ),
        Property(
            "An acceptance of 0 gives 1, one of 1 gives k + 1, and no draft gives 1",
            ("no draft", "never right", "always right", "always right, drawn", "nearly always right"),
            "The fraction has no value at a = 1, but the sum has: k + 1 ones. With k = 0 it is 1, and with a = 0 too.",
            weight=2,
            needs=MAIN,
            fails="At an a of 0, 1 or nearly 1, or a k of 0, your result is not the sum 1 + a + … + a^k.",
        ),
        refuses(
            ("acceptance above 1", "negative acceptance", "negative k", "negative k, drawn"),
            "Raise ValueError for an acceptance below 0 or above 1, and for a negative k.",
            needs=MAIN,
        ),
    ),
    mistakes=misunderstandings(serving.expected_tokens, __file__),
)
