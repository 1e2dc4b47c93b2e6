"""selective_score: what answers are worth where silence is allowed and a wrong one costs."""

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.responsible_use.inputs import (
    CHECK,
    NOTHING_CHECKED,
    answers_taken_as_they_are,
    as_booleans,
    one_outside,
    right_or_wrong,
    shortened,
)
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, uniform
from llm_course.checking import observe
from solutions import responsible_use

MAIN = "It is the mean of 1 for a right answer, -penalty for a wrong one, and 0 for none"
GIVEN = "confidence >= threshold"
RESULT = "(right_answers - penalty * wrong_answers) / len(confidence)"
PENALTY = "penalty < 0"
ANSWERED = "max(int(given.sum()), 1)"

known = Mistakes(responsible_use.selective_score, section="responsible-use-abstention")

known.edit(
    "mean_over_answered",
    {RESULT: f"(right_answers - penalty * wrong_answers) / {ANSWERED}"},
    "You divide by the answers that were given. Silence would then cost nothing at all, and one sure answer would be "
    "worth as much as a hundred: divide by all n.",
)
known.edit(
    "sum_of_scores",
    {RESULT: "float(right_answers - penalty * wrong_answers)"},
    "You return the sum of the scores. Asked is the mean over all answers.",
)
known.edit(
    "withheld_count_as_wrong",
    {"(given & ~right)": "(~right | ~given)"},
    "You punish silence as a wrong answer. A withheld answer scores 0.",
)
known.edit(
    "withheld_and_wrong_punished",
    {"(given & ~right)": "(~right)"},
    "You punish wrong answers that were withheld. Nobody saw them: they score 0.",
)
known.edit(
    "withheld_and_right_counted",
    {"(given & right)": "(right)"},
    "You count right answers that were withheld. Nobody saw them: they score 0.",
)
known.edit(
    "threshold_ignored",
    {GIVEN: "confidence >= 0"},
    "Your result does not depend on the threshold. Answers of a confidence below it are withheld and score 0.",
)
known.edit(
    "threshold_withheld",
    {GIVEN: "confidence > threshold"},
    "You withhold an answer whose confidence is exactly the threshold. Withheld are those *below* it.",
)
known.edit(
    "sure_ones_withheld",
    {GIVEN: "confidence < threshold"},
    "You give the answers below the threshold and withhold the sure ones.",
)
known.edit(
    "penalty_added",
    {RESULT: "(right_answers + penalty * wrong_answers) / len(confidence)"},
    "You add the penalty. It is given as a positive number and has to be taken off.",
)
known.edit(
    "penalty_ignored",
    {RESULT: "right_answers / len(confidence)"},
    "You give a wrong answer 0. It costs the penalty: without that, guessing is never worse than silence.",
)
known.edit(
    "penalty_of_one",
    {RESULT: "(right_answers - wrong_answers) / len(confidence)"},
    "Your wrong answers cost 1, whatever the penalty is.",
)
known.edit(
    "penalty_off_the_mean",
    {RESULT: "right_answers / len(confidence) - penalty * (wrong_answers > 0)"},
    "You take the penalty off once. Each wrong answer costs it.",
)
known.edit(
    "penalty_off_a_right_one",
    {RESULT: "(right_answers - (1 + penalty) * wrong_answers) / len(confidence)"},
    "Your wrong answers cost 1 + penalty. They do not score 1 first: each is worth -penalty.",
)
known.edit(
    "wrong_ones_score_first",
    {RESULT: "(right_answers + (1 - penalty) * wrong_answers) / len(confidence)"},
    "Your wrong answers score 1 before the penalty is taken off. Each is worth -penalty.",
)
known.edit(
    "justified_silence_scores",
    {RESULT: "(right_answers + int((~given & ~right).sum()) - penalty * wrong_answers) / len(confidence)"},
    "You give a point for silence where the answer would have been wrong. A withheld answer scores 0.",
)
known.edit(
    "expected_by_confidence",
    {RESULT: "float(((1 + penalty) * confidence - penalty)[given].sum()) / len(confidence)"},
    "You compute what an answer is worth if the confidence is true. Asked is what the answers scored: look at correct.",
)
known.edit(
    "weighted_by_confidence",
    {
        "int((given & right).sum())": "float((confidence * (given & right)).sum())",
        "int((given & ~right).sum())": "float((confidence * (given & ~right)).sum())",
    },
    "You weight the scores by the confidence. It only decides whether an answer is given.",
)
known.edit(
    "accuracy_of_answered",
    {RESULT: f"right_answers / {ANSWERED}"},
    "You return the accuracy of the answers that were given. Asked is the mean score over all, with a penalty for "
    "wrong ones.",
)
known.edit(
    "share_answered",
    {RESULT: "int(given.sum()) / len(confidence)"},
    "You return the share of answers that were given, the coverage. Asked is what they score.",
)
known.edit(
    "silence_costs",
    {RESULT: "(right_answers - penalty * wrong_answers - (~given).sum().item() * penalty / 2) / len(confidence)"},
    "You take something off for silence. A withheld answer scores 0.",
)
known.edit(
    "right_costs",
    {"right = correct.bool()": "right = ~correct.bool()"},
    "You take the wrong answers for right ones.",
)
known.edit(
    "in_percent",
    {RESULT: f"100 * {RESULT}"},
    "Your result is in percent. Asked is the mean score.",
)
known.edit(
    "rounded",
    {RESULT: f"round({RESULT}, 2)"},
    "You round the result. Rounding is for printing.",
)
known.edit(
    "rounded_to_three_digits",
    {RESULT: f"round({RESULT}, 3)"},
    "You round the result to three digits. Rounding is for printing.",
)
known.edit(
    "divided_by_one_less",
    {RESULT: "(right_answers - penalty * wrong_answers) / max(len(confidence) - 1, 1)"},
    "You divide by n - 1. A mean is over all n.",
)
known.edit(
    "never_below_zero",
    {RESULT: f"max(0.0, {RESULT})"},
    "You cut the score off at 0. A model that guesses may well be worse than a silent one.",
)
known.edit(
    "nothing_answered_is_nan",
    {RESULT: f"float('nan') if not given.any() else {RESULT}"},
    "You return NaN where all answers are withheld. Each scores 0, and so does their mean.",
)
known.edit(
    "nothing_answered_raises",
    {RESULT: f"1 / int(given.sum()) and {RESULT}"},
    "Your function raises where all answers are withheld. Each scores 0, and so does their mean.",
)
known.edit(
    "penalty_cut_to_whole",
    {PENALTY: "(penalty := penalty // 1) < 0"},
    "You cut the penalty to a whole number. 0.25 is a penalty, too.",
)


