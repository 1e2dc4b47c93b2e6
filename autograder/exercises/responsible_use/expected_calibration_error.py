"""expected_calibration_error: how far confidence and accuracy are apart."""

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.responsible_use.inputs import (
    CHECK,
    NOTHING_CHECKED,
    answers_taken_as_they_are,
    as_booleans,
    inside_bins,
    one_outside,
    right_or_wrong,
    shortened,
)
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, uniform
from llm_course.checking import observe
from solutions import responsible_use

MAIN = "It is the mean distance of confidence from accuracy, weighted by answers"
BINS = "((sure * n_bins).ceil() - 1).clamp(min=0)"
DISTANCE = "(right[inside].mean() - sure[inside].mean()).abs()"
WEIGHTED = "error += (distance * inside.sum() / len(sure)).item()"
CHECK_BINS = "n_bins < 1"

known = Mistakes(responsible_use.expected_calibration_error, section="responsible-use-calibration")

known.edit(
    "mean_over_bins",
    {WEIGHTED: "error += distance.item() / len(bins.unique())"},
    "You take the plain mean over the bins that hold answers. A bin of one answer then counts as much as one of a "
    "hundred: weight each by its share of the answers.",
)
known.edit(
    "mean_over_all_bins",
    {WEIGHTED: "error += distance.item() / n_bins"},
    "You divide by n_bins, so that empty bins count as if they were perfect. Weight each bin by its share of the "
    "answers; an empty one then counts nothing.",
)
known.edit(
    "sum_over_bins",
    {WEIGHTED: "error += distance.item()"},
    "You add up the distances of the bins. Each has to be weighted by its share of the answers.",
)
known.edit(
    "largest_bin",
    {WEIGHTED: "error = max(error, distance.item())"},
    "You return the largest distance: that is the maximum calibration error. Asked is the mean, weighted by answers.",
)
known.edit(
    "signed_gaps",
    {DISTANCE: "(right[inside].mean() - sure[inside].mean())"},
    "You add accuracy minus confidence with its sign. A bin that is too sure and one that is not sure enough then "
    "cancel: take the absolute value of each.",
)
known.edit(
    "signed_gaps_confidence_first",
    {DISTANCE: "(sure[inside].mean() - right[inside].mean())"},
    "You add confidence minus accuracy with its sign. A bin that is too sure and one that is not sure enough then "
    "cancel: take the absolute value of each.",
)
known.edit(
    "absolute_at_the_end",
    {DISTANCE: "(right[inside].mean() - sure[inside].mean())", "return error": "return abs(error)"},
    "You compare the mean confidence of all answers with their accuracy, or take the absolute value of the sum, which "
    "is the same. The gaps of different bins have cancelled by then: take the absolute value bin by bin.",
)
known.edit(
    "only_too_sure",
    {DISTANCE: "(sure[inside].mean() - right[inside].mean()).clamp(min=0)"},
    "You count only bins that are too sure. One that is right more often than it says is not calibrated either.",
)
known.edit(
    "squared_gaps",
    {DISTANCE: "(right[inside].mean() - sure[inside].mean()) ** 2"},
    "You square the distances. Asked is their absolute value.",
)
known.edit(
    "root_mean_square",
    {
        DISTANCE: "(right[inside].mean() - sure[inside].mean()) ** 2",
        "return error": "return error ** 0.5",
    },
    "You take the root of the mean square. That gives large gaps more weight: asked is the mean of absolute values.",
)
known.edit(
    "each_answer_by_itself",
    {DISTANCE: "(right[inside] - sure[inside]).abs().mean()"},
    "You compare each answer with its own confidence. An answer is right or wrong, never 0.7 right: take the mean of "
    "both over the bin *before* you subtract.",
)
known.edit(
    "brier_score",
    {DISTANCE: "((right[inside] - sure[inside]) ** 2).mean()"},
    "That is the Brier score: squared distances of single answers. Take the means over a bin first, then their "
    "distance.",
)
known.edit(
    "middle_of_the_bin",
    {DISTANCE: "(right[inside].mean() - (number + 0.5) / n_bins).abs()"},
    "You take the middle of the bin for its confidence. Asked is the mean confidence of the answers in it.",
)
known.edit(
    "upper_edge_of_the_bin",
    {DISTANCE: "(right[inside].mean() - (number + 1) / n_bins).abs()"},
    "You take the upper edge of the bin for its confidence. Asked is the mean confidence of the answers in it.",
)
known.edit(
    "lower_edge_of_the_bin",
    {DISTANCE: "(right[inside].mean() - number / n_bins).abs()"},
    "You take the lower edge of the bin for its confidence. Asked is the mean confidence of the answers in it.",
)
known.edit(
    "confidence_of_right_answers",
    {DISTANCE: "(right[inside].mean() - (sure * right)[inside].mean()).abs()"},
    "You add up the confidence of the right answers only. How sure the model was counts for wrong ones, too.",
)
known.edit(
    "lower_edge_included",
    {BINS: "(sure * n_bins).floor().clamp(max=n_bins - 1)"},
    "Your bins hold their lower edge, [lo, hi). Here they hold the upper one, (lo, hi]: 0.5 of two bins is in the "
    "first.",
)
known.edit(
    "bin_of_one_left_out",
    {
        BINS: "(sure * n_bins).floor()",
        "for number in bins.unique():": "for number in range(n_bins):",
        "inside = bins == number": "inside = bins == number\n        if not inside.any():\n            continue",
    },
    "Your bins hold their lower edge, [lo, hi), so that a confidence of 1 is in none of them. Here they hold the upper "
    "one, (lo, hi].",
)
known.edit(
    "zero_in_no_bin",
    {"inside = bins == number": "inside = (bins == number) & (sure > 0)\n        if not inside.any(): continue"},
    "A confidence of 0 is in none of your bins. It belongs to the first: that is the one bin with both of its edges.",
)
known.edit(
    "zero_in_a_bin_of_its_own",
    {BINS: "(sure * n_bins).ceil()"},
    "You give a confidence of 0 a bin of its own. It belongs to the first one.",
)
known.edit(
    "edge_in_two_bins",
    {
        "for number in bins.unique():": "for number in range(n_bins):",
        "inside = bins == number": "inside = (sure >= number / n_bins) & (sure <= (number + 1) / n_bins)\n"
        "        if not inside.any():\n            continue",
    },
    "Your bins hold both of their edges, so that an answer on an edge counts in two. They hold the upper one: (lo, "
    "hi].",
)
known.edit(
    "edge_in_no_bin",
    {
        "for number in bins.unique():": "for number in range(n_bins):",
        "inside = bins == number": "inside = (sure > number / n_bins) & (sure < (number + 1) / n_bins)\n"
        "        if not inside.any():\n            continue",
    },
    "Your bins hold neither of their edges, so that an answer on an edge counts in none. They hold the upper one: "
    "(lo, hi].",
)
known.edit(
    "nearest_edge",
    {BINS: "(sure * n_bins).round()"},
    "You round to the nearest edge, which makes n_bins + 1 bins, two of them half as wide. Round up and count from 0.",
)
known.edit(
    "one_bin_fewer",
    {BINS: "((sure * max(n_bins - 1, 1)).ceil() - 1).clamp(min=0)"},
    "You make one bin fewer: linspace(0, 1, n_bins) has n_bins *edges*. n_bins bins have n_bins + 1.",
)
known.edit(
    "one_bin_more",
    {BINS: "((sure * (n_bins + 1)).ceil() - 1).clamp(min=0)"},
    "You make n_bins + 1 bins. Their width is 1 / n_bins.",
)
known.edit(
    "in_percent",
    {"return error": "return 100 * error"},
    "Your result is in percent. Asked is a number from 0 to 1.",
)
known.edit(
    "rounded",
    {"return error": "return round(error, 2)"},
    "You round the result. Rounding is for printing.",
)
known.edit(
    "rounded_to_four_digits",
    {"return error": "return round(error, 4)"},
    "You round the result to four digits. Rounding is for printing.",
)
known.edit(
    "one_minus",
    {"return error": "return 1 - error"},
    "You return 1 minus the error. A calibrated model has an error of 0.",
)
known.edit(
    "divided_by_one_less",
    {WEIGHTED: "error += (distance * inside.sum() / max(len(sure) - 1, 1)).item()"},
    "You divide by n - 1. The weights are shares of the answers, and shares sum to 1: divide by n.",
)


