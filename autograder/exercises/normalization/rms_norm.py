"""rms_norm: rows of one length, then a gain."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, argument_maker, each_tensor, randn
from autograder.exercises.normalization.inputs import (
    four_axes,
    gain,
    neutral,
    plain_rows_in_a_batch,
    random_rows,
    single_row,
    weighted_batch,
    with_weight,
    without_weight,
)
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires, shown
from llm_course.checking import observe
from solutions import normalization


def unbiased(arguments: ArgumentMaker) -> ArgumentMaker:
    return lambda draw: {name: value for name, value in arguments(draw).items() if name != "bias"}


@argument_maker
def gained(draw: Generator, arguments: ArgumentMaker) -> Arguments:
    """With a gain, so that rows that come back as they are point elsewhere."""
    drawn = arguments(draw)
    return {**drawn, "weight": gain(draw, drawn["x"].shape[-1])}


def rms_rows(draw: Generator) -> Arguments:
    """Whole numbers whose mean squares, 5 and 45, have whole roots with this eps: to be worked out by hand."""
    rows = torch.tensor([[1.0, -1.0, 3.0, 3.0], [3.0, 3.0, -9.0, 9.0]])
    x = torch.stack([row[torch.randperm(4, generator=draw)] for row in rows])
    return {"x": x, "weight": torch.tensor([2.0, -1.0, 3.0, -2.0])[torch.randperm(4, generator=draw)], "eps": 4.0}


def rms_small_numbers(draw: Generator) -> Arguments:
    """Rows of root mean square 4.5e-4: they come out 0.01 long, and 0.1 with eps outside the root."""
    return {"x": 4.5e-4 * of_size_one(randn(draw, 3, 5)), "weight": torch.ones(5), "eps": 0.01}


def rms_default_eps(draw: Generator) -> Arguments:
    """Rows that come out 0.06 long with eps = 1e-6, and 0.02 with 1e-5."""
    return {"x": 2.83e-5 * of_size_one(randn(draw, 2, 5)), "weight": torch.ones(5)}


def of_size_one(rows: Tensor) -> Tensor:
    return rows / rows.pow(2).mean(-1, keepdim=True).sqrt()


def rows_of_zeros(draw: Generator) -> Arguments:
    x = random_rows(draw, 3, 4)
    x[1] = 0.0
    return {"x": x, "weight": gain(draw, 4), "eps": 0.1}


def large_in_float16(draw: Generator) -> Arguments:
    # Squares of 1000 are beyond 65504, the largest number of float16.
    return {"x": (600 * random_rows(draw, 3, 6)).half(), "weight": gain(draw, 6).half(), "eps": 1e-6}


def misshapen(**shapes: tuple[int, ...]) -> ArgumentMaker:
    return lambda draw: {**rms_rows(draw), **{name: randn(draw, *shape) for name, shape in shapes.items()}}


EXERCISE = exercise(
    normalization.rms_norm,
    __file__,
    requires(
        "Rows keep their direction, but for the weight",
        Case("weighted rows", rms_rows, visible=True),
        advice="Each number of a row is divided by one and the same number and multiplied by its weight. No mean is "
        "taken away.",
        observe=observe.row_directions,
        fails="Your rows do not keep their direction, apart from the weight.",
    ),
    requires(
        "Without a weight, rows follow the formula",
        Case("rows", lambda draw: {**rms_rows(draw), "weight": torch.ones(4)}, visible=True),
        Case("rows in a batch", unbiased(plain_rows_in_a_batch), visible=True),
        Case(
            "as many rows as columns, eps of 0",
            unbiased(lambda draw: neutral(random_rows(draw, 4, 4), eps=0.0)),
            visible=True,
        ),
        advice="Work the first row out by hand: the squares, their mean over d numbers, plus eps, root. Divide by it.",
        weight=3,
        fails="With a weight of ones, your rows differ from x / sqrt(mean of x² + eps).",
    ),
    requires(
        "The weight multiplies, column by column",
        Case("without weight", unbiased(without_weight), visible=True),
        Case("with weight", unbiased(with_weight), visible=True),
        advice="Use a weight of ones, then one of twos: the result has to double.",
        observe=observe.ratio,
        joint=True,
        needs="Rows keep their direction, but for the weight",
        fails="When the weight changes, column j of your result does not change by the factor weight[j].",
    ),
    requires(
        "Any number of leading dimensions works",
        Case("single row", unbiased(gained(single_row)), visible=True),
        Case("four axes", unbiased(gained(four_axes)), visible=True),
        advice="Rows lie along the last dimension: -1, with keepdim=True, serves one row, a batch and heads alike.",
        observe=observe.row_directions,
        fails="For a single row, or with four axes, your rows are not x / sqrt(mean of x² + eps) · weight.",
    ),
    requires(
        "In a batch, with the weight, the whole is right",
        Case("weighted batch", unbiased(weighted_batch), visible=True),
        advice="Each part may be right alone. Norm first, then the weight, for every row of every text.",
        fails="In a batch, with a weight, your rows are not x / sqrt(mean of x² + eps) · weight.",
    ),
    requires(
        "Small rows stay small: eps is under the root",
        Case("small numbers", rms_small_numbers, visible=True),
        advice="Such rows are mostly divided by the root of eps. Look at where you add eps: to the mean square, under "
        "the root.",
        observe=observe.orders_of_magnitude,
        needs="Rows keep their direction, but for the weight",
        fails="Rows much smaller than the root of eps do not come out at the right size.",
    ),
    requires(
        "eps is 1e-6 unless it is given",
        Case("default eps", rms_default_eps, visible=True),
        advice="Call your function without eps on numbers near 0.00003: they are divided by the root of eps there.",
        observe=observe.orders_of_magnitude,
        needs="Rows keep their direction, but for the weight",
        fails="Without an eps, your function does not use 1e-6.",
    ),
    requires(
        "A row of zeros stays zero",
        shown("zeros beside whole numbers", x=torch.tensor([[0.0, 0.0], [1.0, 7.0]]), weight=torch.ones(2)),
        Case("a row of zeros", rows_of_zeros, visible=True),
        advice="Without eps, 0 is divided by 0 there. The other rows of this case have to be right too.",
        fails="A row of zeros does not stay zero, or the rows beside it are not x / sqrt(mean of x² + eps) · weight.",
    ),
    requires(
        "Large numbers in half precision do not overflow",
        Case("large numbers in float16", large_in_float16, visible=True),
        advice="In float16 the square of 1000 is infinite, and the row becomes 0: compute the mean square in float32.",
        fails="With large numbers in float16, your rows are not finite, or are not those of a mean square in float32.",
    ),
    refuses(
        ("weighted rows",),
        Case("weight of one number", misshapen(weight=(1,)), visible=True),
        Case("weight for each entry", misshapen(weight=(2, 4)), visible=True),
        Case("weight in a column", misshapen(x=(4, 4), weight=(4, 1)), visible=True),
        advice="A weight of one number would broadcast without an error. Compare its shape with the last dimension of "
        "x.",
        name="A weight of another shape raises ValueError",
        fails="You accept a weight of another shape, or raise something other than ValueError.",
    ),
    keeps_dtype(
        ("weighted batch",),
        Case("bfloat16", unbiased(each_tensor(Tensor.bfloat16, weighted_batch)), visible=True),
        ("large numbers in float16",),
        advice="Inputs in half precision must give the same dtype, and no argument may differ after the call.",
        fails="Your result has another dtype than x, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach x and weight",
        Case("gradients", unbiased(weighted_batch), visible=True, gradients=("x", "weight")),
        advice="The mean square depends on x too, so gradients flow through it: no detach, no no_grad, no item().",
        fails="The gradient with respect to x or the weight is missing, or is not the result's derivative.",
    ),
    points=3,
    shortcuts=("rms_norm", "RMSNorm"),
)
