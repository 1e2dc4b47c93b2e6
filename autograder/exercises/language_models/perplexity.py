"""perplexity: how surprised a model is, as a number of choices."""

import math

from torch import Generator

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, uniform
from llm_course.checking import observe
from solutions import language_models


def drawn_score(draw: Generator) -> Arguments:
    """The perplexity is half a unit of the fourth decimal away from any number that rounding could make of it."""
    choices, n_predictions = (randint(draw, 15_000, 40_000) + 0.5) / 10_000, randint(draw, 5, 12)
    return {"log_prob": -n_predictions * math.log(choices), "n_predictions": n_predictions}


def drawn_long(draw: Generator) -> Arguments:
    return {"log_prob": -uniform(draw, 2000, 3000), "n_predictions": randint(draw, 900, 1000)}


def drawn_one(draw: Generator) -> Arguments:
    return {"log_prob": -uniform(draw, 0.5, 2.5), "n_predictions": 1}


def drawn_above_1(draw: Generator) -> Arguments:
    return {"log_prob": uniform(draw, 0.05, 0.9), "n_predictions": randint(draw, 2, 9)}


EXERCISE = Exercise(
    reference=language_models.perplexity,
    points=2,
    cases=(
        Case("ten predictions", given(log_prob=-23.5, n_predictions=10), visible=True),
        Case("drawn", drawn_score),
        Case("long text", given(log_prob=-2400.0, n_predictions=1000), visible=True),
        Case("long text, drawn", drawn_long),
        Case("one prediction", drawn_one, visible=True),
        Case("certain", lambda draw: {"log_prob": 0.0, "n_predictions": randint(draw, 3, 99)}, visible=True),
        Case("no prediction", given(log_prob=-2.0, n_predictions=0), visible=True),
        Case("fewer than none", lambda draw: {"log_prob": -2.0, "n_predictions": -randint(draw, 1, 99)}, visible=True),
        Case("probability above 1", given(log_prob=3.0, n_predictions=4), visible=True),
        Case("probability above 1, drawn", drawn_above_1),
    ),
    properties=(
        Property(
            "It is exp(-log_prob / n_predictions)",
            ("ten predictions", "drawn"),
            "Try a fair die: three throws have the log probability 3 ln(1/6), and the perplexity has to be 6.",
            weight=3,
        ),
        Property(
            "A long text does not overflow",
            ("long text", "long text, drawn"),
            "The probability of a long text is too small for a float, and its inverse too large. Divide the logarithm "
            "first, then take exp.",
            needs="It is exp(-log_prob / n_predictions)",
        ),
        Property(
            "A single prediction and a certain text are right too",
            ("one prediction", "certain"),
            "With one prediction nothing is averaged. A model that was certain of every token has perplexity 1.",
        ),
        Property(
            "Arguments that make no sense are refused with a ValueError",
            (
                "ten predictions",
                "drawn",
                "no prediction",
                "fewer than none",
                "probability above 1",
                "probability above 1, drawn",
            ),
            "Raise ValueError for fewer than one prediction, and for a positive log probability.",
            observe=observe.refusal,
            needs="It is exp(-log_prob / n_predictions)",
        ),
    ),
    mistakes=misunderstandings(language_models.perplexity, __file__),
)
