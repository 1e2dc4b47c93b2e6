"""layer_norm: rows with mean 0 and variance 1, then a gain and a bias."""

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.normalization.inputs import (
    FIXED_SEED,
    fixed_rows,
    four_axes,
    gain,
    in_bfloat16,
    neutral,
    plain_rows,
    plain_rows_in_a_batch,
    random_rows,
    single_row,
    weighted,
    weighted_batch,
    with_weight,
    without_weight,
)
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randn
from llm_course.checking import observe
from solutions import normalization

EPSILON = "normalization-epsilon"

known = Mistakes(normalization.layer_norm, section="normalization-layer-norm")

RESULT = "centered * torch.rsqrt(variance + eps) * weight + bias"

known.edit(
    "unbiased_variance",
    {"centered.pow(2).mean(dim=-1, keepdim=True)": "x.var(dim=-1, keepdim=True)"},
    "Your variance divides by d - 1, the default of torch's `var` and `std`. LayerNorm divides by d: `correction=0`, "
    "or the mean of the squares.",
    "normalization-variance",
)
known.edit(
    "eps_outside",
    {"* torch.rsqrt(variance + eps)": "/ (variance.sqrt() + eps)"},
    "You add eps to the standard deviation. It belongs under the root, beside the variance: for small rows that makes "
    "a difference of a factor, not of a digit.",
    EPSILON,
)
known.edit(
    "unbiased_and_eps_outside",
    {
        "centered.pow(2).mean(dim=-1, keepdim=True)": "x.var(dim=-1, keepdim=True)",
        "* torch.rsqrt(variance + eps)": "/ (variance.sqrt() + eps)",
    },
    "This is the variant that many tutorials have: `std` divides by d - 1, and eps is outside the root. LayerNorm has "
    "the variance over d, and eps is added to it before the root.",
    "normalization-source-code",
)
known.edit(
    "weight_and_bias_dropped",
    {" * weight + bias": ""},
    "Your rows are normed, and that is all: multiply by the weight, then add the bias.",
)
known.edit("weight_dropped", {" * weight": ""}, "Your result does not depend on the weight.")
known.edit("bias_dropped", {" + bias": ""}, "Your result does not depend on the bias.")
known.edit(
    "bias_before_weight",
    {RESULT: "(centered * torch.rsqrt(variance + eps) + bias) * weight"},
    "You add the bias before you multiply by the weight, so the bias is multiplied too. First the weight.",
)
known.edit("bias_subtracted", {"+ bias": "- bias"}, "You subtract the bias; it is added.")
known.edit(
    "over_the_batch",
    {"x.mean(dim=-1": "x.mean(dim=0", "pow(2).mean(dim=-1": "pow(2).mean(dim=0"},
    "You take mean and variance down the first dimension, over different tokens or texts. That is batch norm: "
    "LayerNorm looks at one row at a time, the last dimension.",
)
known.edit(
    "over_all_numbers",
    {"x.mean(dim=-1, keepdim=True)": "x.mean()", "pow(2).mean(dim=-1, keepdim=True)": "pow(2).mean()"},
    "You take one mean and one variance over everything. Each row has its own: give the dimension, -1, and "
    "keepdim=True.",
)
known.edit(
    "over_all_but_the_first_axis",
    {
        "x.mean(dim=-1": "x.mean(dim=tuple(range(1, x.dim())) or 0",
        "pow(2).mean(dim=-1": "pow(2).mean(dim=tuple(range(1, x.dim())) or 0",
    },
    "You take mean and variance over a whole text, so that tokens see each other, later ones included. Each token's "
    "row is normed alone: the last dimension only.",
)
known.edit(
    "over_axis_one",
    {"x.mean(dim=-1": "x.mean(dim=1", "pow(2).mean(dim=-1": "pow(2).mean(dim=1"},
    "You norm along dimension 1. That is the width only if there are exactly two dimensions: count from the end, -1.",
)
known.edit(
    "mean_kept",
    {"x - x.mean(dim=-1, keepdim=True)": "x"},
    "You divide by the root of the mean square and never take the mean away: that is RMSNorm, the next exercise.",
)
known.edit(
    "mean_kept_over_deviation",
    {"return centered": "return x"},
    "You divide x itself by the standard deviation. What is divided is the distance from the mean.",
)
known.edit(
    "not_rescaled",
    {" * torch.rsqrt(variance + eps)": ""},
    "You take the mean away but leave the spread as it is: divide by the root of the variance plus eps.",
)
known.edit(
    "variance_without_root",
    {"* torch.rsqrt(variance + eps)": "/ (variance + eps)"},
    "You divide by the variance. Its root, the standard deviation, has the unit of the numbers.",
)
known.edit(
    "squares_summed",
    {"pow(2).mean": "pow(2).sum"},
    "You sum the squares of the distances. The variance is their mean: divide the sum by d.",
)
known.edit(
    "centered_over_root_mean_square",
    {"centered.pow": "x.pow"},
    "You take the mean away, but square x itself for the variance. Square the distances from the mean.",
)
known.edit(
    "weight_before_norm",
    {"x - x.mean(": "x * weight - (x * weight).mean(", " * weight + bias": " + bias"},
    "You multiply by the weight before the norm, which then undoes part of it. Norm first.",
)
known.edit(
    "mean_distance",
    {"centered.pow(2)": "centered.abs()", "* torch.rsqrt(variance + eps)": "/ (variance + eps)"},
    "You divide by the mean absolute distance from the mean. The standard deviation squares the distances first.",
)
known.edit(
    "square_of_the_mean",
    {"centered.pow(2).mean(dim=-1, keepdim=True)": "(x.pow(2).mean(-1) - x.mean(-1).pow(2)).unsqueeze(-1)"},
    "You take the mean of the squares minus the square of the mean. On paper that is the variance; where a row lies "
    "far from 0 the two agree in all digits that a float has, and nothing is left. Square the distances from the mean.",
    "normalization-variance",
)
known.edit(
    "without_keepdim",
    {
        "x.mean(dim=-1, keepdim=True)": "x.mean(dim=-1)",
        "centered.pow(2).mean(dim=-1, keepdim=True)": "centered.pow(2).mean(dim=-1)",
    },
    "You leave keepdim=True out, so that each row's number lies across the columns: most shapes raise, and where there "
    "are as many rows as columns the result is wrong. Keep the numbers a column.",
)
known.edit(
    "variance_without_keepdim",
    {"centered.pow(2).mean(dim=-1, keepdim=True)": "centered.pow(2).mean(dim=-1)"},
    "Your mean is a column, but your variance is not: without keepdim=True each row's number lies across the columns. "
    "Keep it a column, too.",
    "normalization-variance",
)
known.edit(
    "eps_of_zero_refused",
    {"if weight.shape": "if eps <= 0:\n        raise ValueError(eps)\n    if weight.shape"},
    "You refuse eps = 0, which makes sense wherever no row divides by zero. Refuse only what the docstring names.",
    EPSILON,
)
known.edit(
    "eps_ignored",
    {"variance + eps": "variance"},
    "Your result does not depend on eps, and a row of equal numbers gives NaN: add it to the variance.",
    EPSILON,
)
known.edit("eps_fixed", {"variance + eps": "variance + 1e-5"}, "You use 1e-5 whatever eps is given.", EPSILON)
known.edit(
    "eps_squared",
    {"variance + eps": "variance + eps**2"},
    "You square eps on the way under the root. It is added to the variance as it is.",
    EPSILON,
)
known.edit(
    "other_default",
    {"eps: float = 1e-5": "eps: float = 1e-6"},
    "Your default of eps is 1e-6, as in RMSNorm. Here it is 1e-5, as in torch.",
    EPSILON,
)
known.edit(
    "in_place",
    {"centered = x": "if not x.requires_grad:\n        x -= x.mean(dim=-1, keepdim=True)\n    centered = x"},
    "Your function changes x: `x -= ...` works on the caller's tensor, and the residual stream needs it as it was. "
    "Write `x - ...`.",
    "normalization-stream",
)
known.edit(
    "in_place_after_float",
    {
        "centered = x - x.mean(dim=-1, keepdim=True)": (
            "dtype, centered = x.dtype, x.float()\n    centered -= centered.mean(dim=-1, keepdim=True)"
        ),
        RESULT: f"({RESULT}).to(dtype)",
    },
    "Your function changes x where it is float32: `x.float()` is x itself then, and `-=` works on the caller's tensor. "
    "Write `centered = centered - ...`.",
    "normalization-stream",
)
known.edit(
    "statistics_detached",
    {
        "x.mean(dim=-1, keepdim=True)": "x.mean(dim=-1, keepdim=True).detach()",
        "pow(2).mean(dim=-1, keepdim=True)": "pow(2).mean(dim=-1, keepdim=True).detach()",
    },
    "Your gradients treat mean and variance as constants. They depend on x, and so part of the gradient flows through "
    "them.",
)
known.edit(
    "detached",
    {RESULT: f"({RESULT}).detach()"},
    "No gradient flows through your result, so nothing that stands before the norm could learn. "
    "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
)
known.edit(
    "always_float32",
    {RESULT: f"({RESULT}).float()"},
    "Your result is float32 whatever comes in. Convert back to the dtype of x, or do not convert.",
)
known.edit(
    "float32_kept",
    {"centered = x - x.mean(": "x = x.float()\n    centered = x - x.mean("},
    "You compute in float32 and leave the result there: rows in bfloat16 come back as float32. Convert the result to "
    "the dtype that x had.",
)
known.edit(
    "squeezed",
    {RESULT: f"({RESULT}).squeeze()"},
    "You squeeze the result, which takes every axis of size 1 away, such as that of a batch of one text. The result "
    "has the shape of x.",
)
for left_out, kept in (("weight", "bias"), ("bias", "weight")):
    known.edit(
        f"{left_out}_not_checked",
        {"weight.shape != x.shape[-1:] or bias.shape != x.shape[-1:]": f"{kept}.shape != x.shape[-1:]"},
        f"You check the width of the {kept}, and not that of the {left_out}. Raise ValueError for both.",
    )
