"""unpatchify: patches as an image again."""

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from autograder.exercises.frontier.patchify import drawn_sizes, numbered
from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, randn
from llm_course.checking import observe
from solutions import frontier

known = Mistakes(frontier.unpatchify, section="frontier-patches")

GRID = "patches.reshape(rows, columns, channels, patch, patch)"
IMAGE = "grid.permute(2, 0, 3, 1, 4).reshape(channels, height, width)"
SHAPE = "patches.shape != (rows * columns, channels * patch * patch)"

known.edit(
    "plain_reshape",
    {IMAGE: "patches.reshape(channels, height, width)"},
    "A reshape alone fills the image in the order of memory: each patch becomes a strip. Split the rows into (patch "
    "row, patch column, channel, row, column), and permute before you join.",
)
known.edit(
    "permuted_as_in_patchify",
    {IMAGE: "grid.permute(1, 3, 0, 2, 4).reshape(channels, height, width)"},
    "You permute in the order of patchify. To go back, each axis has to return to where it came from: (2, 0, 3, 1, 4).",
)
known.edit(
    "channel_last_in_a_patch",
    {
        GRID: "patches.reshape(rows, columns, patch, patch, channels)",
        "grid.permute(2, 0, 3, 1, 4)": "grid.permute(4, 0, 2, 1, 3)",
    },
    "You read each patch pixel by pixel, with its channels side by side. In these patches all numbers of the first "
    "channel come first.",
)
known.edit(
    "column_by_column",
    {GRID: "patches.reshape(columns, rows, channels, patch, patch).transpose(0, 1)"},
    "You put the patches column by column. They come row by row of the image.",
)
known.edit(
    "rows_and_columns_swapped",
    {"rows, columns = height // patch, width // patch": "rows, columns = width // patch, height // patch"},
    "You take the number of patches across for the number down. height // patch is the number of rows of patches.",
)
known.edit(
    "transposed_within_a_patch",
    {"grid.permute(2, 0, 3, 1, 4)": "grid.transpose(-1, -2).permute(2, 0, 3, 1, 4)"},
    "Within a channel of a patch you go down the columns. They were laid row by row.",
)
known.edit(
    "rows_of_a_patch_together",
    {"grid.permute(2, 0, 3, 1, 4)": "grid.permute(2, 0, 1, 3, 4)"},
    "You lay one patch after the other within a strip. A row of the image takes one row of *each* patch beside it: row "
    "in the patch comes before patch column, permute(2, 0, 3, 1, 4).",
)
known.edit(
    "interleaved_pixels",
    {"grid.permute(2, 0, 3, 1, 4)": "grid.permute(2, 3, 0, 4, 1)"},
    "You weave the patches into each other, so that neighbors in a patch end up far apart. Patch row and row in the "
    "patch join in this order, (patch row, row).",
)
known.edit(
    "channels_last",
    {IMAGE: "grid.permute(0, 3, 1, 4, 2).reshape(height, width, channels)"},
    "Your image is [height, width, channels], as a plot wants it. Here the channels come first.",
)
known.edit(
    "height_and_width_swapped",
    {IMAGE: "grid.permute(2, 1, 4, 0, 3).reshape(channels, width, height)"},
    "Your image is transposed: its shape is [channels, width, height].",
)
known.edit(
    "still_in_patches",
    {IMAGE: "grid.flatten(0, 1)"},
    "You return the patches as small images. Put them together.",
)
known.edit(
    "always_square",
    {
        "rows, columns = height // patch, width // patch": "rows = columns = int(len(patches) ** 0.5)",
        SHAPE: "patches.shape != (height * width // patch**2, channels * patch * patch)",
        GRID: "patches[: rows * columns].reshape(rows, columns, channels, patch, patch)",
        "reshape(channels, height, width)": "reshape(channels, rows * patch, columns * patch)",
    },
    "You take the image to be square. height and width say what it is.",
)
known.edit(
    "flipped",
    {IMAGE: f"{IMAGE}.flip(1)"},
    "Your image stands on its head: the first patches belong to the top.",
)
known.edit(
    "shape_unchecked",
    {
        f'    if {SHAPE}:\n        raise ValueError(f"patches of shape {{tuple(patches.shape)}} do not make such an '
        'image")\n': ""
    },
    "Patches of a shape that makes no such image either raise a RuntimeError of torch or, where only the number of "
    "numbers is right, give nonsense. Raise ValueError unless the shape is (rows · columns, channels · patch²).",
)
known.edit(
    "only_the_numbers_counted",
    {SHAPE: "patches.numel() != channels * height * width"},
    "Only the number of numbers has to fit. As many can stand in rows of another length, and the image is nonsense.",
)
known.edit(
    "only_the_rows_counted",
    {SHAPE: "len(patches) != rows * columns"},
    "You compare the number of patches only. Each also has to hold channels · patch · patch numbers.",
)
known.edit(
    "only_the_width_counted",
    {SHAPE: "patches.shape[1] != channels * patch * patch"},
    "You compare the width of the rows only. There also have to be rows · columns of them.",
)
known.edit(
    "surplus_dropped",
    {
        SHAPE: "len(patches) < rows * columns or patches.shape[1] != channels * patch * patch",
        GRID: "patches[: rows * columns].reshape(rows, columns, channels, patch, patch)",
    },
    "You drop patches that are too many. Raise ValueError.",
)
known.edit(
    "sides_unchecked",
    {"patch < 1 or height % patch or width % patch": "patch < 1"},
    "Where patch does not divide height and width there is no such image: raise ValueError.",
)
known.edit(
    "patch_unchecked",
    {"patch < 1 or height % patch or width % patch": "height % patch or width % patch"},
    "A patch of side 0 raises a ZeroDivisionError. Raise ValueError for a patch below 1.",
)
known.edit(
    "in_float",
    {GRID: f"{GRID}.float()"},
    "You turn the numbers into float32. Keep their dtype.",
)
known.edit(
    "clamped",
    {IMAGE: f"{IMAGE}.clamp(0, 255)"},
    "You clamp the numbers, as for a picture to be shown. They stay as they are, negative ones too.",
)
known.edit(
    "detached",
    {GRID: f"{GRID}.detach()"},
    "No gradient reaches the patches: you detach them, or go through NumPy or lists.",
)
known.asserted()


