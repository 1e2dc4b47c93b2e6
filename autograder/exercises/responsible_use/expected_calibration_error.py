"""expected_calibration_error: how far confidence and accuracy are apart."""

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, given, randint, uniform
from autograder.exercises.responsible_use.inputs import as_booleans, inside_bins, shortened
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires, shown
from solutions import responsible_use

MAIN = "It is the mean distance of confidence from accuracy, weighted by answers"


def drawn(draw: Generator) -> Arguments:
    n_bins = randint(draw, 3, 6)
    confidence = inside_bins(draw, randint(draw, 40, 60), n_bins)
    # The upper bins are too sure, the lower ones not sure enough, and all hold a different number of answers.
    right = torch.rand(len(confidence), generator=draw) < 0.5
    return {"confidence": confidence, "correct": right.long(), "n_bins": n_bins}


def drawn_edges(draw: Generator) -> Arguments:
    confidence = torch.tensor([0.25, 0.5, 0.75, 1.0, 0.0, 0.25, 0.5, 0.75])
    correct = torch.tensor([1, 0, 1, 0, 1, 1, 0, 1])
    kept = torch.randperm(8, generator=draw)[: randint(draw, 6, 8)]
    # 0, 1 and an inner edge are always among them.
    kept = torch.cat([kept, torch.tensor([3, 4, 5, 6])])
    return {"confidence": confidence[kept], "correct": correct[kept], "n_bins": 4}


def drawn_single(draw: Generator) -> Arguments:
    return {"confidence": torch.tensor([uniform(draw, 0.52, 0.58)]), "correct": torch.tensor([1]), "n_bins": 5}


def answers(confidence: list[float], correct: list[int], n_bins: int) -> ArgumentMaker:
    return given(confidence=torch.tensor(confidence), correct=torch.tensor(correct), n_bins=n_bins)


SIX = torch.tensor([0.93, 0.86, 0.97, 0.28, 0.37, 0.12])
RIGHT = torch.tensor([1, 0, 1, 1, 0, 1])

EXERCISE = exercise(
    responsible_use.expected_calibration_error,
    __file__,
    requires(
        MAIN,
        Case("opposite gaps", answers([0.25, 0.25, 0.75, 0.75], [1, 0, 1, 0], n_bins=2), visible=True),
        shown("six answers", confidence=SIX, correct=RIGHT, n_bins=2),
        shown("six answers, five bins", confidence=SIX, correct=RIGHT, n_bins=5),
        Case("drawn", drawn),
        shown("one bin", confidence=SIX, correct=RIGHT, n_bins=1),
        advice="Take four answers of 0.25, 0.25, 0.75 and 0.75, one right of each two, and two bins. Each bin is right "
        "in half of its answers: its distance is 0.25, and its weight is a half.",
        weight=4,
        fails="Your result is not the mean distance of confidence from accuracy, weighted by answers.",
    ),
    requires(
        "Empty bins count nothing",
        shown("many empty bins", confidence=SIX, correct=RIGHT, n_bins=20),
        Case("one answer, drawn", drawn_single),
        advice="With 20 bins and six answers, most bins are empty. They have no mean and no weight.",
        needs=MAIN,
        fails="With empty bins, your result is not the mean distance of the bins with answers, weighted by these.",
    ),
    requires(
        "A calibrated model has an error of 0",
        Case("calibrated", answers(4 * [0.75] + 4 * [0.25], [1, 1, 0, 1, 0, 0, 1, 0], n_bins=4), visible=True),
        advice="Of the four answers of 0.75 three are right, of those of 0.25 one.",
        needs=MAIN,
        fails="You do not return 0 for a calibrated model.",
    ),
    requires(
        "A bin holds its upper edge, and the first one holds 0 as well",
        Case("on the edges", answers([0.5, 0.75, 0.25, 0.5, 0.625], [1, 0, 0, 1, 0], n_bins=4), visible=True),
        Case("at 0 and 1", answers([0.0, 1.0, 0.125, 0.0, 0.75], [1, 0, 0, 1, 1], n_bins=4), visible=True),
        Case("on the edges, drawn", drawn_edges),
        advice="Of four bins, 0.5 is in the second and 0.75 in the third. 0 and 0.125 are both in the first.",
        weight=2,
        needs=MAIN,
        fails="With confidences on edges or at 0, your result is not that of bins that hold their upper edge, the "
        "first one also 0.",
    ),
    requires(
        "Right or wrong may be Booleans, integers or floats",
        ("six answers, five bins",),
        Case("Booleans, drawn", lambda draw: as_booleans(drawn(draw))),
        shown("floats", confidence=SIX.double(), correct=RIGHT.double(), n_bins=5),
        advice="torch takes no mean of Booleans: turn correct into floats.",
        needs=MAIN,
        fails="You do not treat Booleans, integers and floats in `correct` alike.",
    ),
    leaves_arguments(
        ("six answers", "six answers, five bins", "drawn", "at 0 and 1"),
        advice="Work on new tensors: confidence and correct must be as they were.",
        fails="You change confidence or correct.",
    ),
    refuses(
        shown("no answers", confidence=torch.zeros(0), correct=torch.zeros(0), n_bins=5),
        shown("lengths differ", confidence=SIX, correct=RIGHT[:4], n_bins=5),
        Case("lengths differ, drawn", lambda draw: shortened(draw, drawn(draw))),
        shown("a matrix", confidence=SIX[None], correct=RIGHT[None], n_bins=5),
        shown("just above 1", confidence=1.25 * SIX, correct=RIGHT, n_bins=5),
        shown("in percent", confidence=100 * SIX, correct=RIGHT, n_bins=5),
        shown("negative", confidence=SIX.log(), correct=RIGHT, n_bins=5),
        shown("no bins", confidence=SIX, correct=RIGHT, n_bins=0),
        shown("negative bins", confidence=SIX, correct=RIGHT, n_bins=-2),
        advice="Raise ValueError where the two are not vectors of one length, where there are no answers, where a "
        "confidence is below 0 or above 1, and where n_bins is below 1.",
        fails="You accept invalid arguments, refuse valid ones, or raise something other than ValueError.",
    ),
    points=4,
    shortcuts=("calibration_curve", "MulticlassCalibrationError", "BinaryCalibrationError"),
)
