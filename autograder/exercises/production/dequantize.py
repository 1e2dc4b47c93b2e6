"""dequantize: from whole numbers and their scales back to weights."""

from functools import partial

import torch
from torch import Generator

from autograder.exercises.drawing import Arguments, given, randint
from autograder.exercises.production.inputs import scales
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires, shown
from solutions import production

MAIN = "Each whole number is multiplied by its row's scale"

SMALL = torch.tensor([[2, -4, 7], [0, 10, -3]], dtype=torch.int8)
SMALL_SCALE = torch.tensor([[0.5], [3.0]])
SQUARE = torch.tensor([[1, -2], [3, 4]], dtype=torch.int8)


def drawn(draw: Generator, dtype: torch.dtype = torch.float32, kind: torch.dtype = torch.int8) -> Arguments:
    q = torch.randint(-127, 128, (5, 7), generator=draw)
    q[0, 0], q[1, 0] = -127, 127
    return {"q": q.to(kind), "scale": scales(draw, 5).to(dtype)}


def drawn_row(draw: Generator) -> Arguments:
    return {"q": torch.randint(-127, 128, (1, 9), generator=draw).to(torch.int8), "scale": scales(draw, 1).float()}


def drawn_by_columns(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    return {**arguments, "q": arguments["q"].T.contiguous().T}


def drawn_count(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    return {**arguments, "scale": arguments["scale"][: randint(draw, 2, 4)]}


EXERCISE = exercise(
    production.dequantize,
    __file__,
    requires(
        MAIN,
        Case("two rows", given(q=SMALL, scale=SMALL_SCALE), visible=True, gradients=("scale",)),
        Case("drawn", drawn, gradients=("scale",)),
        shown("a square matrix", q=SQUARE, scale=SMALL_SCALE),
        Case("one row, drawn", drawn_row),
        Case("laid out by columns, drawn", drawn_by_columns),
        advice="q is [out, in] and scale is [out, 1], so q * scale multiplies each row by its own scale. int8 times "
        "float32 is float32.",
        fails="Your weights are not the whole numbers times their row's scale.",
        weight=3,
    ),
    requires(
        "Any integer dtype will do",
        shown("12 bits", q=SMALL.short() * 16, scale=SMALL_SCALE),
        Case("int32", partial(drawn, kind=torch.int32), visible=True),
        Case("int64, drawn", partial(drawn, kind=torch.int64)),
        advice="q may be int8, int16, int32 or int64: convert it to the dtype of the scale.",
        fails="Where q has another integer dtype than int8, your weights are not q times the scale of the row.",
        needs=MAIN,
    ),
    keeps_dtype(
        ("two rows",),
        Case("bfloat16", partial(drawn, dtype=torch.bfloat16), visible=True),
        Case("float16", partial(drawn, dtype=torch.float16)),
        Case("float64", partial(drawn, dtype=torch.float64), visible=True),
        advice="A scale in bfloat16 gives weights in bfloat16: q.to(scale.dtype).",
        name="The result has the dtype of the scale, and the arguments are left unchanged",
        fails="Your result does not have the dtype of the scale, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach the scale",
        ("two rows", "drawn"),
        advice="The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
        fails="The gradient with respect to scale is missing, or is not the derivative of q times scale.",
    ),
    refuses(
        shown("a scale of one dimension", q=SQUARE, scale=torch.tensor([0.5, 2.0])),
        shown("one scale for two rows", q=SMALL, scale=torch.ones(1, 1)),
        shown("two scales for one row", q=SMALL[:1], scale=torch.ones(2, 1)),
        shown("a scale for each weight", q=SQUARE, scale=torch.ones(2, 2)),
        Case("too few scales, drawn", drawn_count),
        shown("a vector", q=torch.tensor([2, -4, 7], dtype=torch.int8), scale=torch.ones(3, 1)),
        shown("q of three dimensions", q=SQUARE.expand(2, 2, 2), scale=SMALL_SCALE),
        shown("a scale of three dimensions", q=SQUARE, scale=SMALL_SCALE[..., None]),
        advice="Raise ValueError unless q has two dimensions and scale is [out, 1]. Other shapes may broadcast, and "
        "multiply the wrong weights.",
        name="Anything but one scale for each row raises ValueError",
        fails="You accept shapes that do not fit, or raise something other than ValueError.",
    ),
    points=2,
    shortcuts=("dequantize_blockwise",),
)
