"""perplexity: how surprised a model is, as a number of choices."""

import math

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, uniform
from llm_course.checking import observe
from solutions import language_models

known = Mistakes(language_models.perplexity, section="language-models-perplexity")

RESULT = "math.exp(-log_prob / n_predictions)"

known.edit(
    "power_of_two",
    {RESULT: "2 ** (-log_prob / n_predictions)"},
    "You raise 2 to the loss, but the log probability is in nats: undo a natural logarithm with exp.",
)
known.edit(
    "no_minus_sign",
    {RESULT: "math.exp(log_prob / n_predictions)"},
    "The minus sign is missing: what you return is the mean probability (geometric), a number below 1. Perplexity is "
    "its inverse.",
)
known.edit(
    "divided_by_tokens",
    {RESULT: "math.exp(-log_prob / (n_predictions + 1))"},
    "You divide by n_predictions + 1. The number of predictions is what is given; the first token, which nobody "
    "predicted, is not in it.",
)
known.edit(
    "divided_by_one_less",
    {RESULT: "math.exp(-log_prob / max(n_predictions - 1, 1))"},
    "You divide by n_predictions - 1. The predictions are already counted: divide by n_predictions.",
)
known.edit(
    "not_divided",
    {RESULT: "math.exp(-log_prob)"},
    "You do not divide by the number of predictions, so a long text looks worse than a short one.",
)
known.edit(
    "divided_outside",
    {RESULT: "math.exp(-log_prob) / n_predictions"},
    "You divide after the exponential. Average the log probability first, then take exp.",
)
known.edit(
    "only_the_loss",
    {RESULT: "-log_prob / n_predictions"},
    "You return the mean loss (cross-entropy). The perplexity is exp of it.",
)
known.edit(
    "bits",
    {RESULT: "-log_prob / n_predictions / math.log(2)"},
    "You return bits per prediction. The perplexity is 2 to that power, or exp of the loss in nats.",
)
known.edit(
    "power_of_ten",
    {RESULT: "10 ** (-log_prob / n_predictions)"},
    "You raise 10 to the loss, but the log probability is in nats: undo a natural logarithm with exp.",
)
known.edit(
    "multiplied",
    {RESULT: "math.exp(min(-log_prob * n_predictions, 700))"},
    "You multiply by the number of predictions. A mean divides by it.",
)
known.edit(
    "root_of_the_inverse",
    {RESULT: "math.exp(-log_prob) ** (1 / n_predictions)"},
    "You take exp first and the root after. Of a long text the first number is too large for a float: divide by the "
    "number of predictions before exp.",
    "language-models-logarithms",
)
known.edit(
    "root_of_the_probability",
    {RESULT: "math.exp(log_prob) ** (-1 / n_predictions)"},
    "You go back to the probability of the text and take a root of it. Of a long text the probability is rounded to "
    "0: divide its logarithm by the number of predictions before exp.",
    "language-models-logarithms",
)
known.edit(
    "rounded",
    {RESULT: f"round({RESULT}, 2)"},
    "You round the result. Return it as it is; rounding is for printing.",
)
known.edit(
    "positive_taken",
    {"if log_prob > 0": "if False"},
    "Your function takes a positive log probability. That would be a probability above 1; mostly it is a loss with its "
    "sign turned, so refuse it.",
)
known.edit(
    "absolute_value",
    {"if log_prob > 0": "if False", RESULT: "math.exp(abs(log_prob) / n_predictions)"},
    "You take the absolute value of the log probability, so a positive one goes through as if its sign were a slip. "
    "It would be a probability above 1: raise ValueError.",
)
known.edit(
    "certainty_refused",
    {"if log_prob > 0": "if log_prob >= 0"},
    "You refuse a log probability of 0. It is that of a text of which every token was certain, and its perplexity is "
    "1.",
)


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
    mistakes=tuple(known),
)
