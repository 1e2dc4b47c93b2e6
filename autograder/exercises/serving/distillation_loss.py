"""distillation_loss: a student's distribution against its teacher's, both softened."""

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, randn
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires, shown
from solutions import serving


def drawn(rows: int, vocab: int, temperature: float, dtype: torch.dtype = torch.float32) -> ArgumentMaker:
    return lambda draw: {
        "student": 2 * randn(draw, rows, vocab, dtype=dtype),
        "teacher": 2 * randn(draw, vocab, rows, dtype=dtype).T + 1,  # not contiguous
        "temperature": temperature,
    }


def rows_for_columns(draw: Generator) -> Arguments:
    arguments = drawn(3, 5, 1.5)(draw)
    return {**arguments, "teacher": arguments["teacher"].T}


TWO = {
    "student": torch.tensor([[0.0, 1.0, 3.0], [2.0, 0.0, -1.0]]),
    "teacher": torch.tensor([[1.0, 0.0, 2.0], [4.0, 1.0, 0.0]]),
}


MAIN = "The loss is the mean over the rows of KL(teacher ‖ student)"

EXERCISE = exercise(
    serving.distillation_loss,
    __file__,
    requires(
        MAIN,
        shown("temperature 1", **TWO, temperature=1.0),
        Case("temperature 1, drawn", drawn(4, 6, 1.0)),
        Case("one row", drawn(1, 5, 1.0), visible=True),
        advice="Take log_softmax of both, weigh the differences of the logarithms with the teacher's probabilities, "
        "sum over the vocabulary, take the mean over the rows.",
        weight=3,
        fails="At temperature 1, your loss is not the mean over the rows of KL(teacher ‖ student).",
    ),
    requires(
        "Both are softened, and the result is multiplied by temperature²",
        shown("softened", **TWO, temperature=3.0),
        Case("sharpened", drawn(4, 5, 0.5)),
        advice="Divide both logits by the temperature before the softmax, and multiply the loss by its square.",
        weight=2,
        fails="At a temperature other than 1, your loss is not temperature² times the mean divergence of the softened "
        "rows.",
    ),
    requires(
        "Large logits give a finite loss",
        shown(
            "logits of 1000",
            student=torch.tensor([[1000.0, 0.0]]),
            teacher=torch.tensor([[0.0, 1000.0]]),
            temperature=1.0,
        ),
        Case(
            "large logits",
            lambda draw: {"student": 300 * randn(draw, 3, 6), "teacher": 300 * randn(draw, 3, 6), "temperature": 1.5},
            visible=True,
        ),
        advice="log_softmax never takes the logarithm of 0; softmax and then log does.",
        needs=MAIN,
        fails="With large logits, your loss is not finite, or is not temperature² times the mean divergence.",
    ),
    keeps_dtype(
        Case("float64", drawn(2, 4, 2.0, torch.float64), visible=True),
        ("temperature 1",),
        advice="The loss has the dtype of the student, and neither argument may differ after the call.",
        fails="Your loss has another dtype than the student, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach the student",
        Case("gradients", drawn(3, 4, 2.0), visible=True, gradients=("student",)),
        advice="Return a tensor that follows from the student by torch operations.",
        fails="The gradient with respect to student is missing, or is not the loss's derivative.",
    ),
    refuses(
        shown("one teacher for all", **TWO | {"teacher": TWO["teacher"][:1]}, temperature=2.0),
        Case("rows for columns, drawn", rows_for_columns),
        shown("one token for all", **TWO | {"teacher": TWO["teacher"][:, :1]}, temperature=2.0),
        shown("temperature 0", **TWO, temperature=0.0),
        shown("negative temperature", **TWO, temperature=-2.0),
        advice="Raise ValueError unless student and teacher have the same shape and the temperature is above 0.",
    ),
    points=3,
    shortcuts=("kl_div", "KLDivLoss"),
)
