"""bootstrap_interval: how far a mean may be from the truth.

The interval of few items with few different values is one of few numbers, whatever draws it: the mean of a resample
takes each of them with a chance that is known, and levels are chosen whose tails end well inside one of these chances.
So right answers agree exactly, whichever generator they use; tests/solutions/test_emergence.py works out how surely.
"""

import math
import random

import numpy as np
import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
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

known = Mistakes(emergence.bootstrap_interval, section="emergence-interval")

known.edit(
    "one_tail",
    {"(1 - level) / 2": "1 - level"},
    "You leave out 1 - level on each side, so that less than `level` stays inside. Half of it lies below the interval, "
    "half above.",
)
known.edit(
    "level_as_tail",
    {"(1 - level) / 2": "level / 2"},
    "You leave out level / 2 on each side. `level` is the share *inside*: (1 - level) / 2 is left out on each side.",
)
known.edit(
    "lower_end_only",
    {"(1 - level) / 2": "1 - level", "1 - tail]": "1.0]"},
    "Your interval leaves out something below only. It has two ends: half of 1 - level lies below it, half above.",
)
known.edit(
    "upper_end_only",
    {"[tail, 1 - tail]": "[0.0, level]"},
    "Your interval leaves out something above only. It has two ends: half of 1 - level lies below it, half above.",
)
known.edit(
    "smallest_and_largest",
    {"[tail, 1 - tail]": "[0.0, 1.0]"},
    "You return the smallest and the largest mean, whatever the level. Leave out (1 - level) / 2 on each side.",
)
known.edit(
    "without_replacement",
    {"generator.choices(values, k=len(values))": "generator.sample(values, len(values))"},
    "You draw without replacement: every resample is all of the values in another order, with the same mean. Draw "
    "*with* replacement, so that some come twice and others not at all.",
)
known.edit(
    "interval_of_the_values",
    {"torch.tensor(means,": "torch.tensor(values,"},
    "You take the quantiles of the values themselves. They say how the items spread; asked is how far their *mean* may "
    "be off.",
)
known.edit(
    "places_among_the_values",
    {
        "    low, high = torch": "    ordered = sorted(values)\n"
        "    return ordered[int(tail * len(values))], ordered[int((1 - tail) * len(values))]\n    low, high = torch"
    },
    "You sort the values themselves and return two of them. They say how the items spread; asked is how far their "
    "*mean* may be off, so sort the means of resamples.",
)
known.edit(
    "one_value_drawn",
    {"k=len(values)": "k=1", "/ len(values)": "/ 1"},
    "A resample of yours is a single value. It has as many values as there are items.",
)
known.edit(
    "one_value_less",
    {"k=len(values)": "k=max(len(values) - 1, 1)", "/ len(values)": "/ max(len(values) - 1, 1)"},
    "A resample of yours has one value less than there are items. Take as many.",
)
known.edit(
    "sum_for_mean",
    {" / len(values)": ""},
    "You take the sum of each resample. Divide it by the number of items: asked is the interval of the mean.",
)
known.edit(
    "median_for_mean",
    {
        "sum(generator.choices(values, k=len(values))) / len(values)": "(lambda drawn: (drawn[(len(drawn) - 1) // 2] + "
        "drawn[len(drawn) // 2]) / 2)(sorted(generator.choices(values, k=len(values))))"
    },
    "You take the median of each resample. The task asks for the interval of the mean.",
)
known.edit(
    "ends_swapped",
    {"return low.item(), high.item()": "return high.item(), low.item()"},
    "The upper end comes first in your result. Return the lower end, then the upper one.",
)
known.edit(
    "turned_around_the_mean",
    {"return low.item(), high.item()": "center = sum(values) / len(values)\n"
     "    return 2 * center - high.item(), 2 * center - low.item()"},
    "You turn the interval around the mean: that is the *basic* bootstrap. The task asks for the percentile "
    "interval, the "
    "quantiles as they are.",
)  # fmt: skip
known.edit(
    "distance_from_the_mean",
    {"return low.item(), high.item()": "center = sum(values) / len(values)\n"
     "    return low.item() - center, high.item() - center"},
    "Your ends are distances from the mean. Return the ends themselves.",
)  # fmt: skip
known.edit(
    "single_resample_deviation",
    {"return low.item(), high.item()": "center, spread = sum(values) / len(values), torch.tensor(means).std()\n"
     "    return center - spread.item(), center + spread.item()"},
    "You go one standard deviation of the means to each side, whatever the level. Take their quantiles.",
)  # fmt: skip