known.edit(
    "last_dimension_compared",
    {
        "weight.shape != x.shape[-1:] or bias.shape != x.shape[-1:]": "weight.shape[-1] != x.shape[-1] or "
        "bias.shape[-1] != x.shape[-1]"
    },
    "You compare the last dimension of weight and bias only: one number for each entry of x is taken, too. Compare the "
    "whole shapes.",
)
known.edit(
    "numbers_counted",
    {
        "weight.shape != x.shape[-1:] or bias.shape != x.shape[-1:]": "weight.numel() != x.shape[-1] or "
        "bias.numel() != x.shape[-1]"
    },
    "You count the numbers of weight and bias: a column of as many is taken, and goes over the rows. Compare "
    "the shapes.",
)
known.edit(
    "widths_not_checked",
    {"if weight.shape != x.shape[-1:] or bias.shape != x.shape[-1:]": "if False"},
    "You take a weight of a single number, or a bias for each row: they broadcast without an error and mean something "
    "else. Say with a ValueError that each column needs its own.",
)
known.edit(
    "widths_compared_with_each_other",
    {"if weight.shape != x.shape[-1:] or bias.shape != x.shape[-1:]": "if weight.shape != bias.shape"},
    "You compare weight and bias with each other. Both can be too short: compare each with the last dimension of x.",
)


