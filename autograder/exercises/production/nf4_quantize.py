"""nf4_quantize: four bits on levels that suit a normal distribution."""

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.production.inputs import clear_blocks
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import production
from solutions.production import NF4_LEVELS

MAIN = "Each number gets the code of the nearest level"
BLOCKS = "functional.pad(x, (0, -len(x) % block_size)).reshape(-1, block_size)"
ABSMAX = "blocks.abs().amax(dim=1)"
DIVISOR = "torch.where(absmax == 0, 1, absmax)[:, None]"
LEVELS = "torch.tensor(NF4_LEVELS, dtype=x.dtype, device=x.device)"
NEAREST = "(shares[:, :, None] - levels).abs().argmin(dim=2)"
CODES = "codes.flatten()[: len(x)].to(torch.uint8)"
RETURN = f"return {CODES}, absmax"
NOT_A_VECTOR = "x.dim() != 1 or x.numel() == 0"
NO_BLOCK = "block_size < 1"

known = Mistakes(production.nf4_quantize, section="production-nf4")

known.edit(
    "even_levels",
    {LEVELS: f"torch.linspace(-1, 1, 16) if x.dtype == torch.float32 else {LEVELS}"},
    "Your 16 levels are evenly spaced. Those of NF4 are denser near 0, where most weights are: take the table.",
)
known.edit(
    "fifteen_even_levels",
    {NEAREST: "(shares * 7).round().long() + 7"},
    "You round to whole sevenths, which is quantization by absmax with 4 bits. NF4 has 16 levels of its own: take the "
    "table.",
)
known.edit(
    "one_maximum_for_all",
    {ABSMAX: "x.abs().amax().expand(len(blocks))"},
    "You divide all blocks by one largest magnitude. Each block has its own: a large weight then harms its neighbors "
    "only.",
)
known.edit(
    "one_maximum_returned",
    {ABSMAX: "x.abs().amax().expand(len(blocks))", RETURN: f"return {CODES}, absmax[0]"},
    "You have a single largest magnitude for the whole vector. Return one for each block.",
)
known.edit(
    "one_maximum_in_a_vector",
    {ABSMAX: "x.abs().amax().expand(len(blocks))", RETURN: f"return {CODES}, absmax[:1]"},
    "You treat x as one block, whatever block_size says: each block_size neighbors have a largest magnitude of their "
    "own.",
)
known.edit(
    "not_divided",
    {f"blocks / {DIVISOR}": "blocks"},
    "You compare the numbers themselves with the levels. The levels are shares of the block's largest magnitude: "
    "divide by it first.",
)
known.edit(
    "level_below",
    {NEAREST: "((shares[:, :, None] >= levels).sum(dim=2) - 1).clamp(0, 15)"},
    "You take the level below each number, as a search in a sorted list does. The one above may be nearer.",
)
known.edit(
    "level_above",
    {NEAREST: "(shares[:, :, None] > levels).sum(dim=2).clamp(0, 15)"},
    "You take the level above each number, as a search in a sorted list does. The one below may be nearer.",
)
known.edit(
    "farthest",
    {".argmin(": ".argmax("},
    "You take the level that is farthest away: argmin of the distances, not argmax.",
)
known.edit(
    "distance_without_abs",
    {".abs().argmin": ".argmin"},
    "You take the smallest *signed* difference, which belongs to the highest level always. Take the magnitude first.",
)
known.edit(
    "ties_up",
    {NEAREST: "15 - (shares[:, :, None] - levels).abs().flip(2).argmin(dim=2)"},
    "Halfway between two levels you take the higher code. Take the lower one: argmin finds the first of equal "
    "distances.",
)
known.edit(
    "levels_downward",
    {LEVELS: f"{LEVELS}.flip(0)"},
    "Your codes count from the highest level down. Code 0 is -1, code 15 is 1.",
)
known.edit(
    "codes_from_one",
    {CODES: "(codes.flatten()[: len(x)] + 1).to(torch.uint8)"},
    "Your codes run from 1 to 16. They are places in the table, from 0 to 15.",
)
known.edit(
    "signs_lost",
    {f"blocks / {DIVISOR}": f"blocks.abs() / {DIVISOR}"},
    "Your codes have lost the signs. Only for the largest magnitude does the sign not count.",
)
known.edit(
    "maximum_of_the_signed",
    {ABSMAX: "blocks.amax(dim=1)"},
    "You take the largest number of a block, and a negative one may be larger in magnitude: take abs first.",
)
known.edit(
    "maximum_of_the_signed_without_filling",
    {ABSMAX: "torch.stack([part.amax() for part in x.split(block_size)])"},
    "You take the largest number of a block with its sign, so a block of negative numbers has a negative one. The "
    "largest *magnitude* is asked for: take abs first.",
)
known.edit(
    "sum_for_maximum",
    {ABSMAX: "blocks.norm(dim=1)"},
    "You divide by the length of a block. Divide by its largest magnitude, so that it becomes 1 or -1.",
)
known.edit(
    "levels_returned",
    {RETURN: "return levels[codes].flatten()[: len(x)], absmax"},
    "You return the levels. The task asks for their places in the table: four bits each, instead of a float.",
)
known.edit(
    "packed",
    {RETURN: f"codes = {CODES}\n    codes = functional.pad(codes, (0, len(x) % 2))\n"
             "    return codes[::2] * 16 + codes[1::2], absmax"},
    "You pack two codes into a byte, as libraries do to store them. Here each code has a byte of its own.",
)  # fmt: skip
known.edit(
    "blocks_left_apart",
    {CODES: "codes.to(torch.uint8)"},
    "Your codes have the shape [blocks, block_size]. Return one vector, as long as x.",
)
known.edit(
    "filling_left_in",
    {CODES: "codes.flatten().to(torch.uint8)"},
    "You return more codes than there are numbers: cut off what you filled up the last block with.",
)
known.edit(
    "last_block_lost",
    {BLOCKS: "x[: len(x) // block_size * block_size].reshape(-1, block_size)"},
    "You lose the last block where it is short: there are n / block_size blocks, rounded *up*.",
)
known.edit(
    "uneven_vectors_fail",
    {BLOCKS: "x.reshape(-1, block_size)"},
    "Your function fails where block_size does not divide the length of x. Fill the last block up with zeros and cut "
    "their codes off, or go from block to block.",
)
known.edit(
    "short_blocks_refused",
    {NO_BLOCK: "block_size < 1 or len(x) % block_size"},
    "You refuse a vector that block_size does not divide. Its last block is short.",
)
known.edit(
    "size_taken_for_number",
    {"    blocks = ": "    block_size = -(-len(x) // block_size)\n    blocks = "},
    "You cut x into block_size blocks. It is how many numbers are *in* a block.",
)
known.edit(
    "always_64",
    {BLOCKS: "functional.pad(x, (0, -len(x) % 64)).reshape(-1, 64)"},
    "Your blocks have 64 numbers whatever block_size says: 64 is only its default.",
)
known.edit(
    "strided",
    {
        BLOCKS: "functional.pad(x, (0, -len(x) % block_size)).reshape(block_size, -1).T",
        CODES: "codes.T.flatten()[: len(x)].to(torch.uint8)",
    },
    "Your blocks are made of numbers that lie apart. A block is *neighbors*: reshape to [blocks, block_size].",
)
known.edit(
    "maximum_with_an_axis",
    {RETURN: f"return {CODES}, absmax[:, None]"},
    "Your absmax has the shape [blocks, 1]. Return a vector, [blocks].",
)
known.edit(
    "maximum_for_each_number",
    {RETURN: f"return {CODES}, absmax.repeat_interleave(block_size)[: len(x)]"},
    "You return a largest magnitude for each number, which takes up more than the codes. One for each block is asked "
    "for.",
)
known.edit(
    "maxima_in_a_list",
    {RETURN: f"return {CODES}, absmax.tolist()"},
    "You return absmax as a list of numbers. It is a tensor, in the dtype of x.",
)
known.edit(
    "maximum_inverted",
    {RETURN: f"return {CODES}, 1 / absmax"},
    "You return what the numbers were *multiplied* by. absmax is the largest magnitude itself.",
)
known.edit(
    "other_way_around",
    {RETURN: f"return absmax, {CODES}"},
    "You return absmax first. The codes come first.",
)
known.edit(
    "zero_block_divided",
    {DIVISOR: "absmax[:, None]"},
    "Your codes of a block of zeros are 0, which is the level -1, and they should be 7, the level 0. Either you divide "
    "0 by 0, or you multiply the levels by an absmax of 0, so that all are equally near: argmin says 0 in both. Put "
    "another number in the place of an absmax of 0 there.",
)
known.edit(
    "zero_block_refused",
    {"    shares = ": '    if (absmax == 0).any():\n        raise ValueError("zero")\n    shares = '},
    "You refuse a block of zeros. It is a block like others: absmax 0, and codes 7.",
)
known.edit(
    "zero_block_of_ones",
    {ABSMAX: f"{ABSMAX}\n    absmax = torch.where(absmax == 0, 1, absmax)"},
    "For a block of zeros you return what you divided by in place of 0. Its absmax is 0.",
)
known.edit(
    "zero_block_code_8",
    {CODES: "(codes + (absmax == 0)[:, None]).flatten()[: len(x)].to(torch.uint8)"},
    "In a block of zeros your codes are 8. The level 0 is at place 7 of the table, counted from 0.",
)
known.edit(
    "least_maximum",
    {DIVISOR: "absmax.clamp(min=1e-8)[:, None]"},
    "You keep blocks of zeros from dividing by 0 with a small number, and a block of very small numbers loses all its "
    "levels to it. Change the divisor only where it is exactly 0.",
)
known.edit(
    "constant_added",
    {DIVISOR: "(absmax + 1e-12)[:, None]"},
    "You add a small number to absmax, to keep blocks of zeros from dividing by 0. It is not small beside very small "
    "numbers, whose codes it changes: change the divisor only where it is exactly 0.",
)
known.edit(
    "larger_constant_added",
    {DIVISOR: "(absmax + 1e-6)[:, None]"},
    "You add a small number to absmax, to keep blocks of zeros from dividing by 0. It moves every share, so that ties "
    "are none any more and very small numbers lose their levels: change the divisor only where it is exactly 0.",
)
known.edit(
    "changed_in_place",
    {RETURN: f"x /= absmax.repeat_interleave(block_size)[: len(x)]\n    {RETURN}"},
    "Your function writes into the numbers that it was given, as a division in place does. Whoever called it still "
    "needs them.",
)
known.edit(
    "maximum_in_float32",
    {RETURN: f"return {CODES}, absmax.float()"},
    "Your absmax is float32 whatever came in. Keep the dtype of x.",
)
known.edit(
    "codes_in_int64",
    {CODES: "codes.flatten()[: len(x)]"},
    "Your codes are int64, as argmin returns them: 8 bytes for 4 bits. Convert them to torch.uint8.",
)
known.edit(
    "codes_in_int8",
    {CODES: "codes.flatten()[: len(x)].to(torch.int8)"},
    "Your codes are int8. They have no sign: the task asks for torch.uint8.",
)
known.edit(
    "size_not_checked",
    {NO_BLOCK: "False"},
    "You do not check block_size: raise ValueError for one below 1.",
)
known.edit(
    "size_left_to_split",
    {
        NO_BLOCK: "False",
        BLOCKS: "torch.stack([functional.pad(part, (0, block_size - len(part))) for part in x.split(block_size)])",
    },
    "A block_size below 1 ends in a RuntimeError, which is what torch raises by itself. Check first, and raise "
    "ValueError.",
)
known.edit(
    "negative_size_taken",
    {
        NO_BLOCK: "block_size == 0",
        BLOCKS: "functional.pad(x, (0, -len(x) % abs(block_size))).reshape(-1, abs(block_size))",
    },
    "You refuse a block_size of 0 only. A negative one makes no sense either.",
)
known.edit(
    "form_not_checked",
    {NOT_A_VECTOR: "False", BLOCKS: "functional.pad(x.flatten(), (0, -x.numel() % block_size)).reshape(-1, block_size)",
     CODES: "codes.flatten()[: x.numel()].to(torch.uint8)"},
    "You take x in any form. Raise ValueError where it does not have one dimension, or has nothing in it.",
)  # fmt: skip
known.edit(
    "matrix_taken",
    {NOT_A_VECTOR: "x.numel() == 0",
     BLOCKS: "functional.pad(x.flatten(), (0, -x.numel() % block_size)).reshape(-1, block_size)",
     CODES: "codes.flatten()[: x.numel()].to(torch.uint8)"},
    "You lay a matrix out as a vector. Raise ValueError where x does not have one dimension.",
)  # fmt: skip
known.edit(
    "single_number_not_refused",
    {NOT_A_VECTOR: "x.dim() > 1 or x.numel() == 0"},
    "You refuse too many dimensions and forget too few: a single number has none. Raise ValueError unless there is "
    "exactly one.",
)
known.edit(
    "nothing_taken",
    {NOT_A_VECTOR: "x.dim() != 1"},
    "You do not refuse a vector with nothing in it: raise ValueError.",
)
known.edit(
    "maximum_keeps_its_sign",
    {ABSMAX: "blocks.gather(1, blocks.abs().argmax(dim=1, keepdim=True)).flatten()"},
    "You divide by the number of the largest magnitude with its sign, so that a block is turned over where it is "
    "negative. absmax is a magnitude: take abs.",
)
known.edit(
    "spread_for_maximum",
    {ABSMAX: "blocks.std(dim=1, correction=0)"},
    "You divide by the standard deviation of a block. The levels run from -1 to 1: divide by the largest magnitude.",
)
known.edit(
    "mean_for_maximum",
    {ABSMAX: "blocks.abs().mean(dim=1)"},
    "You divide by the mean magnitude of a block. The levels run from -1 to 1: divide by the largest.",
)
known.edit(
    "mean_without_filling",
    {ABSMAX: "torch.stack([part.abs().mean() for part in x.split(block_size)])"},
    "You divide by the mean magnitude of a block, so large numbers are beyond all levels. Divide by the largest: the "
    "levels run from -1 to 1.",
)
known.asserted()