known.edit(
    "normal_interval_of_the_resamples",
    {
        "return low.item(), high.item()": "center, drawn = sum(values) / len(values), torch.tensor(means).double()\n"
        "    reach = math.sqrt(2) * torch.erfinv(torch.tensor(level)).item() * drawn.std(correction=0).item()\n"
        "    return center - reach, center + reach"
    },
    "You use the normal distribution, with the standard deviation of the resamples' means. That is another interval: "
    "take the quantiles of the means.",
)


@known.function(
    "You use the normal distribution: the mean plus and minus a multiple of its standard error. It needs no resamples, "
    "and is another interval: take the quantiles of the resamples' means."
)
def normal_interval(values: list[float], level: float, n_resamples: int, seed: int) -> tuple[float, float]:
    if not values or not 0 < level < 1 or n_resamples < 1:
        raise ValueError("out of range")
    center = sum(values) / len(values)
    squares = sum((value - center) ** 2 for value in values) / max(len(values) - 1, 1)
    reach = math.sqrt(2) * torch.erfinv(torch.tensor(level)).item() * math.sqrt(squares / len(values))
    return center - reach, center + reach


known.edit(
    "seed_ignored",
    {"random.Random(seed)": "random.Random()"},
    "Called twice with the same seed, your function gives two intervals: the generator does not get the seed.",
)
known.edit(
    "seed_of_zero_ignored",
    {"random.Random(seed)": "random.Random(seed or None)"},
    "With a seed of 0 your function gives two intervals: 0 counts as false in Python, so `seed or ...` does without "
    "it. 0 is a seed like any other.",
)
known.edit(
    "one_seed_for_all",
    {"random.Random(seed)": "random.Random(0)"},
    "Your interval does not depend on the seed: the generator always starts from the same one.",
)
known.edit(
    "seeded_anew_each_time",
    {"for _ in range(n_resamples)": "for _ in range(n_resamples) if not generator.seed(seed)"},
    "You seed the generator anew for each resample, and all of them are the same. Make it once, before the loop.",
)
known.edit(
    "resamples_ignored",
    {"range(n_resamples)": f"range(max({RESAMPLES}, n_resamples))"},
    "You do not draw n_resamples resamples: with one resample there is one mean, and both ends lie on it.",
)


@known.function(
    "You seed Python's global generator. Whoever calls you may have seeded it for a purpose of their own: make a "
    "generator of your own, random.Random(seed)."
)
def python_seeded(values: list[float], level: float, n_resamples: int, seed: int) -> tuple[float, float]:
    ends = emergence.bootstrap_interval(values, level, n_resamples, seed)
    random.seed(seed)
    return ends


@known.function(
    "You seed NumPy's global generator. Whoever calls you may have seeded it for a purpose of their own: make a "
    "generator of your own, numpy.random.default_rng(seed)."
)
def numpy_seeded(values: list[float], level: float, n_resamples: int, seed: int) -> tuple[float, float]:
    ends = emergence.bootstrap_interval(values, level, n_resamples, seed)
    np.random.seed(seed)
    return ends


