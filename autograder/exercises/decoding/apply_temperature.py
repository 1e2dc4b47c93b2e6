"""apply_temperature: sharper or flatter."""

import torch
from torch import Generator

from autograder.exercises.decoding.filters import filter_properties
from autograder.exercises.decoding.inputs import rows
from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, refuses
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
DIVIDED = "Logits are divided by the temperature"

EXERCISE = Exercise(
    reference=decoding.apply_temperature,
    points=2,
    cases=(
        Case("two rows", given(logits=TWO_ROWS, temperature=0.5), visible=True),
        Case("drawn", drawn_temperature, visible=True),
        Case("one row", lambda draw: {"logits": rows(draw, 1, vocab=7), "temperature": 2.5}),
        Case("zero", given(logits=TWO_ROWS, temperature=0.0), visible=True),
        Case("zero, drawn", drawn_zero),
        Case("zero, no batch", lambda draw: {"logits": rows(draw, vocab=6), "temperature": 0}, visible=True),
        Case("zero, a batch of texts", texts_at_zero, visible=True),
        Case("float64", lambda draw: {"logits": rows(draw, 2, vocab=5).double(), "temperature": 1.7}, visible=True),
        Case("gradients", drawn_temperature, visible=True, gradients=("logits",)),
        Case("gradients at zero", texts_at_zero, visible=True, gradients=("logits",)),
        Case("negative", given(logits=TWO_ROWS, temperature=-1.0), visible=True),
        Case("negative, drawn", negative_temperature),
    ),
    properties=(
        Property(
            DIVIDED,
            ("two rows", "drawn", "one row"),
            "At temperature 0.5 a logit of 2 becomes 4: the distances between logits double, the distribution gets "
            "sharper.",
            weight=2,
            fails="Your result is not the logits divided by the temperature.",
        ),
        Property(
            "At temperature 0 only the first largest logit of each row survives",
            ("zero", "zero, drawn", "zero, no batch", "zero, a batch of texts"),
            "Keep the largest logit as it is and set the others to -inf. If two are largest, the first one wins: look "
            "at `argmax`.",
            weight=2,
            fails="At temperature 0 you do not keep just the first largest logit of each row, with -inf elsewhere.",
        ),
        refuses(
            ("negative", "negative, drawn"),
            "Raise ValueError for a temperature below 0.",
            name="A negative temperature raises ValueError",
            needs=DIVIDED,
            fails="You accept a negative temperature, or raise something other than ValueError.",
        ),
        *filter_properties(needs=DIVIDED, gradients=("gradients", "gradients at zero")),
    ),
    mistakes=misunderstandings(decoding.apply_temperature, __file__),
)
