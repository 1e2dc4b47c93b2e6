"""The assignment 07_normalization: what is asked, how it is weighed, and the known mistakes with their hints."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor
from torch.nn import functional

from autograder.exercises.spec import Arguments, Assignment, Case, Exercise, Mistake, Property, randn
from llm_course.checking import observe
from solutions import normalization, positions

LAYER_NORM, VARIANCE, EPSILON = "normalization-layer-norm", "normalization-variance", "normalization-epsilon"
SOURCE_CODE, RMS_NORM, HALF_PRECISION = "normalization-source-code", "normalization-rms", "normalization-half-precision"
STREAM, PLACEMENT, BLOCK = "normalization-stream", "normalization-placement", "normalization-block"
DECODER, HEAD = "normalization-decoder", "normalization-head"


# layer_norm


def _require_fitting(x: Tensor, *vectors: Tensor) -> None:
    if any(vector.shape != x.shape[-1:] for vector in vectors):
        raise ValueError("not one number for each column")


def _centered(x: Tensor) -> Tensor:
    return x - x.mean(-1, keepdim=True)


def _unbiased_variance(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    _require_fitting(x, weight, bias)
    return _centered(x) / torch.sqrt(x.var(-1, keepdim=True) + eps) * weight + bias


def _eps_outside(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    _require_fitting(x, weight, bias)
    return _centered(x) / (x.std(-1, keepdim=True, correction=0) + eps) * weight + bias


def _unbiased_and_eps_outside(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    _require_fitting(x, weight, bias)
    return weight * _centered(x) / (x.std(-1, keepdim=True) + eps) + bias


def _weight_and_bias_dropped(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    _require_fitting(x, weight, bias)
    return normalization.layer_norm(x, torch.ones_like(weight), torch.zeros_like(bias), eps)


def _weight_dropped(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    _require_fitting(x, weight)
    return normalization.layer_norm(x, torch.ones_like(weight), bias, eps)


def _bias_dropped(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    _require_fitting(x, bias)
    return normalization.layer_norm(x, weight, torch.zeros_like(bias), eps)


def _bias_before_weight(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    _require_fitting(x, weight, bias)
    return (normalization.layer_norm(x, torch.ones_like(weight), torch.zeros_like(bias), eps) + bias) * weight


def _bias_subtracted(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    return normalization.layer_norm(x, weight, -bias, eps)


def _normed_over(x: Tensor, weight: Tensor, bias: Tensor, eps: float, dimensions: tuple[int, ...]) -> Tensor:
    _require_fitting(x, weight, bias)
    centered = x - x.mean(dimensions, keepdim=True)
    return centered * torch.rsqrt(centered.pow(2).mean(dimensions, keepdim=True) + eps) * weight + bias


def _over_the_batch(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    return _normed_over(x, weight, bias, eps, (0,))


def _over_all_numbers(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    return _normed_over(x, weight, bias, eps, tuple(range(x.dim())))


def _over_all_but_the_first_axis(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    return _normed_over(x, weight, bias, eps, tuple(range(1, x.dim())) or (0,))


def _over_axis_one(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    return _normed_over(x, weight, bias, eps, (1,))  # raises for a single row


def _mean_kept(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    _require_fitting(x, weight, bias)
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight + bias


def _mean_kept_over_deviation(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    _require_fitting(x, weight, bias)
    return x * torch.rsqrt(x.var(-1, keepdim=True, correction=0) + eps) * weight + bias


def _not_rescaled(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    _require_fitting(x, weight, bias)
    return _centered(x) * weight + bias


def _variance_without_root(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    _require_fitting(x, weight, bias)
    return _centered(x) / (x.var(-1, keepdim=True, correction=0) + eps) * weight + bias


def _squares_summed(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    _require_fitting(x, weight, bias)
    return _centered(x) * torch.rsqrt(_centered(x).pow(2).sum(-1, keepdim=True) + eps) * weight + bias


def _centered_over_root_mean_square(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    _require_fitting(x, weight, bias)
    return _centered(x) * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight + bias


def _weight_before_layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    return normalization.layer_norm(x * weight, torch.ones_like(weight), bias, eps)


def _mean_distance(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    _require_fitting(x, weight, bias)
    return _centered(x) / (_centered(x).abs().mean(-1, keepdim=True) + eps) * weight + bias


def _eps_ignored(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    return normalization.layer_norm(x, weight, bias, 0.0)


def _eps_fixed(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    return normalization.layer_norm(x, weight, bias, 1e-5)


def _eps_squared(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    return normalization.layer_norm(x, weight, bias, eps**2)


def _other_default(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-6) -> Tensor:
    return normalization.layer_norm(x, weight, bias, eps)


def _in_place(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    _require_fitting(x, weight, bias)
    if x.requires_grad:
        return normalization.layer_norm(x, weight, bias, eps)
    x -= x.mean(-1, keepdim=True)
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight + bias


def _statistics_detached(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    _require_fitting(x, weight, bias)
    mean, variance = x.mean(-1, keepdim=True).detach(), x.var(-1, keepdim=True, correction=0).detach()
    return (x - mean) * torch.rsqrt(variance + eps) * weight + bias


def _detached(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    return normalization.layer_norm(x, weight, bias, eps).detach()


def _always_float32(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    return normalization.layer_norm(x.float(), weight.float(), bias.float(), eps)


def _widths_not_checked(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    return _centered(x) * torch.rsqrt(x.var(-1, keepdim=True, correction=0) + eps) * weight + bias


def _widths_compared_with_each_other(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    if weight.shape != bias.shape:
        raise ValueError("weight and bias differ")
    return _widths_not_checked(x, weight, bias, eps)


def _rows(draw: Generator, *shape: int) -> Tensor:
    """Rows whose mean is far from 0 and whose spread is not 1."""
    return 2.0 * randn(draw, *shape) + 1.5


def _gain(draw: Generator, width: int) -> Tensor:
    """Factors of both signs, none of them near 0 or 1."""
    signs = torch.where(torch.rand(width, generator=draw) < 0.5, -1.0, 1.0)
    return signs * (1.5 + torch.rand(width, generator=draw))


def _neutral(x: Tensor, eps: float) -> Arguments:
    width = x.shape[-1]
    return {"x": x, "weight": torch.ones(width), "bias": torch.zeros(width), "eps": eps}


def _weighted(draw: Generator, x: Tensor, eps: float) -> Arguments:
    return {"x": x, "weight": _gain(draw, x.shape[-1]), "bias": randn(draw, x.shape[-1]), "eps": eps}


def _plain_rows(draw: Generator) -> Arguments:
    return _neutral(_rows(draw, 3, 5), eps=0.25)


def _plain_rows_in_a_batch(draw: Generator) -> Arguments:
    return _neutral(_rows(draw, 2, 4, 7), eps=0.5)


def _weighted_batch(draw: Generator) -> Arguments:
    return _weighted(draw, _rows(draw, 2, 3, 6), eps=0.5)


def _single_row(draw: Generator) -> Arguments:
    return _neutral(_rows(draw, 6), eps=0.5)


def _four_axes(draw: Generator) -> Arguments:
    # A transposed view: learners' code must not rely on contiguous memory.
    return _neutral(_rows(draw, 1, 5, 3, 2).transpose(1, 3), eps=0.3)


FIXED_SEED = 7


def _fixed_rows() -> Tensor:
    """The same rows for cases that are compared with each other."""
    return _rows(torch.Generator().manual_seed(FIXED_SEED), 3, 5)


def _fixed_gain() -> Tensor:
    return _gain(torch.Generator().manual_seed(FIXED_SEED), 5)


def _without_weight(draw: Generator) -> Arguments:
    return _neutral(_fixed_rows(), eps=0.25)


def _with_weight(draw: Generator) -> Arguments:
    return {**_neutral(_fixed_rows(), eps=0.25), "weight": _gain(draw, 5)}


def _without_bias(draw: Generator) -> Arguments:
    return {**_neutral(_fixed_rows(), eps=0.25), "weight": _fixed_gain()}


def _with_bias(draw: Generator) -> Arguments:
    return {**_without_bias(draw), "bias": randn(draw, 5)}


def _small_numbers(draw: Generator) -> Arguments:
    """Rows of spread 4.5e-4, far below the root of eps: they come out 0.01 long, and 0.1 with eps outside the root."""
    return _neutral(4.5e-4 * _standardized(randn(draw, 3, 5)) + 0.3, eps=0.01)


def _default_eps(draw: Generator) -> Arguments:
    """Rows that come out 0.02 long with eps = 1e-5, and 0.06 with 1e-6."""
    arguments = _neutral(2.83e-5 * _standardized(randn(draw, 2, 5)), eps=0.0)
    return {name: value for name, value in arguments.items() if name != "eps"}


def _standardized(rows: Tensor) -> Tensor:
    return _centered(rows) / rows.std(-1, keepdim=True, correction=0)


def _constant_rows(draw: Generator) -> Arguments:
    x = torch.tensor([[3.0], [-0.5], [0.0]]).expand(3, 4).clone()
    return _weighted(draw, x, eps=0.1)


def _in_float64(draw: Generator) -> Arguments:
    arguments = _weighted(draw, _rows(draw, 2, 5), eps=0.3)
    return {name: value.double() if isinstance(value, Tensor) else value for name, value in arguments.items()}


def _in_bfloat16(draw: Generator) -> Arguments:
    arguments = _weighted_batch(draw)
    return {name: value.bfloat16() if isinstance(value, Tensor) else value for name, value in arguments.items()}


def _weight_of_one(draw: Generator) -> Arguments:
    return {**_plain_rows(draw), "weight": torch.tensor([2.0])}


def _weight_and_bias_of_one(draw: Generator) -> Arguments:
    return {**_plain_rows(draw), "weight": torch.tensor([2.0]), "bias": torch.tensor([0.5])}


def _bias_for_each_row(draw: Generator) -> Arguments:
    return {**_plain_rows(draw), "bias": randn(draw, 3, 1)}


LAYER_NORM_EXERCISE = Exercise(
    reference=normalization.layer_norm,
    points=3,
    cases=(
        Case("rows", _plain_rows, visible=True),
        Case("rows in a batch", _plain_rows_in_a_batch, visible=True),
        Case("single row", _single_row, visible=True),
        Case("weighted batch", _weighted_batch, visible=True),
        Case("four axes", _four_axes),
        Case("without weight", _without_weight, visible=True),
        Case("with weight", _with_weight, visible=True),
        Case("without bias", _without_bias, visible=True),
        Case("with bias", _with_bias, visible=True),
        Case("small numbers", _small_numbers, visible=True),
        Case("default eps", _default_eps, visible=True),
        Case("constant rows", _constant_rows, visible=True),
        Case("weight of one number", _weight_of_one, visible=True),
        Case("bias for each row", _bias_for_each_row, visible=True),
        Case("weight and bias of one number", _weight_and_bias_of_one, visible=True),
        Case("float64", _in_float64, visible=True),
        Case("bfloat16", _in_bfloat16),
        Case("gradients", _weighted_batch, visible=True, gradients=("x", "weight", "bias")),
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
            ("rows", "rows in a batch"),
            "Work one row out by hand: mean, distances from it, their mean square over d numbers, plus eps, root.",
            weight=3,
        ),
        Property(
            "The weight multiplies, column by column",
            ("without weight", "with weight"),
            "With another weight, column j of the result has to change by the factor weight[j].",
            observe=observe.ratio,
            joint=True,
        ),
        Property(
            "The bias is added last, column by column",
            ("without bias", "with bias"),
            "With another bias, column j of the result has to change by bias[j], whatever the weight.",
            observe=observe.difference,
            joint=True,
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
        ),
        Property(
            "eps is 1e-5 unless it is given",
            ("default eps",),
            "Call your function without eps on numbers near 0.00003: they are divided by the root of eps there.",
            observe=observe.orders_of_magnitude,
        ),
        Property(
            "A row of equal numbers gives the bias",
            ("constant rows",),
            "The variance is 0 there: with eps the division is harmless, and only the bias is left.",
        ),
        Property(
            "A weight or bias of another width is refused with a ValueError",
            ("rows", "weight of one number", "bias for each row", "weight and bias of one number"),
            "A weight of one number would broadcast without an error. Compare its shape with the last dimension of x.",
            observe=observe.refusal,
            needs="Each row is centered on its own mean",
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("float64", "bfloat16"),
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
    mistakes=(
        Mistake(
            "unbiased_variance",
            "Your variance divides by d - 1, the default of torch's `var` and `std`. LayerNorm divides by d: "
            "`correction=0`, or the mean of the squares.",
            VARIANCE,
            _unbiased_variance,
        ),
        Mistake(
            "eps_outside",
            "You add eps to the standard deviation. It belongs under the root, beside the variance: for small rows "
            "that makes a difference of a factor, not of a digit.",
            EPSILON,
            _eps_outside,
        ),
        Mistake(
            "unbiased_and_eps_outside",
            "This is the source document's code: `std` divides by d - 1, and eps is outside the root. Both are to be "
            "mended: the variance over d, and eps added to it before the root.",
            SOURCE_CODE,
            _unbiased_and_eps_outside,
        ),
        Mistake(
            "weight_and_bias_dropped",
            "Your rows are normed, and that is all: multiply by the weight, then add the bias.",
            LAYER_NORM,
            _weight_and_bias_dropped,
        ),
        Mistake("weight_dropped", "Your result does not depend on the weight.", LAYER_NORM, _weight_dropped),
        Mistake("bias_dropped", "Your result does not depend on the bias.", LAYER_NORM, _bias_dropped),
        Mistake(
            "bias_before_weight",
            "You add the bias before you multiply by the weight, so the bias is multiplied too. First the weight.",
            LAYER_NORM,
            _bias_before_weight,
        ),
        Mistake("bias_subtracted", "You subtract the bias; it is added.", LAYER_NORM, _bias_subtracted),
        Mistake(
            "over_the_batch",
            "You take mean and variance down the first dimension, over different tokens or texts. That is batch norm: "
            "LayerNorm looks at one row at a time, the last dimension.",
            LAYER_NORM,
            _over_the_batch,
        ),
        Mistake(
            "over_all_numbers",
            "You take one mean and one variance over everything. Each row has its own: give the dimension, -1, and "
            "keepdim=True.",
            LAYER_NORM,
            _over_all_numbers,
        ),
        Mistake(
            "over_all_but_the_first_axis",
            "You take mean and variance over a whole text, so that tokens see each other, later ones included. Each "
            "token's row is normed alone: the last dimension only.",
            LAYER_NORM,
            _over_all_but_the_first_axis,
        ),
        Mistake(
            "over_axis_one",
            "You norm along dimension 1. That is the width only if there are exactly two dimensions: count from the "
            "end, -1.",
            LAYER_NORM,
            _over_axis_one,
        ),
        Mistake(
            "mean_kept",
            "You divide by the root of the mean square and never take the mean away: that is RMSNorm, the next "
            "exercise.",
            LAYER_NORM,
            _mean_kept,
        ),
        Mistake(
            "mean_kept_over_deviation",
            "You divide x itself by the standard deviation. What is divided is the distance from the mean.",
            LAYER_NORM,
            _mean_kept_over_deviation,
        ),
        Mistake(
            "not_rescaled",
            "You take the mean away but leave the spread as it is: divide by the root of the variance plus eps.",
            LAYER_NORM,
            _not_rescaled,
        ),
        Mistake(
            "variance_without_root",
            "You divide by the variance. Its root, the standard deviation, has the unit of the numbers.",
            LAYER_NORM,
            _variance_without_root,
        ),
        Mistake(
            "squares_summed",
            "You sum the squares of the distances. The variance is their mean: divide the sum by d.",
            LAYER_NORM,
            _squares_summed,
        ),
        Mistake(
            "centered_over_root_mean_square",
            "You take the mean away, but square x itself for the variance. Square the distances from the mean.",
            LAYER_NORM,
            _centered_over_root_mean_square,
        ),
        Mistake(
            "weight_before_norm",
            "You multiply by the weight before the norm, which then undoes part of it. Norm first.",
            LAYER_NORM,
            _weight_before_layer_norm,
        ),
        Mistake(
            "mean_distance",
            "You divide by the mean absolute distance from the mean. The standard deviation squares the distances "
            "first.",
            LAYER_NORM,
            _mean_distance,
        ),
        Mistake(
            "eps_ignored",
            "Your result does not depend on eps, and a row of equal numbers gives NaN: add it to the variance.",
            EPSILON,
            _eps_ignored,
        ),
        Mistake("eps_fixed", "You use 1e-5 whatever eps is given.", EPSILON, _eps_fixed),
        Mistake(
            "eps_squared",
            "You square eps on the way under the root. It is added to the variance as it is.",
            EPSILON,
            _eps_squared,
        ),
        Mistake(
            "other_default",
            "Your default of eps is 1e-6, as in RMSNorm and in the source document. Here it is 1e-5, as in torch.",
            EPSILON,
            _other_default,
        ),
        Mistake(
            "in_place",
            "Your function changes x: `x -= ...` works on the caller's tensor, and the residual stream needs it as it "
            "was. Write `x - ...`.",
            STREAM,
            _in_place,
        ),
        Mistake(
            "statistics_detached",
            "Your gradients treat mean and variance as constants. They depend on x, and so part of the gradient flows "
            "through them.",
            LAYER_NORM,
            _statistics_detached,
        ),
        Mistake(
            "detached",
            "No gradient flows through your result, so nothing that stands before the norm could learn.",
            LAYER_NORM,
            _detached,
        ),
        Mistake(
            "always_float32",
            "Your result is float32 whatever comes in. Convert back to the dtype of x, or do not convert.",
            LAYER_NORM,
            _always_float32,
        ),
        Mistake(
            "widths_not_checked",
            "You take a weight of a single number, or a bias for each row: they broadcast without an error and mean "
            "something else. Say with a ValueError that each column needs its own.",
            LAYER_NORM,
            _widths_not_checked,
        ),
        Mistake(
            "widths_compared_with_each_other",
            "You compare weight and bias with each other. Both can be too short: compare each with the last dimension "
            "of x.",
            LAYER_NORM,
            _widths_compared_with_each_other,
        ),
    ),
    shortcuts=("layer_norm", "LayerNorm", "native_layer_norm"),
)


# rms_norm


def _scaled(x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
    """x times a scale for each row and a weight for each column, in the dtype of x."""
    _require_fitting(x, weight)
    return (x * scale * weight).to(x.dtype)


def _mean_square(x: Tensor) -> Tensor:
    return x.float().pow(2).mean(-1, keepdim=True)


def _mean_subtracted(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _scaled(_centered(x), weight, torch.rsqrt(_mean_square(_centered(x)) + eps))


def _deviation_of_uncentered(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _scaled(x, weight, torch.rsqrt(x.float().var(-1, keepdim=True, correction=0) + eps))


def _rms_eps_outside(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _scaled(x, weight, 1 / (_mean_square(x).sqrt() + eps))


def _rms_eps_added_after(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _scaled(x, weight, torch.rsqrt(_mean_square(x))) + eps


def _half_precision_statistics(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    _require_fitting(x, weight)
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight


def _square_not_rooted(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _scaled(x, weight, 1 / (_mean_square(x) + eps))


def _sum_for_mean(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _scaled(x, weight, torch.rsqrt(x.float().pow(2).sum(-1, keepdim=True) + eps))


def _divided_by_length(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _scaled(x, weight, 1 / (x.float().norm(dim=-1, keepdim=True) + eps))


def _mean_squared(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _scaled(x, weight, torch.rsqrt(x.float().mean(-1, keepdim=True).pow(2) + eps))


def _mean_square_over_fewer(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _scaled(x, weight, torch.rsqrt(_mean_square(x) * x.shape[-1] / (x.shape[-1] - 1) + eps))


def _mean_absolute(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _scaled(x, weight, 1 / (x.float().abs().mean(-1, keepdim=True) + eps))


def _rms_weight_dropped(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _scaled(x, torch.ones_like(weight), torch.rsqrt(_mean_square(x) + eps))


def _one_plus_weight(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _scaled(x, weight + 1, torch.rsqrt(_mean_square(x) + eps))


def _weight_added(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    _require_fitting(x, weight)
    return (x * torch.rsqrt(_mean_square(x) + eps) + weight).to(x.dtype)


def _weight_before_norm(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _scaled(x, weight, torch.rsqrt(_mean_square(x * weight) + eps))


def _rms_eps_as_floor(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _scaled(x, weight, 1 / _mean_square(x).sqrt().clamp(min=eps))


def _rms_eps_ignored(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return normalization.rms_norm(x, weight, 0.0)


def _rms_eps_fixed(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return normalization.rms_norm(x, weight, 1e-6)


def _rms_other_default(x: Tensor, weight: Tensor, eps: float = 1e-5) -> Tensor:
    return normalization.rms_norm(x, weight, eps)


def _rms_over_axis(x: Tensor, weight: Tensor, eps: float, dimensions: tuple[int, ...]) -> Tensor:
    return _scaled(x, weight, torch.rsqrt(x.float().pow(2).mean(dimensions, keepdim=True) + eps))


def _rms_over_the_batch(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _rms_over_axis(x, weight, eps, (0,))


def _rms_over_all_numbers(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _rms_over_axis(x, weight, eps, tuple(range(x.dim())))


def _rms_over_axis_one(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _rms_over_axis(x, weight, eps, (1,))


def _rms_in_float32(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return normalization.rms_norm(x.float(), weight.float(), eps)


def _rms_in_place(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    result = normalization.rms_norm(x, weight, eps)
    if not x.requires_grad:
        x.copy_(result)
    return result


def _rms_detached(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return normalization.rms_norm(x, weight, eps).detach()


def _mean_square_detached(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return _scaled(x, weight, torch.rsqrt(_mean_square(x).detach() + eps))


def _width_not_checked(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    return (x * torch.rsqrt(_mean_square(x) + eps) * weight).to(x.dtype)


def _without(arguments: Arguments, *names: str) -> Arguments:
    return {name: value for name, value in arguments.items() if name not in names}


def _rms_rows(draw: Generator) -> Arguments:
    return _without(_weighted(draw, _rows(draw, 3, 5), eps=0.25), "bias")


def _rms_plain(draw: Generator) -> Arguments:
    return _without(_plain_rows(draw), "bias")


def _rms_plain_in_a_batch(draw: Generator) -> Arguments:
    return _without(_plain_rows_in_a_batch(draw), "bias")


def _rms_batch(draw: Generator) -> Arguments:
    return _without(_weighted_batch(draw), "bias")


def _rms_single_row(draw: Generator) -> Arguments:
    return {**_without(_single_row(draw), "bias"), "weight": _gain(draw, 6)}


def _rms_four_axes(draw: Generator) -> Arguments:
    return {**_without(_four_axes(draw), "bias"), "weight": _gain(draw, 5)}


def _rms_without_weight(draw: Generator) -> Arguments:
    return _without(_without_weight(draw), "bias")


def _rms_with_weight(draw: Generator) -> Arguments:
    return _without(_with_weight(draw), "bias")


def _rms_small_numbers(draw: Generator) -> Arguments:
    """Rows of root mean square 4.5e-4: they come out 0.01 long, and 0.1 with eps outside the root."""
    return {"x": 4.5e-4 * _of_size_one(randn(draw, 3, 5)), "weight": torch.ones(5), "eps": 0.01}


def _rms_default_eps(draw: Generator) -> Arguments:
    """Rows that come out 0.06 long with eps = 1e-6, and 0.02 with 1e-5."""
    return {"x": 2.83e-5 * _of_size_one(randn(draw, 2, 5)), "weight": torch.ones(5)}


def _of_size_one(rows: Tensor) -> Tensor:
    return rows / rows.pow(2).mean(-1, keepdim=True).sqrt()


def _rows_of_zeros(draw: Generator) -> Arguments:
    x = _rows(draw, 3, 4)
    x[1] = 0.0
    return {"x": x, "weight": _gain(draw, 4), "eps": 0.1}


def _large_in_float16(draw: Generator) -> Arguments:
    # Squares of 1000 are beyond 65504, the largest number of float16.
    return {"x": (600 * _rows(draw, 3, 6)).half(), "weight": _gain(draw, 6).half(), "eps": 1e-6}


def _rms_in_bfloat16(draw: Generator) -> Arguments:
    return _without(_in_bfloat16(draw), "bias")


def _rms_weight_of_one(draw: Generator) -> Arguments:
    return {**_rms_rows(draw), "weight": torch.tensor([2.0])}


RMS_NORM_EXERCISE = Exercise(
    reference=normalization.rms_norm,
    points=3,
    cases=(
        Case("weighted rows", _rms_rows, visible=True),
        Case("rows", _rms_plain, visible=True),
        Case("rows in a batch", _rms_plain_in_a_batch, visible=True),
        Case("single row", _rms_single_row, visible=True),
        Case("weighted batch", _rms_batch, visible=True),
        Case("four axes", _rms_four_axes),
        Case("without weight", _rms_without_weight, visible=True),
        Case("with weight", _rms_with_weight, visible=True),
        Case("small numbers", _rms_small_numbers, visible=True),
        Case("default eps", _rms_default_eps, visible=True),
        Case("a row of zeros", _rows_of_zeros, visible=True),
        Case("large numbers in float16", _large_in_float16, visible=True),
        Case("weight of one number", _rms_weight_of_one, visible=True),
        Case("bfloat16", _rms_in_bfloat16, visible=True),
        Case("gradients", _rms_batch, visible=True, gradients=("x", "weight")),
    ),
    properties=(
        Property(
            "Rows keep their direction, but for the weight",
            ("weighted rows",),
            "Each number of a row is divided by one and the same number and multiplied by its weight. No mean is taken "
            "away.",
            observe=observe.row_directions,
        ),
        Property(
            "Without a weight, rows follow the formula",
            ("rows", "rows in a batch"),
            "Work one row out by hand: the squares, their mean over d numbers, plus eps, root. Divide by it.",
            weight=3,
        ),
        Property(
            "The weight multiplies, column by column",
            ("without weight", "with weight"),
            "With another weight, column j of the result has to change by the factor weight[j].",
            observe=observe.ratio,
            joint=True,
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
            "Each part may be right alone. Norm first, then the weight, for every row of every text.",
        ),
        Property(
            "Small rows stay small: eps is under the root",
            ("small numbers",),
            "Rows much smaller than the root of eps are mostly divided by that root. Look at where eps is added.",
            observe=observe.orders_of_magnitude,
        ),
        Property(
            "eps is 1e-6 unless it is given",
            ("default eps",),
            "Call your function without eps on numbers near 0.00003: they are divided by the root of eps there.",
            observe=observe.orders_of_magnitude,
        ),
        Property(
            "A row of zeros stays zero",
            ("a row of zeros",),
            "Without eps, 0 is divided by 0 there. The other rows of this case have to be right too.",
        ),
        Property(
            "Large numbers in half precision do not overflow",
            ("large numbers in float16",),
            "In float16 the square of 1000 is infinite, and the row becomes 0: compute the mean square in float32.",
        ),
        Property(
            "A weight of another width is refused with a ValueError",
            ("weighted rows", "weight of one number"),
            "A weight of one number would broadcast without an error. Compare its shape with the last dimension of x.",
            observe=observe.refusal,
            needs="Rows keep their direction, but for the weight",
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("bfloat16", "large numbers in float16"),
            "Inputs in half precision must give the same dtype, and no argument may differ after the call.",
            observe=observe.dtype_and_changed,
            needs="Rows keep their direction, but for the weight",
        ),
        Property(
            "Gradients reach x and weight",
            ("gradients",),
            "The mean square depends on x too, so gradients flow through it: no detach, no no_grad, no item().",
            observe=observe.gradients,
        ),
    ),
    mistakes=(
        Mistake(
            "mean_subtracted",
            "You take the mean away, as LayerNorm does. RMSNorm does not: it only divides.",
            RMS_NORM,
            _mean_subtracted,
        ),
        Mistake(
            "deviation_of_uncentered",
            "You divide by the standard deviation, which is measured from the mean. The root mean square is measured "
            "from 0.",
            RMS_NORM,
            _deviation_of_uncentered,
        ),
        Mistake(
            "eps_outside",
            "You add eps to the root. It belongs under it, beside the mean square.",
            EPSILON,
            _rms_eps_outside,
        ),
        Mistake(
            "eps_added_after",
            "You add eps to the result. It belongs under the root, beside the mean square.",
            EPSILON,
            _rms_eps_added_after,
        ),
        Mistake(
            "half_precision_statistics",
            "In float16 your squares overflow: the mean square is infinite and the row becomes 0. Convert x to float32 "
            "for the statistics, and the result back.",
            HALF_PRECISION,
            _half_precision_statistics,
        ),
        Mistake(
            "square_not_rooted",
            "You divide by the mean square itself. Take its root.",
            RMS_NORM,
            _square_not_rooted,
        ),
        Mistake(
            "sum_for_mean",
            "You sum the squares: divided by its Euclidean length, each row has the length 1, and √d is wanted. Take "
            "the mean.",
            RMS_NORM,
            _sum_for_mean,
        ),
        Mistake(
            "divided_by_length",
            "You divide by the Euclidean length, the root of the *sum* of the squares, and add eps to that. Take the "
            "mean of the squares, add eps, and then take the root.",
            RMS_NORM,
            _divided_by_length,
        ),
        Mistake(
            "mean_squared",
            "You square the mean. It is the other way round: first the squares, then their mean.",
            RMS_NORM,
            _mean_squared,
        ),
        Mistake(
            "mean_square_over_fewer",
            "Your mean square divides by d - 1. A mean over d numbers divides by d.",
            RMS_NORM,
            _mean_square_over_fewer,
        ),
        Mistake(
            "mean_absolute",
            "You divide by the mean of the absolute values. Square first, then mean, then root.",
            RMS_NORM,
            _mean_absolute,
        ),
        Mistake("weight_dropped", "Your result does not depend on the weight.", RMS_NORM, _rms_weight_dropped),
        Mistake(
            "one_plus_weight",
            "You multiply by 1 + weight. Some models, such as Gemma, store their weights so; here the weight is the "
            "factor itself.",
            RMS_NORM,
            _one_plus_weight,
        ),
        Mistake("weight_added", "You add the weight; it is a factor for each column.", RMS_NORM, _weight_added),
        Mistake(
            "weight_before_norm",
            "Your mean square is that of the weighted numbers. Norm first, then multiply by the weight.",
            RMS_NORM,
            _weight_before_norm,
        ),
        Mistake(
            "eps_as_floor",
            "You take eps as the least number to divide by. It is added to the mean square, of every row.",
            EPSILON,
            _rms_eps_as_floor,
        ),
        Mistake(
            "eps_ignored",
            "Your result does not depend on eps, and a row of zeros gives NaN: add it to the mean square.",
            EPSILON,
            _rms_eps_ignored,
        ),
        Mistake("eps_fixed", "You use 1e-6 whatever eps is given.", EPSILON, _rms_eps_fixed),
        Mistake(
            "other_default",
            "Your default of eps is 1e-5, as in LayerNorm. Here it is 1e-6.",
            EPSILON,
            _rms_other_default,
        ),
        Mistake(
            "over_the_batch",
            "Your mean square runs down the first dimension, over different rows. Each row has its own: the last "
            "dimension.",
            RMS_NORM,
            _rms_over_the_batch,
        ),
        Mistake(
            "over_all_numbers",
            "You take one mean square over everything. Each row has its own: give the dimension, -1, and keepdim=True.",
            RMS_NORM,
            _rms_over_all_numbers,
        ),
        Mistake(
            "over_axis_one",
            "Your mean square runs along dimension 1. That is the width only if there are exactly two dimensions: "
            "count from the end, -1.",
            RMS_NORM,
            _rms_over_axis_one,
        ),
        Mistake(
            "in_float32",
            "Only the statistics are to be in float32. Your result stays there too: convert it back to the dtype of x.",
            HALF_PRECISION,
            _rms_in_float32,
        ),
        Mistake(
            "in_place",
            "Your function changes x. The residual stream needs it as it was: work on a new tensor.",
            STREAM,
            _rms_in_place,
        ),
        Mistake(
            "detached",
            "No gradient flows through your result, so nothing that stands before the norm could learn.",
            RMS_NORM,
            _rms_detached,
        ),
        Mistake(
            "mean_square_detached",
            "Your gradients treat the mean square as a constant. It depends on x, and so part of the gradient flows "
            "through it.",
            RMS_NORM,
            _mean_square_detached,
        ),
        Mistake(
            "width_not_checked",
            "You take a weight of a single number: it broadcasts without an error and scales all columns alike. Say "
            "with a ValueError that each column needs its own.",
            RMS_NORM,
            _width_not_checked,
        ),
    ),
    shortcuts=("rms_norm", "RMSNorm"),
)


# transformer_block

Weights = dict[str, Tensor]


def _require_fitting_heads(weights: Weights, n_heads: int, n_kv_heads: int) -> None:
    rows = weights["self_attn.q_proj.weight"].shape[0]
    if n_heads < 1 or rows % n_heads or n_kv_heads < 1 or n_heads % n_kv_heads:
        raise ValueError("the heads do not fit")


def _turned(heads: Tensor, base: float) -> Tensor:
    return positions.apply_rope(heads, torch.arange(heads.shape[-2]), base)


def _turned_backwards(heads: Tensor, base: float) -> Tensor:
    return positions.apply_rope(heads, -torch.arange(heads.shape[-2]), base)


def _turned_in_neighbors(heads: Tensor, base: float) -> Tensor:
    pairs = heads.unflatten(-1, (-1, 2)).transpose(-1, -2).flatten(-2)
    return _turned(pairs, base).unflatten(-1, (2, -1)).transpose(-1, -2).flatten(-2)


def _turned_by_head(heads: Tensor, base: float) -> Tensor:
    return _turned(heads.transpose(1, 2), base).transpose(1, 2)


def _turned_as_one(heads: Tensor, base: float) -> Tensor:
    joined = _turned(heads.transpose(1, 2).flatten(2).unsqueeze(1), base)
    return joined.squeeze(1).unflatten(-1, (heads.shape[1], -1)).transpose(1, 2)


def _turned_too_fast(heads: Tensor, base: float) -> Tensor:
    return _turned(heads, base**0.5)  # i / head_dim in the exponent, where 2i / head_dim is right


def _turned_by_default_base(heads: Tensor, base: float) -> Tensor:
    return _turned(heads, 10000.0)


def _not_turned(heads: Tensor, base: float) -> Tensor:
    return heads


def _swiglu(rows: Tensor, weights: Weights) -> Tensor:
    return _gated(rows, weights, functional.silu)


def _gated(rows: Tensor, weights: Weights, activation: Callable[[Tensor], Tensor]) -> Tensor:
    gate, up = rows @ weights["mlp.gate_proj.weight"].T, rows @ weights["mlp.up_proj.weight"].T
    return (activation(gate) * up) @ weights["mlp.down_proj.weight"].T


def _attend(
    rows: Tensor,
    weights: Weights,
    n_heads: int,
    n_kv_heads: int,
    base: float,
    *,
    turn_query: Callable[[Tensor, float], Tensor] = _turned,
    turn_key: Callable[[Tensor, float], Tensor] = _turned,
    turn_value: Callable[[Tensor, float], Tensor] = _not_turned,
    causal: bool = True,
    scale: float | None = None,
    tiled: bool = False,
    repeated: bool = True,
    split_by_view: bool = False,
    masked_after: bool = False,
    transposed_back: bool = True,
    projected: bool = True,
) -> Tensor:
    """The block's attention on normed rows, right but for what the keywords say."""
    _require_fitting_heads(weights, n_heads, n_kv_heads)

    def split(projected: Tensor, heads: int) -> Tensor:
        if split_by_view:
            return projected.reshape(len(rows), heads, rows.shape[1], -1)
        return projected.unflatten(-1, (heads, -1)).transpose(1, 2)

    query, key, value = (
        split(rows @ weights[f"self_attn.{part}_proj.weight"].T, heads)
        for part, heads in (("q", n_heads), ("k", n_kv_heads), ("v", n_kv_heads))
    )
    query, key, value = turn_query(query, base), turn_key(key, base), turn_value(value, base)
    repeats = n_heads // n_kv_heads if repeated else 1
    if tiled:
        key, value = key.repeat(1, repeats, 1, 1), value.repeat(1, repeats, 1, 1)
    else:
        key, value = key.repeat_interleave(repeats, 1), value.repeat_interleave(repeats, 1)
    scores = query @ key.transpose(-2, -1) * (query.shape[-1] ** -0.5 if scale is None else scale)
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    if causal and not masked_after:
        scores = scores.masked_fill(future, -torch.inf)
    attention = torch.softmax(scores, -1)
    heads = (attention.masked_fill(future, 0.0) if masked_after else attention) @ value
    joined = heads.transpose(1, 2).flatten(2) if transposed_back else heads.reshape(*rows.shape[:2], -1)
    return joined @ weights["self_attn.o_proj.weight"].T if projected else joined


