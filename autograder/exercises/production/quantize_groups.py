"""quantize_groups: one scale for each group of neighbors in a row."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, randint
from autograder.exercises.production.inputs import clear_rows, exact_rows
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires, shown
from llm_course.checking import observe
from solutions import production

MAIN = "Each weight becomes the nearest whole multiple of its group's scale"

SHORT_LAST = torch.tensor([[1.0, -3.5, 14.0, 2.4, 0.7], [-70.0, 22.0, 0.9, 0.31, -2.8], [0.2, 0.61, 5.0, -4.2, 35.0]])
EVEN = torch.tensor([[4.0, -21.0, 10.0, 14.0, -6.0, 4.0], [30.0, -70.0, 12.0, 28.0, 7.0, -9.0]])
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


def drawn(rows: int, sizes: tuple[int, ...], group_size: int, dtype: torch.dtype = torch.float32) -> ArgumentMaker:
    return lambda draw: {"weight": drawn_groups(draw, rows, sizes, dtype=dtype), "group_size": group_size}


drawn_even = drawn(4, (5, 5, 5), 5)


def drawn_bits(draw: Generator) -> Arguments:
    return {"weight": drawn_groups(draw, 3, (4, 4, 2), bits=8), "group_size": 4, "bits": 8}


def drawn_zero_group(draw: Generator) -> Arguments:
    weight = drawn_groups(draw, 3, (4, 4, 3)) * 1e10
    weight[randint(draw, 0, 2), 4:8] = 0
    return {"weight": weight, "group_size": 4}


def drawn_tiny_group(draw: Generator) -> Arguments:
    weight = drawn_groups(draw, 2, (4, 4))
    weight[randint(draw, 0, 1), :4] *= 2.0**-45
    return {"weight": weight, "group_size": 4}


def in_half(dtype: torch.dtype) -> ArgumentMaker:
    return lambda draw: {
        "weight": torch.cat([exact_rows(draw, 3, size, 4, dtype) for size in (4, 4, 2)], 1),
        "group_size": 4,
    }


EXERCISE = exercise(
    production.quantize_groups,
    __file__,
    requires(
        MAIN,
        shown("even groups", weight=EVEN, group_size=3),
        Case("even groups, drawn", drawn_even),
        shown("laid out by columns", weight=BY_COLUMNS, group_size=2),
        Case("one row, drawn", drawn(1, (6, 6), 6)),
        Case("single weights, drawn", drawn(3, (1, 1, 1, 1), 1)),
        advice="Cut the first row of [2, 6] with group_size 3 into two groups of three neighbors. Each is rounded as "
        "quantize_absmax rounds a row.",
        fails="Some of your whole numbers are not the nearest multiples of their group's scale.",
        weight=3,
        part=0,
    ),
    requires(
        "There is one scale for each group of each row",
        ("even groups", "even groups, drawn", "one row, drawn", "single weights, drawn"),
        advice="The scale has the shape [out, groups]: entry (i, g) is the largest magnitude in group g of row i, "
        "divided by 2^(bits - 1) - 1.",
        fails="Your scales are not those of each group of each row.",
        weight=2,
        part=1,
    ),
    requires(
        "A short last group is a group like the others",
        shown("a short last group", weight=SHORT_LAST, group_size=2),
        Case("a short last group, drawn", lambda draw: drawn(5, (4, 4, 4, randint(draw, 2, 3)), 4)(draw)),
        advice="Five columns in groups of 2 make three groups, the last of one weight. It has a scale of its own, and "
        "begins no new row.",
        fails="Where a row's last group is short, your result is not that of the group as a row of its own.",
        weight=2,
    ),
    requires(
        "A group wider than the row is the row",
        shown("wider than the row", weight=EVEN, group_size=8),
        shown("one weight", weight=torch.tensor([[-14.0]]), group_size=3),
        Case("wider than the row, drawn", lambda draw: drawn(3, (5,), 5)(draw) | {"group_size": randint(draw, 6, 9)}),
        advice="With group_size above the number of columns each row is one short group.",
        fails="With group_size above the number of columns, your result is not that of each row as one group.",
    ),
    requires(
        "bits says how many bits a whole number has",
        shown("8 bits", weight=SHORT_LAST, group_size=3, bits=8),
        Case("8 bits, drawn", drawn_bits),
        advice="4 is only the default of bits: with 8 the largest whole number is 127.",
        fails="With 8 bits, your q is not that of a scale with the group's largest magnitude at 127.",
        part=0,
    ),
    requires(
        "Halves are rounded to the even neighbor",
        shown("halves", weight=HALVES, group_size=3),
        advice="0.5 becomes 0, 1.5 and 2.5 become 2, -1.5 becomes -2: torch.round does that.",
        fails="You do not round halves to the even neighbor.",
        part=0,
        needs=MAIN,
    ),
    requires(
        "A group of zeros gives zeros",
        shown("a group of zeros", weight=ZERO_GROUP, group_size=2),
        Case("a group of zeros, drawn", drawn_zero_group),
        advice="The scale of such a group is 0, and 0 / 0 is NaN. Its whole numbers are 0 all the same; its scale may "
        "be anything.",
        fails="With a group of zeros, your whole numbers are not 0 there, or not the nearest to weight / scale "
        "elsewhere.",
        part=0,
        needs=MAIN,
    ),
    requires(
        "A group of very small weights keeps its levels",
        shown("a tiny group", weight=TINY_GROUP, group_size=2),
        Case("a tiny group, drawn", drawn_tiny_group),
        advice="The smallest weights are rounded like others: no constant may be added to a scale, or be its lower "
        "limit.",
        fails="With a group of very small weights, your whole numbers are not those nearest to weight / scale.",
        part=0,
        needs=MAIN,
    ),
    requires(
        "The scales have the dtype of the weights",
        ("even groups",),
        Case("float64", drawn(4, (4, 4, 2), 4, torch.float64), visible=True),
        Case("bfloat16", in_half(torch.bfloat16), visible=True),
        Case("float16", in_half(torch.float16)),
        advice="Weights in bfloat16 have scales in bfloat16: do not convert them.",
        fails="Your scales do not have the dtype of the weights.",
        observe=observe.second_dtype,
        part=1,
        needs=MAIN,
    ),
    leaves_arguments(
        ("even groups", "even groups, drawn", "a short last group"),
        advice="Work on new tensors: weight must be as it was.",
        name="The weights are left unchanged",
        fails="You change the weights that you were given.",
    ),
    refuses(
        ("even groups", "even groups, drawn"),
        shown("a group of 0", weight=EVEN, group_size=0),
        Case("a negative group, drawn", lambda draw: drawn(2, (4, 4), 4)(draw) | {"group_size": -randint(draw, 1, 9)}),
        shown("1 bit", weight=EVEN, group_size=3, bits=1),
        shown("no bits", weight=EVEN, group_size=3, bits=0),
        shown("a vector", weight=EVEN[0], group_size=3),
        shown("three dimensions", weight=EVEN[None], group_size=3),
        shown("no columns", weight=torch.zeros(2, 0), group_size=3),
        shown("no rows", weight=torch.zeros(0, 5), group_size=3),
        advice="Raise ValueError where weight does not have two dimensions or has nothing in it, for a group_size "
        "below 1, and for bits below 2.",
    ),
    points=4,
    shortcuts=("quantize_blockwise",),
)
