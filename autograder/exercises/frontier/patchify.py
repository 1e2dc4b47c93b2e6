"""patchify: an image as rows of numbers."""

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, randn
from llm_course.checking import observe
from solutions import frontier

known = Mistakes(frontier.patchify, section="frontier-patches")

ORDER = "grid.permute(1, 3, 0, 2, 4)"
FLAT = "reshape(-1, channels * patch * patch)"
GRID = "image.reshape(channels, height // patch, patch, width // patch, patch)"
REFUSED = "patch < 1 or height % patch or width % patch"

known.edit(
    "channel_last_in_a_patch",
    {ORDER: "grid.permute(1, 3, 2, 4, 0)"},
    "Within a patch you go pixel by pixel, with the channels of each pixel side by side. That is how image files and "
    "several vision models lay them; here all numbers of the first channel come first, then those of the next.",
)
known.edit(
    "column_by_column",
    {ORDER: "grid.permute(3, 1, 0, 2, 4)"},
    "Your patches come column by column of the image. They are read as a page is: the top row first, from left to "
    "right.",
)
known.edit(
    "plain_reshape",
    {f"{ORDER}.{FLAT}": f"image.{FLAT}"},
    "A reshape alone cuts the numbers in the order in which they lie in memory, so your rows are strips of one "
    "channel. Bring the two axes that say which patch it is to the front, with permute, before you flatten.",
)
known.edit(
    "not_flattened",
    {FLAT: "flatten(0, 1)"},
    "Your patches are still small images, Tensor[patches, channels, patch, patch]. Lay the numbers of each in a row.",
)
known.edit(
    "grid_of_patches",
    {FLAT: "flatten(2)"},
    "Your result keeps patch row and patch column as two dimensions. A decoder reads one sequence: flatten them into "
    "one, row by row.",
)
known.edit(
    "transposed_within_a_patch",
    {ORDER: "grid.permute(1, 3, 0, 4, 2)"},
    "Within a channel of a patch you go down the columns. Go row by row.",
)
known.edit(
    "pixel_first",
    {f"{ORDER}.{FLAT}": f"{ORDER}.{FLAT}.T"},
    "Your result is Tensor[numbers, patches], as F.unfold gives it. Each *row* is to be a patch: transpose it.",
)
known.edit(
    "channels_as_patches",
    {f"{ORDER}.{FLAT}": "grid.permute(0, 1, 3, 2, 4).reshape(-1, patch * patch)"},
    "You make a patch of each channel by itself. A patch holds all channels of its place.",
)
known.edit(
    "channels_averaged",
    {f"{ORDER}.{FLAT}": "grid.float().mean(0).permute(0, 2, 1, 3).reshape(-1, patch * patch).to(image.dtype)"},
    "You average the channels. All their numbers go into the row, one channel after the other.",
)
known.edit(
    "interleaved_pixels",
    {
        GRID: "image.reshape(channels, patch, height // patch, patch, width // patch)",
        ORDER: "grid.permute(2, 4, 0, 1, 3)",
    },
    "Your patches are thinned-out images: each takes every so many-th pixel. A patch is a square of neighbors, so "
    "split the height into (rows of patches, patch), in this order, and the width as well.",
)


@known.function(
    "You take `patch` for the number of patches along a side. It is the side of a patch in pixels.",
)
def patch_for_count(image: Tensor, patch: int) -> Tensor:
    channels, height, width = image.shape
    if patch < 1 or height % patch or width % patch:
        raise ValueError("no such patches")
    high, wide = height // patch, width // patch
    return image.reshape(channels, patch, high, patch, wide).permute(1, 3, 0, 2, 4).reshape(patch**2, -1)


@known.function(
    "Your patches overlap: you move on by one pixel. Move on by a whole patch (F.unfold(..., stride=patch)).",
)
def overlapping(image: Tensor, patch: int) -> Tensor:
    _, height, width = image.shape
    if patch < 1 or height % patch or width % patch:
        raise ValueError("no such patches")
    return F.unfold(image[None].double(), patch)[0].T.to(image.dtype)


