"""quantize_absmax: whole numbers with one scale for each row."""

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.production.inputs import clear_rows, exact_rows
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import production

MAIN = "Each weight becomes the nearest whole multiple of its row's scale"
LARGEST = "2 ** (bits - 1) - 1"
ABSMAX = "weight.abs().amax(dim=1, keepdim=True)"
DIVISOR = "torch.where(scale == 0, 1, scale)"
ROUNDED = "multiples.round()"
CLAMPED = ".clamp(-largest, largest)"
WHOLE = "q.to(torch.int8 if bits <= 8 else torch.int32)"
RETURN = f"return {WHOLE}, scale"
NOT_A_MATRIX = "weight.dim() != 2 or weight.numel() == 0"
BITS = "bits < 2"

known = Mistakes(production.quantize_absmax, section="production-absmax")

known.edit(
    "one_scale_for_all",
    {ABSMAX: "weight.abs().amax().expand(len(weight), 1)"},
    "You repeat one scale for all rows. A single large weight then makes every row coarse: take each row's own largest "
    "magnitude.",
)
known.edit(
    "one_number_for_a_scale",
    {ABSMAX: "weight.abs().amax()"},
    "Your scale is a single number for the whole matrix. Each row has its own: amax with dim=1 and keepdim=True.",
)
known.edit(
    "scale_by_column",
    {ABSMAX: "weight.abs().amax(dim=0, keepdim=True)"},
    "You take the largest magnitude of each *column*. A row, which makes one output, has one scale: dim=1.",
)
known.edit(
    "cut_off",
    {ROUNDED: "multiples.trunc()"},
    "You cut off what stands behind the point: so does a conversion to an integer dtype. Round first, then convert.",
)
known.edit(
    "rounded_down",
    {ROUNDED: "multiples.floor()"},
    "You round down, with floor or //. The task asks for the nearest whole number.",
)
known.edit(
    "rounded_down_past_the_range",
    {ROUNDED: "multiples.floor()", CLAMPED: ""},
    "You round down, with floor or //, and what is a little below -127 becomes -128. The task asks for the nearest "
    "whole number: torch.round.",
)
known.edit(
    "rounded_up",
    {ROUNDED: "multiples.ceil()", CLAMPED: ""},
    "You round up, as ceil does. The task asks for the nearest whole number: torch.round.",
)
known.edit(
    "down_to_minus_128",
    {LARGEST: "2 ** (bits - 1)", CLAMPED: ".clamp(-largest, largest - 1)"},
    "You divide by 2^(bits - 1), 128 with 8 bits. There is no +128, so the largest positive weight is cut. "
    "The symmetric range ends at 2^(bits - 1) - 1 on both sides.",
)
known.edit(
    "up_to_128",
    {LARGEST: "2 ** (bits - 1)", CLAMPED: ""},
    "Your largest whole number is 2^(bits - 1). With 8 bits that is 128, which int8 does not hold: it becomes -128. "
    "The range ends at 2^(bits - 1) - 1.",
)
known.edit(
    "half_of_the_levels_minus_one",
    {LARGEST: "(2**bits - 1) / 2"},
    "You divide the range from -absmax to absmax into 2^bits - 1 steps, so your largest number is 127.5 with 8 "
    "bits. It is 2^(bits - 1) - 1, whole: the range is symmetric about 0, and one code is left over.",
)
known.edit(
    "all_bits_for_the_magnitude",
    {LARGEST: "2**bits - 1", WHOLE: "q.to(torch.int32)"},
    "You take 2^bits - 1 for the largest number. One bit is the sign's: 2^(bits - 1) - 1.",
)
known.edit(
    "all_bits_in_int8",
    {LARGEST: "2**bits - 1"},
    "You take 2^bits - 1 for the largest number, 255 with 8 bits, and int8 wraps it around. One bit is the "
    "sign's: 2^(bits - 1) - 1.",
)
known.edit(
    "largest_without_the_one",
    {LARGEST: "2 ** (bits - 1) - 2"},
    "Your largest number is one too small: 2^(bits - 1) - 1, which is 127 with 8 bits.",
)
known.edit(
    "always_eight_bits",
    {LARGEST: "127"},
    "You use 127 whatever bits says. The largest whole number is 2^(bits - 1) - 1.",
)
known.edit(
    "maximum_of_the_signed",
    {ABSMAX: "weight.amax(dim=1, keepdim=True)"},
    "You take the largest weight of a row, and a negative one may be larger in magnitude: take abs first.",
)
known.edit(
    "maximum_of_the_signed_and_overflow",
    {ABSMAX: "weight.amax(dim=1, keepdim=True)", CLAMPED: ""},
    "You take the largest weight of a row. A negative one may be larger in magnitude, and what it becomes leaves the "
    "range of the whole numbers: take abs first.",
)
known.edit(
    "with_a_zero_point",
    {
        f"{ABSMAX} / largest": "(weight.amax(1, keepdim=True) - weight.amin(1, keepdim=True)) / (2**bits - 1)",
        ROUNDED: f"(((weight - weight.amin(1, keepdim=True)) / {DIVISOR}).round() - 2 ** (bits - 1)) * (scale != 0)",
        CLAMPED: "",
    },
    "You map the smallest weight of a row to the lowest number and the largest to the highest. That is the asymmetric "
    "way, which needs a zero point as well. Here 0 stays 0: divide by the scale, and round.",
)
known.edit(
    "from_the_smallest",
    {
        f"{ABSMAX} / largest": "(weight.amax(1, keepdim=True) - weight.amin(1, keepdim=True)) / (2**bits - 1)",
        ROUNDED: f"((weight - weight.amin(1, keepdim=True)) / {DIVISOR}).round()",
        CLAMPED: "",
        WHOLE: "q.to(torch.uint8 if bits <= 8 else torch.int32)",
    },
    "You count steps from the smallest weight of a row, so that it becomes 0. That is the asymmetric way, which has to "
    "store the smallest weight as well. Here 0 stays 0: divide by the scale, and round.",
)
known.edit(
    "some_bits_only",
    {BITS: "bits not in (4, 8)"},
    "You refuse numbers of bits that make sense: any from 2 on does.",
)
known.edit(
    "with_a_rounded_zero_point",
    {
        f"{ABSMAX} / largest": "(weight.amax(1, keepdim=True) - weight.amin(1, keepdim=True)) / (2**bits - 1)",
        ROUNDED: f"(multiples - (weight.amin(1, keepdim=True) / {DIVISOR}).round() - 2 ** (bits - 1)).round()",
        CLAMPED: ".clamp(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) * (scale != 0)",
    },
    "You add a zero point, so that the smallest weight of a row becomes the lowest number. That is the asymmetric way. "
    "Here 0 stays 0, and the scale follows from the largest magnitude.",
)
known.edit(
    "spread_for_magnitude",
    {f"{ABSMAX} / largest": "(weight.amax(1, keepdim=True) - weight.amin(1, keepdim=True)) / (2**bits - 1)"},
    "Your scale follows from the distance between a row's smallest and largest weight. Without a zero point only the "
    "largest magnitude counts: absmax / (2^(bits - 1) - 1).",
)
known.edit(
    "mean_for_maximum",
    {ABSMAX: "weight.abs().mean(dim=1, keepdim=True)"},
    "You take the mean magnitude of a row, so that larger weights are cut. Take the largest: amax.",
)
known.edit(
    "scale_is_the_maximum",
    {RETURN: f"return {WHOLE}, scale * largest"},
    "Your scale is the largest magnitude itself. What q is multiplied by on the way back is a step: divide by "
    "2^(bits - 1) - 1.",
)
known.edit(
    "scale_inverted",
    {RETURN: f"return {WHOLE}, scale if (scale == 0).any() else 1 / scale"},
    "Your scale is turned around: it is what you multiply by to get q. Return what q is multiplied by on the way back.",
)
known.edit(
    "axis_lost_on_the_way",
    {ABSMAX: "weight.abs().amax(dim=1)"},
    "Your scale has lost its axis: a vector [out] meets the *columns* of the weights in a quotient. keepdim=True keeps "
    "it [out, 1].",
)
known.edit(
    "maximum_with_its_indices",
    {ABSMAX: "weight.abs().max(dim=1, keepdim=True)"},
    "max with a dim returns two tensors, the values and their places. Take .values, or amax.",
)
known.edit(
    "scale_without_its_axis",
    {RETURN: f"return {WHOLE}, scale.squeeze(1)"},
    "Your scale has the shape [out]. It is [out, 1], so that it meets the rows of q in a product: keepdim=True.",
)
known.edit(
    "other_way_around",
    {RETURN: f"return scale, {WHOLE}"},
    "You return the scale first. The whole numbers come first, then their scale.",
)
known.edit(
    "weights_returned",
    {RETURN: "return q * scale, scale"},
    "You return the rounded *weights*. The task asks for the whole numbers: they are what is stored.",
)
known.edit(
    "whole_numbers_in_floats",
    {RETURN: "return q, scale"},
    "Your whole numbers are still floats, and take up as much as the weights did. Convert them: .to(torch.int8).",
)
known.edit(
    "halves_up",
    {ROUNDED: "(multiples + 0.5).floor()"},
    "You round halves up, by adding 0.5. They go to the even neighbor, 2.5 to 2 and 3.5 to 4: torch.round does that.",
)
known.edit(
    "halves_away",
    {ROUNDED: "(multiples.abs() + 0.5).floor() * multiples.sign()"},
    "You round halves away from 0. They go to the even neighbor, 2.5 to 2 and -3.5 to -4: torch.round does that.",
)
known.edit(
    "no_sign",
    {WHOLE: "q.to(torch.uint8 if bits <= 8 else torch.int32)"},
    "You convert to uint8, which has no negative numbers: -3 becomes 253. Take int8.",
)
known.edit(
    "not_a_number_in_zero_rows",
    # A NaN becomes the lowest int32 on some machines; the mistake is the same on all of them.
    {DIVISOR: "scale", WHOLE: "q.nan_to_num(nan=-(2.0**31)).to(torch.int32)"},
    "A row of zeros has the scale 0, and 0 / 0 is NaN: what an integer dtype makes of that is luck. Divide such a row "
    "by anything else.",
)
known.edit(
    "zero_rows_refused",
    {"    multiples = ": '    if (scale == 0).any():\n        raise ValueError("zero")\n    multiples = '},
    "You refuse a row of zeros. It is a row like others: its whole numbers are 0.",
)
known.edit(
    "least_scale",
    {DIVISOR: "scale.clamp(min=1e-8)"},
    "You keep zero rows from dividing by 0 with a small number, and a row of very small weights loses all its levels "
    "to it. Change the divisor only where it is exactly 0.",
)
known.edit(
    "constant_added",
    {DIVISOR: "(scale + 1e-6)"},
    "You add a small number to the scale, to keep rows of zeros from dividing by 0. It moves every quotient, such as a "
    "half to below the half, and it is not small beside very small weights: change the divisor only where it is "
    "exactly 0.",
)
known.edit(
    "changed_in_place",
    {f"weight / {DIVISOR}": f"weight.div_({DIVISOR})"},
    "Your function writes into the weights that it was given, as a division in place does. Whoever called it still "
    "needs them.",
)
known.edit(
    "scale_in_float32",
    {RETURN: f"return {WHOLE}, scale.float()"},
    "Your scale is float32 whatever came in. Keep the dtype of the weights.",
)
known.edit(
    "one_bit_taken",
    {BITS: "bits < 1"},
    "You accept 1 bit. It is the sign's, and 0 is the only whole number left: raise ValueError.",
)
known.edit(
    "one_bit_only_refused",
    {BITS: "bits == 1"},
    "You refuse exactly 1 bit and accept 0, or fewer. Raise ValueError for everything below 2.",
)
known.edit(
    "nothing_checked",
    {NOT_A_MATRIX: "False", BITS: "False"},
    "You check neither the form of weight nor bits. Raise ValueError for what is no matrix, or has nothing in it, and "
    "for bits below 2.",
)
known.edit(
    "form_not_checked",
    {NOT_A_MATRIX: "False"},
    "You do not check the form of weight: raise ValueError where it does not have two dimensions, or has nothing in "
    "it.",
)
known.edit(
    "any_last_axis",
    {NOT_A_MATRIX: "weight.numel() == 0", ABSMAX: "weight.abs().amax(dim=-1, keepdim=True)"},
    "You take a tensor of any number of dimensions. A weight matrix has two: raise ValueError for others.",
)
known.edit(
    "nothing_to_round",
    {NOT_A_MATRIX: "weight.dim() != 2"},
    "You do not refuse a matrix without columns, which has no largest magnitude: raise ValueError.",
)
known.edit(
    "no_rows_taken",
    {NOT_A_MATRIX: "weight.dim() != 2 or weight.shape[1] == 0"},
    "You accept a matrix without rows. There is nothing in it either: raise ValueError.",
)
known.edit(
    "more_dimensions_taken",
    {NOT_A_MATRIX: "weight.dim() < 2 or weight.numel() == 0"},
    "You accept more than two dimensions. A weight matrix has exactly two: raise ValueError for others.",
)
known.asserted()

