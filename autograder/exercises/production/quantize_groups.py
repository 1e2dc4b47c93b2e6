"""quantize_groups: one scale for each group of neighbors in a row."""

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.production.inputs import clear_rows, exact_rows
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import production

MAIN = "Each weight becomes the nearest whole multiple of its group's scale"
FILLED = "functional.pad(weight, (0, -columns % group_size))"
FLAT = "filled.reshape(-1, group_size)"
ROUNDED = f"quantize_absmax({FLAT}, bits)"
Q, SCALE = "q.reshape(rows, -1)[:, :columns]", "scale.reshape(rows, -1)"
RETURN = f"return {Q}, {SCALE}"
NO_GROUP = "group_size < 1"

known = Mistakes(production.quantize_groups, section="production-groups")

known.edit(
    "one_scale_a_row",
    {ROUNDED: "quantize_absmax(weight, bits)", RETURN: "return q, scale.expand(-1, -(-columns // group_size))"},
    "All groups of a row have the same scale in your result. Each has its own, after its own largest magnitude.",
)
known.edit(
    "one_scale_column",
    {ROUNDED: "quantize_absmax(weight, bits)", RETURN: "return q, scale"},
    "You have one scale for each row. A row has a scale for every group_size neighbors: the shape is [out, groups].",
)
known.edit(
    "from_the_smallest",
    {
        ROUNDED: f"quantize_absmax({FLAT}, bits)\n    low, high = {FLAT}.aminmax(dim=1, keepdim=True)\n"
        "    scale = (high - low) / (2**bits - 1)\n"
        f"    q = (({FLAT} - low) / torch.where(scale == 0, 1, scale)).round().to(torch.uint8)"
    },
    "You count steps from the smallest weight of a group, so that it becomes 0. That is the asymmetric way, which has "
    "to store the smallest weight as well. Here 0 stays 0: divide by the scale, and round.",
)
known.edit(
    "down_to_minus_eight_by_half",
    {
        ROUNDED: f"quantize_absmax({FLAT}, bits)\n    top = 2 ** (bits - 1)\n"
        f"    scale = {FLAT}.abs().amax(dim=1, keepdim=True) / (top - 0.5)\n"
        f"    q = ({FLAT} / torch.where(scale == 0, 1, scale)).round().clamp(-top, top - 1).to(q.dtype)"
    },
    "You divide by 7.5 with 4 bits and use -8 as well, as some libraries do. Here the range is symmetric: the largest "
    "magnitude of a group becomes 7 or -7.",
)
known.edit(
    "groups_down_the_columns",
    {
        FILLED: "functional.pad(weight.T, (0, -rows % group_size))",
        RETURN: "return q.reshape(columns, -1)[:, :rows].T, scale.reshape(columns, -1).T",
    },
    "Your groups run down the columns. A group is group_size neighbors of one *row*.",
)
known.edit(
    "groups_across_rows",
    {
        FILLED: "functional.pad(weight.flatten(), (0, -weight.numel() % group_size))",
        RETURN: "return q.flatten()[: weight.numel()].reshape(rows, columns), scale.flatten()",
    },
    "You lay all rows end to end before you cut, so that a group can begin in one row and end in the next. Every row "
    "is cut by itself, and its last group may be short.",
)
known.edit(
    "last_group_lost",
    {
        FILLED: "weight[:, : columns // group_size * group_size]",
        RETURN: "return q.reshape(rows, -1), scale.reshape(rows, -1)",
    },
    "You lose the last group where it is short: there are columns / group_size groups, rounded *up*.",
)
known.edit(
    "last_group_not_rounded",
    {
        FILLED: "weight[:, : columns // group_size * group_size]",
        RETURN: "return functional.pad(q.reshape(rows, -1), (0, columns % group_size)), scale.reshape(rows, -1)",
    },
    "The weights of a short last group are all 0 in your result. It is rounded as the others are, with a scale of its "
    "own.",
)
known.edit(
    "rest_in_the_last_group",
    {
        RETURN: (
            "if columns % group_size and columns > group_size:\n"
            "        start = (columns // group_size - 1) * group_size\n"
            "        long, its_scale = quantize_absmax(weight[:, start:], bits)\n"
            "        before = scale.reshape(rows, -1)[:, : columns // group_size - 1]\n"
            "        q = torch.cat([q.reshape(rows, -1)[:, :start], long], 1)\n"
            "        scale = torch.cat([before, its_scale], 1)\n"
            f"    {RETURN}"
        )
    },
    "You add what is left over to the last full group. It is a group of its own, a short one.",
)
known.edit(
    "uneven_rows_fail",
    {FLAT: "weight.reshape(rows, columns // group_size, group_size).reshape(-1, group_size)"},
    "Your function fails where group_size does not divide the number of columns. Fill the last group of each row up "
    "with zeros and cut them off again, or go from group to group.",
)
known.edit(
    "one_scale_for_all_rows",
    {
        RETURN: (
            "scale = scale.reshape(rows, -1).amax(0, keepdim=True).expand(rows, -1)\n"
            "    each = scale.repeat_interleave(group_size, 1)[:, :columns]\n"
            "    return (weight / torch.where(each == 0, 1, each)).round().to(q.dtype), scale"
        )
    },
    "All rows share the scale of a group of columns in your result. Each row has scales of its own: take the largest "
    "magnitude along dim=1.",
)
known.edit(
    "filling_left_in",
    {Q: "q.reshape(rows, -1)"},
    "Your whole numbers have more columns than the weights: cut off what you filled up the last group with.",
)
known.edit(
    "size_taken_for_number",
    {"rows, columns = weight.shape": "rows, columns = weight.shape\n    group_size = -(-columns // group_size)"},
    "You cut each row into group_size groups. It is the number of weights *in* a group.",
)
known.edit(
    "strided",
    {
        FLAT: "filled.reshape(rows, group_size, -1).transpose(1, 2).reshape(-1, group_size)",
        Q: "q.reshape(rows, -1, group_size).transpose(1, 2).reshape(rows, -1)[:, :columns]",
    },
    "Your groups are made of weights that lie apart. A group is *neighbors*: reshape to [out, groups, group_size], in "
    "this order.",
)
known.edit(
    "always_four_bits",
    {ROUNDED: f"quantize_absmax({FLAT}, min(bits, 4))"},
    "You use 4 bits whatever bits says.",
)
known.edit(
    "eight_bits_by_default",
    {ROUNDED: f"quantize_absmax({FLAT}, 8 if bits > 1 else bits)"},
    "You call quantize_absmax without bits, and its default is 8: pass them on.",
)
known.edit(
    "signed_maximum",
    {
        ROUNDED: f"quantize_absmax({FLAT}, bits)\n    largest = 2 ** (bits - 1) - 1\n"
        f"    scale = {FLAT}.amax(1, keepdim=True) / largest\n"
        f"    q = ({FLAT} / torch.where(scale == 0, 1, scale)).round().clamp(-largest, largest).to(q.dtype)"
    },
    "You take the largest weight of a group, and a negative one may be larger in magnitude: take abs first.",
)
known.edit(
    "up_to_eight",
    {
        ROUNDED: f"quantize_absmax({FLAT}, bits)\n    largest = 2 ** (bits - 1)\n"
        f"    scale = {FLAT}.abs().amax(1, keepdim=True) / largest\n"
        f"    q = ({FLAT} / torch.where(scale == 0, 1, scale)).round().to(q.dtype)"
    },
    "Your largest whole number is 2^(bits - 1), 8 with 4 bits, and four bits hold no more than 7. The range ends at "
    "2^(bits - 1) - 1.",
)
known.edit(
    "signed_maximum_and_overflow",
    {
        ROUNDED: f"quantize_absmax({FLAT}, bits)\n"
        f"    scale = {FLAT}.amax(1, keepdim=True) / (2 ** (bits - 1) - 1)\n"
        f"    q = ({FLAT} / torch.where(scale == 0, 1, scale)).round().to(q.dtype)"
    },
    "You take the largest weight of a group. A negative one may be larger in magnitude, and what it becomes leaves the "
    "range of the whole numbers: take abs first.",
)
known.edit(
    "scales_turned",
    {RETURN: "return q.reshape(rows, -1)[:, :columns], scale.reshape(rows, -1).T"},
    "Your scales have a row for each *group*. They have a row for each row of weights: [out, groups].",
)
known.edit(
    "down_to_minus_eight",
    {
        ROUNDED: f"quantize_absmax({FLAT}, bits)\n    largest = 2 ** (bits - 1)\n"
        f"    scale = {FLAT}.abs().amax(1, keepdim=True) / largest\n"
        f"    q = ({FLAT} / torch.where(scale == 0, 1, scale)).round().clamp(-largest, largest - 1).to(q.dtype)"
    },
    "Your range is from -2^(bits - 1), -8 with 4 bits. It is symmetric: from -7 to 7.",
)
known.edit(
    "cut_off",
    {
        ROUNDED: f"quantize_absmax({FLAT}, bits)\n"
        f"    q = ({FLAT} / torch.where(scale == 0, 1, scale) * (1 + 1e-6)).trunc().to(q.dtype)"
    },
    "You cut off what stands behind the point. Round to the nearest, halves to the even neighbor.",
)
known.edit(
    "halves_up",
    {
        ROUNDED: f"quantize_absmax({FLAT}, bits)\n"
        f"    q = ({FLAT} / torch.where(scale == 0, 1, scale) + 0.5).floor().to(q.dtype)"
    },
    "You round halves up, by adding 0.5. They go to the even neighbor: torch.round does that.",
)
known.edit(
    "scale_with_an_axis_more",
    {SCALE: "scale.reshape(rows, -1, 1)"},
    "Your scale has the shape [out, groups, 1]. Return [out, groups].",
)
known.edit(
    "scale_of_every_group_in_a_column",
    {SCALE: "scale"},
    "Your scale is one column for the groups of all rows. Give it a row for each row of weights: [out, groups].",
)
known.edit(
    "scales_in_a_list",
    {SCALE: "list(scale.reshape(rows, -1, 1).unbind(1))"},
    "You return the scales as a list. Put them side by side in one tensor: torch.cat with dim=1.",
)
known.edit(
    "scale_of_every_weight",
    {SCALE: "scale.repeat_interleave(group_size, 1).reshape(rows, -1)[:, :columns]"},
    "You return a scale for every weight, which takes up more than the weights did. One for each group: [out, groups].",
)
known.edit(
    "groups_left_apart",
    {Q: "q.reshape(rows, -1, group_size)"},
    "Your whole numbers have the shape [out, groups, group_size]. Put them together again: [out, in].",
)
known.edit(
    "other_way_around",
    {RETURN: f"return {SCALE}, {Q}"},
    "You return the scales first. The whole numbers come first, then their scales.",
)
known.edit(
    "whole_numbers_in_floats",
    {Q: f"{Q}.to(weight.dtype)"},
    "Your whole numbers are floats, and take up as much as the weights did. Convert them to an integer dtype.",
)
known.edit(
    "weights_returned",
    {Q: "(q * scale).reshape(rows, -1)[:, :columns]"},
    "You return the rounded *weights*. The task asks for the whole numbers: they are what is stored.",
)
known.edit(
    "zero_groups_refused",
    {RETURN: f'if (scale == 0).any():\n        raise ValueError("zero")\n    {RETURN}'},
    "You refuse a group of zeros. It is a group like others: its whole numbers are 0.",
)
known.edit(
    "not_a_number_in_zero_groups",
    {Q: "torch.where(scale == 0, -(2**31), q.int()).reshape(rows, -1)[:, :columns]"},
    "A group of zeros has the scale 0, and 0 / 0 is NaN: what an integer dtype makes of that is luck. Divide such a "
    "group by anything else.",
)
known.edit(
    "least_scale",
    {Q: "(q * (scale >= 1e-8)).reshape(rows, -1)[:, :columns]"},
    "You keep groups of zeros from dividing by 0 with a small number, and a group of very small weights loses all its "
    "levels to it. Change the divisor only where it is exactly 0.",
)
known.edit(
    "short_rows_refused",
    {NO_GROUP: "not 1 <= group_size <= weight.shape[1]"},
    "You refuse a group_size above the number of columns. Each row is one short group then.",
)
known.edit(
    "uneven_rows_refused",
    {NO_GROUP: "group_size < 1 or weight.shape[1] % group_size"},
    "You refuse rows that group_size does not divide. Their last group is short.",
)
known.edit(
    "changed_in_place",
    {RETURN: f"weight.mul_(0).add_({Q} * scale.reshape(rows, -1).repeat_interleave(group_size, 1)[:, :columns])\n"
             f"    {RETURN}"},
    "Your function writes into the weights that it was given. Whoever called it still needs them.",
)  # fmt: skip
known.edit(
    "scale_in_float32",
    {SCALE: f"{SCALE}.float()"},
    "Your scales are float32 whatever came in. Keep the dtype of the weights.",
)
known.edit(
    "any_size",
    {NO_GROUP: "False", FLAT: "filled.reshape(-1, abs(group_size))"},
    "You take a negative group_size. Raise ValueError for one below 1.",
)
known.edit(
    "size_not_checked",
    {NO_GROUP: "False"},
    "You do not check group_size: raise ValueError for one below 1, before you divide by it.",
)