known.edit(
    "height_and_width_swapped",
    {"channels, height, width = image.shape": "channels, width, height = image.shape"},
    "You take the height for the width. The shape of an image is [channels, height, width].",
)
known.edit(
    "height_for_both",
    {GRID: "image.reshape(channels, height // patch, patch, height // patch, patch)"},
    "You take the height for both sides, so that only square images can be cut. The width gives the number of columns.",
)
known.edit(
    "channels_last",
    {"channels, height, width = image.shape": "image = image.movedim(0, -1).reshape(image.shape)\n"
     "    channels, height, width = image.shape"},
    "You treat the image as [height, width, channels]. Here the channels come first.",
)  # fmt: skip
known.edit(
    "rest_cut_off",
    {
        "    if patch < 1 or height % patch or width % patch:": "    height, width = (side - side % patch if patch > 0 "
        "else side for side in (height, width))\n    image = image[:, :height, :width]\n    if patch < 1:"
    },
    "You cut off the pixels that do not fill a patch. Where patch does not divide height and width, raise ValueError.",
)
known.edit(
    "rest_filled_up",
    {
        "    if patch < 1 or height % patch or width % patch:": "    if patch > 0:\n        image = "
        "torch.nn.functional.pad(image, (0, -width % patch, 0, -height % patch))\n    height, width = image.shape[1:]\n"
        "    if patch < 1:"
    },
    "You fill up the image where patch does not divide its sides. Raise ValueError.",
)
known.edit(
    "unchecked",
    {
        '    if patch < 1 or height % patch or width % patch:\n        raise ValueError(f"patches of side {patch} do '
        'not fill an image of {height} by {width} pixels")\n': ""
    },
    "You check nothing: what torch says of a reshape that fails helps nobody, and it is no ValueError. Raise "
    "ValueError with a sentence where patch is below 1 or does not divide both sides.",
)
known.edit(
    "only_the_height_checked",
    {REFUSED: "patch < 1 or height % patch"},
    "You check the height only. patch has to divide the width, too.",
)
known.edit(
    "area_checked",
    {REFUSED: "patch < 1 or (height * width) % (patch * patch)"},
    "You do not refuse an image whose *area* is made of patches while a side is not. Each side has to be, by itself.",
)
known.edit(
    "zero_unchecked",
    {REFUSED: "height % patch or width % patch"},
    "A patch of side 0 raises a ZeroDivisionError, and one of a negative side is let through. Raise ValueError for a "
    "patch below 1.",
)
known.edit(
    "squares_only",
    {REFUSED: "patch < 1 or height % patch or width % patch or height != width"},
    "You refuse images that are not square. Only patch has to divide both sides.",
)
known.edit(
    "in_float",
    {ORDER: "grid.float().permute(1, 3, 0, 2, 4)"},
    "You turn the numbers into float32. Keep the dtype of the image, bytes among them.",
)
known.edit(
    "scaled_to_one",
    {ORDER: "(grid / 255).permute(1, 3, 0, 2, 4)"},
    "You divide by 255. Numbers stay as they are; what they mean is for the caller to know.",
)
known.edit(
    "normalized",
    {ORDER: "(grid - grid.double().mean()).to(grid.dtype).permute(1, 3, 0, 2, 4)"},
    "You subtract the mean. Numbers stay as they are.",
)
known.edit(
    "joined_by_view",
    {"image.reshape(": "image.view(channels, height * width).view("},
    "You join the axes of the image with `view`, which fails where they do not lie in memory in one piece, as after a "
    "transpose. `reshape` takes any layout.",
)
known.edit(
    "detached",
    {ORDER: "grid.detach().permute(1, 3, 0, 2, 4)"},
    "No gradient reaches the image: you detach it, or go through NumPy or lists.",
)
known.asserted()


@known.function(
    "F.unfold knows floating-point numbers only: an image of bytes raises. Move the numbers with reshape and permute."
)
def unfolded_as_it_is(image: Tensor, patch: int) -> Tensor:
    if patch < 1 or image.shape[1] % patch or image.shape[2] % patch:
        raise ValueError("no such patches")
    return F.unfold(image[None], patch, stride=patch)[0].T


def drawn_sizes(draw: Generator) -> tuple[int, int, int, int]:
    """Channels, height, width and patch, all different, more rows of patches than columns or the other way round."""
    patch = randint(draw, 4, 5)
    rows, columns = [(2, 3), (3, 2), (3, 1), (1, 2)][randint(draw, 0, 3)]
    return randint(draw, 2, 3), rows * patch, columns * patch, patch


