"""bootstrap_interval: how far a mean may be from the truth.

The interval of few items with few different values is one of few numbers, whatever draws it: the mean of a resample
takes each of them with a chance that is known, and levels are chosen whose tails end well inside one of these chances.
So right answers agree exactly, whichever generator they use; tests/solutions/test_emergence.py works out how surely.
"""

import torch
from torch import Generator

from autograder.exercises.drawing import Arguments, given, randint
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires, shown
from llm_course.checking import observe
from solutions import emergence

MAIN = "The interval holds the middle `level` of the means of resamples"
RESAMPLES = 4000
# Values, and a level whose tails are far from where the distribution of the means jumps: that of the right answer, and
# those of the known mistakes.
SHAPES = {
    "two": ([0.0, 1.0], 0.3),
    "four": ([1.0, 2.0, 0.0, 1.0], 0.4),
    "five": ([2.0, 0.0, 1.0, 0.0, 2.0], 0.65),
    "one of four": ([0.0, 0.0, 1.0, 0.0], 0.93),
}


def shape(name: str, scale: float = 1.0, shift: float = 0.0, seed: int = 0) -> Arguments:
    values, level = SHAPES[name]
    scaled = [shift + scale * value for value in values]
    return {"values": scaled, "level": level, "n_resamples": RESAMPLES, "seed": seed}


def drawn_shape(name: str, draw: Generator) -> Arguments:
    return shape(name, randint(draw, 2, 9) / 8, randint(draw, -9, 9) / 4, randint(draw, 1, 10**6))


def seeded(draw: Generator, seed: int) -> Arguments:
    """Values whose resamples hardly ever have the same mean."""
    values = torch.randn(13, generator=draw, dtype=torch.float64).tolist()
    return {"values": values, "level": 0.9, "n_resamples": 40, "seed": seed}


def drawn_equal(draw: Generator) -> Arguments:
    values = [randint(draw, -20, 20) / 4] * randint(draw, 2, 6)
    return {"values": values, "level": 0.5, "n_resamples": 50, "seed": randint(draw, 0, 99)}


def refused(**changes: object) -> Arguments:
    return {"values": [0.0, 1.0, 1.0], "level": 0.8, "n_resamples": 20, "seed": 1} | changes


EXERCISE = exercise(
    emergence.bootstrap_interval,
    __file__,
    requires(
        MAIN,
        shown("two items", **shape("two", seed=6)),
        shown("five items", **shape("five", seed=3)),
        shown("one of four", **shape("one of four", seed=5)),
        shown("small values", **shape("four", scale=1 / 512, seed=9)),
        Case("five items, drawn", lambda draw: drawn_shape("five", draw)),
        advice="By hand, for the items 0 and 1: of four equally likely resamples one has the mean 0, two have 0.5 and "
        "one has 1. The middle 30 % of the means are all 0.5.",
        weight=4,
        fails="Your interval does not hold the middle `level` of the means of resamples.",
    ),
    requires(
        "Items that are all equal have an interval without width",
        shown("one item", values=[0.25], level=0.95, n_resamples=50, seed=2),
        Case("equal items, drawn", drawn_equal),
        advice="Every resample of equal items has the same mean: both ends lie there.",
        needs=MAIN,
        fails="Your interval of equal items does not have both ends at their value.",
    ),
    requires(
        "The same seed gives the same interval",
        # Repeated a few times, values are not compared with those of another generator, but by the properties alone.
        Case("one seed", lambda draw: seeded(draw, 7), visible=True, repeat=3),
        advice="Give the seed to the generator that draws, once, before the first resample.",
        observe=observe.same_each_time,
        joint=True,
        needs=MAIN,
        fails="Called several times with one seed, your function gives different intervals.",
    ),
    requires(
        "A seed of 0 is a seed like any other",
        Case("a seed of 0", lambda draw: seeded(draw, 0), visible=True, repeat=3),
        advice="Give the seed to the generator as it is: `seed or ...` and `if seed` leave out 0.",
        observe=observe.same_each_time,
        joint=True,
        needs=MAIN,
        fails="Called several times with a seed of 0, your function gives different intervals.",
    ),
    requires(
        "Another seed gives another interval",
        Case("a seed", lambda draw: seeded(draw, 11), visible=True, repeat=2),
        Case("another seed", lambda draw: seeded(draw, 1200), visible=True, repeat=2, drawn_as="a seed"),
        advice="The interval depends on what is drawn: does your generator start from the given seed?",
        observe=observe.values_differ,
        joint=True,
        needs=MAIN,
        fails="Your intervals are the same for two different seeds.",
    ),
    requires(
        "It draws n_resamples resamples",
        Case("one resample", lambda draw: {**seeded(draw, 5), "n_resamples": 1}, visible=True, repeat=2),
        advice="With n_resamples = 1 there is a single mean, and both ends lie on it.",
        observe=observe.spans,
        joint=True,
        needs=MAIN,
        fails="With n_resamples = 1 your interval does not have both ends at one drawn mean.",
    ),
    leaves_arguments(
        Case("global generators", given(**shape("five", seed=8)), visible=True, generators=True),
        advice="Make a generator of your own from the seed: random.Random(seed), numpy.random.default_rng(seed) or "
        "torch.Generator().manual_seed(seed).",
        name="The global generators and the arguments are left unchanged",
        fails="You change a global random generator, or an argument.",
    ),
    refuses(
        shown("no values", **refused(values=[])),
        shown("no resamples", **refused(n_resamples=0)),
        Case("negative resamples, drawn", lambda draw: refused(n_resamples=-randint(draw, 21, 99))),
        advice="Raise ValueError for an empty list, and for n_resamples below 1.",
        name="No values, or fewer than one resample, raise ValueError",
        fails="You do not raise ValueError for no values or no resamples, or raise it for valid arguments.",
    ),
    refuses(
        shown("level 0", **refused(level=0.0)),
        shown("level 1", **refused(level=1.0)),
        shown("level in percent", **refused(level=95)),
        Case("negative level, drawn", lambda draw: refused(level=-randint(draw, 1, 60) / 64)),
        advice="Raise ValueError unless level is above 0 and below 1: write 0.95, not 95.",
        name="A level that is not between 0 and 1 raises ValueError",
        fails="You do not raise ValueError for every level outside 0 to 1, or raise it for a valid one.",
    ),
    points=4,
)
