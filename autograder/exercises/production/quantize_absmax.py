"""quantize_absmax: whole numbers with one scale for each row."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, given, randint
from autograder.exercises.production.inputs import clear_rows, exact_rows
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires, shown
from llm_course.checking import observe
from solutions import production

MAIN = "Each weight becomes the nearest whole multiple of its row's scale"

WHOLE = torch.tensor([[254.0, -100.0, 6.0], [11.0, -508.0, 77.0]])
FOUR_BITS = torch.tensor([[4.0, -21.0, 10.0, 1.0, 8.0], [30.0, -12.0, 70.0, 4.0, 53.0]])
HALVES = torch.tensor([[3.5, 0.25, 0.75, 1.25, -1.25, -1.75], [-28.0, 2.0, 6.0, -2.0, -6.0, 14.0]])
# The other row is large, so that whatever scale a row of zeros is given is as good as 0 beside it.
ZERO_ROW = torch.tensor([[3.0e8, -5.2e8, 6.35e8, 1.1e8], [0.0, 0.0, 0.0, 0.0]])
TINY_ROW = torch.tensor([[12.7, -3.3, 5.12], [-2.1e-13, 6.4e-13, 12.7e-13]])


def only(weight: Tensor) -> Callable[[Any], Arguments]:
    return given(weight=weight)


def rows(count: int, columns: int, bits: int) -> ArgumentMaker:
    return lambda draw: {"weight": clear_rows(draw, count, columns, bits), "bits": bits}


def drawn_halves(draw: Generator) -> Arguments:
    """Halves of a scale that is a power of two: they are exact on every way to them."""
    # Dividing by 7 and multiplying by 7 again leads back to these.
    halves = torch.tensor([0.5, 1.5, 2.5, 3.5, 4.5, 5.5, -0.5, -1.5, -2.5, -3.5, -4.5, -5.5])
    chosen = halves[torch.randperm(12, generator=draw)].view(2, 6)
    # Beside scales from 1 to 16 a constant of 1e-8 is nothing, and one of 1e-6 moves every half.
    return {"weight": torch.cat([torch.tensor([[7.0], [-7.0]]), chosen], 1) * 2.0 ** randint(draw, 0, 4), "bits": 4}


def drawn_zero_rows(draw: Generator) -> Arguments:
    weight = clear_rows(draw, 4, 5, 8) * 1e9
    weight[randint(draw, 0, 1)] = 0
    weight[3] = 0
    return {"weight": weight}


def drawn_tiny_row(draw: Generator) -> Arguments:
    weight = clear_rows(draw, 3, 5, 8)
    weight[randint(draw, 0, 2)] *= 2.0**-45
    return {"weight": weight}


EXERCISE = exercise(
    production.quantize_absmax,
    __file__,
    requires(
        MAIN,
        Case("whole weights", only(WHOLE), visible=True),
        Case("drawn", lambda draw: {"weight": clear_rows(draw, 5, 7, 8)}),
        # Laid out by columns, with the rows that clear_rows made.
        Case("laid out by columns, drawn", lambda draw: {"weight": clear_rows(draw, 4, 6, 8).T.contiguous().T}),
        Case("one row, drawn", lambda draw: {"weight": clear_rows(draw, 1, 6, 8)}),
        advice="Take one row by hand: its largest magnitude becomes 127 or -127, and a quarter of that becomes 32 or "
        "-32. Divide by the scale, round, convert.",
        fails="Some of your whole numbers are not the nearest multiples of their row's scale.",
        weight=3,
        part=0,
    ),
    requires(
        "The scale takes the largest magnitude of a row to the largest whole number",
        ("whole weights", "drawn", "one row, drawn"),
        shown("4 bits", weight=FOUR_BITS, bits=4),
        Case("4 bits, drawn", rows(3, 8, 4)),
        advice="The scale is a column, [out, 1]: each row's largest magnitude divided by 2^(bits - 1) - 1. Multiplied "
        "by it, q is about the weights again.",
        fails="Your scale does not take a row's largest magnitude to the largest whole number.",
        weight=2,
        part=1,
    ),
    requires(
        "With fewer bits there are fewer whole numbers",
        ("4 bits", "4 bits, drawn"),
        Case("2 bits, drawn", rows(3, 8, 2)),
        advice="With 4 bits the numbers are from -7 to 7, with 3 from -3 to 3, with 2 from -1 to 1.",
        fails="With fewer than 8 bits, your q is not that of a scale with the row's largest magnitude at 2^(bits - 1) "
        "- 1.",
        part=0,
    ),
    requires(
        "Halves are rounded to the even neighbor",
        shown("halves", weight=HALVES, bits=4),
        Case("halves, drawn", drawn_halves),
        advice="0.5 becomes 0, 1.5 and 2.5 become 2, -1.5 becomes -2: torch.round does that.",
        fails="You do not round halves to the even neighbor.",
        part=0,
        needs=MAIN,
    ),
    requires(
        "A row of zeros gives zeros",
        Case("a row of zeros", only(ZERO_ROW), visible=True),
        Case("rows of zeros, drawn", drawn_zero_rows),
        advice="The scale of such a row is 0, and 0 / 0 is NaN. Its whole numbers are 0 all the same; its scale may be "
        "anything.",
        fails="With a row of zeros, your whole numbers are not 0 there, or not the nearest to weight / scale "
        "elsewhere.",
        part=0,
        needs=MAIN,
    ),
    requires(
        "A row of very small weights keeps its levels",
        Case("a tiny row", only(TINY_ROW), visible=True),
        Case("a tiny row, drawn", drawn_tiny_row),
        advice="The smallest weights are rounded like others: no constant may be added to a scale, or be its lower "
        "limit.",
        fails="With a row of very small weights, your whole numbers are not those nearest to weight / scale.",
        part=0,
        needs=MAIN,
    ),
    requires(
        "The scale has the dtype of the weights",
        ("whole weights",),
        Case("float64", lambda draw: {"weight": clear_rows(draw, 3, 5, 8).double()}, visible=True),
        Case("float16", lambda draw: {"weight": exact_rows(draw, 3, 5, 8, torch.float16)}),
        Case("bfloat16", lambda draw: {"weight": exact_rows(draw, 3, 5, 8, torch.bfloat16)}, visible=True),
        advice="Weights in bfloat16 have scales in bfloat16: do not convert them.",
        fails="Your scale does not have the dtype of the weights.",
        observe=observe.second_dtype,
        part=1,
        needs=MAIN,
    ),
    leaves_arguments(
        ("whole weights", "drawn"),
        advice="Work on new tensors: weight must be as it was.",
        name="The weights are left unchanged",
        fails="You change the weights that you were given.",
    ),
    refuses(
        ("whole weights", "2 bits, drawn"),
        shown("1 bit", weight=WHOLE, bits=1),
        shown("no bits", weight=WHOLE, bits=0),
        Case("1 bit, drawn", lambda draw: {"weight": clear_rows(draw, 2, 5, 8), "bits": 1}),
        advice="Raise ValueError for bits below 2: one bit is the sign's, and leaves 0 only.",
        name="Fewer than two bits raise ValueError",
        fails="You accept fewer than two bits, or raise something other than ValueError.",
    ),
    refuses(
        ("whole weights", "drawn"),
        Case("a vector, drawn", lambda draw: {"weight": clear_rows(draw, 1, randint(draw, 5, 9), 8)[0]}),
        Case("three dimensions", only(WHOLE[None]), visible=True),
        Case("no columns", only(torch.zeros(3, 0)), visible=True),
        Case("no rows", only(torch.zeros(0, 3)), visible=True),
        advice="Raise ValueError where weight does not have two dimensions, or has nothing in it.",
        name="Anything but a matrix with numbers raises ValueError",
        fails="You accept a weight that is no matrix with numbers, or raise something other than ValueError.",
    ),
    points=4,
    shortcuts=("quantize_per_channel", "quantize_blockwise", "fake_quantize_per_channel_affine"),
)
