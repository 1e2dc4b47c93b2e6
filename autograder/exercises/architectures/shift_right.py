"""shift_right: what a decoder is fed while it learns."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import Arguments, randint
from autograder.exercises.spec import Case, exercise, keeps_dtype, requires, shown
from solutions import architectures


def tokens(draw: Generator, batch: int, time: int, dtype: torch.dtype = torch.int64) -> Tensor:
    """Ids of which none is 0 to 3, which the cases use for start and padding; a view that is not contiguous."""
    return torch.randint(4, 90, (time, batch), generator=draw).to(dtype).t()


def drawn(draw: Generator) -> Arguments:
    labels = tokens(draw, randint(draw, 2, 4), randint(draw, 5, 9))
    return {"labels": labels, "start_id": randint(draw, 90, 99), "pad_id": randint(draw, 1, 3)}


def drawn_padded(draw: Generator) -> Arguments:
    """-100 at the end of rows, and in the middle of one."""
    arguments = drawn(draw)
    arguments["labels"][0, -randint(draw, 2, 3) :] = -100
    arguments["labels"][1, 1:3] = -100
    return arguments


def drawn_zeros(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    arguments["labels"][:, 1] = 0
    arguments["labels"][0, 3] = 0
    return arguments


def in_int32(draw: Generator) -> Arguments:
    labels = tokens(draw, 2, 5, torch.int32)
    labels[1, -2:] = -100
    return {"labels": labels, "start_id": 2, "pad_id": 1}


def rows_shown(name: str, *rows: list[int], start_id: int = 3) -> Case:
    return shown(name, labels=torch.tensor(rows), start_id=start_id, pad_id=2)


SHIFT = "start_id stands first, and every label moves one position to the right; the last falls out"

EXERCISE = exercise(
    architectures.shift_right,
    __file__,
    requires(
        SHIFT,
        rows_shown("two rows", [8, 9, 7, 1], [6, 5, 4, 1]),
        Case("drawn", drawn),
        Case("one row, drawn", lambda draw: {"labels": tokens(draw, 1, 6), "start_id": 2, "pad_id": 3}),
        rows_shown("one token each", [5], [8]),
        advice="8 9 7 1 becomes start_id 8 9 7: at each position stands what came before the token to be predicted.",
        weight=3,
        fails="Your result is not start_id followed by all labels but the last.",
    ),
    requires(
        "pad_id stands where -100 was, wherever that is",
        rows_shown("padded", [8, 9, 1, -100, -100], [6, 5, 4, 7, 1]),
        Case("padded, drawn", drawn_padded),
        rows_shown("a prompt that is not learned", [-100, -100, 8, 9, 1], [-100, 6, 5, -100, 1], start_id=4),
        Case("start and padding alike", lambda draw: {**drawn_padded(draw), "start_id": 0, "pad_id": 0}),
        advice="After shifting, put pad_id wherever -100 stands: at the end, in the middle or right behind start_id.",
        weight=2,
        needs=SHIFT,
        fails="With -100 among the labels, your result is not the shifted tokens with pad_id in its place.",
    ),
    requires(
        "The id 0 is a token like any other",
        rows_shown("the id 0", [8, 0, 7, 1], [0, 5, 4, 1]),
        Case("the id 0, drawn", drawn_zeros),
        advice="Compare with -100, not with 0.",
        needs=SHIFT,
        fails="With the id 0 among the labels, your result is not start_id and then all labels but the last, 0 kept.",
    ),
    keeps_dtype(
        Case("int32", in_int32, visible=True),
        ("two rows", "padded"),
        advice="Labels in int32 give int32, and the labels are the same after the call as before it.",
        name="The dtype is kept, and the labels are left unchanged",
        fails="Your result has another dtype than the labels, or you change the labels.",
    ),
    points=2,
)
