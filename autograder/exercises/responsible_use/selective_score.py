"""selective_score: what answers are worth where silence is allowed and a wrong one costs."""

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, randint, uniform
from autograder.exercises.responsible_use.inputs import as_booleans, right_or_wrong, shortened
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires, shown
from solutions import responsible_use

MAIN = "It is the mean of 1 for a right answer, -penalty for a wrong one, and 0 for none"


def drawn(draw: Generator) -> Arguments:
    """Right and wrong answers on both sides of the threshold."""
    n = randint(draw, 5, 12)
    low, high = 0.1 + 0.3 * torch.rand(n, generator=draw), 0.6 + 0.3 * torch.rand(n + 4, generator=draw)
    return {
        "confidence": torch.cat([high, low]),
        "correct": torch.cat([right_or_wrong(draw, n + 4), right_or_wrong(draw, n)]),
        "threshold": uniform(draw, 0.45, 0.55),
        "penalty": uniform(draw, 1.3, 3.7),
    }


def drawn_with(name: str, low: float, high: float) -> ArgumentMaker:
    """The same, with another threshold or penalty."""
    return lambda draw: drawn(draw) | {name: uniform(draw, low, high)}


def drawn_edges(draw: Generator) -> Arguments:
    confidence = torch.tensor([0.25, 0.5, 0.75, 0.5, 1.0, 0.0, 0.5, 0.875])
    correct = torch.tensor([1, 1, 0, 1, 1, 0, 0, 1])
    order = torch.randperm(8, generator=draw)
    return {"confidence": confidence[order], "correct": correct[order], "threshold": 0.5, "penalty": 0.5}


FIVE: Arguments = {
    "confidence": torch.tensor([0.9, 0.7, 0.2, 0.8, 0.4]),
    "correct": torch.tensor([1, 0, 0, 1, 1]),
    "threshold": 0.6,
    "penalty": 3.0,
}

EXERCISE = exercise(
    responsible_use.selective_score,
    __file__,
    requires(
        MAIN,
        shown("five answers", **FIVE),
        shown("a small penalty", **FIVE | {"penalty": 0.25}),
        Case("drawn", drawn),
        shown("all answered", **FIVE | {"threshold": 0.0}),
        advice="Of the five answers three reach the threshold of 0.6: two right ones and a wrong one. At a penalty of "
        "3 they score 1 + 1 - 3, and the mean is over all five.",
        weight=3,
        fails="Your result is not the mean of 1, -penalty and 0 over all answers.",
    ),
    requires(
        "Without a penalty a wrong answer scores 0",
        shown("no penalty", **FIVE | {"penalty": 0.0}),
        Case("no penalty, drawn", drawn_with("penalty", 0.0, 0.0)),
        advice="At a penalty of 0 a wrong answer is worth as much as silence.",
        needs=MAIN,
        fails="You do not score 0 for a wrong answer where the penalty is 0.",
    ),
    requires(
        "An answer on the threshold is given",
        shown(
            "on the threshold",
            confidence=torch.tensor([0.5, 0.25, 0.75, 0.5]),
            correct=torch.tensor([1, 1, 0, 1]),
            threshold=0.5,
            penalty=0.5,
        ),
        Case("on the threshold, drawn", drawn_edges, visible=True),
        advice="Withheld is what lies *below* the threshold.",
        needs=MAIN,
        fails="You withhold an answer whose confidence is exactly the threshold.",
    ),
    requires(
        "A model that keeps silent scores 0",
        shown("all withheld", **FIVE | {"threshold": 1.5}),
        Case("all withheld, drawn", drawn_with("threshold", 0.95, 0.99)),
        advice="Above every confidence, a threshold withholds all answers: five times 0.",
        needs=MAIN,
        fails="You do not return 0 where all answers are withheld.",
    ),
    requires(
        "Right or wrong may be Booleans, integers or floats",
        ("five answers",),
        shown("Booleans", **FIVE | {"correct": FIVE["correct"].bool()}),
        Case("Booleans, drawn", lambda draw: as_booleans(drawn(draw))),
        shown("floats", **FIVE | {"correct": FIVE["correct"].float()}),
        advice="Turn correct into one dtype before you use it.",
        needs=MAIN,
        fails="You do not treat Booleans, integers and floats in `correct` alike.",
    ),
    leaves_arguments(
        ("five answers", "a small penalty", "drawn"),
        advice="Work on new tensors: confidence and correct must be as they were.",
        fails="You change confidence or correct.",
    ),
    refuses(
        ("no penalty", "all withheld"),
        shown("no answers", **FIVE | {"confidence": torch.zeros(0), "correct": torch.zeros(0)}),
        shown("lengths differ", **FIVE | {"correct": FIVE["correct"][:3]}),
        Case("lengths differ, drawn", lambda draw: shortened(draw, drawn(draw))),
        shown("a matrix", **FIVE | {"confidence": FIVE["confidence"][None], "correct": FIVE["correct"][None]}),
        shown("just above 1", **FIVE | {"confidence": 1.25 * FIVE["confidence"]}),
        shown("negative", **FIVE | {"confidence": FIVE["confidence"].log()}),
        shown("a negative penalty", **FIVE | {"penalty": -3.0}),
        advice="Raise ValueError where the two are not vectors of one length, where there are no answers, where a "
        "confidence is below 0 or above 1, and where the penalty is negative.",
        fails="You accept invalid arguments, refuse valid ones, or raise something other than ValueError.",
    ),
    points=3,
)