def refuse(confidence: Tensor, correct: Tensor) -> None:
    if confidence.ndim != 1 or confidence.shape != correct.shape or len(confidence) == 0:
        raise ValueError("no two vectors of one length")
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise ValueError("not from 0 to 1")


@known.function("You compare correct with `is True` or count Booleans only. It may be 0 and 1 in any dtype as well.")
def booleans_only(confidence: Tensor, correct: Tensor, threshold: float, penalty: float) -> float:
    refuse(confidence, correct)
    if penalty < 0:
        raise ValueError("no penalty")
    pairs = zip(confidence.tolist(), correct.tolist(), strict=True)
    scores = [(1.0 if right is True else -penalty) if sure >= threshold else 0.0 for sure, right in pairs]
    return sum(scores) / len(scores)


@known.function(
    "You subtract Booleans from numbers or turn them with a minus, and torch refuses that. Make them numbers first."
)
def minus_booleans(confidence: Tensor, correct: Tensor, threshold: float, penalty: float) -> float:
    refuse(confidence, correct)
    if penalty < 0:
        raise ValueError("no penalty")
    scores = correct - penalty * (1 - correct)
    return float((scores * (confidence >= threshold)).double().mean())


@known.function(
    "You turn wrong answers around with ~ on integers: ~1 is -2 and ~0 is -1, no Boolean. Make correct Boolean first."
)
def integers_turned(confidence: Tensor, correct: Tensor, threshold: float, penalty: float) -> float:
    refuse(confidence, correct)
    if penalty < 0:
        raise ValueError("no penalty")
    given = (confidence >= threshold).long()
    right = correct.long()
    return float((given * right - penalty * given * ~right).double().mean())


