"""nf4_dequantize: from codes and largest magnitudes back to numbers."""

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.production.inputs import scales
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import production

MAIN = "Each code becomes its level, times the largest magnitude of its block"
LEVELS = "torch.tensor(NF4_LEVELS, dtype=absmax.dtype, device=absmax.device)"
LOOKED_UP = "levels[codes.long()]"
SPREAD = "absmax.repeat_interleave(block_size)[: len(codes)]"
RESULT = f"{LOOKED_UP} * {SPREAD}"
FORM = "codes.dim() != 1 or absmax.dim() != 1"
NO_BLOCK = "block_size < 1"
COUNT = "len(absmax) != -(-len(codes) // block_size)"
TOO_HIGH = "(codes > 15).any()"

known = Mistakes(production.nf4_dequantize, section="production-nf4")

known.edit(
    "even_levels",
    {LEVELS: "torch.linspace(-1, 1, 16, dtype=absmax.dtype)"},
    "Your 16 levels are evenly spaced. Those of NF4 are denser near 0: take the table.",
)
known.edit(
    "codes_as_whole_numbers",
    {LOOKED_UP: "codes.to(absmax.dtype)"},
    "You multiply the codes themselves. A code is a place in the table of levels: look it up.",
)
known.edit(
    "centered_codes",
    {LOOKED_UP: "((codes.to(absmax.dtype) - 7) / 8)"},
    "You turn codes into evenly spaced numbers about 0. A code is a place in the table of levels: look it up.",
)
known.edit(
    "sevenths",
    {LOOKED_UP: "((codes.to(absmax.dtype) - 7) / 7)"},
    "You take codes for whole sevenths about 0, as in quantization by absmax with 4 bits. Look them up in the table.",
)
known.edit(
    "codes_with_a_sign",
    {LOOKED_UP: "levels[(codes.long() + 8) % 16]"},
    "You read codes above 7 as negative numbers. Codes have no sign: 0 is the lowest level, -1, and 15 the highest.",
)
known.edit(
    "codes_as_a_mask",
    {LOOKED_UP: "levels[codes]"},
    "You index with uint8, and torch takes such an index for a mask of zeros and ones. Convert the codes: "
    "levels[codes.long()].",
)
known.edit(
    "levels_downward",
    {LEVELS: f"{LEVELS}.flip(0)"},
    "You count levels from the highest down. Code 0 is -1, code 15 is 1.",
)
known.edit(
    "codes_from_one",
    {LOOKED_UP: "levels[codes.long() - 1]"},
    "You subtract 1 from the codes. They count from 0 already.",
)
known.edit(
    "not_multiplied",
    {RESULT: LOOKED_UP},
    "You return the levels, which are shares: multiply each by the largest magnitude of its block.",
)
known.edit(
    "divided",
    {RESULT: f"{LOOKED_UP} / {SPREAD}"},
    "You divide by absmax. Dividing led to the shares; the way back is a product.",
)
known.edit(
    "first_block_for_all",
    {SPREAD: "absmax[0]"},
    "You multiply all codes by the first block's largest magnitude. Each block has its own.",
)
known.edit(
    "largest_for_all",
    {SPREAD: "absmax.max()"},
    "You multiply all codes by the largest magnitude of all blocks. Each block has its own.",
)
known.edit(
    "tiled",
    {SPREAD: "absmax.repeat(block_size)[: len(codes)]"},
    "You repeat absmax as a whole, a b c a b c. Each stands for a block of neighbors, a a a b b b: repeat_interleave.",
)
known.edit(
    "always_64",
    {SPREAD: "absmax.repeat_interleave(64)[: len(codes)]"},
    "You repeat each absmax 64 times whatever block_size says.",
)
known.edit(
    "step_for_maximum",
    {RESULT: f"{RESULT} / 7"},
    "You divide by 7, as if absmax had to become a step. The levels reach from -1 to 1: multiply by absmax itself.",
)
known.edit(
    "last_block_whole",
    {SPREAD: "absmax.repeat_interleave(block_size)"},
    "Your function fails where the last block is short: codes and factors must be as many. Cut the repeated absmax to "
    "the number of codes.",
)
known.edit(
    "last_block_lost",
    {SPREAD: "absmax.repeat_interleave(block_size)[: len(codes)]\n    whole = len(codes) // block_size * block_size\n"
             "    return values[:whole]", f"return {LOOKED_UP} * ": f"values = {LOOKED_UP} * "},
    "You lose the codes of a short last block.",
)  # fmt: skip
known.edit(
    "blocks_left_apart",
    {f"return {RESULT}": f"values = {RESULT}\n"
                         "    return values if len(values) % block_size else values.reshape(-1, block_size)"},
    "Your result has the shape [blocks, block_size]. Return one vector, as long as codes.",
)  # fmt: skip
known.edit(
    "in_float32",
    {RESULT: f"({RESULT}).float()"},
    "Your result is float32 whatever absmax is. Return the dtype of absmax.",
)
known.edit(
    "table_in_float32",
    {LEVELS: "torch.tensor(NF4_LEVELS)"},
    "With an absmax in half the precision your result is float32. A table in float32 does that, and so does a tensor "
    "made of plain numbers: work in the dtype of absmax.",
)
known.edit(
    "made_of_plain_numbers",
    {RESULT: f"torch.tensor(({RESULT}).tolist())"},
    "You make a tensor of plain numbers: it is float32 whatever absmax is, and no gradient reaches absmax. Multiply "
    "tensors.",
)
known.edit(
    "detached",
    {RESULT: f"({RESULT}).detach()"},
    "Your result has lost its history: no detach, no no_grad, no .data and no plain numbers. Gradients have to reach "
    "absmax.",
)
known.edit(
    "nothing_checked",
    {FORM: "False", NO_BLOCK: "False", COUNT: "False", TOO_HIGH: "False"},
    "You check nothing that comes in: raise ValueError for the wrong form, a block_size below 1, another number of "
    "absmax than of blocks, and codes above 15.",
)
known.edit(
    "blocks_not_counted",
    {COUNT: "False"},
    "You do not count the blocks. With too many absmax some belong to no code, and nobody notices: raise ValueError.",
)
known.edit(
    "too_many_blocks_taken",
    {COUNT: "len(absmax) * block_size < len(codes)"},
    "You take more absmax than there are blocks. Some belong to no code, so something is wrong: raise ValueError.",
)
known.edit(
    "short_block_refused",
    {COUNT: "len(absmax) * block_size != len(codes)"},
    "You refuse a short last block. There are n / block_size blocks, rounded up.",
)
known.edit(
    "codes_not_checked",
    {TOO_HIGH: "False"},
    "A code above 15 ends in an IndexError, which is what torch raises by itself. There is no such level: check the "
    "codes, and raise ValueError.",
)
known.edit(
    "codes_cut",
    {TOO_HIGH: "False", LOOKED_UP: "levels[codes.long().clamp(max=15)]"},
    "You take codes above 15 for 15. They are no codes: raise ValueError.",
)
known.edit(
    "lowest_four_bits",
    {TOO_HIGH: "False", LOOKED_UP: "levels[codes.long() & 15]"},
    "You take the lowest four bits of a code, so 16 becomes 0. What is above 15 is no code: raise ValueError.",
)
known.edit(
    "sixteen_taken",
    {TOO_HIGH: "(codes > 16).any()"},
    "You refuse codes above 16. There are 16 levels, and their places end at 15.",
)
known.edit(
    "form_not_checked",
    {FORM: "False"},
    "You do not check the form: raise ValueError where codes or absmax does not have one dimension.",
)
known.edit(
    "form_of_absmax_not_checked",
    {FORM: "codes.dim() != 1"},
    "You do not check the form of absmax: a column, [blocks, 1], is none. Raise ValueError.",
)
known.edit(
    "form_of_codes_not_checked",
    {FORM: "absmax.dim() != 1"},
    "You do not check the form of codes: a matrix of them is none. Raise ValueError.",
)
known.edit(
    "single_numbers_not_refused",
    {FORM: "codes.dim() > 1 or absmax.dim() > 1"},
    "You refuse too many dimensions and forget too few: a single number has none. Raise ValueError unless codes and "
    "absmax have exactly one each.",
)
known.edit(
    "size_not_checked",
    {NO_BLOCK: "False"},
    "You do not check block_size: raise ValueError for one below 1, before you divide by it.",
)
known.edit(
    "size_from_the_counts",
    {SPREAD: "absmax.repeat_interleave(-(-len(codes) // max(len(absmax), 1)))[: len(codes)]"},
    "You work out the size of a block from the numbers of codes and of absmax. Where the last block is short, that may "
    "be another size: block_size is given.",
)
known.edit(
    "place_in_the_block_for_its_number",
    {SPREAD: "absmax[(torch.arange(len(codes)) % block_size).clamp(max=len(absmax) - 1)]"},
    "You take absmax by the place of a code *in* its block. The number of its block is i // block_size.",
)
known.asserted()

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
    mistakes=tuple(known),
    shortcuts=("dequantize_4bit", "dequantize_nf4", "dequantize_blockwise"),
)  # fmt: skip
