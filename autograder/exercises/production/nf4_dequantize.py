"""nf4_dequantize: from codes and largest magnitudes back to numbers."""

import torch
from torch import Generator

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.production.inputs import scales
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import production

MAIN = "Each code becomes its level, times the largest magnitude of its block"


SMALL = torch.tensor([10, 0, 7, 13, 15, 3, 8], dtype=torch.uint8)
SMALL_MAXIMA = torch.tensor([2.0, 0.3, 5.0])


def drawn(draw: Generator, dtype: torch.dtype = torch.float32) -> Arguments:
    codes = torch.randint(0, 16, (40,), generator=draw).to(torch.uint8)
    return {"codes": codes, "absmax": (20 * scales(draw, 5)).flatten().to(dtype), "block_size": 8}


def drawn_default(draw: Generator) -> Arguments:
    codes = torch.randint(0, 16, (192,), generator=draw).to(torch.uint8)
    return {"codes": codes, "absmax": (20 * scales(draw, 3)).flatten().float(), "block_size": 64}


def drawn_short(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    return {**arguments, "codes": arguments["codes"][: 32 + randint(draw, 2, 6)]}


def drawn_nearly_empty(draw: Generator) -> Arguments:
    """One code in the last of five blocks of eight: cut into five equal parts, they would be of seven."""
    arguments = drawn(draw)
    return {**arguments, "codes": arguments["codes"][:33]}


def drawn_wide(draw: Generator) -> Arguments:
    codes = torch.randint(0, 16, (randint(draw, 5, 30),), generator=draw).to(torch.uint8)
    return {"codes": codes, "absmax": (20 * scales(draw, 1)).flatten().float(), "block_size": 40}


def drawn_single(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    return {**arguments, "codes": arguments["codes"][:5], "block_size": 1}


def drawn_apart(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    return {**arguments, "codes": arguments["codes"].repeat_interleave(2)[::2]}


def drawn_zero_block(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    arguments["absmax"][randint(draw, 0, 4)] = 0
    return arguments


def drawn_negative(draw: Generator) -> Arguments:
    return {**drawn(draw), "block_size": -randint(draw, 1, 9)}


def drawn_count(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    return {**arguments, "absmax": arguments["absmax"].repeat(2)[: 5 + randint(draw, 1, 4)]}


def drawn_high_code(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    arguments["codes"][randint(draw, 0, 39)] = randint(draw, 17, 255)
    return arguments


EXERCISE = Exercise(
    reference=production.nf4_dequantize,
    points=3,
    cases=(
        Case(
            "two blocks",
            given(codes=SMALL[:6], absmax=SMALL_MAXIMA[:2], block_size=3),
            visible=True,
            gradients=("absmax",),
        ),
        Case("drawn", drawn, gradients=("absmax",)),
        Case("blocks of 64", drawn_default, visible=True),
        Case("not contiguous, drawn", drawn_apart),
        Case("a block of zeros, drawn", drawn_zero_block),
        Case("a short last block", given(codes=SMALL, absmax=SMALL_MAXIMA, block_size=3), visible=True),
        Case("a short last block, drawn", drawn_short),
        Case("a last block of one, drawn", drawn_nearly_empty),
        Case("a block wider than the codes", drawn_wide, visible=True),
        Case("single codes, drawn", drawn_single),
        Case("bfloat16", lambda draw: drawn(draw, torch.bfloat16), visible=True),
        Case("float16", lambda draw: drawn(draw, torch.float16)),
        Case("float64", lambda draw: drawn(draw, torch.float64), visible=True),
        Case("a block of 0", given(codes=SMALL, absmax=SMALL_MAXIMA, block_size=0), visible=True),
        Case("a negative block, drawn", drawn_negative),
        Case("too many absmax", given(codes=SMALL[:6], absmax=SMALL_MAXIMA, block_size=3), visible=True),
        Case("too many absmax, drawn", drawn_count),
        Case("too few absmax", given(codes=SMALL, absmax=SMALL_MAXIMA[:2], block_size=3), visible=True),
        Case(
            "code 16",
            given(codes=torch.tensor([3, 16, 9], dtype=torch.uint8), absmax=SMALL_MAXIMA[:1], block_size=3),
            visible=True,
        ),
        Case(
            "code 40",
            given(codes=torch.tensor([3, 9, 40], dtype=torch.uint8), absmax=SMALL_MAXIMA[:1], block_size=3),
            visible=True,
        ),
        Case("a high code, drawn", drawn_high_code),
        Case(
            "a matrix of codes",
            given(codes=SMALL[:6].view(2, 3), absmax=SMALL_MAXIMA[:1], block_size=3),
            visible=True,
        ),
        Case(
            "a column of absmax",
            given(codes=SMALL[:6], absmax=SMALL_MAXIMA[:2, None], block_size=3),
            visible=True,
        ),
        Case("absmax of no dimension", given(codes=SMALL[:3], absmax=SMALL_MAXIMA[0], block_size=3), visible=True),
        Case("a code of no dimension", given(codes=SMALL[0], absmax=SMALL_MAXIMA[:1], block_size=3), visible=True),
    ),
    properties=(
        Property(
            MAIN,
            ("two blocks", "drawn", "blocks of 64", "not contiguous, drawn", "a block of zeros, drawn"),
            "Code 10 is the level 0.2461, and in a block with absmax 2.0 the number 0.4922. Six codes in blocks of 3: "
            "the first three belong to absmax[0].",
            weight=3,
        ),
        Property(
            "A block may be short, or of one code",
            ("a short last block", "a short last block, drawn", "a last block of one, drawn",
             "a block wider than the codes", "single codes, drawn"),
            "Seven codes in blocks of 3 have three absmax, and the last of them belongs to one code.",
        ),
        Property(
            "The result has the dtype of absmax, and the arguments are left unchanged",
            ("two blocks", "bfloat16", "float16", "float64"),
            "An absmax in bfloat16 gives numbers in bfloat16: make the table in its dtype.",
            observe=observe.dtype_and_changed,
            needs=MAIN,
        ),
        Property(
            "Gradients reach absmax",
            ("two blocks", "drawn"),
            "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
            observe=observe.gradients,
        ),
        Property(
            "Codes that do not fit their blocks are refused with a ValueError",
            ("two blocks", "drawn", "a short last block", "a block of 0", "a negative block, drawn",
             "too many absmax", "too many absmax, drawn", "too few absmax"),
            "Raise ValueError for a block_size below 1, and where there are more or fewer absmax than blocks.",
            observe=observe.refusal,
            needs=MAIN,
        ),
        Property(
            "What is no code is refused with a ValueError",
            ("two blocks", "drawn", "code 16", "code 40", "a high code, drawn", "a matrix of codes",
             "a column of absmax", "absmax of no dimension", "a code of no dimension"),
            "Raise ValueError for a code above 15, and where codes or absmax does not have one dimension.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=misunderstandings(production.nf4_dequantize, __file__),
    shortcuts=("dequantize_4bit", "dequantize_nf4", "dequantize_blockwise"),
)  # fmt: skip