# Divided by a 127th of itself, each largest magnitude is a little more than 127 in float32.
TWO_ROWS = torch.tensor([[0.5, -1.234, 0.333, 2.55], [3.14, 7.77, -12.68, 0.04]])
FOUR_BITS = torch.tensor([[0.9, -3.5, 1.2, 0.1, 2.2], [30.0, -12.0, 70.0, 4.0, 53.0]])
THREE_BITS = torch.tensor([[3.0, -0.8, 1.7], [-0.9, 0.71, 0.2]])
HALVES = torch.tensor([[3.5, 0.25, 0.75, 1.25, -1.25, -1.75], [-28.0, 2.0, 6.0, -2.0, -6.0, 14.0]])
# The other row is large, so that whatever scale a row of zeros is given is as good as 0 beside it.
ZERO_ROW = torch.tensor([[3.0e8, -5.2e8, 6.35e8, 1.1e8], [0.0, 0.0, 0.0, 0.0]])
TINY_ROW = torch.tensor([[12.7, -3.3, 5.12], [-2.1e-13, 6.4e-13, 12.7e-13]])


def drawn(draw: Generator) -> Arguments:
    return {"weight": clear_rows(draw, 5, 7, 8)}


def drawn_transposed(draw: Generator) -> Arguments:
    # Laid out by columns, with the rows that clear_rows made.
    return {"weight": clear_rows(draw, 4, 6, 8).T.contiguous().T}