def refuse(confidence: Tensor, correct: Tensor) -> None:
    if confidence.ndim != 1 or confidence.shape != correct.shape or len(confidence) == 0:
        raise ValueError("no two vectors of one length")
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise ValueError("not from 0 to 1")


@known.function(
    "Your bins hold equally many answers each. They should be equally *wide*: (0, 1/n_bins], (1/n_bins, 2/n_bins] and "
    "so on, however many answers fall into each."
)
def equally_full_bins(confidence: Tensor, correct: Tensor, n_bins: int) -> float:
    refuse(confidence, correct)
    if n_bins < 1:
        raise ValueError("no bins")
    order = confidence.argsort()
    groups = zip(
        confidence[order].double().tensor_split(n_bins), correct[order].double().tensor_split(n_bins), strict=True
    )
    return sum(
        float((right.mean() - sure.mean()).abs() * len(sure)) / len(order) for sure, right in groups if len(sure)
    )


@known.function(
    "Your bins cut the range from the smallest to the largest confidence. They should cut 0 to 1, so that errors of "
    "two models can be compared."
)
def bins_of_the_range(confidence: Tensor, correct: Tensor, n_bins: int) -> float:
    refuse(confidence, correct)
    if n_bins < 1:
        raise ValueError("no bins")
    low, high = confidence.min(), confidence.max()
    place = (confidence - low) / (high - low) if high > low else torch.zeros_like(confidence)
    bins = ((place * n_bins).ceil() - 1).clamp(min=0)
    sure, right = confidence.double(), correct.double()
    each = [bins == number for number in bins.unique()]
    return sum(float((right[one] - sure[one]).sum().abs()) / len(sure) for one in each)


