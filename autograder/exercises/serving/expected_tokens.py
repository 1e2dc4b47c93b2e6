"""expected_tokens: what one pass of the target is worth, with a draft of k tokens."""

import torch
from torch import Generator

from autograder.exercises.drawing import Arguments, argument_maker, randint, within
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from solutions import serving


@argument_maker
def drawn(draw: Generator, low: int, high: int) -> Arguments:
    acceptance = 0.35 + 0.3 * torch.rand((), generator=draw, dtype=torch.float64).item()
    return {"acceptance": acceptance, "k": randint(draw, low, high)}


MAIN = "The result is 1 + a + a² + … + a^k"

EXERCISE = exercise(
    serving.expected_tokens,
    __file__,
    requires(
        MAIN,
        shown("two drafted tokens", acceptance=0.5, k=2),
        shown("a draft of 3", acceptance=0.6, k=3),
        Case("a long draft, drawn", drawn(6, 9)),
        shown("one drafted token", acceptance=0.3, k=1),
        advice="With a = 0.5 and k = 2: one token always, a second with probability 0.5, a third with 0.25.",
        weight=3,
        fails="Your result is not 1 + a + a² + … + a^k.",
    ),
    requires(
        "An acceptance of 0 gives 1, one of 1 gives k + 1, and no draft gives 1",
        shown("no draft", acceptance=0.7, k=0),
        shown("never right", acceptance=0.0, k=4),
        shown("always right", acceptance=1.0, k=4),
        Case("always right, drawn", within(acceptance=1.0, k=(5, 9))),
        shown("nearly always right", acceptance=0.9996, k=25),
        advice="The fraction has no value at a = 1, but the sum has: k + 1 ones. With k = 0 it is 1, and with a = 0 "
        "too.",
        weight=2,
        needs=MAIN,
        fails="At an a of 0, 1 or nearly 1, or a k of 0, your result is not the sum 1 + a + … + a^k.",
    ),
    refuses(
        shown("acceptance above 1", acceptance=1.2, k=3),
        shown("negative acceptance", acceptance=-0.1, k=3),
        shown("negative k", acceptance=0.5, k=-1),
        Case("negative k, drawn", drawn(-5, -2)),
        advice="Raise ValueError for an acceptance below 0 or above 1, and for a negative k.",
    ),
    points=2,
)
