"""distillation_loss: a student's distribution against its teacher's, both softened."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, given, randn
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires
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


def with_teacher(name: str, teacher: Tensor) -> Case:
    return Case(name, given(student=TWO["student"], teacher=teacher, temperature=2.0), visible=True)


MAIN = "The loss is the mean over the rows of KL(teacher ‖ student)"

EXERCISE = exercise(
    serving.distillation_loss,
    __file__,
    requires(
        MAIN,
        Case("temperature 1", given(**TWO, temperature=1.0), visible=True),
        Case("temperature 1, drawn", drawn(4, 6, 1.0)),
        Case("one row", drawn(1, 5, 1.0), visible=True),
        advice="Take log_softmax of both, weigh the differences of the logarithms with the teacher's probabilities, "
        "sum over the vocabulary, take the mean over the rows.",
        weight=3,
        fails="At temperature 1, your loss is not the mean over the rows of KL(teacher ‖ student).",
    ),
    requires(
        "Both are softened, and the result is multiplied by temperature²",
        Case("softened", given(**TWO, temperature=3.0), visible=True),
        Case("sharpened", drawn(4, 5, 0.5)),
        advice="Divide both logits by the temperature before the softmax, and multiply the loss by its square.",
        weight=2,
        fails="At a temperature other than 1, your loss is not temperature² times the mean divergence of the softened "
        "rows.",
    ),
    requires(
        "Large logits give a finite loss",
        Case(
            "logits of 1000",
            given(student=torch.tensor([[1000.0, 0.0]]), teacher=torch.tensor([[0.0, 1000.0]]), temperature=1.0),
            visible=True,
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
        with_teacher("one teacher for all", TWO["teacher"][:1]),
        Case("rows for columns, drawn", rows_for_columns),
        with_teacher("one token for all", TWO["teacher"][:, :1]),
        Case("temperature 0", given(**TWO, temperature=0.0), visible=True),
        Case("negative temperature", given(**TWO, temperature=-2.0), visible=True),
        advice="Raise ValueError unless student and teacher have the same shape and the temperature is above 0.",
    ),
    points=3,
    shortcuts=("kl_div", "KLDivLoss"),
)