def centered(x: Tensor) -> Tensor:
    return x - x.mean(-1, keepdim=True)


def fixed_gain() -> Tensor:
    return gain(torch.Generator().manual_seed(FIXED_SEED), 5)


def as_many_rows_as_columns(draw: Generator) -> Arguments:
    return neutral(random_rows(draw, 4, 4), eps=0.0)


def without_bias(draw: Generator) -> Arguments:
    return {**neutral(fixed_rows(), eps=0.25), "weight": fixed_gain()}


def with_bias(draw: Generator) -> Arguments:
    return {**without_bias(draw), "bias": randn(draw, 5)}


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


def in_float64(draw: Generator) -> Arguments:
    arguments = weighted(draw, random_rows(draw, 2, 5), eps=0.3)
    return {name: value.double() if isinstance(value, Tensor) else value for name, value in arguments.items()}


def weight_of_one(draw: Generator) -> Arguments:
    return {**plain_rows(draw), "weight": torch.tensor([2.0])}


def weight_and_bias_of_one(draw: Generator) -> Arguments:
    return {**plain_rows(draw), "weight": torch.tensor([2.0]), "bias": torch.tensor([0.5])}


def weight_for_each_entry(draw: Generator) -> Arguments:
    given = plain_rows(draw)
    return {**given, "weight": randn(draw, *given["x"].shape)}


def weight_in_a_column(draw: Generator) -> Arguments:
    """As many rows as columns, so that a column of weights broadcasts."""
    given = plain_rows(draw)
    width = given["x"].shape[-1]
    return {**given, "x": randn(draw, width, width), "weight": randn(draw, width, 1)}


def bias_for_each_row(draw: Generator) -> Arguments:
    return {**plain_rows(draw), "bias": randn(draw, 3, 1)}


