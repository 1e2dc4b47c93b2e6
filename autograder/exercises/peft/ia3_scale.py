"""ia3_scale: one learned factor for each column."""

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, randn
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires
from solutions import peft


def scaled(*shape: int, dtype: torch.dtype = torch.float32) -> ArgumentMaker:
    return lambda draw: {"x": randn(draw, *shape, dtype=dtype), "scale": 1.5 + torch.rand(shape[-1], generator=draw)}


def unfitting(*shape: int, rows: int = 4) -> ArgumentMaker:
    return lambda draw: {"x": randn(draw, rows, 3), "scale": randn(draw, *shape)}


def two_rows(draw: Generator) -> Arguments:
    return {"x": torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), "scale": torch.tensor([10.0, 2.0, -1.0])}


EXERCISE = exercise(
    peft.ia3_scale,
    __file__,
    requires(
        "Each column is multiplied by its factor",
        Case("two rows", two_rows, visible=True, gradients=("x", "scale")),
        Case("batch", scaled(2, 3, 4), visible=True, gradients=("x", "scale")),
        Case("square", scaled(4, 4), gradients=("x", "scale")),
        Case("one row", scaled(5), visible=True),
        Case("not contiguous", lambda draw: {"x": randn(draw, 5, 3, 2).transpose(0, 2), "scale": randn(draw, 5)}),
        advice="Take scale = [1, 0]: the first column stays, the second becomes 0.",
        weight=2,
        fails="You do not multiply each column by its own factor.",
    ),
    passes_gradients(
        "Gradients reach x and the factors",
        ("two rows", "batch", "square"),
        advice="The factors are what is trained: look for `detach`, `data` and `no_grad`.",
        fails="The gradient with respect to x or scale is missing, or is not the derivative of their product.",
    ),
    keeps_dtype(
        Case("untouched", scaled(3, 4), visible=True),
        Case("float16", scaled(3, 5, dtype=torch.float16), visible=True),
        Case("float16 batch", scaled(2, 3, 4, dtype=torch.float16)),
        advice="Work on a new tensor, and return it in the dtype of x.",
        name="The dtype of x is kept, and x is left unchanged",
        fails="You lose the dtype of x, or change x.",
    ),
    refuses(
        Case("one factor", unfitting(1, rows=2), visible=True),
        Case("factors for rows", unfitting(4)),
        Case("factors in a column", unfitting(3, 1, rows=3), visible=True),
        Case("factors for each number", unfitting(4, 3), visible=True),
        advice="Broadcasting accepts more than it should: compare `scale.shape` with `x.shape[-1:]`, and raise "
        "ValueError.",
        name="Factors that are not one for each column raise ValueError",
        fails="You do not raise ValueError for factors of other shapes, or raise it for fitting ones.",
    ),
    points=2,
)
