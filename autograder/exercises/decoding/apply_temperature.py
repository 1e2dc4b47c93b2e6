"""apply_temperature: sharper or flatter."""

import torch
from torch import Generator

from autograder.exercises.decoding.filters import filter_requirements
from autograder.exercises.decoding.inputs import rows
from autograder.exercises.drawing import Arguments, randint
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from solutions import decoding


def drawn_temperature(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 2, 3, vocab=6), "temperature": 0.3 + 0.1 * randint(draw, 0, 4)}


def drawn_zero(draw: Generator) -> Arguments:
    logits = rows(draw, 3, vocab=6)
    logits[1, 4] = logits[1, 2] = logits[1].max() + 1
    return {"logits": logits, "temperature": 0.0}


def texts_at_zero(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 2, 3, vocab=6), "temperature": 0.0}


def negative_temperature(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 2, vocab=5), "temperature": -0.2 * randint(draw, 1, 9)}


TWO_ROWS = torch.tensor([[1.0, 4.0, -2.0, 4.0, 0.0], [3.0, -1.0, 2.0, 0.0, 5.0]])

EXERCISE = exercise(
    decoding.apply_temperature,
    __file__,
    requires(
        "Logits are divided by the temperature",
        shown("two rows", logits=TWO_ROWS, temperature=0.5),
        Case("drawn", drawn_temperature, visible=True),
        Case("one row", lambda draw: {"logits": rows(draw, 1, vocab=7), "temperature": 2.5}),
        advice="At temperature 0.5 a logit of 2 becomes 4: the distances between logits double, the distribution gets "
        "sharper.",
        weight=2,
        fails="Your result is not the logits divided by the temperature.",
    ),
    requires(
        "At temperature 0 only the first largest logit of each row survives",
        shown("zero", logits=TWO_ROWS, temperature=0.0),
        Case("zero, drawn", drawn_zero),
        Case("zero, no batch", lambda draw: {"logits": rows(draw, vocab=6), "temperature": 0}, visible=True),
        Case("zero, a batch of texts", texts_at_zero, visible=True),
        advice="Keep the largest logit as it is and set the others to -inf. If two are largest, the first one wins: "
        "look at `argmax`.",
        weight=2,
        fails="At temperature 0 you do not keep just the first largest logit of each row, with -inf elsewhere.",
    ),
    refuses(
        shown("negative", logits=TWO_ROWS, temperature=-1.0),
        Case("negative, drawn", negative_temperature),
        advice="Raise ValueError for a temperature below 0.",
        name="A negative temperature raises ValueError",
        fails="You accept a negative temperature, or raise something other than ValueError.",
    ),
    *filter_requirements(
        Case("float64", lambda draw: {"logits": rows(draw, 2, vocab=5).double(), "temperature": 1.7}, visible=True),
        Case("gradients", drawn_temperature, visible=True, gradients=("logits",)),
        Case("gradients at zero", texts_at_zero, visible=True, gradients=("logits",)),
    ),
    points=2,
)
