"""apply_rope: queries and keys turned by their position."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, each_tensor, randint, randn, uniform
from autograder.exercises.spec import Case, exercise, leaves_arguments, passes_gradients, refuses, requires
from llm_course.checking import observe
from solutions import positions as reference

DISTANCE = "Dot products depend on the distance of two rows, and on nothing else of their positions"


def random_heads(draw: Generator, *shape: int) -> Tensor:
    """Random rows of heads, as a transposed view: learners' code must not rely on contiguous memory."""
    batch, heads, time, head_dim = shape
    return randn(draw, batch, time, heads, head_dim).transpose(1, 2)


def rows_at(positions: list[int]) -> ArgumentMaker:
    """For cases that draw the same rows: only their positions differ."""
    return lambda draw: {"x": random_heads(draw, 2, 1, len(positions), 6), "positions": torch.tensor(positions)}


def rows_of(
    *shape: int, positions: Sequence[float], dtype: torch.dtype = torch.float32, **others: float
) -> ArgumentMaker:
    """Random rows at given positions."""
    return lambda draw: {"x": random_heads(draw, *shape).to(dtype), "positions": torch.tensor(positions), **others}


def from_zero(draw: Generator) -> Arguments:
    x = torch.tensor([[[[1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 0.0, 2.0], [0.0, 3.0, 2.0, 0.0]]]])
    return {"x": x, "positions": torch.arange(3)}


def with_gaps(draw: Generator) -> Arguments:
    return {"x": torch.arange(1.0, 13.0).reshape(1, 1, 3, 4), "positions": torch.tensor([3, 10, 4])}


def drawn_positions(draw: Generator) -> Arguments:
    return {"x": random_heads(draw, 2, 3, 4, 10), "positions": torch.randperm(25, generator=draw)[:4]}


def one_new_row(draw: Generator) -> Arguments:
    return {"x": random_heads(draw, 2, 3, 1, 4), "positions": torch.tensor([randint(draw, 7, 20)])}


FAR = [2501, 2727, 3001, 3333]

EXERCISE = exercise(
    reference.apply_rope,
    __file__,
    requires(
        DISTANCE,
        Case("rows", rows_at([2, 3, 5, 9]), visible=True),
        Case("rows moved on", rows_at([19, 20, 22, 26]), visible=True, drawn_as="rows"),
        Case("rows pulled apart", rows_at([4, 6, 10, 18]), visible=True, drawn_as="rows"),
        advice="Turn two rows, multiply them, then add 17 to both positions: each row turns on and keeps its length, "
        "and the product must stay. Double the distance: it must change.",
        fails="Dot products of your rows do not depend on their distance alone.",
        weight=2,
        observe=observe.distance_only,
        joint=True,
    ),
    requires(
        "At positions 0, 1, 2, ... the rows are turned as in Llama",
        Case("from zero", from_zero, visible=True),
        Case("batched from zero", rows_of(3, 2, 5, 8, positions=[0, 1, 2, 3, 4])),
        advice="Take a row of four numbers at position 1: components 0 and 2 turn by 1 radian, 1 and 3 by 0.01.",
        fails="At positions 0, 1, 2, ... your rows are not turned as in Llama.",
        weight=3,
    ),
    requires(
        "The given positions count, in any order",
        Case("positions with gaps", with_gaps, visible=True),
        Case("positions drawn", drawn_positions),
        Case("between positions", rows_of(1, 2, 3, 4, positions=[0.5, -1.0, 2.25]), visible=True),
        Case("one new row", one_new_row, visible=True),
        advice="The angle of row t belongs to positions[t], not to t: with a cache, the only new row may be at "
        "position 17.",
        fails="At positions other than 0, 1, 2, ..., row t is not turned by positions[t] · base^(-2i / head_dim).",
        weight=2,
    ),
    requires(
        "The base sets how far the speeds spread",
        Case("small base", rows_of(1, 2, 3, 6, positions=[5, 1, 2], base=100.0), visible=True),
        Case("large base", lambda draw: {**drawn_positions(draw), "base": 500000.0}),
        Case("base below one", lambda draw: {**drawn_positions(draw), "base": uniform(draw, 0.3, 0.7)}, visible=True),
        advice="Pair i turns by position · base^(-2i / head_dim): another base, other angles in all pairs but the "
        "first.",
        fails="With another base, your pairs are not turned by position · base^(-2i / head_dim).",
    ),
    refuses(
        ("from zero",),
        Case("odd width", rows_of(1, 2, 3, 5, positions=[0, 1, 2]), visible=True),
        Case("one position for three rows", rows_of(1, 2, 3, 4, positions=[2]), visible=True),
        Case("base of zero", lambda draw: {**from_zero(draw), "base": 0.0}, visible=True),
        Case("base below zero", lambda draw: {**from_zero(draw), "base": -uniform(draw, 1, 100)}, visible=True),
        advice="Raise ValueError where head_dim is odd, positions is not one number for each row, or the base is not "
        "above 0, and nowhere else.",
    ),
    requires(
        "The dtype of x is kept",
        Case("bfloat16", each_tensor(Tensor.bfloat16, drawn_positions), visible=True),
        # At position 0, where the result does not depend on the precision of the angles, which is left open.
        Case("float64", rows_of(2, 1, 3, 4, positions=[0, 0, 0], dtype=torch.float64), visible=True),
        advice="A product of bfloat16 and float32 is float32: bring cosines and sines to the dtype of x, or the "
        "result.",
        fails="Your result has another dtype than x.",
        observe=observe.dtype,
        needs=DISTANCE,
    ),
    requires(
        "Far positions keep their angle in half precision",
        Case("far in float16", rows_of(1, 2, 4, 8, positions=FAR, dtype=torch.float16), visible=True),
        advice="float16 knows no whole number between 3000 and 3002, and one radian is a sixth of a turn: compute the "
        "angles in float32, then convert cosine and sine.",
        fails="At far positions in half precision, your rows are not turned by angles of float32's precision.",
        needs=DISTANCE,
    ),
    leaves_arguments(
        ("positions with gaps", "positions drawn"),
        advice="An argument differs after your call: writing into a slice of x changes it for the caller too.",
    ),
    passes_gradients(
        "Gradients reach x",
        Case("gradients", rows_of(1, 2, 3, 6, positions=[3, 10, 4]), visible=True, gradients=("x",)),
        advice="Queries and keys are learned through this function: no detach, no no_grad, no way through NumPy.",
        fails="The gradient of your result with respect to x is missing, or is not the turn's derivative.",
        needs=DISTANCE,
    ),
    points=6,
    shortcuts=("apply_rotary_pos_emb", "rotate_half", "RotaryEmbedding", "view_as_complex"),
)