@known.function(
    "You seed torch's global generator. Whoever calls you may have seeded it for a purpose of their own: make a "
    "generator of your own, torch.Generator().manual_seed(seed), and pass it on."
)
def torch_seeded(values: list[float], level: float, n_resamples: int, seed: int) -> tuple[float, float]:
    ends = emergence.bootstrap_interval(values, level, n_resamples, seed)
    torch.manual_seed(seed)
    return ends


known.edit(
    "percent_accepted",
    {"if not 0 < level < 1:": "level = level / 100 if level > 1 else level\n    if not 0 < level < 1:"},
    "You take a level above 1 for percent. A level of 95 may as well be a slip: raise ValueError.",
)
known.edit(
    "rounded",
    {"return low.item(), high.item()": "return round(low.item(), 2), round(high.item(), 2)"},
    "You round the ends. Rounding is for printing: values may be far smaller than a hundredth.",
)
known.edit(
    "negative_level_accepted",
    {"if not 0 < level < 1:": "level, given = abs(level), level\n    if not abs(given) < 1 or given == 0:"},
    "You accept a negative level. No share is below 0: raise ValueError.",
)
known.edit(
    "level_unchecked",
    {"if not 0 < level < 1:": "level = min(max(level, 0), 1)\n    if False:"},
    "You accept a level that is no share. Raise ValueError unless it is above 0 and below 1.",
)
known.edit(
    "ends_of_level_accepted",
    {"if not 0 < level < 1:": "if not 0 <= level <= 1:"},
    "You accept a level of 0 or 1. Raise ValueError: it has to be above 0 and below 1.",
)
known.edit(
    "no_values_give_zeros",
    {'raise ValueError("no values have no mean")': "return 0.0, 0.0"},
    "You return zeros where there are no values. No items have no mean: raise ValueError.",
)
known.edit(
    "no_resamples_accepted",
    {"if n_resamples < 1:": "n_resamples = max(n_resamples, 1)\n    if False:"},
    "You accept fewer than one resample. Raise ValueError.",
)
known.edit(
    "negative_resamples_accepted",
    {"if n_resamples < 1:": "n_resamples = abs(n_resamples)\n    if n_resamples == 0:"},
    "You refuse 0 resamples, and accept a negative number of them. Raise ValueError for both.",
)
known.edit(
    "one_item_refused",
    {"if not values:": "if len(values) < 2:"},
    "You refuse a single item. It makes sense: every resample is that item, and both ends lie on it.",
)
known.edit(
    "means_not_in_order",
    {"    low, high = torch": "    last = min(int((1 - tail) * len(means)), len(means) - 1)\n"
     "    return means[int(tail * len(means))], means[last]\n    low, high = torch"},
    "You take the means at two places of the list without sorting it: two means by chance. Sort them first.",
)  # fmt: skip
known.edit(
    "same_distance_to_each_side",
    {"return low.item(), high.item()": "center = sum(values) / len(values)\n"
     "    reach = torch.tensor([abs(mean - center) for mean in means]).double().quantile(level).item()\n"
     "    return center - reach, center + reach"},
    "You go the same distance to each side of the mean. Cut off the same share of the resamples on each side: the two "
    "ends may lie at different distances.",
)  # fmt: skip
known.edit(
    "mean_and_half_the_width",
    {"return low.item(), high.item()": "return sum(values) / len(values), (high - low).item() / 2"},
    "You return the mean and half of the width. Return the two ends.",
)
known.edit(
    "always_two_deviations",
    {"return low.item(), high.item()": "center = sum(values) / len(values)\n"
     "    spread = torch.tensor(means).double().std(correction=0).item()\n"
     "    return center - 1.96 * spread, center + 1.96 * spread"},
    "You go 1.96 standard deviations of the means to each side, whatever the level. Take their quantiles.",
)  # fmt: skip
known.edit(
    "numbers_mixed_up",
    {"k=len(values)": "k=n_resamples", "/ len(values)": "/ n_resamples", "range(n_resamples)": "range(len(values))"},
    "Your two numbers are mixed up: n_resamples is how often you draw, and each resample has as many values as there "
    "are items.",
)
known.edit(
    "numbers_mixed_up_and_sorted",
    {
        "k=len(values)": "k=n_resamples",
        "/ len(values)": "/ n_resamples",
        "range(n_resamples)": "range(len(values))",
        "    low, high = torch": "    means.sort()\n"
        "    return means[int(tail * len(means))], means[int((1 - tail) * len(means)) - 1]\n    low, high = torch",
    },
    "You draw as many resamples as there are items, of n_resamples values each. It is the other way round: "
    "n_resamples resamples, each with as many values as there are items.",
)
known.edit(
    "values_sorted",
    {"    generator = ": "    values.sort()\n    generator = "},
    "You sort the list of values itself, and whoever called you goes on with the sorted one. Sort a copy: "
    "`sorted(...)` makes one.",
)
known.edit(
    "values_shuffled",
    {"    means = ": "    generator.shuffle(values)\n    means = "},
    "You shuffle the list of values itself, so that it is another one when the function is called again. Leave it: "
    "draw from it.",
)
known.edit(
    "half_of_the_items",
    {"k=len(values)": "k=max(len(values) // 2, 1)", "/ len(values)": "/ max(len(values) // 2, 1)"},
    "A resample of yours has half as many values as there are items. Take as many.",
)