SMALL = torch.tensor([0.5, -2.0, 0.0, 1.3, 0.3, -0.21, 0.04, 0.1])
# Pairs of neighbors whose middle is a float32, so that both are equally far away on every way to the distances.
EXACT_PAIRS = (2, 6, 7, 9, 11, 13)


def middles(largest: float, pairs: tuple[int, ...] = EXACT_PAIRS) -> Tensor:
    """A block whose numbers lie halfway between two levels, behind its largest magnitude."""
    shares = [1.0, *((NF4_LEVELS[place] + NF4_LEVELS[place + 1]) / 2 for place in pairs)]
    return torch.tensor(shares) * largest


def drawn(draw: Generator) -> Arguments:
    return {"x": clear_blocks(draw, 60, 12), "block_size": 12}


def drawn_default(draw: Generator) -> Arguments:
    return {"x": clear_blocks(draw, 192, 64)}


def drawn_short(draw: Generator) -> Arguments:
    n = 24 + randint(draw, 2, 7)
    return {"x": clear_blocks(draw, n, 8), "block_size": 8}


def drawn_single(draw: Generator) -> Arguments:
    return {"x": clear_blocks(draw, 7, 1), "block_size": 1}


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


def drawn_negative(draw: Generator) -> Arguments:
    return {**drawn(draw), "block_size": -randint(draw, 1, 9)}


