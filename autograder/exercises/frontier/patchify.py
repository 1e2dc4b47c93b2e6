"""patchify: an image as rows of numbers."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import Arguments, randint, randn
from autograder.exercises.spec import Case, exercise, leaves_arguments, passes_gradients, refuses, requires, shown
from solutions import frontier


def drawn_sizes(draw: Generator) -> tuple[int, int, int, int]:
    """Channels, height, width and patch, all different, more rows of patches than columns or the other way round."""
    patch = randint(draw, 4, 5)
    rows, columns = [(2, 3), (3, 2), (3, 1), (1, 2)][randint(draw, 0, 3)]
    return randint(draw, 2, 3), rows * patch, columns * patch, patch


def drawn(draw: Generator) -> Arguments:
    channels, height, width, patch = drawn_sizes(draw)
    return {"image": randn(draw, channels, height, width), "patch": patch}


def drawn_bytes(draw: Generator) -> Arguments:
    return {"image": torch.randint(0, 256, (3, 4, 8), generator=draw).byte(), "patch": 4 - 2 * randint(draw, 0, 1)}


def drawn_exact(draw: Generator) -> Arguments:
    return {"image": randn(draw, 2, 6, 9, dtype=torch.float64), "patch": 3}


def numbered(channels: int, height: int, width: int) -> Tensor:
    return torch.arange(float(channels * height * width)).reshape(channels, height, width)


MAIN = "Each row holds one patch"

EXERCISE = exercise(
    frontier.patchify,
    __file__,
    requires(
        MAIN,
        shown("one channel", image=numbered(1, 4, 6), patch=2),
        Case("one channel, drawn", lambda draw: {"image": randn(draw, 1, 9, 6), "patch": 3}),
        shown("one patch", image=numbered(2, 3, 3), patch=3),
        advice="Cut one channel by hand: the first row of the result is the square at the top left, read row by row; "
        "the second the square to its right.",
        fails="Your rows are not the patches of the image, one after the other.",
        weight=2,
    ),
    requires(
        "A patch is laid out by channel, then row, then column",
        shown("two channels", image=numbered(2, 2, 4), patch=2),
        Case("several channels, drawn", drawn),
        Case("patches of one pixel", lambda draw: {"image": randn(draw, 3, 2, 4), "patch": 1}, visible=True),
        advice="All numbers of the first channel of a patch come before those of the next.",
        fails="With several channels, your rows are not the patches by channel, then row, then column.",
        weight=2,
    ),
    requires(
        "The dtype is kept, and any layout of memory will do",
        Case("bytes", drawn_bytes, visible=True),
        Case("float64", drawn_exact, visible=True, gradients=("image",)),
        # Turned by a quarter, too: neither its rows nor its columns lie in one piece.
        Case("turned image", lambda draw: {"image": randn(draw, 9, 6, 2).permute(2, 1, 0), "patch": 3}, visible=True),
        advice="Try an image of bytes (torch.uint8), and one that was transposed. Only move numbers: reshape, permute.",
        fails="You change the dtype or the numbers, or fail on some layout of memory.",
    ),
    passes_gradients(
        "Gradients reach the image",
        ("float64",),
        Case(
            "float64, drawn",
            lambda draw: drawn_exact(draw) | {"patch": 1 + 2 * randint(draw, 0, 1)},
            gradients=("image",),
        ),
        advice="Move numbers by operations of torch; .tolist(), .numpy(), .data and .detach() cut the gradient off.",
        fails="The gradient with respect to image is missing, or is not the rows' derivative.",
        needs=MAIN,
    ),
    leaves_arguments(
        ("one channel", "several channels, drawn"),
        advice="Do not write into the image.",
        name="The image is left unchanged",
        fails="You change the image that you were given.",
    ),
    refuses(
        ("several channels, drawn",),
        shown("width not divided", image=numbered(1, 2, 3), patch=2),
        shown("height not divided", image=numbered(1, 3, 2), patch=2),
        shown("only the area divided", image=numbered(1, 2, 8), patch=4),
        shown("patch 0", image=numbered(1, 4, 4), patch=0),
        shown("negative patch", image=numbered(1, 4, 4), patch=-2),
        Case("not divided, drawn", lambda draw: {"image": randn(draw, 2, 4 + 2 * randint(draw, 0, 1), 10), "patch": 4}),
        advice="Raise ValueError for a patch below 1, and where it does not divide both height and width.",
        name="A patch that does not fill the image raises ValueError",
        fails="You accept a patch that does not fit the image, or raise something other than ValueError.",
    ),
    points=3,
    shortcuts=("unfold", "pixel_unshuffle", "einops"),
)
