"""paired_difference: two models on the same items, and how sure the difference is."""

import torch
from torch import Generator

from autograder.exercises.drawing import Arguments, argument_maker, randint
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires, shown
from solutions import emergence

ERROR = "The second number is the standard error of that mean"


def numbers(draw: Generator, count: int) -> tuple[list[float], list[float]]:
    """Scores of two models that find the same items hard."""
    hard = torch.randn(count, generator=draw, dtype=torch.float64)
    first = hard + 0.3 * torch.randn(count, generator=draw, dtype=torch.float64) + 0.9
    second = 0.8 * hard + 0.5 * torch.randn(count, generator=draw, dtype=torch.float64) + 0.4
    return first.tolist(), second.tolist()


@argument_maker
def drawn(draw: Generator, low: int, high: int, swapped: bool = False, cut: bool = False) -> Arguments:
    """The scores of so many items, of two models or of the better one as the second, the second list cut or not."""
    first, second = numbers(draw, randint(draw, low, high))
    if cut:
        second = second[: -randint(draw, 1, 2)]
    return {"first": second, "second": first} if swapped else {"first": first, "second": second}


VALID = ("four answers", "graded answers", "second better", "drawn", "two items")  # fmt: skip
FOUR = {"first": [1.0, 1.0, 0.0, 1.0], "second": [1.0, 0.0, 0.0, 0.0]}

EXERCISE = exercise(
    emergence.paired_difference,
    __file__,
    requires(
        "The first number is the mean of first - second",
        shown("four answers", **FOUR),
        shown("graded answers", first=[0.9, 0.4, 0.7, 0.2, 0.8], second=[0.5, 0.3, 0.9, 0.1, 0.3]),
        shown("second better", first=[2.0, 3.5, 1.0], second=[4.0, 3.0, 5.5]),
        Case("drawn", drawn(7, 12)),
        shown("two items", first=[0.5, 2.0], second=[0.25, 0.5]),
        advice="Subtract item by item, first minus second, and take the mean of what you get. The result is a pair: "
        "this mean, then its standard error.",
        weight=2,
        part=0,
        fails="Your first number is not the mean of first - second.",
    ),
    requires(
        ERROR,
        VALID,
        advice="For the differences 0, 1, 0, 1: the mean is 0.5, the squared distances sum to 1, the variance is 1 / "
        "3, and the error the root of a quarter of that.",
        weight=3,
        part=1,
        fails="Your second number is not the standard error of the mean difference.",
    ),
    requires(
        "A lead that is the same on every item has no error",
        shown("a constant lead", first=[0.75, 1.5, 3.0], second=[0.5, 1.25, 2.75]),
        advice="The differences are all equal there: they have no spread, however much the scores themselves have.",
        part=1,
        needs=ERROR,
        fails="Your standard error is not 0 where all differences are equal.",
    ),
    leaves_arguments(
        ("four answers", "graded answers"),
        advice="Make a new list of differences: first and second must be as they were.",
        needs=ERROR,
        fails="You change one of the lists that you were given.",
    ),
    refuses(
        ("four answers",),
        Case("lengths differ, drawn", drawn(5, 9, cut=True)),
        shown("second longer", first=[1.0, 0.0], second=[1.0, 1.0, 0.0]),
        Case("second longer, drawn", drawn(5, 9, swapped=True, cut=True)),
        advice="Raise ValueError where the lists are not equally long: zip would silently drop the rest.",
        name="Lists of different lengths raise ValueError",
        fails="You do not raise ValueError for lists of different lengths, or raise it for equally long ones.",
    ),
    refuses(
        ("four answers", "two items"),
        shown("one item", first=[1.0], second=[0.0]),
        shown("no items", first=[], second=[]),
        advice="Raise ValueError for fewer than two items: they have no spread.",
        name="Fewer than two items raise ValueError",
        fails="You do not raise ValueError for fewer than two items, or raise it for two or more.",
    ),
    points=3,
)