@known.function(
    "You check nothing that comes in: raise ValueError for what is no matrix or empty, a group_size below 1, and bits "
    "below 2."
)
def nothing_checked(weight: Tensor, group_size: int, bits: int = 4) -> tuple[Tensor, Tensor]:
    largest = 2 ** (bits - 1) - 1
    whole, scales = [], []
    for group in weight.split(group_size, dim=1):
        scale = group.abs().amax(dim=1, keepdim=True) / largest
        whole.append((group / torch.where(scale == 0, 1, scale)).round().to(torch.int32))
        scales.append(scale)
    return torch.cat(whole, 1), torch.cat(scales, 1)


known.edit(
    "bits_not_checked",
    {ROUNDED: f"quantize_absmax({FLAT}, max(bits, 2))"},
    "You take any number of bits. Raise ValueError for bits below 2, as quantize_absmax does.",
)
known.edit(
    "one_bit_only_refused",
    {ROUNDED: f"quantize_absmax({FLAT}, bits if bits == 1 else max(bits, 2))"},
    "You refuse exactly 1 bit and accept 0, or fewer. Raise ValueError for everything below 2.",
)
known.edit(
    "more_dimensions_taken",
    {"weight.dim() != 2": "weight.dim() < 2", "rows, columns = weight.shape": "rows, columns = weight.shape[-2:]"},
    "You accept more than two dimensions. A weight matrix has exactly two: raise ValueError for others.",
)