EXERCISE = Exercise(
    reference=normalization.layer_norm,
    points=3,
    cases=(
        Case("rows", plain_rows, visible=True),
        Case("rows in a batch", plain_rows_in_a_batch, visible=True),
        Case("as many rows as columns, eps of 0", as_many_rows_as_columns, visible=True),
        Case("single row", single_row, visible=True),
        Case("weighted batch", weighted_batch, visible=True),
        Case("four axes", four_axes, visible=True),
        Case("without weight", without_weight, visible=True),
        Case("with weight", with_weight, visible=True),
        Case("without bias", without_bias, visible=True),
        Case("with bias", with_bias, visible=True),
        Case("small numbers", small_numbers, visible=True),
        Case("default eps", default_eps, visible=True),
        Case("constant rows", constant_rows, visible=True),
        Case("far from zero", far_from_zero, visible=True),
        Case("weight of one number", weight_of_one, visible=True),
        Case("bias for each row", bias_for_each_row, visible=True),
        Case("weight for each entry", weight_for_each_entry, visible=True),
        Case("weight in a column", weight_in_a_column, visible=True),
        Case("weight and bias of one number", weight_and_bias_of_one, visible=True),
        Case("float64", in_float64, visible=True),
        Case("bfloat16", in_bfloat16, visible=True),
        Case("gradients", weighted_batch, visible=True, gradients=("x", "weight", "bias")),
    ),
    properties=(
        Property(
            "Each row is centered on its own mean",
            ("rows", "rows in a batch"),
            "Subtract from each row its own mean, over the last dimension: what is left sums to 0 in every row.",
            observe=observe.row_directions,
        ),
        Property(
            "Without weight and bias, rows follow the formula",
            ("rows", "rows in a batch", "as many rows as columns, eps of 0"),
            "Work one row out by hand: mean, distances from it, their mean square over d numbers, plus eps, root.",
            weight=3,
        ),
        Property(
            "The weight multiplies, column by column",
            ("without weight", "with weight"),
            "With another weight, column j of the result has to change by the factor weight[j].",
            observe=observe.ratio,
            joint=True,
            needs="Each row is centered on its own mean",
        ),
        Property(
            "The bias is added last, column by column",
            ("without bias", "with bias"),
            "With another bias, column j of the result has to change by bias[j], whatever the weight.",
            observe=observe.difference,
            joint=True,
            needs="Each row is centered on its own mean",
        ),
        Property(
            "Any number of leading dimensions will do",
            ("single row", "four axes"),
            "Rows lie along the last dimension: -1, with keepdim=True, serves one row, a batch and heads alike.",
            observe=observe.row_directions,
        ),
        Property(
            "In a batch, with weight and bias, the whole is right",
            ("weighted batch",),
            "Each part may be right alone. Norm first, then the weight, then the bias, for every row of every text.",
        ),
        Property(
            "Small rows stay small: eps is under the root",
            ("small numbers",),
            "Rows much smaller than the root of eps are mostly divided by that root. Look at where eps is added.",
            observe=observe.orders_of_magnitude,
            needs="Each row is centered on its own mean",
        ),
        Property(
            "eps is 1e-5 unless it is given",
            ("default eps",),
            "Call your function without eps on numbers near 0.00003: they are divided by the root of eps there.",
            observe=observe.orders_of_magnitude,
            needs="Each row is centered on its own mean",
        ),
        Property(
            "A row of equal numbers gives the bias",
            ("constant rows",),
            "The variance is 0 there: with eps the division is harmless, and only the bias is left.",
            needs="Each row is centered on its own mean",
        ),
        Property(
            "Rows far from 0 keep their spread",
            ("far from zero",),
            "Subtract the mean before you square. Squares of numbers near 65,536 have no digits left for distances of "
            "a few units.",
            needs="Without weight and bias, rows follow the formula",
        ),
        Property(
            "A weight or bias of another width is refused with a ValueError",
            (
                "rows",
                "weight of one number",
                "bias for each row",
                "weight and bias of one number",
                "weight for each entry",
                "weight in a column",
            ),
            "A weight of one number would broadcast without an error. Compare its shape with the last dimension of x.",
            observe=observe.refusal,
            needs="Each row is centered on its own mean",
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("weighted batch", "float64", "bfloat16"),
            "Inputs in float64 or bfloat16 must give the same dtype, and no argument may differ after the call.",
            observe=observe.dtype_and_changed,
            needs="Each row is centered on its own mean",
        ),
        Property(
            "Gradients reach x, weight and bias",
            ("gradients",),
            "Weight and bias are learned, mean and variance depend on x: no detach, no .data, no no_grad, no item().",
            observe=observe.gradients,
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("layer_norm", "LayerNorm", "native_layer_norm"),
)
