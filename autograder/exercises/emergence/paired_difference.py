"""paired_difference: two models on the same items, and how sure the difference is."""

import torch
from torch import Generator

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import emergence

MEAN = "The first number is the mean of first - second"
ERROR = "The second number is the standard error of that mean"


def numbers(draw: Generator, count: int) -> tuple[list[float], list[float]]:
    """Scores of two models that find the same items hard."""
    hard = torch.randn(count, generator=draw, dtype=torch.float64)
    first = hard + 0.3 * torch.randn(count, generator=draw, dtype=torch.float64) + 0.9
    second = 0.8 * hard + 0.5 * torch.randn(count, generator=draw, dtype=torch.float64) + 0.4
    return first.tolist(), second.tolist()


def drawn(draw: Generator) -> Arguments:
    first, second = numbers(draw, randint(draw, 7, 12))
    return {"first": first, "second": second}


def drawn_pair(draw: Generator) -> Arguments:
    first, second = numbers(draw, 2)
    return {"first": first, "second": second}


def drawn_second_better(draw: Generator) -> Arguments:
    second, first = numbers(draw, randint(draw, 7, 12))
    return {"first": first, "second": second}


def drawn_answers(draw: Generator) -> Arguments:
    """Right and wrong answers: each pair of outcomes comes, and neither model has the same share as the other."""
    outcomes = [(1.0, 1.0)] * randint(draw, 3, 6) + [(1.0, 0.0)] * randint(draw, 3, 5) + [(0.0, 1.0), (0.0, 0.0)]
    order = torch.randperm(len(outcomes), generator=draw).tolist()
    return {"first": [outcomes[i][0] for i in order], "second": [outcomes[i][1] for i in order]}


def drawn_lengths(draw: Generator) -> Arguments:
    first, second = numbers(draw, randint(draw, 5, 9))
    return {"first": first, "second": second[: -randint(draw, 1, 2)]}


def drawn_longer_second(draw: Generator) -> Arguments:
    second, first = numbers(draw, randint(draw, 5, 9))
    return {"first": first[: -randint(draw, 1, 2)], "second": second}


FOUR = {"first": [1.0, 1.0, 0.0, 1.0], "second": [1.0, 0.0, 0.0, 0.0]}

EXERCISE = Exercise(
    reference=emergence.paired_difference,
    points=3,
    cases=(
        Case("four answers", given(**FOUR), visible=True),
        Case("graded answers", given(first=[0.9, 0.4, 0.7, 0.2, 0.8], second=[0.5, 0.3, 0.9, 0.1, 0.3]), visible=True),
        Case("second better", given(first=[2.0, 3.5, 1.0], second=[4.0, 3.0, 5.5]), visible=True),
        Case("drawn", drawn),
        Case("second better, drawn", drawn_second_better),
        Case("answers, drawn", drawn_answers),
        Case("a constant lead", given(first=[0.75, 1.5, 3.0], second=[0.5, 1.25, 2.75]), visible=True),
        Case("two items", given(first=[0.5, 2.0], second=[0.25, 0.5]), visible=True),
        Case("two items, drawn", drawn_pair),
        Case("lengths differ", given(first=[1.0, 0.0, 1.0], second=[1.0, 1.0]), visible=True),
        Case("second longer", given(first=[1.0, 0.0], second=[1.0, 1.0, 0.0]), visible=True),
        Case("lengths differ, drawn", drawn_lengths),
        Case("second longer, drawn", drawn_longer_second),
        Case("one item", given(first=[1.0], second=[0.0]), visible=True),
        Case("no items", given(first=[], second=[]), visible=True),
    ),
    properties=(
        Property(
            MEAN,
            (
                "four answers",
                "graded answers",
                "second better",
                "drawn",
                "second better, drawn",
                "answers, drawn",
                "two items",
                "two items, drawn",
            ),
            "Subtract item by item, first minus second, and take the mean of what you get. The result is a pair: this "
            "mean, then its standard error.",
            weight=2,
            observe=observe.first,
            part=0,
        ),
        Property(
            ERROR,
            (
                "four answers",
                "graded answers",
                "second better",
                "drawn",
                "second better, drawn",
                "answers, drawn",
                "two items",
                "two items, drawn",
            ),
            "For the differences 0, 1, 0, 1: the mean is 0.5, the squared distances sum to 1, the variance is 1 / 3, "
            "and the error the root of a quarter of that.",
            weight=3,
            observe=observe.second,
            part=1,
        ),
        Property(
            "A lead that is the same on every item has no error",
            ("a constant lead",),
            "The differences are all equal there: they have no spread, however much the scores themselves have.",
            observe=observe.second,
            part=1,
            needs=ERROR,
        ),
        Property(
            "The arguments are left unchanged",
            ("four answers", "graded answers"),
            "Make a new list of differences: first and second must be as they were.",
            observe=observe.changed,
            needs=ERROR,
        ),
        Property(
            "Lists of different lengths are refused with a ValueError",
            ("four answers", "lengths differ", "lengths differ, drawn", "second longer", "second longer, drawn"),
            "Raise ValueError where the lists are not equally long: zip would drop the rest without a word.",
            observe=observe.refusal,
            needs=MEAN,
        ),
        Property(
            "Fewer than two items are refused with a ValueError",
            ("four answers", "two items", "one item", "no items"),
            "Raise ValueError for fewer than two items: they have no spread.",
            observe=observe.refusal,
            needs=MEAN,
        ),
    ),
    mistakes=misunderstandings(emergence.paired_difference, __file__),
)