def _norms(weights: Weights, eps: float) -> tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]:
    first, second = weights["input_layernorm.weight"], weights["post_attention_layernorm.weight"]
    return (
        lambda x: normalization.rms_norm(x, first, eps),
        lambda x: normalization.rms_norm(x, second, eps),
    )


def _pre_norm(
    x: Tensor, weights: Weights, eps: float, attend: Callable[[Tensor], Tensor], feed: Callable[[Tensor], Tensor]
) -> Tensor:
    """A right block but for its attention and its feed-forward."""
    first, second = _norms(weights, eps)
    x = x + attend(first(x))
    return x + feed(second(x))


def _with_attention(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float, **faults: Any
) -> Tensor:
    """A right block but for its attention."""
    return _pre_norm(
        x,
        weights,
        eps,
        lambda rows: _attend(rows, weights, n_heads, n_kv_heads, rope_base, **faults),
        lambda rows: _swiglu(rows, weights),
    )


def _with_feed_forward(
    x: Tensor,
    weights: Weights,
    n_heads: int,
    n_kv_heads: int,
    rope_base: float,
    eps: float,
    feed: Callable[[Tensor], Tensor],
) -> Tensor:
    """A right block but for its feed-forward."""
    return _pre_norm(x, weights, eps, lambda rows: _attend(rows, weights, n_heads, n_kv_heads, rope_base), feed)


