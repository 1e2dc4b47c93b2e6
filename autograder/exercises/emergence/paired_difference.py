"""paired_difference: two models on the same items, and how sure the difference is."""

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import emergence

MEAN = "The first number is the mean of first - second"
ERROR = "The second number is the standard error of that mean"
RETURNED = "return mean, math.sqrt(variance / len(differences))"

known = Mistakes(emergence.paired_difference, section="emergence-paired")

known.edit(
    "unpaired",
    {RETURNED: "variances = [torch.tensor(scores, dtype=torch.float64).var().item() for scores in (first, second)]\n"
     "    return mean, math.sqrt(sum(variances) / len(differences))"},
    "Your standard error is that of two models on *different* items: you add the variances of both. On the same items, "
    "part of the luck cancels: take the variance of the differences.",
)  # fmt: skip
known.edit(
    "population_deviation",
    {"(len(differences) - 1)": "len(differences)"},
    "You divide the squared distances by n. The mean was taken from the same items, so the sample variance divides by "
    "n - 1 (in NumPy ddof=1).",
)
known.edit(
    "turned_around",
    {"one - other": "other - one"},
    "Your sign is turned: a positive difference says that the *first* model is better.",
)
known.edit(
    "no_root_of_n",
    {RETURNED: "return mean, math.sqrt(variance)"},
    "You return the standard deviation of the differences, which does not shrink with more items. Divide it by the "
    "root of their number.",
)
known.edit(
    "divided_by_n",
    {RETURNED: "return mean, math.sqrt(variance) / len(differences)"},
    "You divide the standard deviation by n. It is divided by the *root* of n: four times the items halve the error.",
)
known.edit(
    "variance_of_the_mean",
    {RETURNED: "return mean, variance / len(differences)"},
    "You return the variance of the mean. The standard error is its root.",
)
known.edit(
    "variance_of_the_differences",
    {RETURNED: "return mean, variance"},
    "You return the variance of the differences. The standard error of their mean is the root of it, divided by the "
    "root of n.",
)
known.edit(
    "population_without_root_of_n",
    {"(len(differences) - 1)": "len(differences)", RETURNED: "return mean, math.sqrt(variance)"},
    "You return the standard deviation of the differences, and with n where the sample's has n - 1. Divide the sample "
    "deviation by the root of n.",
)
known.edit(
    "not_from_the_mean",
    {"(difference - mean) ** 2": "difference**2"},
    "You square the differences themselves. The variance squares their distances from their mean, so that a lead that "
    "is the same on every item has no error.",
)
known.edit(
    "root_of_n_less_one",
    {RETURNED: "return mean, math.sqrt(variance / (len(differences) - 1))"},
    "You take away one from n twice. It belongs into the variance only: divide that by n.",
)
known.edit(
    "half_an_interval",
    {RETURNED: "return mean, 1.96 * math.sqrt(variance / len(differences))"},
    "You return half of a 95 % interval. The standard error comes without the 1.96.",
)
known.edit(
    "in_standard_errors",
    {RETURNED: "return mean, mean / max(math.sqrt(variance / len(differences)), 1e-300)"},
    "You return the difference in standard errors (the t value). The task asks for the standard error.",
)
known.edit(
    "parts_swapped",
    {RETURNED: "return math.sqrt(variance / len(differences)), mean"},
    "The standard error comes first in your result. Return the mean, then the error.",
)
known.edit(
    "summed",
    {RETURNED: "return sum(differences), math.sqrt(variance / len(differences))"},
    "You return the sum of the differences. Divide it by the number of items.",
)
known.edit(
    "without_direction",
    {"one - other": "abs(one - other)"},
    "You take the size of each difference. Items on which the second model is better have to count against the first.",
)
known.edit(
    "size_of_the_mean",
    {RETURNED: "return abs(mean), math.sqrt(variance / len(differences))"},
    "You return the size of the mean. Its sign says which model is better.",
)
known.edit(
    "error_of_the_first",
    {RETURNED: "variance = torch.tensor(first, dtype=torch.float64).var().item()\n"
     "    return mean, math.sqrt(variance / len(differences))"},
    "Your standard error is that of the first model alone. Take the variance of the differences.",
)  # fmt: skip
known.edit(
    "difference_of_errors",
    {RETURNED: "deviations = [torch.tensor(scores, dtype=torch.float64).std().item() for scores in (first, second)]\n"
     "    return mean, abs(deviations[0] - deviations[1]) / math.sqrt(len(differences))"},
    "You subtract one standard error from the other. The error of a difference is not the difference of the errors: "
    "work on the list of differences.",
)  # fmt: skip
known.edit(
    "errors_added",
    {RETURNED: "deviations = [torch.tensor(scores, dtype=torch.float64).std().item() for scores in (first, second)]\n"
     "    return mean, sum(deviations) / math.sqrt(len(differences))"},
    "You add the two standard errors. Work on the list of differences: part of the luck is common to both and cancels.",
)  # fmt: skip
known.edit(
    "binomial_formula",
    {RETURNED: "return mean, math.sqrt(abs(mean) * (1 - abs(mean)) / len(differences))"},
    "You use p (1 - p) / n with the difference as p. That is for a share of right items; differences are 1, 0 or -1, "
    "or any numbers. Take their sample variance.",
)
known.edit(
    "relative_to_the_second",
    {RETURNED: "base = sum(second) / len(second)\n"
     "    return mean / (base or 1), math.sqrt(variance / len(differences)) / abs(base or 1)"},
    "You divide by the second model's mean: a relative difference. The task asks for the difference itself.",
)  # fmt: skip
known.edit(
    "cut_to_the_shorter",
    {"if len(first) != len(second):": "if False:", "strict=True": "strict=False"},
    "You accept lists of different lengths, and zip drops the rest of the longer one. Scores that do not belong to the "
    "same items cannot be paired: raise ValueError.",
)
known.edit(
    "longer_first_refused_only",
    {"len(first) != len(second)": "len(first) > len(second)", "strict=True": "strict=False"},
    "You refuse a first list that is longer than the second, and not one that is shorter. Raise ValueError for both.",
)
known.edit(
    "longer_second_refused_only",
    {"len(first) != len(second)": "len(first) < len(second)", "strict=True": "strict=False"},
    "You refuse a second list that is longer than the first, and not one that is shorter. Raise ValueError for both.",
)
known.edit(
    "two_items_refused",
    {"len(first) < 2": "len(first) < 3"},
    "You refuse two items. They have a spread, if a poor one: only *fewer* than two are refused.",
)
known.edit(
    "one_item_has_no_error",
    {"if len(first) < 2:": "if len(first) == 1:\n        return first[0] - second[0], 0.0\n    if len(first) < 1:"},
    "You return an error of 0 for a single item, as if it were certain. One item says nothing about the spread: raise "
    "ValueError.",
)
known.edit(
    "one_item_is_nan",
    {"if len(first) < 2:": "if len(first) == 1:\n        return first[0] - second[0], math.nan\n    if not first:"},
    "Your error of a single item is NaN: its sample variance divides by 0. Raise ValueError for fewer than two items.",
)
known.edit(
    "binomial_formula_of_both",
    {RETURNED: "p, q = sum(first) / len(first), sum(second) / len(second)\n"
     "    return mean, math.sqrt(abs(p * (1 - p) + q * (1 - q)) / len(differences))"},
    "You add p (1 - p) / n of both models: the error of two shares on *different* items. Take the sample variance of "
    "the differences.",
)  # fmt: skip
known.edit(
    "size_of_the_binomial_formula",
    {RETURNED: "return mean, math.sqrt(abs(mean * (1 - mean)) / len(differences))"},
    "You use p (1 - p) / n with the difference as p, and its size where it is negative. A difference is no share of "
    "right items: take the sample variance of the differences.",
)
known.edit(
    "sorted_in_place",
    {"    differences = ": "    first.sort()\n    second.sort()\n    differences = "},
    "You sort the lists that you were given. That changes them, and a difference is no longer one of the same item.",
)
known.edit(
    "sorted_apart",
    {"zip(first, second, strict=True)": "zip(sorted(first), sorted(second), strict=True)"},
    "You sort both lists before you subtract, so that a difference is no longer one of the same item.",
)
known.edit(
    "ends_of_an_interval",
    {RETURNED: "error = math.sqrt(variance / len(differences))\n    return mean - 2 * error, mean + 2 * error"},
    "You return the ends of an interval. The task asks for the mean and its standard error.",
)
known.edit(
    "equal_items_left_out",
    {"differences = [one - other for one, other in zip(first, second, strict=True)]":
     "differences = [one - other for one, other in zip(first, second, strict=True) if one != other]\n"
     "    if len(differences) < 2:\n        return sum(differences), 0.0"},
    "You leave out the items on which both models score the same. They say that the models do not differ there: count "
    "them, with a difference of 0.",
)  # fmt: skip


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
    mistakes=tuple(known),
)