@known.function(
    "You accept a matrix without rows. There is nothing in it, as in one without columns: raise ValueError."
)
def no_rows_taken(weight: Tensor, group_size: int, bits: int = 4) -> tuple[Tensor, Tensor]:
    if weight.dim() == 2 and len(weight) == 0 and group_size > 0 and bits > 1:
        return weight.to(torch.int8), weight[:, ::group_size].clone()
    return production.quantize_groups(weight, group_size, bits)


known.asserted()

known.edit(
    "scales_in_float16",
    {RETURN: f"return {Q}, {SCALE}.half()"},
    "Your scales are float16 whatever the weight is, as some files keep them. Return them in the dtype of the weight.",
)

SHORT_LAST = torch.tensor([[1.0, -3.5, 14.0, 2.4, 0.7], [-70.0, 22.0, 0.9, 0.31, -2.8], [0.2, 0.61, 5.0, -4.2, 35.0]])
EVEN = torch.tensor([[0.9, -0.35, 0.7, 6.1, -7.0, 2.2], [33.0, -70.0, 12.0, -0.1, 0.2, 0.7]])
# A view whose rows are apart in memory, as those of a transposed matrix are.
BY_COLUMNS = torch.tensor([[0.9, 33.0], [-3.5, -7.0], [0.6, 12.0], [6.3, 0.2]]).T
HALVES = torch.tensor([[3.5, 0.25, 0.75, -28.0, 2.0, -6.0], [7.0, 2.5, -1.5, 14.0, -1.0, 3.0]])
# The other groups are large, so that whatever scale a group of zeros is given is as good as 0 beside them.
ZERO_GROUP = torch.tensor([[3.0e9, -7.0e9, 0.0, 0.0, 1.4e9], [0.0, 0.0, 2.1e9, 6.3e9, 0.0]])
TINY_GROUP = torch.tensor([[7.0, -3.3, 2.1e-13, 7.0e-13, 1.4, 0.5]])


