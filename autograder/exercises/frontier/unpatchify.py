"""unpatchify: patches as an image again."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import Arguments, randint, randn
from autograder.exercises.frontier.patchify import drawn_sizes, numbered
from autograder.exercises.spec import Case, exercise, leaves_arguments, passes_gradients, refuses, requires, shown
from solutions import frontier


def drawn(draw: Generator, dtype: torch.dtype = torch.float32) -> Arguments:
    channels, height, width, patch = drawn_sizes(draw)
    return arguments(randn(draw, height // patch * (width // patch), channels * patch**2, dtype=dtype),
                     channels, height, width, patch)  # fmt: skip


def arguments(patches: Tensor, channels: int, height: int, width: int, patch: int) -> Arguments:
    return {"patches": patches, "channels": channels, "height": height, "width": width, "patch": patch}


def rows(count: int, numbers: int) -> Tensor:
    return numbered(1, count, numbers)[0]


def drawn_misfit(draw: Generator) -> Arguments:
    """As many numbers as the image has, or a row more or less."""
    shape = ((12, 8), (7, 16), (5, 16))[randint(draw, 0, 2)]
    return arguments(randn(draw, *shape), 4, 4, 6, 2)


MAIN = "The patches come back to their places"

EXERCISE = exercise(
    frontier.unpatchify,
    __file__,
    requires(
        MAIN,
        shown("one channel", **arguments(rows(6, 4), 1, 4, 6, 2)),
        Case("one channel, drawn", lambda draw: arguments(randn(draw, 6, 9), 1, 9, 6, 3)),
        shown("one patch", **arguments(rows(1, 18), 2, 3, 3, 3)),
        advice="Undo patchify step by step: split each row, bring patch row and patch column back to where they came "
        "from, and join.",
        fails="Your image does not have each patch in its place.",
        weight=2,
    ),
    requires(
        "Each channel comes back to its place",
        shown("two channels", **arguments(rows(2, 8), 2, 2, 4, 2)),
        Case("several channels, drawn", drawn),
        Case("patches of one pixel", lambda draw: arguments(randn(draw, 8, 3), 3, 2, 4, 1), visible=True),
        advice="Each row of patches is channel, row, column.",
        fails="With several channels, a row of patches does not come back by channel, then row, then column.",
        weight=2,
    ),
    requires(
        "The dtype is kept, and any layout of memory will do",
        Case(
            "bytes",
            lambda draw: arguments(torch.randint(0, 256, (2, 48), generator=draw).byte(), 3, 4, 8, 4),
            visible=True,
        ),
        Case("float64", lambda draw: drawn(draw, torch.float64), visible=True, gradients=("patches",)),
        Case("turned patches", lambda draw: arguments(randn(draw, 8, 6).T, 2, 4, 6, 2), visible=True),
        advice="Try bytes (torch.uint8), and patches that were transposed. Only move numbers.",
        fails="You change the dtype or the numbers, or fail on some layout of memory.",
    ),
    passes_gradients(
        "Gradients reach the patches",
        ("float64",),
        Case(
            "float64, wide",
            lambda draw: arguments(randn(draw, 3, 8, dtype=torch.float64), 2, 2, 6, 2),
            gradients=("patches",),
        ),
        advice="Move numbers by operations of torch; .tolist(), .numpy(), .data and .detach() cut the gradient off.",
        fails="The gradient with respect to patches is missing, or is not the image's derivative.",
        needs=MAIN,
    ),
    leaves_arguments(
        ("one channel", "several channels, drawn"),
        advice="Do not write into the patches.",
        name="The patches are left unchanged",
        fails="You change the patches that you were given.",
    ),
    refuses(
        ("several channels, drawn",),
        shown("too many patches", **arguments(rows(7, 4), 1, 4, 6, 2)),
        shown("rows of another length", **arguments(rows(6, 8), 1, 4, 6, 2)),
        shown("as many numbers in other rows", **arguments(rows(3, 8), 1, 4, 6, 2)),
        shown("side not divided", **arguments(rows(2, 4), 1, 2, 5, 2)),
        shown("other side not divided", **arguments(rows(2, 4), 1, 5, 2, 2)),
        shown("patch 0", **arguments(rows(1, 1), 1, 2, 2, 0)),
        Case("misfit, drawn", drawn_misfit),
        advice="Raise ValueError for a patch below 1 or one that does not divide both sides, and unless patches has "
        "the shape (patches, channels · patch · patch) of such an image.",
        name="Patches that make no such image raise ValueError",
        fails="You accept patches that make no such image, or raise something other than ValueError.",
    ),
    points=2,
    shortcuts=("fold", "pixel_shuffle", "einops"),
)