def shape(name: str, scale: float = 1.0, shift: float = 0.0, seed: int = 0) -> Arguments:
    values, level = SHAPES[name]
    scaled = [shift + scale * value for value in values]
    return {"values": scaled, "level": level, "n_resamples": RESAMPLES, "seed": seed}


def drawn_shape(name: str, draw: Generator) -> Arguments:
    return shape(name, randint(draw, 2, 9) / 8, randint(draw, -9, 9) / 4, randint(draw, 1, 10**6))


def drawn_values(draw: Generator) -> list[float]:
    """Values whose resamples hardly ever have the same mean."""
    found: list[float] = torch.randn(13, generator=draw, dtype=torch.float64).tolist()
    return found


def seeded(draw: Generator, seed: int) -> Arguments:
    return {"values": drawn_values(draw), "level": 0.9, "n_resamples": 40, "seed": seed}


def drawn_empty(draw: Generator) -> Arguments:
    return {"values": [], "level": 0.9, "n_resamples": 20, "seed": randint(draw, 0, 99)}


def drawn_percent(draw: Generator) -> Arguments:
    return {"values": [0.0, 1.0, 1.0], "level": randint(draw, 2, 99), "n_resamples": 20, "seed": 1}


def drawn_equal(draw: Generator) -> Arguments:
    values = [randint(draw, -20, 20) / 4] * randint(draw, 2, 6)
    return {"values": values, "level": 0.5, "n_resamples": 50, "seed": randint(draw, 0, 99)}


def refused(**changes: object) -> Arguments:
    return {"values": [0.0, 1.0, 1.0], "level": 0.8, "n_resamples": 20, "seed": 1} | changes