known.edit(
    "in_place",
    {"right = correct.bool()": "right = correct.bool()\n    confidence[~given] = 0\n    correct[~given] = 0"},
    "You change confidence or correct: work on new tensors.",
)
known.edit(
    "returns_a_tensor",
    {RESULT: f"confidence.new_tensor({RESULT})"},
    "You return a tensor. Asked is a float: .item() makes one.",
)
known.edit(
    "nothing_checked",
    {CHECK: NOTHING_CHECKED, PENALTY: "False"},
    "You check nothing that comes in: raise ValueError for vectors of different lengths, for none at all, for a "
    "confidence that is not from 0 to 1, and for a negative penalty.",
)
answers_taken_as_they_are(known, CHECK)
known.edit(
    "negative_penalty_taken",
    {PENALTY: "False"},
    "You accept a negative penalty: wrong answers would be rewarded. Raise ValueError.",
)
known.edit(
    "sign_of_penalty_ignored",
    {PENALTY: "(penalty := abs(penalty)) < 0"},
    "You take a negative penalty for a positive one. Raise ValueError, so that nobody has to guess which was meant.",
)
known.edit(
    "no_penalty_refused",
    {PENALTY: "penalty <= 0"},
    "You refuse a penalty of 0. That is the usual accuracy, with silence counted as wrong.",
)
known.edit(
    "large_penalty_refused",
    {PENALTY: "not 0 <= penalty <= 1"},
    "You refuse a penalty above 1. A wrong answer may cost more than a right one brings.",
)
known.edit(
    "threshold_refused",
    {PENALTY: "penalty < 0 or not 0 <= threshold <= 1"},
    "You refuse a threshold above 1. It makes sense: no answer is given.",
)
known.asserted()


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


def drawn_small_penalty(draw: Generator) -> Arguments:
    return drawn(draw) | {"penalty": uniform(draw, 0.1, 0.9)}


def drawn_no_penalty(draw: Generator) -> Arguments:
    return drawn(draw) | {"penalty": 0.0}


def drawn_edges(draw: Generator) -> Arguments:
    confidence = torch.tensor([0.25, 0.5, 0.75, 0.5, 1.0, 0.0, 0.5, 0.875])
    correct = torch.tensor([1, 1, 0, 1, 1, 0, 0, 1])
    order = torch.randperm(8, generator=draw)
    return {"confidence": confidence[order], "correct": correct[order], "threshold": 0.5, "penalty": 0.5}


def drawn_silent(draw: Generator) -> Arguments:
    return drawn(draw) | {"threshold": uniform(draw, 0.95, 0.99)}


def drawn_negative_penalty(draw: Generator) -> Arguments:
    return drawn(draw) | {"penalty": -uniform(draw, 0.1, 3)}


FIVE: Arguments = {
    "confidence": torch.tensor([0.9, 0.7, 0.2, 0.8, 0.4]),
    "correct": torch.tensor([1, 0, 0, 1, 1]),
    "threshold": 0.6,
    "penalty": 3.0,
}