def drawn(draw: Generator) -> Arguments:
    channels, height, width, patch = drawn_sizes(draw)
    return {"image": randn(draw, channels, height, width), "patch": patch}


def drawn_wide(draw: Generator) -> Arguments:
    return {"image": randn(draw, 3, 4, 10), "patch": 2}


def drawn_bytes(draw: Generator) -> Arguments:
    return {"image": torch.randint(0, 256, (3, 4, 8), generator=draw).byte(), "patch": 4 - 2 * randint(draw, 0, 1)}


def drawn_turned(draw: Generator) -> Arguments:
    # Turned by a quarter, too: neither its rows nor its columns lie in one piece.
    return {"image": randn(draw, 9, 6, 2).permute(2, 1, 0), "patch": 3}


def drawn_exact(draw: Generator) -> Arguments:
    return {"image": randn(draw, 2, 6, 9, dtype=torch.float64), "patch": 3}


def numbered(channels: int, height: int, width: int) -> Tensor:
    return torch.arange(float(channels * height * width)).reshape(channels, height, width)


MAIN = "Each row holds one patch"

EXERCISE = Exercise(
    reference=frontier.patchify,
    points=3,
    cases=(
        Case("one channel", given(image=numbered(1, 4, 6), patch=2), visible=True),
        Case("one channel, drawn", lambda draw: {"image": randn(draw, 1, 9, 6), "patch": 3}),
        Case("two channels", given(image=numbered(2, 4, 8), patch=4), visible=True),
        Case("several channels, drawn", drawn),
        Case("several channels, wide", drawn_wide),
        Case("one patch", given(image=numbered(2, 3, 3), patch=3), visible=True),
        Case("patches of one pixel", lambda draw: {"image": randn(draw, 3, 2, 4), "patch": 1}, visible=True),
        Case("bytes", drawn_bytes, visible=True),
        Case("float64", drawn_exact, visible=True, gradients=("image",)),
        Case("float64, drawn", lambda draw: drawn_exact(draw) | {"patch": 1 + 2 * randint(draw, 0, 1)},
             gradients=("image",)),
        Case("turned image", drawn_turned, visible=True),
        Case("width not divided", given(image=numbered(2, 4, 6), patch=4), visible=True),
        Case("height not divided", given(image=numbered(2, 6, 4), patch=4), visible=True),
        Case("only the area divided", given(image=numbered(1, 2, 8), patch=4), visible=True),
        Case("patch 0", given(image=numbered(1, 4, 4), patch=0), visible=True),
        Case("negative patch", given(image=numbered(1, 4, 4), patch=-2), visible=True),
        Case("not divided, drawn", lambda draw: {"image": randn(draw, 2, 4 + 2 * randint(draw, 0, 1), 10), "patch": 4}),
    ),
    properties=(
        Property(
            MAIN,
            ("one channel", "one channel, drawn", "one patch"),
            "Cut one channel by hand: the first row of the result is the square at the top left, read row by row; the "
            "second the square to its right.",
            weight=2,
        ),
        Property(
            "In a patch come channel, then row, then column",
            ("two channels", "several channels, drawn", "several channels, wide", "patches of one pixel"),
            "All numbers of the first channel of a patch come before those of the next.",
            weight=2,
        ),
        Property(
            "The dtype is kept, and any layout of memory will do",
            ("bytes", "float64", "turned image"),
            "Try an image of bytes (torch.uint8), and one that was transposed. Only move numbers: reshape, permute.",
        ),
        Property(
            "Gradients reach the image",
            ("float64", "float64, drawn"),
            "Move numbers by operations of torch; .tolist(), .numpy(), .data and .detach() cut the gradient off.",
            observe=observe.gradients,
            needs=MAIN,
        ),
        Property(
            "The image is left unchanged",
            ("one channel", "several channels, drawn"),
            "Do not write into the image.",
            observe=observe.changed,
            needs=MAIN,
        ),
        Property(
            "A patch that does not fill the image is refused with a ValueError",
            (
                "one channel", "several channels, drawn", "width not divided", "height not divided",
                "only the area divided", "patch 0", "negative patch", "not divided, drawn",
            ),
            "Raise ValueError for a patch below 1, and where it does not divide both height and width.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("unfold", "pixel_unshuffle", "einops"),
)  # fmt: skip
