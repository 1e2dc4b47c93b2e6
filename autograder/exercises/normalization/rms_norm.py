"""rms_norm: rows of one length, then a gain."""

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.normalization.inputs import (
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

known = Mistakes(normalization.rms_norm, section="normalization-rms")

SCALE = "* torch.rsqrt(mean_square + eps)"
MEAN = ".mean(dim=-1, keepdim=True)"

known.edit(
    "mean_subtracted",
    {"mean_square = x": "x = x - x.mean(dim=-1, keepdim=True)\n    mean_square = x"},
    "You take the mean away, as LayerNorm does. RMSNorm does not: it only divides.",
)
known.edit(
    "deviation_of_uncentered",
    {f".pow(2){MEAN}": ".var(dim=-1, keepdim=True, correction=0)"},
    "You divide by the standard deviation, which is measured from the mean. The root mean square is measured from 0.",
)
known.edit(
    "eps_outside",
    {SCALE: "/ (mean_square.sqrt() + eps)"},
    "You add eps to the root. It belongs under it, beside the mean square.",
    EPSILON,
)
known.edit(
    "eps_added_after",
    {"mean_square + eps": "mean_square", ".to(x.dtype)": ".to(x.dtype) + eps"},
    "You add eps to the result. It belongs under the root, beside the mean square.",
    EPSILON,
)
known.edit(
    "half_precision_statistics",
    {"x.float()": "x"},
    "In float16 your squares overflow: the mean square is infinite and the row becomes 0. Convert x to float32 for "
    "the statistics, and the result back.",
    "normalization-half-precision",
)
known.edit(
    "square_not_rooted", {SCALE: "/ (mean_square + eps)"}, "You divide by the mean square itself. Take its root."
)
known.edit(
    "sum_for_mean",
    {".mean(": ".sum("},
    "You sum the squares: divided by its Euclidean length, each row has the length 1, and √d is wanted. Take the mean.",
)
known.edit(
    "divided_by_length",
    {".mean(": ".sum(", SCALE: "/ (mean_square.sqrt() + eps)"},
    "You divide by the Euclidean length, the root of the *sum* of the squares, and add eps to that. Take the mean of "
    "the squares, add eps, and then take the root.",
)
known.edit(
    "mean_squared",
    {f".pow(2){MEAN}": f"{MEAN}.pow(2)"},
    "You square the mean. It is the other way round: first the squares, then their mean.",
)
known.edit(
    "mean_square_over_fewer",
    {MEAN: ".sum(dim=-1, keepdim=True) / (x.shape[-1] - 1)"},
    "Your mean square divides by d - 1. A mean over d numbers divides by d.",
)
known.edit(
    "mean_absolute",
    {".pow(2)": ".abs()", SCALE: "/ (mean_square + eps)"},
    "You divide by the mean of the absolute values. Square first, then mean, then root.",
)
known.edit("weight_dropped", {" * weight": ""}, "Your result does not depend on the weight.")
known.edit(
    "one_plus_weight",
    {"* weight": "* (1 + weight)"},
    "You multiply by 1 + weight. Some models, such as Gemma, store their weights so; here the weight is the factor "
    "itself.",
)
known.edit("weight_added", {"* weight": "+ weight"}, "You add the weight; it is a factor for each column.")
known.edit(
    "weight_before_norm",
    {"x.float()": "(x * weight).float()"},
    "Your mean square is that of the weighted numbers. Norm first, then multiply by the weight.",
)
known.edit(
    "eps_as_floor",
    {SCALE: "/ mean_square.sqrt().clamp(min=eps)"},
    "You take eps as the least number to divide by. It is added to the mean square, of every row.",
    EPSILON,
)
known.edit(
    "without_keepdim",
    {", keepdim=True": ""},
    "You leave keepdim=True out, so that each row's number lies across the columns: most shapes raise, and where there "
    "are as many rows as columns the result is wrong. Keep the numbers a column.",
)
known.edit(
    "eps_of_zero_refused",
    {"if weight.shape": "if eps <= 0:\n        raise ValueError(eps)\n    if weight.shape"},
    "You refuse eps = 0, which makes sense wherever no row divides by zero. Refuse only what the docstring names.",
    EPSILON,
)
known.edit(
    "eps_ignored",
    {"mean_square + eps": "mean_square"},
    "Your result does not depend on eps, and a row of zeros gives NaN: add it to the mean square.",
    EPSILON,
)
known.edit("eps_fixed", {"mean_square + eps": "mean_square + 1e-6"}, "You use 1e-6 whatever eps is given.", EPSILON)
known.edit(
    "other_default",
    {"eps: float = 1e-6": "eps: float = 1e-5"},
    "Your default of eps is 1e-5, as in LayerNorm. Here it is 1e-6.",
    EPSILON,
)
known.edit(
    "over_the_batch",
    {"dim=-1": "dim=0"},
    "Your mean square runs down the first dimension, over different rows. Each row has its own: the last dimension.",
)
known.edit(
    "over_all_numbers",
    {MEAN: ".mean()"},
    "You take one mean square over everything. Each row has its own: give the dimension, -1, and keepdim=True.",
)
known.edit(
    "over_axis_one",
    {"dim=-1": "dim=1"},
    "Your mean square runs along dimension 1. That is the width only if there are exactly two dimensions: count from "
    "the end, -1.",
)
known.edit(
    "in_float32",
    {".to(x.dtype)": ".float()"},
    "Only the statistics are to be in float32. Your result stays there too: convert it back to the dtype of x.",
    "normalization-half-precision",
)
known.edit(
    "in_place",
    {
        "return (x": "result = (x",
        ".to(x.dtype)": ".to(x.dtype)\n    return result if x.requires_grad else x.copy_(result)",
    },
    "Your function changes x. The residual stream needs it as it was: work on a new tensor.",
    "normalization-stream",
)
known.edit(
    "in_place_after_float",
    {
        "mean_square = x.float().pow(2)": "rows = x.float()\n    mean_square = rows.pow(2)",
        "return (x * torch.rsqrt(mean_square + eps) * weight)": (
            "rows *= torch.rsqrt(mean_square + eps)\n    rows *= weight\n    return rows"
        ),
    },
    "Your function changes x where it is float32: `x.float()` is x itself then, and `*=` works on the caller's tensor. "
    "Write `rows = rows * ...`.",
    "normalization-stream",
)
known.edit(
    "squeezed",
    {".to(x.dtype)": ".to(x.dtype).squeeze()"},
    "You squeeze the result, which takes every axis of size 1 away, such as that of a batch of one text. The result "
    "has the shape of x.",
)
known.edit(
    "detached",
    {".to(x.dtype)": ".to(x.dtype).detach()"},
    "No gradient flows through your result, so nothing that stands before the norm could learn. "
    "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
)
known.edit(
    "mean_square_detached",
    {MEAN: f"{MEAN}.detach()"},
    "Your gradients treat the mean square as a constant. It depends on x, and so part of the gradient flows through "
    "it.",
)
known.edit(
    "last_dimension_compared",
    {"weight.shape != x.shape[-1:]": "weight.shape[-1] != x.shape[-1]"},
    "You compare the last dimension of the weight only: a weight for each entry of x is taken, too. Compare the whole "
    "shape.",
)
known.edit(
    "numbers_counted",
    {"weight.shape != x.shape[-1:]": "weight.numel() != x.shape[-1]"},
    "You count the numbers of the weight: a column of as many is taken, and goes over the rows. Compare the shapes.",
)
known.edit(
    "width_not_checked",
    {"if weight.shape != x.shape[-1:]": "if False"},
    "You take a weight of a single number: it broadcasts without an error and scales all columns alike. Say with a "
    "ValueError that each column needs its own.",
)


def without(arguments: Arguments, *names: str) -> Arguments:
    return {name: value for name, value in arguments.items() if name not in names}


def rms_rows(draw: Generator) -> Arguments:
    return without(weighted(draw, random_rows(draw, 3, 5), eps=0.25), "bias")


def rms_plain(draw: Generator) -> Arguments:
    return without(plain_rows(draw), "bias")


def rms_plain_in_a_batch(draw: Generator) -> Arguments:
    return without(plain_rows_in_a_batch(draw), "bias")


def rms_as_many_rows_as_columns(draw: Generator) -> Arguments:
    return without(neutral(random_rows(draw, 4, 4), eps=0.0), "bias")


def rms_batch(draw: Generator) -> Arguments:
    return without(weighted_batch(draw), "bias")


def rms_single_row(draw: Generator) -> Arguments:
    return {**without(single_row(draw), "bias"), "weight": gain(draw, 6)}


def rms_four_axes(draw: Generator) -> Arguments:
    return {**without(four_axes(draw), "bias"), "weight": gain(draw, 5)}


def rms_without_weight(draw: Generator) -> Arguments:
    return without(without_weight(draw), "bias")


def rms_with_weight(draw: Generator) -> Arguments:
    return without(with_weight(draw), "bias")


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


def rms_in_bfloat16(draw: Generator) -> Arguments:
    return without(in_bfloat16(draw), "bias")


def rms_weight_of_one(draw: Generator) -> Arguments:
    return {**rms_rows(draw), "weight": torch.tensor([2.0])}


def rms_weight_for_each_entry(draw: Generator) -> Arguments:
    given = rms_rows(draw)
    return {**given, "weight": randn(draw, *given["x"].shape)}


def rms_weight_in_a_column(draw: Generator) -> Arguments:
    """As many rows as columns, so that a column of weights broadcasts."""
    given = rms_rows(draw)
    width = given["x"].shape[-1]
    return {**given, "x": randn(draw, width, width), "weight": randn(draw, width, 1)}


EXERCISE = Exercise(
    reference=normalization.rms_norm,
    points=3,
    cases=(
        Case("weighted rows", rms_rows, visible=True),
        Case("rows", rms_plain, visible=True),
        Case("rows in a batch", rms_plain_in_a_batch, visible=True),
        Case("as many rows as columns, eps of 0", rms_as_many_rows_as_columns, visible=True),
        Case("single row", rms_single_row, visible=True),
        Case("weighted batch", rms_batch, visible=True),
        Case("four axes", rms_four_axes, visible=True),
        Case("without weight", rms_without_weight, visible=True),
        Case("with weight", rms_with_weight, visible=True),
        Case("small numbers", rms_small_numbers, visible=True),
        Case("default eps", rms_default_eps, visible=True),
        Case("a row of zeros", rows_of_zeros, visible=True),
        Case("large numbers in float16", large_in_float16, visible=True),
        Case("weight of one number", rms_weight_of_one, visible=True),
        Case("weight for each entry", rms_weight_for_each_entry, visible=True),
        Case("weight in a column", rms_weight_in_a_column, visible=True),
        Case("bfloat16", rms_in_bfloat16, visible=True),
        Case("gradients", rms_batch, visible=True, gradients=("x", "weight")),
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
            ("rows", "rows in a batch", "as many rows as columns, eps of 0"),
            "Work one row out by hand: the squares, their mean over d numbers, plus eps, root. Divide by it.",
            weight=3,
        ),
        Property(
            "The weight multiplies, column by column",
            ("without weight", "with weight"),
            "With another weight, column j of the result has to change by the factor weight[j].",
            observe=observe.ratio,
            joint=True,
            needs="Rows keep their direction, but for the weight",
        ),
        Property(
            "Any number of leading dimensions will do",
            ("single row", "four axes"),
            "Rows lie along the last dimension: -1, with keepdim=True, serves one row, a batch and heads alike.",
            observe=observe.row_directions,
        ),
        Property(
            "In a batch, with the weight, the whole is right",
            ("weighted batch",),
            "Each part may be right alone. Norm first, then the weight, for every row of every text.",
        ),
        Property(
            "Small rows stay small: eps is under the root",
            ("small numbers",),
            "Rows much smaller than the root of eps are mostly divided by that root. Look at where eps is added.",
            observe=observe.orders_of_magnitude,
            needs="Rows keep their direction, but for the weight",
        ),
        Property(
            "eps is 1e-6 unless it is given",
            ("default eps",),
            "Call your function without eps on numbers near 0.00003: they are divided by the root of eps there.",
            observe=observe.orders_of_magnitude,
            needs="Rows keep their direction, but for the weight",
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
            ("weighted rows", "weight of one number", "weight for each entry", "weight in a column"),
            "A weight of one number would broadcast without an error. Compare its shape with the last dimension of x.",
            observe=observe.refusal,
            needs="Rows keep their direction, but for the weight",
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("weighted batch", "bfloat16", "large numbers in float16"),
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
    mistakes=tuple(known),
    shortcuts=("rms_norm", "RMSNorm"),
)