EXERCISE = Exercise(
    reference=responsible_use.selective_score,
    points=3,
    cases=(
        Case("five answers", given(**FIVE), visible=True),
        Case("a small penalty", given(**FIVE | {"penalty": 0.25}), visible=True),
        Case("drawn", drawn),
        Case("a small penalty, drawn", drawn_small_penalty),
        Case("no penalty", given(**FIVE | {"penalty": 0.0}), visible=True),
        Case("no penalty, drawn", drawn_no_penalty),
        Case("all answered", given(**FIVE | {"threshold": 0.0}), visible=True),
        Case("all withheld", given(**FIVE | {"threshold": 1.5}), visible=True),
        Case("all withheld, drawn", drawn_silent),
        Case(
            "on the threshold",
            given(
                confidence=torch.tensor([0.5, 0.25, 0.75, 0.5]),
                correct=torch.tensor([1, 1, 0, 1]),
                threshold=0.5,
                penalty=0.5,
            ),
            visible=True,
        ),
        Case("on the threshold, drawn", drawn_edges, visible=True),
        Case("Booleans", given(**FIVE | {"correct": FIVE["correct"].bool()}), visible=True),
        Case("Booleans, drawn", lambda draw: as_booleans(drawn(draw))),
        Case("floats", given(**FIVE | {"correct": FIVE["correct"].float()}), visible=True),
        Case(
            "no answers",
            given(**FIVE | {"confidence": torch.zeros(0), "correct": torch.zeros(0)}),
            visible=True,
        ),
        Case("lengths differ", given(**FIVE | {"correct": FIVE["correct"][:3]}), visible=True),
        Case("lengths differ, drawn", lambda draw: shortened(draw, drawn(draw))),
        Case(
            "a matrix",
            given(**FIVE | {"confidence": FIVE["confidence"][None], "correct": FIVE["correct"][None]}),
            visible=True,
        ),
        Case("in percent", given(**FIVE | {"confidence": 100 * FIVE["confidence"]}), visible=True),
        Case("negative", given(**FIVE | {"confidence": FIVE["confidence"].log()}), visible=True),
        Case("outside 0 to 1, drawn", lambda draw: one_outside(draw, drawn(draw))),
        Case("a negative penalty", given(**FIVE | {"penalty": -3.0}), visible=True),
        Case("a negative penalty, drawn", drawn_negative_penalty),
    ),
    properties=(
        Property(
            MAIN,
            ("five answers", "a small penalty", "drawn", "a small penalty, drawn", "all answered"),
            "Of the five answers three reach the threshold of 0.6: two right ones and a wrong one. At a penalty of 3 "
            "they score 1 + 1 - 3, and the mean is over all five.",
            weight=3,
        ),
        Property(
            "Without a penalty a wrong answer scores 0",
            ("no penalty", "no penalty, drawn"),
            "At a penalty of 0 a wrong answer is worth as much as silence.",
            needs=MAIN,
        ),
        Property(
            "An answer on the threshold is given",
            ("on the threshold", "on the threshold, drawn"),
            "Withheld is what lies *below* the threshold.",
            needs=MAIN,
        ),
        Property(
            "A model that keeps silent scores 0",
            ("all withheld", "all withheld, drawn"),
            "Above every confidence, a threshold withholds all answers: five times 0.",
            needs=MAIN,
        ),
        Property(
            "Right or wrong may be Booleans, integers or floats",
            ("five answers", "Booleans", "Booleans, drawn", "floats"),
            "Turn correct into one dtype before you use it.",
            needs=MAIN,
        ),
        Property(
            "The arguments are left unchanged",
            ("five answers", "a small penalty", "drawn"),
            "Work on new tensors: confidence and correct must be as they were.",
            observe=observe.changed,
            needs=MAIN,
        ),
        Property(
            "What makes no sense is refused with a ValueError",
            (
                "five answers", "no penalty", "all withheld", "no answers", "lengths differ", "lengths differ, drawn",
                "a matrix", "in percent", "negative", "outside 0 to 1, drawn", "a negative penalty",
                "a negative penalty, drawn",
            ),
            "Raise ValueError where the two are not vectors of one length, where there are no answers, where a "
            "confidence is below 0 or above 1, and where the penalty is negative.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
)  # fmt: skip