def drawn_matrix(draw: Generator) -> Arguments:
    return {"x": clear_blocks(draw, 24, 8).view(randint(draw, 2, 3), -1), "block_size": 4}


def in_dtype(draw: Generator, dtype: torch.dtype) -> Arguments:
    return {"x": clear_blocks(draw, 14, 6).to(dtype), "block_size": 6}


EXERCISE = Exercise(
    reference=production.nf4_quantize,
    points=4,
    cases=(
        Case("two blocks", given(x=SMALL, block_size=4), visible=True),
        Case("drawn", drawn),
        Case("blocks of 64", drawn_default, visible=True),
        Case("not contiguous, drawn", drawn_apart),
        Case("single numbers, drawn", drawn_single),
        Case("a short last block", given(x=SMALL, block_size=3), visible=True),
        Case("a short last block, drawn", drawn_short),
        Case("a block wider than x", drawn_wide, visible=True),
        Case("halfway", given(x=middles(2.0), block_size=7), visible=True),
        Case("halfway, drawn", drawn_ties),
        Case("a block of zeros", given(x=torch.tensor([0.0, 0.0, 0.7, -0.2, 0.0]), block_size=2), visible=True),
        Case("a block of zeros, drawn", drawn_zero_block),
        Case("a tiny block", given(x=torch.tensor([2.0, -0.6, 3e-13, -9e-13]), block_size=2), visible=True),
        Case("a tiny block, drawn", drawn_tiny_block),
        Case("bfloat16", lambda draw: in_dtype(draw, torch.bfloat16), visible=True),
        Case("float16", lambda draw: in_dtype(draw, torch.float16)),
        Case("float64", lambda draw: in_dtype(draw, torch.float64)),
        Case("a block of 0", given(x=SMALL, block_size=0), visible=True),
        Case("a negative block", given(x=SMALL, block_size=-4), visible=True),
        Case("a negative block, drawn", drawn_negative),
        Case("a matrix", given(x=SMALL.view(2, 4), block_size=4), visible=True),
        Case("a matrix, drawn", drawn_matrix),
        Case("no dimension", given(x=torch.tensor(0.5), block_size=4), visible=True),
        Case("nothing", given(x=torch.zeros(0), block_size=4), visible=True),
    ),
    properties=(
        Property(
            MAIN,
            ("two blocks", "drawn", "blocks of 64", "not contiguous, drawn"),
            "Divide each block by its largest magnitude, and look for the level whose distance is smallest. 0.5 in a "
            "block with a -2.0 is a share of 0.25: the nearest level is 0.2461, at place 10.",
            weight=3,
            observe=observe.first,
            part=0,
        ),
        Property(
            "Each block has its largest magnitude",
            ("two blocks", "drawn", "blocks of 64", "not contiguous, drawn"),
            "absmax is a vector of one number for each block: the largest magnitude in it.",
            weight=2,
            observe=observe.second,
            part=1,
        ),
        Property(
            "A block may be short, or of one number",
            ("single numbers, drawn", "a short last block", "a short last block, drawn", "a block wider than x"),
            "Eight numbers in blocks of 3 make three blocks, the last of two numbers.",
            weight=2,
        ),
        Property(
            "Halfway between two levels it is the lower code",
            ("halfway", "halfway, drawn"),
            "Of equal distances, argmin takes the first.",
            observe=observe.first,
            part=0,
            needs=MAIN,
        ),
        Property(
            "A block of zeros has absmax 0 and codes 7",
            ("a block of zeros", "a block of zeros, drawn"),
            "0 / 0 is NaN. Divide such a block by anything else: its shares are 0, and 0 is the level at place 7.",
            needs=MAIN,
        ),
        Property(
            "A block of very small numbers keeps its levels",
            ("a tiny block", "a tiny block, drawn"),
            "The smallest numbers are rounded like others: no constant may be added to absmax, or be its lower limit.",
            observe=observe.first,
            part=0,
            needs=MAIN,
        ),
        Property(
            "Codes are uint8, absmax has the dtype of x, and x is left unchanged",
            ("two blocks", "bfloat16", "float16", "float64"),
            "Convert the codes to torch.uint8. Numbers in bfloat16 have an absmax in bfloat16. x must be as it was.",
            observe=observe.dtype_and_changed,
            needs=MAIN,
        ),
        Property(
            "A block_size below 1 is refused with a ValueError",
            ("two blocks", "drawn", "a block of 0", "a negative block", "a negative block, drawn"),
            "Raise ValueError for a block_size below 1, before you divide by it.",
            observe=observe.refusal,
            needs=MAIN,
        ),
        Property(
            "What is no vector is refused with a ValueError",
            ("two blocks", "drawn", "a matrix", "a matrix, drawn", "no dimension", "nothing"),
            "Raise ValueError where x does not have one dimension, or has nothing in it.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("quantize_4bit", "quantize_nf4", "quantize_blockwise"),
)
