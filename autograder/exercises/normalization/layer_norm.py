"""layer_norm: rows with mean 0 and variance 1, then a gain and a bias."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, each_tensor, randn
from autograder.exercises.normalization.inputs import (
    FIXED_SEED,
    four_axes,
    neutral,
    plain_rows_in_a_batch,
    random_rows,
    single_row,
    weighted,
    weighted_batch,
    whole_rows,
    with_weight,
    without_weight,
)
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires
from llm_course.checking import observe
from solutions import normalization


def centered(x: Tensor) -> Tensor:
    return x - x.mean(-1, keepdim=True)


def without_bias(draw: Generator) -> Arguments:
    return with_weight(torch.Generator().manual_seed(FIXED_SEED))


def small_numbers(draw: Generator) -> Arguments:
    """Rows of spread 4.5e-4, far below the root of eps: they come out 0.01 long, and 0.1 with eps outside the root."""
    return neutral(4.5e-4 * standardized(randn(draw, 3, 5)) + 0.3, eps=0.01)


def default_eps(draw: Generator) -> Arguments:
    """Rows that come out 0.02 long with eps = 1e-5, and 0.06 with 1e-6."""
    arguments = neutral(2.83e-5 * standardized(randn(draw, 2, 5)), eps=0.0)
    return {name: value for name, value in arguments.items() if name != "eps"}


def standardized(rows: Tensor) -> Tensor:
    return centered(rows) / rows.std(-1, keepdim=True, correction=0)


def far_from_zero(draw: Generator) -> Arguments:
    """Whole numbers near 65,536: their distances from the mean are exact in float32, and lost in their squares.

    However the squares are summed up, their mean minus the square of the mean is 0.
    """
    steps = torch.stack([torch.randperm(4, generator=draw) * 2 - 3.0 for _ in range(3)])
    return neutral(65536 + steps * torch.tensor([[1.0], [2.0], [3.0]]), eps=0.5)


def constant_rows(draw: Generator) -> Arguments:
    x = torch.tensor([[3.0], [-0.5], [0.0]]).expand(3, 4).clone()
    return weighted(draw, x, eps=0.1)


def misshapen(**shapes: tuple[int, ...]) -> ArgumentMaker:
    return lambda draw: {**whole_rows(draw), **{name: randn(draw, *shape) for name, shape in shapes.items()}}


EXERCISE = exercise(
    normalization.layer_norm,
    __file__,
    requires(
        "Each row is centered on its own mean",
        Case("rows", whole_rows, visible=True),
        Case("rows in a batch", plain_rows_in_a_batch, visible=True),
        advice="Subtract from each row its own mean, over the last dimension: what is left sums to 0 in every row.",
        observe=observe.row_directions,
        fails="Your rows are not centered on their own mean.",
    ),
    requires(
        "Without weight and bias, rows follow the formula",
        ("rows", "rows in a batch"),
        Case("as many rows as columns, eps of 0", lambda draw: neutral(random_rows(draw, 4, 4), eps=0.0), visible=True),
        advice="Work the first row out by hand: mean, distances from it, their mean square over d numbers, plus eps, "
        "root.",
        weight=3,
        fails="Without weight and bias, your rows differ from (x - mean) / sqrt(variance + eps).",
    ),
    requires(
        "The weight multiplies, column by column",
        Case("without weight", without_weight, visible=True),
        Case("with weight", with_weight, visible=True),
        advice="Use a weight of ones, then one of twos: the result, without a bias, has to double.",
        observe=observe.ratio,
        joint=True,
        needs="Each row is centered on its own mean",
        fails="When the weight changes, column j of your result does not change by the factor weight[j].",
    ),
    requires(
        "The bias is added last, column by column",
        Case("without bias", without_bias, visible=True),
        Case("with bias", lambda draw: {**without_bias(draw), "bias": randn(draw, 5)}, visible=True),
        advice="Add 1 to the bias: every number of the result has to grow by 1, whatever the weight.",
        observe=observe.difference,
        joint=True,
        needs="Each row is centered on its own mean",
        fails="When the bias changes, column j of your result does not change by bias[j].",
    ),
    requires(
        "Any number of leading dimensions works",
        Case("single row", single_row, visible=True),
        Case("four axes", four_axes, visible=True),
        advice="Rows lie along the last dimension: -1, with keepdim=True, serves one row, a batch and heads alike.",
        observe=observe.row_directions,
        fails="For a single row, or with four axes, your rows are not (x - mean) / sqrt(variance + eps) · weight + "
        "bias.",
    ),
    requires(
        "In a batch, with weight and bias, the whole is right",
        Case("weighted batch", weighted_batch, visible=True),
        advice="Each part may be right alone. Norm first, then the weight, then the bias, for every row of every text.",
        fails="In a batch, your rows are not (x - mean) / sqrt(variance + eps) · weight + bias.",
    ),
    requires(
        "Small rows stay small: eps is under the root",
        Case("small numbers", small_numbers, visible=True),
        advice="Such rows are mostly divided by the root of eps. Look at where you add eps: to the variance, under the "
        "root.",
        observe=observe.orders_of_magnitude,
        needs="Each row is centered on its own mean",
        fails="Rows much smaller than the root of eps do not come out at the right size.",
    ),
    requires(
        "eps is 1e-5 unless it is given",
        Case("default eps", default_eps, visible=True),
        advice="Call your function without eps on numbers near 0.00003: they are divided by the root of eps there.",
        observe=observe.orders_of_magnitude,
        needs="Each row is centered on its own mean",
        fails="Without an eps, your function does not use 1e-5.",
    ),
    requires(
        "A row of equal numbers gives the bias",
        Case("constant rows", constant_rows, visible=True),
        advice="The variance is 0 there: with eps the division is harmless, and only the bias is left.",
        needs="Each row is centered on its own mean",
        fails="A row of equal numbers does not come out as the bias.",
    ),
    requires(
        "Rows far from 0 keep their spread",
        Case("far from zero", far_from_zero, visible=True),
        advice="Subtract the mean before you square. Squares of numbers near 65,536 have no digits left for distances "
        "of a few units.",
        needs="Without weight and bias, rows follow the formula",
        fails="Where rows lie far from 0, your result is not (x - mean) / sqrt(variance + eps) · weight + bias.",
    ),
    refuses(
        ("rows",),
        Case("weight of one number", misshapen(weight=(1,)), visible=True),
        Case("bias for each row", misshapen(bias=(2, 1)), visible=True),
        Case("weight and bias of one number", misshapen(weight=(1,), bias=(1,)), visible=True),
        Case("weight for each entry", misshapen(weight=(2, 4)), visible=True),
        Case("weight in a column", misshapen(x=(4, 4), weight=(4, 1)), visible=True),
        advice="A weight of one number would broadcast without an error. Compare its shape with the last dimension of "
        "x.",
        name="A weight or bias of another shape raises ValueError",
        fails="You accept a weight or bias of another shape, or raise something other than ValueError.",
    ),
    keeps_dtype(
        ("weighted batch",),
        Case("float64", each_tensor(Tensor.double, weighted_batch), visible=True),
        Case("bfloat16", each_tensor(Tensor.bfloat16, weighted_batch), visible=True),
        advice="Inputs in float64 or bfloat16 must give the same dtype, and no argument may differ after the call.",
        fails="Your result has another dtype than x, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach x, weight and bias",
        Case("gradients", weighted_batch, visible=True, gradients=("x", "weight", "bias")),
        advice="Weight and bias are learned, mean and variance depend on x: no detach, no .data, no no_grad, no "
        "item().",
        fails="The gradient with respect to x, weight or bias is missing, or is not the result's derivative.",
    ),
    points=3,
    shortcuts=("layer_norm", "LayerNorm", "native_layer_norm"),
)