def drawn_groups(
    draw: Generator, rows: int, sizes: tuple[int, ...], bits: int = 4, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Each group has a largest magnitude of its own; those of odd number are larger by far."""
    groups = [clear_rows(draw, rows, size, bits).flip(0) * 7.0 ** (place % 2) for place, size in enumerate(sizes)]
    return torch.cat(groups, 1).to(dtype)


def drawn_even(draw: Generator) -> Arguments:
    return {"weight": drawn_groups(draw, 4, (5, 5, 5)), "group_size": 5}


def drawn_short(draw: Generator) -> Arguments:
    return {"weight": drawn_groups(draw, 5, (4, 4, 4, randint(draw, 2, 3))), "group_size": 4}


def drawn_by_columns(draw: Generator) -> Arguments:
    return {"weight": drawn_groups(draw, 4, (3, 3)).T.contiguous().T, "group_size": 3}


def drawn_single(draw: Generator) -> Arguments:
    return {"weight": drawn_groups(draw, 3, (1, 1, 1, 1)), "group_size": 1}


def drawn_row(draw: Generator) -> Arguments:
    return {"weight": drawn_groups(draw, 1, (6, 6)), "group_size": 6}


def drawn_bits(draw: Generator) -> Arguments:
    return {"weight": drawn_groups(draw, 3, (4, 4, 2), bits=8), "group_size": 4, "bits": 8}


def drawn_wide(draw: Generator) -> Arguments:
    return {"weight": drawn_groups(draw, 3, (5,)), "group_size": randint(draw, 6, 9)}


def drawn_zero_group(draw: Generator) -> Arguments:
    weight = drawn_groups(draw, 3, (4, 4, 3)) * 1e10
    weight[randint(draw, 0, 2), 4:8] = 0
    return {"weight": weight, "group_size": 4}


def drawn_tiny_group(draw: Generator) -> Arguments:
    weight = drawn_groups(draw, 2, (4, 4))
    weight[randint(draw, 0, 1), :4] *= 2.0**-45
    return {"weight": weight, "group_size": 4}


def in_float64(draw: Generator) -> Arguments:
    return {"weight": drawn_groups(draw, 4, (4, 4, 2), dtype=torch.float64), "group_size": 4}


def in_half(draw: Generator, dtype: torch.dtype) -> Arguments:
    weight = torch.cat([exact_rows(draw, 3, size, 4, dtype) for size in (4, 4, 2)], 1)
    return {"weight": weight, "group_size": 4}


def drawn_refusal(draw: Generator) -> Arguments:
    return {"weight": drawn_groups(draw, 2, (4, 4)), "group_size": -randint(draw, 1, 9)}


EXERCISE = Exercise(
    reference=production.quantize_groups,
    points=4,
    cases=(
        Case("even groups", given(weight=EVEN, group_size=3), visible=True),
        Case("even groups, drawn", drawn_even),
        Case("laid out by columns", given(weight=BY_COLUMNS, group_size=2), visible=True),
        Case("laid out by columns, drawn", drawn_by_columns),
        Case("one row, drawn", drawn_row),
        Case("single weights, drawn", drawn_single),
        Case("a short last group", given(weight=SHORT_LAST, group_size=2), visible=True),
        Case("a short last group, drawn", drawn_short),
        Case("wider than the row", given(weight=EVEN, group_size=8), visible=True),
        Case("wider than the row, drawn", drawn_wide),
        Case("8 bits", given(weight=SHORT_LAST, group_size=3, bits=8), visible=True),
        Case("8 bits, drawn", drawn_bits),
        Case("halves", given(weight=HALVES, group_size=3), visible=True),
        Case("a group of zeros", given(weight=ZERO_GROUP, group_size=2), visible=True),
        Case("a group of zeros, drawn", drawn_zero_group),
        Case("a tiny group", given(weight=TINY_GROUP, group_size=2), visible=True),
        Case("a tiny group, drawn", drawn_tiny_group),
        Case("float64", in_float64, visible=True),
        Case("bfloat16", lambda draw: in_half(draw, torch.bfloat16), visible=True),
        Case("float16", lambda draw: in_half(draw, torch.float16)),
        Case("a group of 0", given(weight=EVEN, group_size=0), visible=True),
        Case("a negative group", given(weight=EVEN, group_size=-3), visible=True),
        Case("a negative group, drawn", drawn_refusal),
        Case("1 bit", given(weight=EVEN, group_size=3, bits=1), visible=True),
        Case("no bits", given(weight=EVEN, group_size=3, bits=0), visible=True),
        Case("a vector", given(weight=EVEN[0], group_size=3), visible=True),
        Case("three dimensions", given(weight=EVEN[None], group_size=3), visible=True),
        Case("no columns", given(weight=torch.zeros(2, 0), group_size=3), visible=True),
        Case("no rows", given(weight=torch.zeros(0, 5), group_size=3), visible=True),
    ),
    properties=(
        Property(
            MAIN,
            ("even groups", "even groups, drawn", "laid out by columns", "laid out by columns, drawn",
             "one row, drawn", "single weights, drawn"),
            "Cut the first row of [2, 6] with group_size 3 into two groups of three neighbors. Each is rounded as "
            "quantize_absmax rounds a row.",
            weight=3,
            observe=observe.first,
            part=0,
        ),
        Property(
            "There is one scale for each group of each row",
            ("even groups", "even groups, drawn", "one row, drawn", "single weights, drawn"),
            "The scale has the shape [out, groups]: entry (i, g) is the largest magnitude in group g of row i, divided "
            "by 2^(bits - 1) - 1.",
            weight=2,
            observe=observe.second,
            part=1,
        ),
        Property(
            "A short last group is a group like the others",
            ("a short last group", "a short last group, drawn"),
            "Five columns in groups of 2 make three groups, the last of one weight. It has a scale of its own, and "
            "begins no new row.",
            weight=2,
        ),
        Property(
            "A group wider than the row is the row",
            ("wider than the row", "wider than the row, drawn"),
            "With group_size above the number of columns each row is one short group.",
        ),
        Property(
            "Bits count",
            ("8 bits", "8 bits, drawn"),
            "4 is only the default of bits: with 8 the largest whole number is 127.",
            observe=observe.first,
            part=0,
        ),
        Property(
            "Halves are rounded to the even neighbor",
            ("halves",),
            "0.5 becomes 0, 1.5 and 2.5 become 2, -1.5 becomes -2: torch.round does that.",
            observe=observe.first,
            part=0,
            needs=MAIN,
        ),
        Property(
            "A group of zeros gives zeros",
            ("a group of zeros", "a group of zeros, drawn"),
            "The scale of such a group is 0, and 0 / 0 is NaN. Its whole numbers are 0 all the same; its scale may be "
            "anything.",
            observe=observe.first,
            part=0,
            needs=MAIN,
        ),
        Property(
            "A group of very small weights keeps its levels",
            ("a tiny group", "a tiny group, drawn"),
            "The smallest weights are rounded like others: no constant may be added to a scale, or be its lower limit.",
            observe=observe.first,
            part=0,
            needs=MAIN,
        ),
        Property(
            "The scales have the dtype of the weights",
            ("even groups", "float64", "bfloat16", "float16"),
            "Weights in bfloat16 have scales in bfloat16: do not convert them.",
            observe=observe.second_dtype,
            part=1,
            needs=MAIN,
        ),
        Property(
            "The weights are left unchanged",
            ("even groups", "even groups, drawn", "a short last group"),
            "Work on new tensors: weight must be as it was.",
            observe=observe.changed,
            needs=MAIN,
        ),
        Property(
            "What makes no sense is refused with a ValueError",
            (
                "even groups", "even groups, drawn", "a group of 0", "a negative group", "a negative group, drawn",
                "1 bit", "no bits", "a vector", "three dimensions", "no columns", "no rows",
            ),
            "Raise ValueError where weight does not have two dimensions or has nothing in it, for a group_size below "
            "1, and for bits below 2.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("quantize_blockwise",),
)  # fmt: skip