known.edit(
    "nan_from_empty_bins",
    {"for number in bins.unique():": "for number in range(n_bins):"},
    "An empty bin has no mean: yours is NaN, and makes the whole sum NaN. Leave empty bins out.",
)


@known.function(
    "You take the mean of correct as it is. torch has no mean of Booleans or of integers: turn it into floats first."
)
def mean_of_booleans(confidence: Tensor, correct: Tensor, n_bins: int) -> float:
    refuse(confidence, correct)
    if n_bins < 1:
        raise ValueError("no bins")
    bins = ((confidence * n_bins).ceil() - 1).clamp(min=0)
    each = [bins == number for number in bins.unique()]
    return sum(float((correct[one].mean() - confidence[one].mean()).abs()) * int(one.sum()) / len(bins) for one in each)


known.edit(
    "in_place",
    {BINS: f"{BINS}\n    confidence.clamp_(max=0.5)\n    correct.zero_()"},
    "You change confidence or correct: work on new tensors.",
)
known.edit(
    "zeros_lifted_in_place",
    {BINS: f"{BINS}\n    confidence.clamp_(min=1e-6)"},
    "You lift a confidence of 0 in the tensor that you were given: what ends in an underscore works in place. Lift the "
    "numbers of the bins instead, or a copy.",
)
known.edit(
    "returns_a_tensor",
    {"return error": "return sure.new_tensor(error)"},
    "You return a tensor. Asked is a float: .item() makes one.",
)
known.edit(
    "nothing_checked",
    {CHECK: NOTHING_CHECKED, CHECK_BINS: "False"},
    "You check nothing that comes in: raise ValueError for vectors of different lengths, for none at all, for a "
    "confidence that is not from 0 to 1, and for n_bins below 1.",
)
answers_taken_as_they_are(known, CHECK)
known.edit(
    "no_bins_taken",
    {CHECK_BINS: "n_bins < 0"},
    "You accept 0 bins. There is nothing to put the answers into: raise ValueError.",
)
known.edit(
    "bins_unchecked",
    {CHECK_BINS: "False"},
    "You do not check n_bins. Raise ValueError where it is below 1.",
)
known.edit(
    "negative_bins_taken",
    {CHECK_BINS: "n_bins == 0"},
    "You accept a negative n_bins. Raise ValueError where it is below 1.",
)
known.edit(
    "one_bin_refused",
    {CHECK_BINS: "n_bins < 2"},
    "You refuse one bin. It makes sense: all answers are in it.",
)
known.asserted()