def _post_norm(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    first, second = _norms(weights, eps)
    attend = functools.partial(_attend, weights=weights, n_heads=n_heads, n_kv_heads=n_kv_heads, base=rope_base)
    x = first(x + attend(x))
    return second(x + _swiglu(x, weights))


def _norm_after_each_half(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    first, second = _norms(weights, eps)
    attend = functools.partial(_attend, weights=weights, n_heads=n_heads, n_kv_heads=n_kv_heads, base=rope_base)
    x = x + first(attend(x))
    return x + second(_swiglu(x, weights))


def _attention_output_normed(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    first, second = _norms(weights, eps)
    x = x + second(_attend(first(x), weights, n_heads, n_kv_heads, rope_base))
    return x + _swiglu(x, weights)


def _both_residuals_lost(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    first, second = _norms(weights, eps)
    attend = functools.partial(_attend, weights=weights, n_heads=n_heads, n_kv_heads=n_kv_heads, base=rope_base)
    return _swiglu(second(attend(first(x))), weights)


def _attention_residual_lost(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    first, second = _norms(weights, eps)
    attend = functools.partial(_attend, weights=weights, n_heads=n_heads, n_kv_heads=n_kv_heads, base=rope_base)
    x = attend(first(x))
    return x + _swiglu(second(x), weights)


def _feed_forward_residual_lost(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    first, second = _norms(weights, eps)
    attend = functools.partial(_attend, weights=weights, n_heads=n_heads, n_kv_heads=n_kv_heads, base=rope_base)
    x = x + attend(first(x))
    return _swiglu(second(x), weights)


def _residual_from_normed_rows(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    first, second = _norms(weights, eps)
    attend = functools.partial(_attend, weights=weights, n_heads=n_heads, n_kv_heads=n_kv_heads, base=rope_base)
    x = first(x)
    x = x + attend(x)
    x = second(x)
    return x + _swiglu(x, weights)


def _halves_in_parallel(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    first, second = _norms(weights, eps)
    attend = functools.partial(_attend, weights=weights, n_heads=n_heads, n_kv_heads=n_kv_heads, base=rope_base)
    return x + attend(first(x)) + _swiglu(second(x), weights)


def _second_residual_from_the_input(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    first, second = _norms(weights, eps)
    attend = functools.partial(_attend, weights=weights, n_heads=n_heads, n_kv_heads=n_kv_heads, base=rope_base)
    return x + _swiglu(second(x + attend(first(x))), weights)


def _feed_forward_first(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    first, second = _norms(weights, eps)
    attend = functools.partial(_attend, weights=weights, n_heads=n_heads, n_kv_heads=n_kv_heads, base=rope_base)
    x = x + _swiglu(second(x), weights)
    return x + attend(first(x))


def _first_norm_twice(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    first, _ = _norms(weights, eps)
    attend = functools.partial(_attend, weights=weights, n_heads=n_heads, n_kv_heads=n_kv_heads, base=rope_base)
    x = x + attend(first(x))
    return x + _swiglu(first(x), weights)


def _norms_swapped(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    first, second = _norms(weights, eps)
    attend = functools.partial(_attend, weights=weights, n_heads=n_heads, n_kv_heads=n_kv_heads, base=rope_base)
    x = x + attend(second(x))
    return x + _swiglu(first(x), weights)


def _attention_not_normed(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    _, second = _norms(weights, eps)
    attend = functools.partial(_attend, weights=weights, n_heads=n_heads, n_kv_heads=n_kv_heads, base=rope_base)
    x = x + attend(x)
    return x + _swiglu(second(x), weights)


def _feed_forward_not_normed(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    first, _ = _norms(weights, eps)
    attend = functools.partial(_attend, weights=weights, n_heads=n_heads, n_kv_heads=n_kv_heads, base=rope_base)
    x = x + attend(first(x))
    return x + _swiglu(x, weights)


def _layer_norms(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    def norm(rows: Tensor, name: str) -> Tensor:
        weight = weights[f"{name}.weight"]
        return normalization.layer_norm(rows, weight, torch.zeros_like(weight), eps)

    x = x + _attend(norm(x, "input_layernorm"), weights, n_heads, n_kv_heads, rope_base)
    return x + _swiglu(norm(x, "post_attention_layernorm"), weights)


def _eps_not_handed_on(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    return normalization.transformer_block(x, weights, n_heads, n_kv_heads, rope_base, 1e-6)


def _rope_on_values(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    return _with_attention(x, weights, n_heads, n_kv_heads, rope_base, eps, turn_value=_turned)


def _no_rope(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    return _with_attention(
        x, weights, n_heads, n_kv_heads, rope_base, eps, turn_query=_not_turned, turn_key=_not_turned
    )


def _rope_on_queries_only(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    return _with_attention(x, weights, n_heads, n_kv_heads, rope_base, eps, turn_key=_not_turned)


def _rope_in_neighbors(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    return _with_attention(
        x, weights, n_heads, n_kv_heads, rope_base, eps, turn_query=_turned_in_neighbors, turn_key=_turned_in_neighbors
    )


def _rope_backwards(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    return _with_attention(
        x, weights, n_heads, n_kv_heads, rope_base, eps, turn_query=_turned_backwards, turn_key=_turned_backwards
    )


def _rope_by_head(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    return _with_attention(
        x, weights, n_heads, n_kv_heads, rope_base, eps, turn_query=_turned_by_head, turn_key=_turned_by_head
    )


def _rope_before_the_split(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    return _with_attention(
        x, weights, n_heads, n_kv_heads, rope_base, eps, turn_query=_turned_as_one, turn_key=_turned_as_one
    )


def _rope_too_fast(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    return _with_attention(
        x, weights, n_heads, n_kv_heads, rope_base, eps, turn_query=_turned_too_fast, turn_key=_turned_too_fast
    )


def _rope_on_rows(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    def attend(rows: Tensor) -> Tensor:
        turned = _turned(rows, rope_base)
        return _attend(turned, weights, n_heads, n_kv_heads, rope_base, turn_query=_not_turned, turn_key=_not_turned)

    return _pre_norm(x, weights, eps, attend, lambda rows: _swiglu(rows, weights))


def _rope_base_ignored(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    return _with_attention(
        x,
        weights,
        n_heads,
        n_kv_heads,
        rope_base,
        eps,
        turn_query=_turned_by_default_base,
        turn_key=_turned_by_default_base,
    )


def _no_mask(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    return _with_attention(x, weights, n_heads, n_kv_heads, rope_base, eps, causal=False)


def _masked_after_softmax(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    return _with_attention(x, weights, n_heads, n_kv_heads, rope_base, eps, masked_after=True)


def _split_by_view(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    return _with_attention(x, weights, n_heads, n_kv_heads, rope_base, eps, split_by_view=True)


def _tiled(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    return _with_attention(x, weights, n_heads, n_kv_heads, rope_base, eps, tiled=True)


def _heads_not_repeated(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    return _with_attention(x, weights, n_heads, n_kv_heads, rope_base, eps, repeated=False)


def _merged_without_transpose(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    return _with_attention(x, weights, n_heads, n_kv_heads, rope_base, eps, transposed_back=False)


def _no_output_projection(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    _require_fitting_heads(weights, n_heads, n_kv_heads)
    return _with_attention(x, weights, n_heads, n_kv_heads, rope_base, eps, projected=False)


def _not_scaled(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    return _with_attention(x, weights, n_heads, n_kv_heads, rope_base, eps, scale=1.0)


def _scaled_by_model_width(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    return _with_attention(x, weights, n_heads, n_kv_heads, rope_base, eps, scale=x.shape[-1] ** -0.5)


def _head_width_from_model(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    if weights["self_attn.q_proj.weight"].shape[0] != x.shape[-1]:
        raise RuntimeError("the projected rows cannot be viewed as heads of d_model / n_heads")
    return normalization.transformer_block(x, weights, n_heads, n_kv_heads, rope_base, eps)


def _sigmoid_gate(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    return _with_feed_forward(
        x, weights, n_heads, n_kv_heads, rope_base, eps, lambda rows: _gated(rows, weights, torch.sigmoid)
    )


def _gelu_gate(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    return _with_feed_forward(
        x, weights, n_heads, n_kv_heads, rope_base, eps, lambda rows: _gated(rows, weights, functional.gelu)
    )


def _relu_gate(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    return _with_feed_forward(
        x, weights, n_heads, n_kv_heads, rope_base, eps, lambda rows: _gated(rows, weights, torch.relu)
    )


def _gate_and_up_swapped(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    swapped = {
        **weights,
        "mlp.gate_proj.weight": weights["mlp.up_proj.weight"],
        "mlp.up_proj.weight": weights["mlp.gate_proj.weight"],
    }
    return normalization.transformer_block(x, swapped, n_heads, n_kv_heads, rope_base, eps)


def _silu_of_the_product(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    def feed(rows: Tensor) -> Tensor:
        gate, up = rows @ weights["mlp.gate_proj.weight"].T, rows @ weights["mlp.up_proj.weight"].T
        return functional.silu(gate * up) @ weights["mlp.down_proj.weight"].T

    return _with_feed_forward(x, weights, n_heads, n_kv_heads, rope_base, eps, feed)


def _gate_left_out(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    def feed(rows: Tensor) -> Tensor:
        return functional.silu(rows @ weights["mlp.up_proj.weight"].T) @ weights["mlp.down_proj.weight"].T

    return _with_feed_forward(x, weights, n_heads, n_kv_heads, rope_base, eps, feed)


def _gate_added(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    def feed(rows: Tensor) -> Tensor:
        gate, up = rows @ weights["mlp.gate_proj.weight"].T, rows @ weights["mlp.up_proj.weight"].T
        return (functional.silu(gate) + up) @ weights["mlp.down_proj.weight"].T

    return _with_feed_forward(x, weights, n_heads, n_kv_heads, rope_base, eps, feed)


def _stream_changed(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    result = normalization.transformer_block(x, weights, n_heads, n_kv_heads, rope_base, eps)
    if not x.requires_grad:
        x.copy_(result)
    return result


def _attention_added_in_place(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    first, second = _norms(weights, eps)
    x += _attend(first(x), weights, n_heads, n_kv_heads, rope_base)
    return x + _swiglu(second(x), weights)


def _block_in_float32(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    wide = {name: weight.float() for name, weight in weights.items()}
    return normalization.transformer_block(x.float(), wide, n_heads, n_kv_heads, rope_base, eps)


def _block_detached(x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float) -> Tensor:
    return normalization.transformer_block(x, weights, n_heads, n_kv_heads, rope_base, eps).detach()


def _heads_checked_by_model_width(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    if x.shape[-1] % n_heads:
        raise ValueError("n_heads does not divide d_model")
    return normalization.transformer_block(x, weights, n_heads, n_kv_heads, rope_base, eps)


def _heads_not_refused(
    x: Tensor, weights: Weights, n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    try:
        return normalization.transformer_block(x, weights, n_heads, n_kv_heads, rope_base, eps)
    except ValueError as error:
        raise RuntimeError("shape is invalid for input") from error


def _block_arguments(
    draw: Generator,
    *,
    batch: int,
    time: int,
    n_heads: int,
    n_kv_heads: int,
    head_dim: int,
    d_model: int,
    silent: tuple[str, ...] = (),
) -> Arguments:
    """A block with random weights; the projections named in `silent` are zero."""
    x = (randn(draw, batch, d_model, time) + 0.5).transpose(1, 2)  # not contiguous
    weights = _block_weights(draw, n_heads, n_kv_heads, head_dim, d_model, silent)
    return {
        "x": x,
        "weights": weights,
        "n_heads": n_heads,
        "n_kv_heads": n_kv_heads,
        "rope_base": 20.0,
        "eps": 0.5,
    }


def _block_weights(
    draw: Generator, n_heads: int, n_kv_heads: int, head_dim: int, d_model: int, silent: tuple[str, ...] = ()
) -> Weights:
    d_ff = d_model + 3
    shapes = {
        "self_attn.q_proj": (n_heads * head_dim, d_model),
        "self_attn.k_proj": (n_kv_heads * head_dim, d_model),
        "self_attn.v_proj": (n_kv_heads * head_dim, d_model),
        "self_attn.o_proj": (d_model, n_heads * head_dim),
        "mlp.gate_proj": (d_ff, d_model),
        "mlp.up_proj": (d_ff, d_model),
        "mlp.down_proj": (d_model, d_ff),
    }
    matrices = {
        f"{name}.weight": torch.zeros(shape) if name in silent else 1.5 * randn(draw, *shape) / shape[1] ** 0.5
        for name, shape in shapes.items()
    }
    return {
        "input_layernorm.weight": _gain(draw, d_model),
        "post_attention_layernorm.weight": _gain(draw, d_model),
        **matrices,
    }


ATTENTION, FEED_FORWARD = "self_attn.o_proj", "mlp.down_proj"


def _feed_forward_only(draw: Generator) -> Arguments:
    return _block_arguments(draw, batch=2, time=3, n_heads=2, n_kv_heads=2, head_dim=4, d_model=8, silent=(ATTENTION,))


def _feed_forward_only_drawn(draw: Generator) -> Arguments:
    return _block_arguments(draw, batch=1, time=5, n_heads=2, n_kv_heads=2, head_dim=6, d_model=12, silent=(ATTENTION,))


def _single_token(draw: Generator) -> Arguments:
    return _block_arguments(
        draw, batch=2, time=1, n_heads=2, n_kv_heads=2, head_dim=4, d_model=8, silent=(FEED_FORWARD,)
    )


def _attention_only(draw: Generator) -> Arguments:
    return _block_arguments(
        draw, batch=2, time=5, n_heads=2, n_kv_heads=2, head_dim=4, d_model=8, silent=(FEED_FORWARD,)
    )


def _attention_only_drawn(draw: Generator) -> Arguments:
    return _block_arguments(
        draw, batch=3, time=7, n_heads=3, n_kv_heads=3, head_dim=4, d_model=12, silent=(FEED_FORWARD,)
    )


def _four_heads_share_two(draw: Generator) -> Arguments:
    return _block_arguments(
        draw, batch=2, time=4, n_heads=4, n_kv_heads=2, head_dim=2, d_model=8, silent=(FEED_FORWARD,)
    )


def _all_heads_share_one(draw: Generator) -> Arguments:
    return _block_arguments(
        draw, batch=2, time=6, n_heads=3, n_kv_heads=1, head_dim=4, d_model=12, silent=(FEED_FORWARD,)
    )


def _wide_heads(draw: Generator) -> Arguments:
    return _block_arguments(
        # n_heads divides the rows of q_proj and not d_model.
        draw,
        batch=2,
        time=4,
        n_heads=4,
        n_kv_heads=4,
        head_dim=4,
        d_model=10,
        silent=(FEED_FORWARD,),
    )


def _both_halves(draw: Generator) -> Arguments:
    return _block_arguments(draw, batch=2, time=3, n_heads=2, n_kv_heads=2, head_dim=4, d_model=8)


def _both_halves_drawn(draw: Generator) -> Arguments:
    return _block_arguments(draw, batch=1, time=6, n_heads=3, n_kv_heads=3, head_dim=4, d_model=12)


def _silent_block(draw: Generator) -> Arguments:
    return _block_arguments(
        draw, batch=2, time=3, n_heads=2, n_kv_heads=2, head_dim=4, d_model=8, silent=(ATTENTION, FEED_FORWARD)
    )


def _with_other_token(draw: Generator, position: int | None) -> Arguments:
    arguments = _both_halves(torch.Generator().manual_seed(5))
    if position is not None:
        arguments["x"][:, position] = randn(draw, 2, 8)
    return arguments


def _uneven_heads(draw: Generator) -> Arguments:
    return {**_both_halves(draw), "n_heads": 3, "n_kv_heads": 3}


def _uneven_groups(draw: Generator) -> Arguments:
    return {**_four_heads_share_two(draw), "n_kv_heads": 3}


def _block_in_bfloat16(draw: Generator) -> Arguments:
    arguments = _both_halves(draw)
    weights = {name: weight.bfloat16() for name, weight in arguments["weights"].items()}
    return {**arguments, "x": arguments["x"].bfloat16(), "weights": weights}


def _small_block(draw: Generator) -> Arguments:
    arguments = _block_arguments(draw, batch=1, time=3, n_heads=2, n_kv_heads=1, head_dim=2, d_model=4)
    return {**arguments, "weights": _with_small_scores(arguments["weights"])}


def _with_small_scores(weights: Weights) -> Weights:
    """For gradients: where softmax saturates, those of queries and keys are hardly more than rounding."""
    scored = ("self_attn.q_proj.weight", "self_attn.k_proj.weight")
    return {name: 0.4 * weight if name.endswith(scored) else weight for name, weight in weights.items()}


TRANSFORMER_BLOCK_EXERCISE = Exercise(
    reference=normalization.transformer_block,
    points=8,
    cases=(
        Case("feed-forward only", _feed_forward_only, visible=True),
        Case("feed-forward only, drawn", _feed_forward_only_drawn),
        Case("a single token", _single_token, visible=True),
        Case("attention only", _attention_only, visible=True),
        Case("attention only, drawn", _attention_only_drawn),
        Case("four heads share two", _four_heads_share_two, visible=True),
        Case("all heads share one", _all_heads_share_one),
        Case("wide heads", _wide_heads, visible=True),
        Case("both halves", _both_halves, visible=True),
        Case("both halves, drawn", _both_halves_drawn),
        Case("original", functools.partial(_with_other_token, position=None), visible=True),
        Case("last token changed", functools.partial(_with_other_token, position=-1), visible=True),
        Case("first token changed", functools.partial(_with_other_token, position=0), visible=True),
        Case("both projections zero", _silent_block, visible=True),
        Case("heads that do not divide the rows", _uneven_heads, visible=True),
        Case("groups that do not divide the heads", _uneven_groups, visible=True),
        Case("bfloat16", _block_in_bfloat16, visible=True),
        Case("gradients", _small_block, visible=True, gradients=("x", "weights")),
    ),
    properties=(
        Property(
            "The feed-forward half adds its SwiGLU of the normed rows",
            ("feed-forward only", "feed-forward only, drawn"),
            "o_proj is zero in these cases, so attention adds nothing, and what is left is "
            "x + down(silu(gate(rows)) · up(rows)) with rows = rms_norm(x, post_attention_layernorm).",
            weight=2,
        ),
        Property(
            "Attention at a single token adds its value, projected",
            ("a single token",),
            "One token can only attend to itself, and position 0 turns nothing: what attention adds is "
            "o_proj(v_proj(rows)), with rows = rms_norm(x, input_layernorm).",
        ),
        Property(
            "Attention is causal, scaled, and turns queries and keys by their positions",
            ("attention only", "attention only, drawn"),
            "down_proj is zero in these cases. If a single token is right, what is left to look at: the split into "
            "heads, the rotation of queries and keys, the scale, the mask, the way back.",
            weight=3,
        ),
        Property(
            "Neighboring query heads share a key and value head",
            ("four heads share two", "all heads share one"),
            "Query head h is served by key and value head h // (n_heads // n_kv_heads).",
            weight=2,
        ),
        Property(
            "The heads together need not be as wide as the model",
            ("wide heads",),
            "The width of a head is the rows of q_proj divided by n_heads, whatever d_model is.",
        ),
        Property(
            "An output depends on its own and earlier tokens, and on no later one",
            ("original", "last token changed", "first token changed"),
            "Change the last token: no earlier output may move. Change the first: the last output must.",
            observe=observe.causal_only,
            joint=True,
        ),
        Property(
            "The feed-forward half reads the stream after attention has added to it",
            ("both halves", "both halves, drawn"),
            "Each half alone may be right. Together: x = x + attention(norm(x)), and then, from this new x, "
            "x + feed_forward(norm(x)), each with its own norm.",
            weight=2,
        ),
        Property(
            "A block whose halves add nothing hands on the stream",
            ("both projections zero",),
            "With o_proj and down_proj zero both halves give zero, and zero is added: the block returns x.",
            needs="The feed-forward half adds its SwiGLU of the normed rows",
        ),
        Property(
            "Heads that do not fit are refused with a ValueError",
            ("both halves", "heads that do not divide the rows", "groups that do not divide the heads"),
            "Raise ValueError where n_heads does not divide the rows of q_proj, or n_kv_heads does not divide n_heads.",
            observe=observe.refusal,
            needs="The feed-forward half adds its SwiGLU of the normed rows",
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("bfloat16",),
            "Inputs in bfloat16 must give bfloat16, and neither x nor the weights may differ after the call.",
            observe=observe.dtype_and_changed,
            needs="The feed-forward half adds its SwiGLU of the normed rows",
        ),
        Property(
            "Gradients reach x and all nine weights",
            ("gradients",),
            "Each weight must have its gradient: none of them may be cut off or left out.",
            observe=observe.gradients,
        ),
    ),
    mistakes=(
        Mistake(
            "post_norm",
            "You norm the sum after each half, as the first transformers did. Here each half reads normed rows, and the"
            " stream itself is never normed.",
            PLACEMENT,
            _post_norm,
        ),
        Mistake(
            "norm_after_each_half",
            "You norm what each half gives. The norm belongs before: each half *reads* normed rows.",
            PLACEMENT,
            _norm_after_each_half,
        ),
        Mistake(
            "attention_output_normed",
            "You put post_attention_layernorm on what attention gives, as its name suggests. It stands after attention "
            "has been added, and norms the copy that the feed-forward network reads.",
            BLOCK,
            _attention_output_normed,
        ),
        Mistake(
            "both_residuals_lost",
            "Each half replaces the stream instead of adding to it: x = x + half(norm(x)).",
            STREAM,
            _both_residuals_lost,
        ),
        Mistake(
            "attention_residual_lost",
            "What attention gives replaces the stream; it is to be added to it.",
            STREAM,
            _attention_residual_lost,
        ),
        Mistake(
            "feed_forward_residual_lost",
            "Your block returns what the feed-forward network gives; it is to be added to the stream.",
            STREAM,
            _feed_forward_residual_lost,
        ),
        Mistake(
            "residual_from_normed_rows",
            "You overwrite x with its normed rows and add to those. Keep the two apart: the halves read the normed "
            "rows, and add to x.",
            STREAM,
            _residual_from_normed_rows,
        ),
        Mistake(
            "halves_in_parallel",
            "Both your halves read the input of the block. Some models are built so; in Llama's block the feed-forward "
            "network reads the stream after attention has added to it.",
            BLOCK,
            _halves_in_parallel,
        ),
        Mistake(
            "second_residual_from_the_input",
            "What attention gives reaches the feed-forward network but not the output: the second sum starts from the "
            "block's input. Start it from the first sum.",
            STREAM,
            _second_residual_from_the_input,
        ),
        Mistake(
            "feed_forward_first",
            "You run the feed-forward network before attention. Attention comes first.",
            BLOCK,
            _feed_forward_first,
        ),
        Mistake(
            "first_norm_twice",
            "You use the weight of input_layernorm in both places. The second norm has its own: "
            "post_attention_layernorm.",
            BLOCK,
            _first_norm_twice,
        ),
        Mistake(
            "norms_swapped",
            "The two norms are swapped: input_layernorm stands before attention, post_attention_layernorm before the "
            "feed-forward network (after attention, as its name says).",
            BLOCK,
            _norms_swapped,
        ),
        Mistake(
            "attention_not_normed",
            "Attention reads the stream itself; it is to read normed rows.",
            PLACEMENT,
            _attention_not_normed,
        ),
        Mistake(
            "feed_forward_not_normed",
            "The feed-forward network reads the stream itself; it is to read normed rows.",
            PLACEMENT,
            _feed_forward_not_normed,
        ),
        Mistake(
            "layer_norms",
            "You take the mean away in the norms: Llama's block has RMSNorm, LayerNorm without the mean.",
            RMS_NORM,
            _layer_norms,
        ),
        Mistake(
            "rope_on_values",
            "You turn the values as well. Only queries and keys are turned: their product then depends on the distance,"
            " and the values stay what they are.",
            BLOCK,
            _rope_on_values,
        ),
        Mistake(
            "no_rope",
            "Queries and keys know nothing of their positions: turn them, after the split into heads and before the "
            "scores.",
            BLOCK,
            _no_rope,
        ),
        Mistake(
            "rope_on_queries_only",
            "You turn queries but not keys, so that scores depend on the query's position instead of the distance.",
            BLOCK,
            _rope_on_queries_only,
        ),
        Mistake(
            "rope_in_neighbors",
            "You pair neighboring components, 0 with 1. In Llama's layout component i of the first half of a head is "
            "paired with component i of the second half.",
            BLOCK,
            _rope_in_neighbors,
        ),
        Mistake(
            "rope_backwards",
            "You turn the wrong way round: first · cos - second · sin, and first · sin + second · cos.",
            BLOCK,
            _rope_backwards,
        ),
        Mistake(
            "rope_by_head",
            "Your angles count heads, not positions: turn [batch, heads, time, head_dim], with a position for each row "
            "of the last dimension but one.",
            BLOCK,
            _rope_by_head,
        ),
        Mistake(
            "rope_before_the_split",
            "You turn the rows before they are split into heads, so that the frequencies run over all heads together. "
            "Each head has all frequencies: split first.",
            BLOCK,
            _rope_before_the_split,
        ),
        Mistake(
            "rope_too_fast",
            "Your angles fall too slowly from pair to pair: pair i turns by rope_base ** (-2i / head_dim) a position, "
            "and not by rope_base ** (-i / head_dim).",
            BLOCK,
            _rope_too_fast,
        ),
        Mistake(
            "rope_on_rows",
            "You turn the rows before they are projected. Project first, split into heads, and then turn queries and "
            "keys.",
            BLOCK,
            _rope_on_rows,
        ),
        Mistake(
            "rope_base_ignored",
            "You turn with the base 10000 whatever rope_base is given.",
            BLOCK,
            _rope_base_ignored,
        ),
        Mistake(
            "no_mask",
            "Your attention looks into the future: it has to be causal.",
            BLOCK,
            _no_mask,
        ),
        Mistake(
            "masked_after_softmax",
            "You set weights to zero after softmax. The future has taken its share by then, and the rest no longer "
            "sums to 1: mask the scores.",
            BLOCK,
            _masked_after_softmax,
        ),
        Mistake(
            "split_by_view",
            "You view [batch, time, heads · head_dim] straight as [batch, heads, time, head_dim], which mixes heads "
            "and times. View as [batch, time, heads, head_dim] first, and then transpose.",
            BLOCK,
            _split_by_view,
        ),
        Mistake(
            "tiled",
            "You repeat the key and value heads as 0 1 0 1; neighboring query heads share one, so 0 0 1 1: "
            "repeat_interleave, or enable_gqa=True in torch's attention.",
            BLOCK,
            _tiled,
        ),
        Mistake(
            "heads_not_repeated",
            "Your function raises where there are fewer key and value heads than query heads, but more than one. Give "
            "each to its group: repeat_interleave along the heads, or enable_gqa=True in torch's attention.",
            BLOCK,
            _heads_not_repeated,
        ),
        Mistake(
            "merged_without_transpose",
            "You join the heads without transposing back: [batch, heads, time, head_dim] has to become [batch, time, "
            "heads, head_dim] before the last two dimensions are joined.",
            BLOCK,
            _merged_without_transpose,
        ),
        Mistake(
            "no_output_projection",
            "The heads are joined and added without going through o_proj.",
            BLOCK,
            _no_output_projection,
        ),
        Mistake(
            "not_scaled",
            "Your scores are not divided by √head_dim.",
            BLOCK,
            _not_scaled,
        ),
        Mistake(
            "scaled_by_model_width",
            "You divide the scores by √d_model. Inside a head queries and keys are head_dim wide.",
            BLOCK,
            _scaled_by_model_width,
        ),
        Mistake(
            "head_width_from_model",
            "Your function raises where the heads together are not as wide as the model. Their width is the rows of "
            "q_proj divided by n_heads, which need not be d_model / n_heads.",
            BLOCK,
            _head_width_from_model,
        ),
        Mistake(
            "sigmoid_gate",
            "Your gate goes through the sigmoid alone. SiLU is z · sigmoid(z).",
            BLOCK,
            _sigmoid_gate,
        ),
        Mistake(
            "gelu_gate",
            "Your gate goes through GELU. SwiGLU has SiLU, z · sigmoid(z): close, but not the same.",
            BLOCK,
            _gelu_gate,
        ),
        Mistake(
            "relu_gate",
            "Your gate goes through ReLU. SwiGLU has SiLU, z · sigmoid(z).",
            BLOCK,
            _relu_gate,
        ),
        Mistake(
            "gate_and_up_swapped",
            "You put SiLU on the up projection. It belongs on the gate: silu(gate) · up.",
            BLOCK,
            _gate_and_up_swapped,
        ),
        Mistake(
            "silu_of_the_product",
            "You put SiLU on the product of gate and up. It belongs on the gate alone: silu(gate) · up.",
            BLOCK,
            _silu_of_the_product,
        ),
        Mistake(
            "gate_left_out",
            "Your feed-forward network has no gate: silu(gate) multiplies up, element by element.",
            BLOCK,
            _gate_left_out,
        ),
        Mistake(
            "gate_added",
            "You add gate and up; they are multiplied.",
            BLOCK,
            _gate_added,
        ),
        Mistake(
            "stream_changed",
            "Your function changes x. `x += ...` works on the caller's tensor: write `x = x + ...`.",
            STREAM,
            _stream_changed,
        ),
        Mistake(
            "attention_added_in_place",
            "You add attention's output to x itself, with `+=`: the caller's stream is changed. Write `x = x + ...`.",
            STREAM,
            _attention_added_in_place,
        ),
        Mistake(
            "in_float32",
            "Your result is float32 whatever comes in: the block keeps the dtype of x.",
            BLOCK,
            _block_in_float32,
        ),
        Mistake(
            "detached",
            "No gradient flows through your block, so neither its weights nor the layers below could learn.",
            STREAM,
            _block_detached,
        ),
        Mistake(
            "heads_checked_by_model_width",
            "You refuse heads because n_heads does not divide d_model. It has to divide the rows of q_proj, which need "
            "not be d_model.",
            BLOCK,
            _heads_checked_by_model_width,
        ),
        Mistake(
            "heads_not_refused",
            "Heads that do not fit fail somewhere inside your function. Check first, and say in a ValueError that they "
            "do not fit.",
            BLOCK,
            _heads_not_refused,
        ),
        Mistake(
            "eps_not_handed_on",
            "Your norms use their default eps. Hand the block's eps on to both.",
            BLOCK,
            _eps_not_handed_on,
        ),
    ),
    shortcuts=("LlamaDecoderLayer", "LlamaModel", "LlamaForCausalLM"),
)


# decoder_logits


def _own_weights(weights: Weights, layer: int) -> Weights:
    prefix = f"model.layers.{layer}."
    return {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}


def _through(x: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    """The stream through one block with its own weights."""
    return normalization.transformer_block(
        x, weights, config["n_heads"], config["n_kv_heads"], config["rope_base"], config["eps"]
    )


def _embedded(ids: Tensor, weights: Weights) -> Tensor:
    table = weights["model.embed_tokens.weight"]
    if ids.numel() and not 0 <= ids.min() <= ids.max() < table.shape[0]:
        raise ValueError("an id has no row")
    return table[ids]


def _through_all(ids: Tensor, weights: Weights, config: dict[str, Any], layers: list[int] | None = None) -> Tensor:
    """The stream after the blocks: all of them, or those named, in this order."""
    x = _embedded(ids, weights)
    for layer in range(config["n_layers"]) if layers is None else layers:
        x = _through(x, _own_weights(weights, layer), config)
    return x


def _headed(x: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    """The last norm and the head."""
    x = normalization.rms_norm(x, weights["model.norm.weight"], config["eps"])
    return x @ weights.get("lm_head.weight", weights["model.embed_tokens.weight"]).T


def _no_final_norm(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    head = weights.get("lm_head.weight", weights["model.embed_tokens.weight"])
    return _through_all(ids, weights, config) @ head.T


def _norm_at_the_entrance(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    x = normalization.rms_norm(_embedded(ids, weights), weights["model.norm.weight"], config["eps"])
    for layer in range(config["n_layers"]):
        x = _through(x, _own_weights(weights, layer), config)
    return x @ weights.get("lm_head.weight", weights["model.embed_tokens.weight"]).T


def _final_norm_without_weight(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    plain = {**weights, "model.norm.weight": torch.ones_like(weights["model.norm.weight"])}
    return _headed(_through_all(ids, weights, config), plain, config)


def _final_norm_with_default_eps(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    return _headed(_through_all(ids, weights, config), weights, {**config, "eps": 1e-6})


def _final_layer_norm(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    gain = weights["model.norm.weight"]
    x = normalization.layer_norm(_through_all(ids, weights, config), gain, torch.zeros_like(gain), config["eps"])
    return x @ weights.get("lm_head.weight", weights["model.embed_tokens.weight"]).T


def _norm_after_every_layer(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    x = _embedded(ids, weights)
    for layer in range(config["n_layers"]):
        x = _through(x, _own_weights(weights, layer), config)
        x = normalization.rms_norm(x, weights["model.norm.weight"], config["eps"])
    return x @ weights.get("lm_head.weight", weights["model.embed_tokens.weight"]).T


def _head_always_asked_for(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    return _headed(_through_all(ids, weights, config), {"lm_head.weight": weights["lm_head.weight"], **weights}, config)


def _head_always_tied(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    tied = {name: weight for name, weight in weights.items() if name != "lm_head.weight"}
    return _headed(_through_all(ids, weights, config), tied, config)


def _hidden_rows_returned(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    x = _through_all(ids, weights, config)
    return normalization.rms_norm(x, weights["model.norm.weight"], config["eps"])


def _probabilities(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    return torch.softmax(normalization.decoder_logits(ids, weights, config), -1)


def _log_probabilities(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    return torch.log_softmax(normalization.decoder_logits(ids, weights, config), -1)


def _last_position_only(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    return normalization.decoder_logits(ids, weights, config)[:, -1]


def _last_position_kept(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    return normalization.decoder_logits(ids, weights, config)[:, -1:]


def _last_position_dropped(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    return normalization.decoder_logits(ids, weights, config)[:, :-1]


def _embeddings_scaled(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    table = weights["model.embed_tokens.weight"]
    scaled = {**weights, "model.embed_tokens.weight": table * table.shape[-1] ** 0.5}
    return normalization.decoder_logits(ids, {"lm_head.weight": table, **scaled}, config)


def _positions_added(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    x = _embedded(ids, weights)
    x = x + positions.sinusoidal_encoding(x.shape[1], x.shape[2])
    for layer in range(config["n_layers"]):
        x = _through(x, _own_weights(weights, layer), config)
    return _headed(x, weights, config)


def _one_layer_only(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    return _headed(_through_all(ids, weights, config, [0]), weights, config)


def _last_layer_left_out(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    return _headed(_through_all(ids, weights, config, list(range(config["n_layers"] - 1))), weights, config)


def _first_layer_every_time(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    return _headed(_through_all(ids, weights, config, [0] * config["n_layers"]), weights, config)


def _layers_backwards(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    return _headed(_through_all(ids, weights, config, list(range(config["n_layers"]))[::-1]), weights, config)


def _layers_side_by_side(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    x = _embedded(ids, weights)
    added = [_through(x, _own_weights(weights, layer), config) - x for layer in range(config["n_layers"])]
    return _headed(x + torch.stack(added).sum(0), weights, config)


def _stream_added_twice(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    x = _embedded(ids, weights)
    for layer in range(config["n_layers"]):
        x = x + _through(x, _own_weights(weights, layer), config)
    return _headed(x, weights, config)


def _prefix_without_its_dot(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    x = _embedded(ids, weights)
    for layer in range(config["n_layers"]):
        # "model.layers.1" is the beginning of "model.layers.10.mlp..." too.
        own = {
            name.split(".", 3)[3]: weight
            for name, weight in weights.items()
            if name.startswith(f"model.layers.{layer}")
        }
        x = _through(x, own, config)
    return _headed(x, weights, config)


def _base_not_handed_on(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    return normalization.decoder_logits(ids, weights, {**config, "rope_base": 10000.0})


def _eps_of_the_default(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    return normalization.decoder_logits(ids, weights, {**config, "eps": 1e-6})


def _as_many_key_heads(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    if config["n_kv_heads"] != config["n_heads"]:
        raise RuntimeError("the keys cannot be viewed as n_heads heads")
    return normalization.decoder_logits(ids, weights, config)


def _decoder_detached(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    return normalization.decoder_logits(ids, weights, config).detach()


def _weights_used_up(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    result = normalization.decoder_logits(ids, weights, config)
    weights.pop("model.norm.weight")
    return result


def _logits_in_float32(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    return normalization.decoder_logits(ids, {name: weight.float() for name, weight in weights.items()}, config)


def _id_left_to_the_library(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    rows = weights["model.embed_tokens.weight"].shape[0]
    if ids.max() >= rows or ids.min() < -rows:
        raise IndexError("index out of range")
    return normalization.decoder_logits(ids % rows, weights, config)


def _negative_id_accepted(ids: Tensor, weights: Weights, config: dict[str, Any]) -> Tensor:
    rows = weights["model.embed_tokens.weight"].shape[0]
    if ids.max() >= rows:
        raise ValueError("an id has no row")
    return normalization.decoder_logits(ids % rows, weights, config)


def _decoder_arguments(
    draw: Generator,
    *,
    batch: int,
    time: int,
    n_layers: int,
    tied: bool = True,
    n_heads: int = 2,
    n_kv_heads: int = 1,
    head_dim: int = 4,
    silent: tuple[str, ...] = (),
) -> Arguments:
    """A decoder with random weights; in all its layers the projections named in `silent` are zero."""
    vocab, d_model = 11, n_heads * head_dim
    weights = {"model.embed_tokens.weight": randn(draw, vocab, d_model)}
    for layer in range(n_layers):
        block = _block_weights(draw, n_heads, n_kv_heads, head_dim, d_model, silent)
        weights |= {f"model.layers.{layer}.{name}": weight for name, weight in block.items()}
    weights["model.norm.weight"] = _gain(draw, d_model)
    if not tied:
        weights["lm_head.weight"] = randn(draw, vocab, d_model)
    config = {
        "vocab_size": vocab,
        "d_model": d_model,
        "n_layers": n_layers,
        "n_heads": n_heads,
        "n_kv_heads": n_kv_heads,
        "rope_base": 20.0,
        "eps": 0.5,
    }
    return {"ids": torch.randint(0, vocab, (batch, time), generator=draw), "weights": weights, "config": config}


def _silent_layers(draw: Generator) -> Arguments:
    return _decoder_arguments(draw, batch=2, time=3, n_layers=2, silent=(ATTENTION, FEED_FORWARD))


def _silent_layers_drawn(draw: Generator) -> Arguments:
    return _decoder_arguments(draw, batch=1, time=6, n_layers=3, n_heads=3, silent=(ATTENTION, FEED_FORWARD))


def _one_layer(draw: Generator) -> Arguments:
    return _decoder_arguments(draw, batch=2, time=4, n_layers=1)


def _two_layers(draw: Generator) -> Arguments:
    return _decoder_arguments(draw, batch=2, time=3, n_layers=2)


def _three_layers(draw: Generator) -> Arguments:
    return _decoder_arguments(draw, batch=3, time=5, n_layers=3, n_heads=4, n_kv_heads=2)


def _eleven_layers(draw: Generator) -> Arguments:
    return _decoder_arguments(draw, batch=1, time=3, n_layers=11, n_heads=2, head_dim=2)


def _own_head(draw: Generator) -> Arguments:
    return _decoder_arguments(draw, batch=2, time=3, n_layers=1, tied=False, silent=(ATTENTION, FEED_FORWARD))


def _own_head_drawn(draw: Generator) -> Arguments:
    return _decoder_arguments(draw, batch=1, time=4, n_layers=2, tied=False)


def _one_token(draw: Generator) -> Arguments:
    return _decoder_arguments(draw, batch=1, time=1, n_layers=1, head_dim=2)


def _with_other_id(draw: Generator, position: int | None) -> Arguments:
    arguments = _decoder_arguments(draw, batch=2, time=4, n_layers=1, head_dim=2)
    if position is not None:
        arguments["ids"][:, position] = (arguments["ids"][:, position] + 3) % 11
    return arguments


def _id_too_large(draw: Generator) -> Arguments:
    return {**_one_token(draw), "ids": torch.tensor([[3, 11]])}


def _id_below_zero(draw: Generator) -> Arguments:
    return {**_one_token(draw), "ids": torch.tensor([[-1, 4]])}


def _decoder_in_bfloat16(draw: Generator) -> Arguments:
    arguments = _one_layer(draw)
    return {**arguments, "weights": {name: weight.bfloat16() for name, weight in arguments["weights"].items()}}


def _small_decoder(draw: Generator) -> Arguments:
    arguments = _decoder_arguments(draw, batch=2, time=3, n_layers=1, head_dim=2)
    return {**arguments, "weights": _with_small_scores(arguments["weights"])}


DECODER_LOGITS_EXERCISE = Exercise(
    reference=normalization.decoder_logits,
    points=6,
    cases=(
        Case("layers that add nothing", _silent_layers, visible=True),
        Case("layers that add nothing, drawn", _silent_layers_drawn),
        Case("one layer", _one_layer, visible=True),
        Case("one token", _one_token, visible=True),
        Case("two layers", _two_layers, visible=True),
        Case("three layers", _three_layers),
        Case("eleven layers", _eleven_layers),
        Case("a head of its own", _own_head, visible=True),
        Case("a head of its own, drawn", _own_head_drawn),
        Case("original", functools.partial(_with_other_id, position=None), visible=True),
        Case(
            "last id changed",
            functools.partial(_with_other_id, position=-1),
            visible=True,
            drawn_as="original",
        ),
        Case(
            "first id changed",
            functools.partial(_with_other_id, position=0),
            visible=True,
            drawn_as="original",
        ),
        Case("id too large", _id_too_large, visible=True),
        Case("id below zero", _id_below_zero, visible=True),
        Case("bfloat16", _decoder_in_bfloat16, visible=True),
        Case("gradients", _small_decoder, visible=True, gradients=("weights",)),
    ),
    properties=(
        Property(
            "Embedding, last norm and tied head are right",
            ("layers that add nothing", "layers that add nothing, drawn"),
            "The layers of this case add nothing to the stream: what is left is the rows of the table, rms_norm with "
            "model.norm.weight, and the scores of all tokens, rows @ table.T.",
            weight=2,
        ),
        Property(
            "One layer does its work between them",
            ("one layer", "one token"),
            "Hand your block the layer's nine weights, under the names without `model.layers.0.`, and what it needs "
            "from the configuration.",
            weight=2,
        ),
        Property(
            "Several layers follow each other, each with its own weights",
            ("two layers", "three layers", "eleven layers"),
            "Layer 0 first. Each takes the stream that the one before has left, and the weights with its own number.",
            weight=2,
        ),
        Property(
            "A head of its own is used where there is one",
            ("a head of its own", "a head of its own, drawn"),
            "If the weights have an lm_head.weight, it is the head; the embedding table is the head only without it.",
        ),
        Property(
            "The logits of a position depend on its own and earlier ids, and on no later one",
            ("original", "last id changed", "first id changed"),
            "Change the last id: no earlier logits may move. Change the first: the last logits must.",
            observe=observe.causal_only,
            joint=True,
        ),
        Property(
            "An id without a row is refused with a ValueError",
            ("one token", "id too large", "id below zero"),
            "Ids run from 0 to vocab - 1: test both ends before you look up, and raise ValueError.",
            observe=observe.refusal,
            needs="Embedding, last norm and tied head are right",
        ),
        Property(
            "The dtype of the weights is kept and the arguments are left unchanged",
            ("bfloat16",),
            "Weights in bfloat16 must give logits in bfloat16, and neither ids nor weights may differ after the call.",
            observe=observe.dtype_and_changed,
            needs="Embedding, last norm and tied head are right",
        ),
        Property(
            "Gradients reach all weights",
            ("gradients",),
            "The whole model learns through this function: every weight must have its gradient.",
            observe=observe.gradients,
        ),
    ),
    mistakes=(
        Mistake(
            "no_final_norm",
            "The stream reaches the head as it is. Pre-norm blocks never norm the stream, so one last norm, model.norm,"
            " stands before the head.",
            DECODER,
            _no_final_norm,
        ),
        Mistake(
            "norm_at_the_entrance",
            "Your model.norm stands before the first layer. Its place is after the last, before the head.",
            DECODER,
            _norm_at_the_entrance,
        ),
        Mistake(
            "final_norm_without_weight",
            "Your last norm has no weight: it is model.norm.weight.",
            DECODER,
            _final_norm_without_weight,
        ),
        Mistake(
            "final_norm_with_default_eps",
            "Your last norm uses its default eps. It is config['eps'], as in the blocks.",
            DECODER,
            _final_norm_with_default_eps,
        ),
        Mistake(
            "final_layer_norm",
            "Your last norm takes the mean away. It is an RMSNorm, as in the blocks.",
            DECODER,
            _final_layer_norm,
        ),
        Mistake(
            "norm_after_every_layer",
            "You apply the last norm after every layer. It stands once, after the last one; the blocks have norms of "
            "their own.",
            DECODER,
            _norm_after_every_layer,
        ),
        Mistake(
            "head_always_asked_for",
            "Your function needs an lm_head.weight. A tied model stores none: its head is the embedding table.",
            HEAD,
            _head_always_asked_for,
        ),
        Mistake(
            "head_always_tied",
            "You use the embedding table as the head though the weights have an lm_head.weight of their own.",
            HEAD,
            _head_always_tied,
        ),
        Mistake(
            "hidden_rows_returned",
            "You return rows of width d_model. The head is missing: a score for each token of the vocabulary.",
            HEAD,
            _hidden_rows_returned,
        ),
        Mistake(
            "probabilities",
            "You return probabilities. Logits are the scores before softmax.",
            HEAD,
            _probabilities,
        ),
        Mistake(
            "log_probabilities",
            "You return log-probabilities. Logits are the scores before softmax.",
            HEAD,
            _log_probabilities,
        ),
        Mistake(
            "last_position_only",
            "You return the logits of the last position only. All positions are asked for: training needs them.",
            DECODER,
            _last_position_only,
        ),
        Mistake(
            "last_position_kept",
            "You return one position of each text, the last. That is enough to write, but every position is asked for.",
            DECODER,
            _last_position_kept,
        ),
        Mistake(
            "last_position_dropped",
            "You leave out the last position. Whoever computes a loss drops it, since its target is not known; the "
            "decoder scores all positions.",
            DECODER,
            _last_position_dropped,
        ),
        Mistake(
            "embeddings_scaled",
            "You multiply the embeddings by √d_model. Some models do; Llama does not.",
            DECODER,
            _embeddings_scaled,
        ),
        Mistake(
            "positions_added",
            "You add sinusoids to the embeddings. This model's positions are rotary, inside the blocks.",
            DECODER,
            _positions_added,
        ),
        Mistake(
            "one_layer_only",
            "Your stream goes through layer 0 and no further.",
            DECODER,
            _one_layer_only,
        ),
        Mistake(
            "last_layer_left_out",
            "Your stream never goes through the last layer: layers are numbered from 0 to n_layers - 1.",
            DECODER,
            _last_layer_left_out,
        ),
        Mistake(
            "first_layer_every_time",
            "Every pass uses the weights of layer 0. Each layer has its own: put its number into the prefix.",
            DECODER,
            _first_layer_every_time,
        ),
        Mistake(
            "layers_backwards",
            "You run the layers from the last to the first.",
            DECODER,
            _layers_backwards,
        ),
        Mistake(
            "layers_side_by_side",
            "Every layer reads the embeddings. Each is to read the stream that the one before has left.",
            DECODER,
            _layers_side_by_side,
        ),
        Mistake(
            "stream_added_twice",
            "You add what a block returns to the stream. The block has done that itself: x = block(x).",
            DECODER,
            _stream_added_twice,
        ),
        Mistake(
            "prefix_without_its_dot",
            "With eleven layers, `model.layers.1` is also the beginning of `model.layers.10.`: let the prefix end with "
            "its dot.",
            DECODER,
            _prefix_without_its_dot,
        ),
        Mistake(
            "base_not_handed_on",
            "Your blocks turn with the base 10000. It is config['rope_base'].",
            DECODER,
            _base_not_handed_on,
        ),
        Mistake(
            "eps_of_the_default",
            "Your norms use their default eps. It is config['eps'], in the blocks and in the last norm.",
            DECODER,
            _eps_of_the_default,
        ),
        Mistake(
            "as_many_key_heads",
            "Your function raises where there are fewer key and value heads than query heads: hand config['n_kv_heads']"
            " on to the block.",
            DECODER,
            _as_many_key_heads,
        ),
        Mistake(
            "detached",
            "No gradient flows through your logits, so the model could not learn.",
            DECODER,
            _decoder_detached,
        ),
        Mistake(
            "weights_used_up",
            "Your function takes weights out of the dict that it is given, and the next call has them no more.",
            DECODER,
            _weights_used_up,
        ),
        Mistake(
            "logits_in_float32",
            "Your logits are float32 whatever the weights are: the dtype of the weights is kept.",
            DECODER,
            _logits_in_float32,
        ),
        Mistake(
            "id_left_to_the_library",
            "You leave it to the library to refuse an id: too large an id gives an IndexError that does not say which "
            "ids there are, and -1 is taken for the last row. Test the ids, and raise ValueError.",
            DECODER,
            _id_left_to_the_library,
        ),
        Mistake(
            "negative_id_accepted",
            "You refuse ids that are too large, but take -1 for the last row. Test the lower end too.",
            DECODER,
            _negative_id_accepted,
        ),
    ),
    shortcuts=("LlamaModel", "LlamaForCausalLM", "AutoModelForCausalLM"),
)


ASSIGNMENT = Assignment(
    "07_normalization",
    (LAYER_NORM_EXERCISE, RMS_NORM_EXERCISE, TRANSFORMER_BLOCK_EXERCISE, DECODER_LOGITS_EXERCISE),
)