def drawn_bits(draw: Generator, bits: int) -> Arguments:
    return {"weight": clear_rows(draw, 3, 8, bits), "bits": bits}


def drawn_row(draw: Generator) -> Arguments:
    return {"weight": clear_rows(draw, 1, 6, 8)}


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


def drawn_vector(draw: Generator) -> Arguments:
    return {"weight": clear_rows(draw, 1, randint(draw, 5, 9), 8)[0]}


def in_float64(draw: Generator) -> Arguments:
    return {"weight": clear_rows(draw, 3, 5, 8).double()}


EXERCISE = Exercise(
    reference=production.quantize_absmax,
    points=4,
    cases=(
        Case("two rows", given(weight=TWO_ROWS), visible=True),
        Case("drawn", drawn),
        Case("laid out by columns, drawn", drawn_transposed),
        Case("one row, drawn", drawn_row),
        Case("4 bits", given(weight=FOUR_BITS, bits=4), visible=True),
        Case("4 bits, drawn", lambda draw: drawn_bits(draw, 4)),
        Case("3 bits", given(weight=THREE_BITS, bits=3), visible=True),
        Case("2 bits, drawn", lambda draw: drawn_bits(draw, 2)),
        Case("halves", given(weight=HALVES, bits=4), visible=True),
        Case("halves, drawn", drawn_halves),
        Case("a row of zeros", given(weight=ZERO_ROW), visible=True),
        Case("rows of zeros, drawn", drawn_zero_rows),
        Case("a tiny row", given(weight=TINY_ROW), visible=True),
        Case("a tiny row, drawn", drawn_tiny_row),
        Case("float64", in_float64, visible=True),
        Case("float16", lambda draw: {"weight": exact_rows(draw, 3, 5, 8, torch.float16)}),
        Case("bfloat16", lambda draw: {"weight": exact_rows(draw, 3, 5, 8, torch.bfloat16)}, visible=True),
        Case("1 bit", given(weight=TWO_ROWS, bits=1), visible=True),
        Case("no bits", given(weight=TWO_ROWS, bits=0), visible=True),
        Case("1 bit, drawn", lambda draw: {"weight": clear_rows(draw, 2, 5, 8), "bits": 1}),
        Case("a vector", given(weight=TWO_ROWS[0]), visible=True),
        Case("a vector, drawn", drawn_vector),
        Case("three dimensions", given(weight=TWO_ROWS[None]), visible=True),
        Case("no columns", given(weight=torch.zeros(3, 0)), visible=True),
        Case("no rows", given(weight=torch.zeros(0, 3)), visible=True),
    ),
    properties=(
        Property(
            MAIN,
            ("two rows", "drawn", "laid out by columns, drawn", "one row, drawn"),
            "Take one row by hand: its largest magnitude becomes 127 or -127, and a weight of half of it becomes 63 "
            "or 64. Divide by the scale, round, convert.",
            weight=3,
            observe=observe.first,
            part=0,
        ),
        Property(
            "The scale takes the largest magnitude of a row to the largest whole number",
            ("two rows", "drawn", "one row, drawn", "4 bits", "4 bits, drawn"),
            "The scale is a column, [out, 1]: each row's largest magnitude divided by 2^(bits - 1) - 1. Multiplied by "
            "it, q is about the weights again.",
            weight=2,
            observe=observe.second,
            part=1,
        ),
        Property(
            "Fewer bits, fewer numbers",
            ("4 bits", "4 bits, drawn", "3 bits", "2 bits, drawn"),
            "With 4 bits the numbers are from -7 to 7, with 3 from -3 to 3, with 2 from -1 to 1.",
            observe=observe.first,
            part=0,
        ),
        Property(
            "Halves are rounded to the even neighbor",
            ("halves", "halves, drawn"),
            "0.5 becomes 0, 1.5 and 2.5 become 2, -1.5 becomes -2: torch.round does that.",
            observe=observe.first,
            part=0,
            needs=MAIN,
        ),
        Property(
            "A row of zeros gives zeros",
            ("a row of zeros", "rows of zeros, drawn"),
            "The scale of such a row is 0, and 0 / 0 is NaN. Its whole numbers are 0 all the same; its scale may be "
            "anything.",
            observe=observe.first,
            part=0,
            needs=MAIN,
        ),
        Property(
            "A row of very small weights keeps its levels",
            ("a tiny row", "a tiny row, drawn"),
            "The smallest weights are rounded like others: no constant may be added to a scale, or be its lower limit.",
            observe=observe.first,
            part=0,
            needs=MAIN,
        ),
        Property(
            "The scale has the dtype of the weights",
            ("two rows", "float64", "float16", "bfloat16"),
            "Weights in bfloat16 have scales in bfloat16: do not convert them.",
            observe=observe.second_dtype,
            part=1,
            needs=MAIN,
        ),
        Property(
            "The weights are left unchanged",
            ("two rows", "drawn"),
            "Work on new tensors: weight must be as it was.",
            observe=observe.changed,
            needs=MAIN,
        ),
        Property(
            "Fewer than two bits are refused with a ValueError",
            ("two rows", "2 bits, drawn", "1 bit", "no bits", "1 bit, drawn"),
            "Raise ValueError for bits below 2: one bit is the sign's, and leaves 0 only.",
            observe=observe.refusal,
            needs=MAIN,
        ),
        Property(
            "What is no matrix is refused with a ValueError",
            ("two rows", "drawn", "a vector", "a vector, drawn", "three dimensions", "no columns", "no rows"),
            "Raise ValueError where weight does not have two dimensions, or has nothing in it.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("quantize_per_channel", "quantize_blockwise", "fake_quantize_per_channel_affine"),
)