def drawn(draw: Generator) -> Arguments:
    n_bins = randint(draw, 3, 6)
    confidence = inside_bins(draw, randint(draw, 40, 60), n_bins)
    # The upper bins are too sure, the lower ones not sure enough, and all hold a different number of answers.
    right = torch.rand(len(confidence), generator=draw) < 0.5
    return {"confidence": confidence, "correct": right.long(), "n_bins": n_bins}


def drawn_sparse(draw: Generator) -> Arguments:
    """Two clusters: most bins are empty."""
    confidence = torch.cat([0.91 + 0.08 * torch.rand(9, generator=draw), 0.31 + 0.08 * torch.rand(4, generator=draw)])
    return {"confidence": confidence, "correct": right_or_wrong(draw, 13), "n_bins": 10}


def drawn_edges(draw: Generator) -> Arguments:
    confidence = torch.tensor([0.25, 0.5, 0.75, 1.0, 0.0, 0.25, 0.5, 0.75])
    correct = torch.tensor([1, 0, 1, 0, 1, 1, 0, 1])
    kept = torch.randperm(8, generator=draw)[: randint(draw, 6, 8)]
    # 0, 1 and an inner edge are always among them.
    kept = torch.cat([kept, torch.tensor([3, 4, 5, 6])])
    return {"confidence": confidence[kept], "correct": correct[kept], "n_bins": 4}


def drawn_one_bin(draw: Generator) -> Arguments:
    n = randint(draw, 5, 9)
    return {"confidence": 0.7 + 0.2 * torch.rand(n, generator=draw), "correct": right_or_wrong(draw, n), "n_bins": 1}


def drawn_single(draw: Generator) -> Arguments:
    return {"confidence": torch.tensor([uniform(draw, 0.52, 0.58)]), "correct": torch.tensor([1]), "n_bins": 5}


SIX = torch.tensor([0.93, 0.86, 0.97, 0.28, 0.37, 0.12])
RIGHT = torch.tensor([1, 0, 1, 1, 0, 1])

