"""rms_norm: rows of one length, then a gain."""

import torch
from torch import Generator, Tensor

from autograder.exercises.misunderstandings import misunderstandings
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
    mistakes=misunderstandings(normalization.rms_norm, __file__),
    shortcuts=("rms_norm", "RMSNorm"),
)
