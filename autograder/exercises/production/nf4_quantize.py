"""nf4_quantize: four bits on levels that suit a normal distribution."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, given, randint
from autograder.exercises.production.inputs import clear_blocks
from autograder.exercises.spec import Case, exercise, keeps_dtype, refuses, requires
from solutions import production
from solutions.production import NF4_LEVELS

MAIN = "Each number gets the code of the nearest level"

SMALL = torch.tensor([1.0, -4.0, 0.0, 3.0, 2.0, -8.0, 4.0, 10.0])
# Pairs of neighbors whose middle is a float32, so that both are equally far away on every way to the distances.
EXACT_PAIRS = (2, 6, 7, 9, 11, 13)


def middles(largest: float, pairs: tuple[int, ...] = EXACT_PAIRS) -> Tensor:
    """A block whose numbers lie halfway between two levels, behind its largest magnitude."""
    shares = [1.0, *((NF4_LEVELS[place] + NF4_LEVELS[place + 1]) / 2 for place in pairs)]
    return torch.tensor(shares) * largest


def blocks(n: int, block_size: int, dtype: torch.dtype = torch.float32) -> ArgumentMaker:
    return lambda draw: {"x": clear_blocks(draw, n, block_size).to(dtype), "block_size": block_size}


def small(block_size: int, x: Tensor = SMALL) -> Callable[[Any], Arguments]:
    return given(x=x, block_size=block_size)


drawn = blocks(60, 12)


def drawn_apart(draw: Generator) -> Arguments:
    return {"x": clear_blocks(draw, 30, 10)[:, None].expand(-1, 2)[:, 0], "block_size": 10}


def drawn_wide(draw: Generator) -> Arguments:
    n = randint(draw, 9, 30)
    return {"x": clear_blocks(draw, n, n), "block_size": 40}


def drawn_ties(draw: Generator) -> Arguments:
    order = torch.randperm(len(EXACT_PAIRS), generator=draw).tolist()
    # Beside these largest magnitudes a constant of 1e-8 is nothing, and one of 1e-6 moves every middle.
    x = middles(2.0 ** randint(draw, 0, 3), tuple(EXACT_PAIRS[place] for place in order))
    return {"x": x, "block_size": len(x)}


def drawn_zero_block(draw: Generator) -> Arguments:
    x = clear_blocks(draw, 28, 6)
    block = randint(draw, 0, 3)
    x[6 * block : 6 * block + 6] = 0
    return {"x": x, "block_size": 6}


def drawn_tiny_block(draw: Generator) -> Arguments:
    x = clear_blocks(draw, 18, 6)
    x[6:12] *= 2.0**-45
    return {"x": x, "block_size": 6}


def drawn_matrix(draw: Generator) -> Arguments:
    return {"x": clear_blocks(draw, 24, 8).view(randint(draw, 2, 3), -1), "block_size": 4}


EXERCISE = exercise(
    production.nf4_quantize,
    __file__,
    requires(
        MAIN,
        Case("two blocks", small(4), visible=True),
        Case("blocks of 64", lambda draw: {"x": clear_blocks(draw, 192, 64)}, visible=True),
        Case("not contiguous, drawn", drawn_apart),
        advice="Divide each block by its largest magnitude, and look for the level whose distance is smallest. 1 in a "
        "block with a -4 is a share of 0.25: the nearest level is 0.2461, at place 10.",
        fails="Some of your codes are not those of the nearest level.",
        weight=3,
        part=0,
    ),
    requires(
        "Each block has its largest magnitude",
        ("two blocks", "blocks of 64", "not contiguous, drawn"),
        advice="absmax is a vector of one number for each block: the largest magnitude in it.",
        fails="Your absmax is not the largest magnitude of each block.",
        weight=2,
        part=1,
    ),
    requires(
        "A block may be short, or of one number",
        Case("single numbers, drawn", blocks(7, 1)),
        Case("a short last block", small(3), visible=True),
        Case("a block wider than x", drawn_wide, visible=True),
        advice="Eight numbers in blocks of 3 make three blocks, the last of two numbers.",
        fails="Where a block is short, or of one number, your codes or absmax are not those of its own numbers.",
        weight=2,
    ),
    requires(
        "Halfway between two levels, the lower code counts",
        Case("halfway", small(7, middles(2.0)), visible=True),
        Case("halfway, drawn", drawn_ties),
        advice="Of equal distances, argmin takes the first.",
        fails="Halfway between two levels you do not take the lower code.",
        part=0,
        needs=MAIN,
    ),
    requires(
        "A block of zeros has absmax 0 and codes 7",
        Case("a block of zeros", small(2, torch.tensor([0.0, 0.0, 10.0, -4.0, 0.0])), visible=True),
        Case("a block of zeros, drawn", drawn_zero_block),
        advice="0 / 0 is NaN. Divide such a block by anything else: its shares are 0, and 0 is the level at place 7.",
        fails="You do not give a block of zeros absmax 0 and codes 7.",
        needs=MAIN,
    ),
    requires(
        "A block of very small numbers keeps its levels",
        Case("a tiny block", small(2, torch.tensor([2.0, -0.6, 3e-13, -9e-13])), visible=True),
        Case("a tiny block, drawn", drawn_tiny_block),
        advice="The smallest numbers are rounded like others: no constant may be added to absmax, or be its lower "
        "limit.",
        fails="With a block of very small numbers, your codes are not those of the levels nearest to x / absmax.",
        part=0,
        needs=MAIN,
    ),
    keeps_dtype(
        ("two blocks",),
        Case("bfloat16", blocks(14, 6, torch.bfloat16), visible=True),
        Case("float16", blocks(14, 6, torch.float16)),
        Case("float64", blocks(14, 6, torch.float64)),
        advice="Convert the codes to torch.uint8. Numbers in bfloat16 have an absmax in bfloat16. x must be as it was.",
        name="Codes are uint8, absmax has the dtype of x, and x is left unchanged",
        fails="Your codes are not uint8, your absmax has another dtype than x, or you change x.",
    ),
    refuses(
        ("two blocks",),
        Case("a block of 0", small(0), visible=True),
        Case("a negative block", small(-4), visible=True),
        Case("a negative block, drawn", lambda draw: {**drawn(draw), "block_size": -randint(draw, 1, 9)}),
        advice="Raise ValueError for a block_size below 1, before you divide by it.",
        name="A block_size below 1 raises ValueError",
        fails="You accept a block_size below 1, or raise something other than ValueError.",
    ),
    refuses(
        ("two blocks",),
        Case("a matrix, drawn", drawn_matrix),
        Case("no dimension", small(4, torch.tensor(3.0)), visible=True),
        Case("nothing", small(4, torch.zeros(0)), visible=True),
        advice="Raise ValueError where x does not have one dimension, or has nothing in it.",
        name="Anything but a vector with numbers raises ValueError",
        fails="You accept an x that is no vector with numbers, or raise something other than ValueError.",
    ),
    points=4,
    shortcuts=("quantize_4bit", "quantize_nf4", "quantize_blockwise"),
)