EXERCISE = Exercise(
    reference=responsible_use.expected_calibration_error,
    points=4,
    cases=(
        Case("six answers", given(confidence=SIX, correct=RIGHT, n_bins=2), visible=True),
        Case("six answers, five bins", given(confidence=SIX, correct=RIGHT, n_bins=5), visible=True),
        Case("drawn", drawn),
        Case("many empty bins", given(confidence=SIX, correct=RIGHT, n_bins=20), visible=True),
        Case("many empty bins, drawn", drawn_sparse),
        Case(
            "opposite gaps",
            given(
                confidence=torch.tensor([0.25, 0.25, 0.75, 0.75]), correct=torch.tensor([1, 0, 1, 0]), n_bins=2
            ),
            visible=True,
        ),
        Case(
            "calibrated",
            given(
                confidence=torch.tensor([0.75, 0.75, 0.75, 0.75, 0.25, 0.25, 0.25, 0.25]),
                correct=torch.tensor([1, 1, 0, 1, 0, 0, 1, 0]),
                n_bins=4,
            ),
            visible=True,
        ),
        Case(
            "on the edges",
            given(
                confidence=torch.tensor([0.5, 0.75, 0.25, 0.5, 0.625]),
                correct=torch.tensor([1, 0, 0, 1, 0]),
                n_bins=4,
            ),
            visible=True,
        ),
        Case(
            "at 0 and 1",
            given(
                confidence=torch.tensor([0.0, 1.0, 0.125, 0.0, 0.75]),
                correct=torch.tensor([1, 0, 0, 1, 1]),
                n_bins=4,
            ),
            visible=True,
        ),
        Case("on the edges, drawn", drawn_edges),
        Case("one bin", given(confidence=SIX, correct=RIGHT, n_bins=1), visible=True),
        Case("one bin, drawn", drawn_one_bin),
        Case("one answer, drawn", drawn_single),
        Case("Booleans", given(confidence=SIX, correct=RIGHT.bool(), n_bins=5), visible=True),
        Case("Booleans, drawn", lambda draw: as_booleans(drawn(draw))),
        Case("floats", given(confidence=SIX.double(), correct=RIGHT.double(), n_bins=5), visible=True),
        Case("no answers", given(confidence=torch.zeros(0), correct=torch.zeros(0), n_bins=5), visible=True),
        Case("lengths differ", given(confidence=SIX, correct=RIGHT[:4], n_bins=5), visible=True),
        Case("lengths differ, drawn", lambda draw: shortened(draw, drawn(draw))),
        Case("a matrix", given(confidence=SIX[None], correct=RIGHT[None], n_bins=5), visible=True),
        Case("in percent", given(confidence=100 * SIX, correct=RIGHT, n_bins=5), visible=True),
        Case("negative", given(confidence=SIX.log(), correct=RIGHT, n_bins=5), visible=True),
        Case("outside 0 to 1, drawn", lambda draw: one_outside(draw, drawn(draw))),
        Case("no bins", given(confidence=SIX, correct=RIGHT, n_bins=0), visible=True),
        Case("negative bins", given(confidence=SIX, correct=RIGHT, n_bins=-2), visible=True),
    ),
    properties=(
        Property(
            MAIN,
            ("six answers", "six answers, five bins", "drawn", "opposite gaps", "one bin", "one bin, drawn"),
            "Take the first six answers and two bins. The upper one holds 0.93, 0.86 and 0.97, of which two are right: "
            "its distance is |2/3 - 0.92|, and it has half of the weight.",
            weight=4,
        ),
        Property(
            "Empty bins count nothing",
            ("many empty bins", "many empty bins, drawn", "one answer, drawn"),
            "With 20 bins and six answers, most bins are empty. They have no mean and no weight.",
            needs=MAIN,
        ),
        Property(
            "A calibrated model has an error of 0",
            ("calibrated",),
            "Of the four answers of 0.75 three are right, of those of 0.25 one.",
            needs=MAIN,
        ),
        Property(
            "A bin holds its upper edge, and the first one holds 0 as well",
            ("on the edges", "at 0 and 1", "on the edges, drawn"),
            "Of four bins, 0.5 is in the second and 0.75 in the third. 0 and 0.125 are both in the first.",
            weight=2,
            needs=MAIN,
        ),
        Property(
            "Right or wrong may be Booleans, integers or floats",
            ("six answers, five bins", "Booleans", "Booleans, drawn", "floats"),
            "torch takes no mean of Booleans: turn correct into floats.",
            needs=MAIN,
        ),
        Property(
            "The arguments are left unchanged",
            ("six answers", "six answers, five bins", "drawn", "at 0 and 1"),
            "Work on new tensors: confidence and correct must be as they were.",
            observe=observe.changed,
            needs=MAIN,
        ),
        Property(
            "What makes no sense is refused with a ValueError",
            (
                "six answers", "no answers", "lengths differ", "lengths differ, drawn", "a matrix", "in percent",
                "negative", "outside 0 to 1, drawn", "no bins", "negative bins",
            ),
            "Raise ValueError where the two are not vectors of one length, where there are no answers, where a "
            "confidence is below 0 or above 1, and where n_bins is below 1.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("calibration_curve", "MulticlassCalibrationError", "BinaryCalibrationError"),
)  # fmt: skip