@known.function(
    "You divide a patch's number by the number of *rows* to find its place. In a row of the image lie width // patch "
    "patches: divide by that."
)
def counted_by_rows(patches: Tensor, channels: int, height: int, width: int, patch: int) -> Tensor:
    if patch < 1 or height % patch or width % patch:
        raise ValueError("no such image")
    if patches.shape != (height // patch * (width // patch), channels * patch * patch):
        raise ValueError("no such patches")
    image = torch.zeros(channels, height, width, dtype=patches.dtype)
    for number, numbers in enumerate(patches):
        row, column = divmod(number, height // patch)
        place = slice(row * patch, (row + 1) * patch), slice(column * patch, (column + 1) * patch)
        image[:, *place] = numbers.reshape(channels, patch, patch)
    return image


@known.function(
    "F.fold knows floating-point numbers only: patches of bytes raise. Move the numbers with reshape and permute."
)
def folded_as_they_are(patches: Tensor, channels: int, height: int, width: int, patch: int) -> Tensor:
    if patch < 1 or height % patch or width % patch:
        raise ValueError("no such image")
    if patches.shape != (height // patch * (width // patch), channels * patch * patch):
        raise ValueError("no such patches")
    return F.fold(patches.T[None], (height, width), patch, stride=patch)[0]


def drawn(draw: Generator, dtype: torch.dtype = torch.float32) -> Arguments:
    channels, height, width, patch = drawn_sizes(draw)
    return arguments(randn(draw, height // patch * (width // patch), channels * patch**2, dtype=dtype),
                     channels, height, width, patch)  # fmt: skip


def arguments(patches: Tensor, channels: int, height: int, width: int, patch: int) -> Arguments:
    return {"patches": patches, "channels": channels, "height": height, "width": width, "patch": patch}


def rows(count: int, numbers: int) -> Tensor:
    return numbered(1, count, numbers)[0]


def drawn_bytes(draw: Generator) -> Arguments:
    return arguments(torch.randint(0, 256, (2, 48), generator=draw).byte(), 3, 4, 8, 4)


def drawn_misfit(draw: Generator) -> Arguments:
    """As many numbers as the image has, or a row more or less."""
    shape = ((12, 8), (7, 16), (5, 16))[randint(draw, 0, 2)]
    return arguments(randn(draw, *shape), 4, 4, 6, 2)


MAIN = "The patches come back to their places"

EXERCISE = Exercise(
    reference=frontier.unpatchify,
    points=2,
    cases=(
        Case("one channel", given(**arguments(rows(6, 4), 1, 4, 6, 2)), visible=True),
        Case("one channel, drawn", lambda draw: arguments(randn(draw, 6, 9), 1, 9, 6, 3)),
        Case("two channels", given(**arguments(rows(2, 32), 2, 4, 8, 4)), visible=True),
        Case("several channels, drawn", drawn),
        Case("several channels, wide", lambda draw: arguments(randn(draw, 10, 12), 3, 4, 10, 2)),
        Case("one patch", given(**arguments(rows(1, 18), 2, 3, 3, 3)), visible=True),
        Case("patches of one pixel", lambda draw: arguments(randn(draw, 8, 3), 3, 2, 4, 1), visible=True),
        Case("bytes", drawn_bytes, visible=True),
        Case("float64", lambda draw: drawn(draw, torch.float64), visible=True, gradients=("patches",)),
        Case("float64, wide", lambda draw: arguments(randn(draw, 3, 8, dtype=torch.float64), 2, 2, 6, 2),
             gradients=("patches",)),
        Case("turned patches", lambda draw: arguments(randn(draw, 8, 6).T, 2, 4, 6, 2), visible=True),
        Case("too few patches", given(**arguments(rows(5, 4), 1, 4, 6, 2)), visible=True),
        Case("too many patches", given(**arguments(rows(7, 4), 1, 4, 6, 2)), visible=True),
        Case("rows of another length", given(**arguments(rows(6, 8), 1, 4, 6, 2)), visible=True),
        Case("as many numbers in other rows", given(**arguments(rows(3, 8), 1, 4, 6, 2)), visible=True),
        Case("side not divided", given(**arguments(rows(2, 4), 1, 2, 5, 2)), visible=True),
        Case("other side not divided", given(**arguments(rows(2, 4), 1, 5, 2, 2)), visible=True),
        Case("patch 0", given(**arguments(rows(1, 1), 1, 2, 2, 0)), visible=True),
        Case("misfit, drawn", drawn_misfit),
    ),
    properties=(
        Property(
            MAIN,
            ("one channel", "one channel, drawn", "one patch"),
            "Undo patchify step by step: split each row, bring patch row and patch column back to where they came "
            "from, and join.",
            weight=2,
        ),
        Property(
            "Channels come back as well",
            ("two channels", "several channels, drawn", "several channels, wide", "patches of one pixel"),
            "Each row of patches is channel, row, column.",
            weight=2,
        ),
        Property(
            "The dtype is kept, and any layout of memory will do",
            ("bytes", "float64", "turned patches"),
            "Try bytes (torch.uint8), and patches that were transposed. Only move numbers.",
        ),
        Property(
            "Gradients reach the patches",
            ("float64", "float64, wide"),
            "Move numbers by operations of torch; .tolist(), .numpy(), .data and .detach() cut the gradient off.",
            observe=observe.gradients,
            needs=MAIN,
        ),
        Property(
            "The patches are left unchanged",
            ("one channel", "several channels, drawn"),
            "Do not write into the patches.",
            observe=observe.changed,
            needs=MAIN,
        ),
        Property(
            "What makes no image is refused with a ValueError",
            (
                "one channel", "several channels, drawn", "too few patches", "too many patches",
                "rows of another length", "as many numbers in other rows", "side not divided",
                "other side not divided", "patch 0", "misfit, drawn",
            ),
            "Raise ValueError for a patch below 1 or one that does not divide both sides, and unless patches has the "
            "shape (patches, channels · patch · patch) of such an image.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("fold", "pixel_shuffle", "einops"),
)  # fmt: skip