EXERCISE = Exercise(
    reference=emergence.bootstrap_interval,
    points=4,
    cases=(
        Case("five items", given(**shape("five", seed=3)), visible=True),
        Case("one of four", given(**shape("one of four", seed=5)), visible=True),
        Case("two items", given(**shape("two", seed=6)), visible=True),
        Case("four items", given(**shape("four", seed=4)), visible=True),
        Case("small values", given(**shape("four", scale=1 / 512, seed=9)), visible=True),
        Case("five items, drawn", lambda draw: drawn_shape("five", draw)),
        Case("one of four, drawn", lambda draw: drawn_shape("one of four", draw)),
        Case("one item", given(values=[0.25], level=0.95, n_resamples=50, seed=2), visible=True),
        Case("equal items, drawn", drawn_equal),
        # Repeated a few times, values are not compared with those of another generator, but by the properties alone.
        Case("one seed", lambda draw: seeded(draw, 7), visible=True, repeat=3),
        Case("a seed of 0", lambda draw: seeded(draw, 0), visible=True, repeat=3),
        Case("a seed", lambda draw: seeded(draw, 11), visible=True, repeat=2),
        Case("another seed", lambda draw: seeded(draw, 1200), visible=True, repeat=2, drawn_as="a seed"),
        Case("one resample", lambda draw: {**seeded(draw, 5), "n_resamples": 1}, visible=True, repeat=2),
        Case("global generators", given(**shape("five", seed=8)), visible=True, generators=True),
        Case("no values", drawn_empty, visible=True),
        Case("level 0", given(**refused(level=0.0)), visible=True),
        Case("level 1", given(**refused(level=1.0)), visible=True),
        Case("level in percent", given(**refused(level=95)), visible=True),
        Case("level in percent, drawn", drawn_percent),
        Case("negative level", given(**refused(level=-0.8)), visible=True),
        Case("negative level, drawn", lambda draw: refused(level=-randint(draw, 1, 60) / 64)),
        Case("no resamples", given(**refused(n_resamples=0)), visible=True),
        Case("negative resamples", given(**refused(n_resamples=-20)), visible=True),
        Case("negative resamples, drawn", lambda draw: refused(n_resamples=-randint(draw, 1, 99))),
    ),
    properties=(
        Property(
            MAIN,
            (
                "five items",
                "one of four",
                "two items",
                "four items",
                "small values",
                "five items, drawn",
                "one of four, drawn",
            ),
            "By hand, for the items 0 and 1: of four equally likely resamples one has the mean 0, two have 0.5 and one "
            "has 1. The middle 30 % of the means are all 0.5.",
            weight=4,
        ),
        Property(
            "Items that are all equal have an interval without width",
            ("one item", "equal items, drawn"),
            "Every resample of equal items has the same mean: both ends lie there.",
            needs=MAIN,
        ),
        Property(
            "The same seed gives the same interval",
            ("one seed",),
            "Give the seed to the generator that draws, once, before the first resample.",
            observe=observe.same_each_time,
            joint=True,
            needs=MAIN,
        ),
        Property(
            "A seed of 0 is a seed like any other",
            ("a seed of 0",),
            "Give the seed to the generator as it is: `seed or ...` and `if seed` leave out 0.",
            observe=observe.same_each_time,
            joint=True,
            needs=MAIN,
        ),
        Property(
            "Another seed gives another interval",
            ("a seed", "another seed"),
            "The interval of drawn resamples depends on what is drawn. Does your generator get the seed?",
            observe=observe.values_differ,
            joint=True,
            needs=MAIN,
        ),
        Property(
            "It draws n_resamples resamples",
            ("one resample",),
            "With n_resamples = 1 there is a single mean, and both ends lie on it.",
            observe=observe.spans,
            joint=True,
            needs=MAIN,
        ),
        Property(
            "The global generators and the arguments are left unchanged",
            ("global generators", "four items"),
            "Make a generator of your own from the seed: random.Random(seed), numpy.random.default_rng(seed) or "
            "torch.Generator().manual_seed(seed).",
            observe=observe.changed,
            needs=MAIN,
        ),
        Property(
            "No values, or fewer than one resample, are refused with a ValueError",
            ("five items", "no values", "no resamples", "negative resamples", "negative resamples, drawn"),
            "Raise ValueError for an empty list, and for n_resamples below 1.",
            observe=observe.refusal,
            needs=MAIN,
        ),
        Property(
            "A level that is not between 0 and 1 is refused with a ValueError",
            (
                "five items",
                "level 0",
                "level 1",
                "level in percent",
                "level in percent, drawn",
                "negative level",
                "negative level, drawn",
            ),
            "Raise ValueError unless level is above 0 and below 1. 95 is no level: 0.95 is.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
)
