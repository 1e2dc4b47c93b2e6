"""canary_exposure: how well a secret was memorized, by its rank among others."""

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, argument_maker, randint, uniform, within
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires, shown
from solutions import responsible_use

MAIN = "It is log2 of how many there are, minus log2 of the canary's rank"


def losses(draw: Generator, n: int) -> list[float]:
    """n losses, no two of them near each other, in any order."""
    return shuffled(draw, [0.13 * (place + uniform(draw, 0.3, 0.7)) + 1 for place in range(n)])


def shuffled(draw: Generator, found: list[float]) -> list[float]:
    return [found[place] for place in torch.randperm(len(found), generator=draw).tolist()]


@argument_maker
def drawn(draw: Generator, low: int, high: int) -> Arguments:
    """A canary of rank low to high, counted from 0."""
    found = losses(draw, randint(draw, 20, 60))
    return {"canary_loss": sorted(found)[randint(draw, low, high)] + 0.02, "reference_losses": found}


def drawn_at_the_end(low: float, high: float) -> ArgumentMaker:
    """A canary below or above all others."""
    return lambda draw: {
        "canary_loss": uniform(draw, low, high),
        "reference_losses": losses(draw, randint(draw, 5, 40)),
    }


def drawn_equal_below(draw: Generator) -> Arguments:
    """References that are equal to each other, below the canary."""
    low = uniform(draw, 0.2, 0.8)
    found = [*losses(draw, randint(draw, 10, 20)), *[low] * randint(draw, 3, 5)]
    return {"canary_loss": 0.9, "reference_losses": shuffled(draw, found)}


EXERCISE = exercise(
    responsible_use.canary_exposure,
    __file__,
    requires(
        MAIN,
        shown("second of eight", canary_loss=1.5, reference_losses=[4.0, 1.0, 2.0, 5.0, 3.0, 2.5, 6.0]),
        shown(
            "third of eleven", canary_loss=2.26, reference_losses=[4.0, 2.27, 2.5, 5.0, 3.0, 2.0, 6.0, 2.23, 3.5, 4.5]
        ),
        Case("drawn", drawn(1, 5)),
        advice="With the canary there are eight sequences, and one of the others has a lower loss: rank 2. log2(8) - "
        "log2(2) is 2 bits.",
        weight=3,
        fails="Your result is not log2 of the number of sequences minus log2 of the canary's rank.",
    ),
    requires(
        "The lowest loss is rank 1, the highest gives 0 bits",
        shown("the lowest", canary_loss=0.5, reference_losses=[4.0, 1.0, 2.0, 5.0, 3.0]),
        shown("no loss at all", canary_loss=0.0, reference_losses=[0.5, 1.5, 2.0]),
        Case("the highest, drawn", drawn_at_the_end(9, 12)),
        shown("one reference", canary_loss=1.0, reference_losses=[2.0]),
        advice="Below all others the rank is 1, and log2(1) is 0. Above all others it is n + 1.",
        needs=MAIN,
        fails="Where the canary's loss is the lowest or the highest, your result is not log2(n + 1) - log2(its rank).",
    ),
    requires(
        "A reference of equal loss comes before the canary",
        shown("all equal", canary_loss=2.0, reference_losses=[2.0, 2.0, 2.0]),
        shown("ties", canary_loss=2.0, reference_losses=[3.0, 2.0, 1.0, 2.0, 4.0, 5.0, 1.0]),
        Case("equal ones below, drawn", drawn_equal_below),
        advice="If all four losses are equal, the model tells nothing about the canary: rank 4 of 4, 0 bits. "
        "References that are equal to each other count one by one.",
        weight=2,
        needs=MAIN,
        fails="You do not place every reference of equal loss before the canary.",
    ),
    leaves_arguments(
        ("second of eight", "third of eleven", "drawn"),
        advice="Neither sort reference_losses in place nor add to it.",
        name="The argument is left unchanged",
        fails="You change reference_losses.",
    ),
    refuses(
        shown("no references, a loss of 0", canary_loss=0.0, reference_losses=[]),
        Case("no references, drawn", within(canary_loss=(0.1, 9.0), reference_losses=[])),
        advice="Raise ValueError for an empty list: there is nothing to rank the canary among.",
        name="No references raise ValueError",
        fails="You do not raise ValueError for an empty list, or raise it for a valid one.",
    ),
    points=3,
)
