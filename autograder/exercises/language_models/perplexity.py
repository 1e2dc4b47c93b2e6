"""perplexity: how surprised a model is, as a number of choices."""

import math

from torch import Generator

from autograder.exercises.drawing import Arguments, randint, within
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from solutions import language_models

MAIN = "It is exp(-log_prob / n_predictions)"


def drawn_score(draw: Generator) -> Arguments:
    """The perplexity is half a unit of the fourth decimal away from any number that rounding could make of it."""
    choices, n_predictions = (randint(draw, 15_000, 40_000) + 0.5) / 10_000, randint(draw, 5, 12)
    return {"log_prob": -n_predictions * math.log(choices), "n_predictions": n_predictions}


EXERCISE = exercise(
    language_models.perplexity,
    __file__,
    requires(
        MAIN,
        shown("two predictions", log_prob=-3.0, n_predictions=2),
        shown("ten predictions", log_prob=-23.5, n_predictions=10),
        Case("drawn", drawn_score),
        advice="Try a fair die: three throws have the log probability 3 ln(1/6), and the perplexity has to be 6.",
        fails="Your result is not exp(-log_prob / n_predictions).",
        weight=3,
    ),
    requires(
        "A long text does not overflow",
        shown("long text", log_prob=-2400.0, n_predictions=1000),
        Case("long text, drawn", within(log_prob=(-3000.0, -2000.0), n_predictions=(900, 1000))),
        advice="The probability of a long text is too small for a float, and its inverse too large. Divide the "
        "logarithm first, then take exp.",
        fails="For a long text, your result is not exp(-log_prob / n_predictions), or does not fit into a float.",
        needs=MAIN,
    ),
    requires(
        "A single prediction and a certain text give the right perplexity",
        Case("certain", within(log_prob=0.0, n_predictions=(3, 99)), visible=True),
        Case("one prediction", within(log_prob=(-2.5, -0.5), n_predictions=(1, 1)), visible=True),
        advice="With one prediction nothing is averaged. A model that was certain of every token has perplexity 1.",
        fails="For a single prediction, or a log_prob of 0, your result is not exp(-log_prob / n_predictions).",
    ),
    refuses(
        shown("no prediction", log_prob=-2.0, n_predictions=0),
        Case("negative", lambda draw: {"log_prob": -2.0, "n_predictions": -randint(draw, 1, 99)}, visible=True),
        shown("probability above 1", log_prob=3.0, n_predictions=4),
        Case("probability above 1, drawn", within(log_prob=(0.05, 0.9), n_predictions=(2, 9))),
        advice="Raise ValueError where n_predictions is below 1, and for a positive log probability.",
    ),
    points=2,
)
