"""nf4_dequantize: from codes and largest magnitudes back to numbers."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import Arguments, given, randint
from autograder.exercises.production.inputs import scales
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires
from solutions import production

SMALL = torch.tensor([15, 0, 10, 7, 13, 0, 8], dtype=torch.uint8)
SMALL_MAXIMA = torch.tensor([2.0, 3.0, 5.0])


def small(codes: Tensor = SMALL, absmax: Tensor = SMALL_MAXIMA, block_size: int = 3) -> Callable[[Any], Arguments]:
    return given(codes=codes, absmax=absmax, block_size=block_size)


def drawn(draw: Generator, dtype: torch.dtype = torch.float32, n: int = 40, block_size: int = 8) -> Arguments:
    codes = torch.randint(0, 16, (n,), generator=draw).to(torch.uint8)
    absmax = (20 * scales(draw, -(-n // block_size))).flatten().to(dtype)
    return {"codes": codes, "absmax": absmax, "block_size": block_size}


def drawn_first(draw: Generator, fewest: int, most: int, block_size: int = 8) -> Arguments:
    """The first of forty codes, with five absmax."""
    arguments = drawn(draw)
    return {**arguments, "codes": arguments["codes"][: randint(draw, fewest, most)], "block_size": block_size}


def drawn_apart(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    return {**arguments, "codes": arguments["codes"].repeat_interleave(2)[::2]}


def drawn_high_code(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    arguments["codes"][randint(draw, 0, 39)] = randint(draw, 17, 255)
    return arguments


EXERCISE = exercise(
    production.nf4_dequantize,
    __file__,
    requires(
        "Each code becomes its level, times the largest magnitude of its block",
        Case("two blocks", small(SMALL[:6], SMALL_MAXIMA[:2]), visible=True, gradients=("absmax",)),
        Case("drawn", drawn, gradients=("absmax",)),
        Case("blocks of 64", partial(drawn, n=192, block_size=64), visible=True),
        Case("not contiguous, drawn", drawn_apart),
        advice="Code 10 is the level 0.2461, and in a block with absmax 2.0 the number 0.4922. Six codes in blocks of "
        "3: the first three belong to absmax[0].",
        fails="Your numbers are not the levels of the codes, times the absmax of their blocks.",
        weight=3,
    ),
    requires(
        "A block may be short, or of one code",
        Case("a short last block", small(), visible=True),
        Case(
            "a block wider than the codes",
            lambda draw: drawn(draw, n=randint(draw, 5, 30), block_size=40),
            visible=True,
        ),
        Case("single codes, drawn", lambda draw: drawn_first(draw, 5, 5, block_size=1)),
        advice="Seven codes in blocks of 3 have three absmax, and the last of them belongs to one code.",
        fails="Where a block is short, or of one code, your numbers are not the codes' levels times their block's "
        "absmax.",
    ),
    keeps_dtype(
        ("two blocks",),
        Case("bfloat16", partial(drawn, dtype=torch.bfloat16), visible=True),
        Case("float16", partial(drawn, dtype=torch.float16)),
        Case("float64", partial(drawn, dtype=torch.float64), visible=True),
        advice="An absmax in bfloat16 gives numbers in bfloat16: make the table in its dtype.",
        name="The result has the dtype of absmax, and the arguments are left unchanged",
        fails="Your result does not have the dtype of absmax, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach absmax",
        ("two blocks", "drawn"),
        advice="The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
        fails="The gradient with respect to absmax is missing, or is not the derivative of level times absmax.",
    ),
    refuses(
        ("a short last block",),
        Case("a block of 0", small(block_size=0), visible=True),
        Case("a negative block, drawn", lambda draw: {**drawn(draw), "block_size": -randint(draw, 1, 9)}),
        Case("too many absmax", small(SMALL[:6]), visible=True),
        Case("too few absmax", small(absmax=SMALL_MAXIMA[:2]), visible=True),
        advice="Raise ValueError for a block_size below 1, and where there are more or fewer absmax than blocks.",
        name="Blocks that do not fit the codes raise ValueError",
        fails="You accept blocks that do not fit the codes, or raise something other than ValueError.",
    ),
    refuses(
        Case("code 16", small(torch.tensor([3, 16, 9], dtype=torch.uint8), SMALL_MAXIMA[:1]), visible=True),
        Case("a high code, drawn", drawn_high_code),
        Case("a matrix of codes", small(SMALL[:6].view(2, 3), SMALL_MAXIMA[:1]), visible=True),
        Case("a column of absmax", small(SMALL[:6], SMALL_MAXIMA[:2, None]), visible=True),
        Case("absmax of no dimension", small(SMALL[:3], SMALL_MAXIMA[0]), visible=True),
        Case("a code of no dimension", small(SMALL[0], SMALL_MAXIMA[:1]), visible=True),
        advice="Raise ValueError for a code above 15, and where codes or absmax does not have one dimension.",
        name="Codes above 15 and other shapes than vectors raise ValueError",
        fails="You accept invalid codes or shapes, or raise something other than ValueError.",
    ),
    points=3,
    shortcuts=("dequantize_4bit", "dequantize_nf4", "dequantize_blockwise"),
)
