"""shift_right: what a decoder is fed while it learns."""

import torch
from torch import Generator, Tensor

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
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
    labels = arguments["labels"].clone()
    labels[0, -randint(draw, 2, 3) :] = -100
    labels[1, 1:3] = -100
    return {**arguments, "labels": labels}


def drawn_first_hidden(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    labels = arguments["labels"].clone()
    labels[:, : randint(draw, 1, 3)] = -100
    return {**arguments, "labels": labels}


def drawn_zeros(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    labels = arguments["labels"].clone()
    labels[:, 1] = 0
    labels[0, 3] = 0
    return {**arguments, "labels": labels}


def nothing_learned(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    return {**arguments, "labels": torch.full_like(arguments["labels"], -100)}


def single(draw: Generator) -> Arguments:
    return {"labels": tokens(draw, 1, 6), "start_id": 2, "pad_id": 3}


def in_int32(draw: Generator) -> Arguments:
    labels = tokens(draw, 2, 5, torch.int32).clone()
    labels[1, -2:] = -100
    return {"labels": labels, "start_id": 2, "pad_id": 1}


SHIFT = "start_id stands first, and every label moves one position to the right; the last falls out"
PAD = "pad_id stands where -100 was, wherever that is"

EXERCISE = Exercise(
    reference=architectures.shift_right,
    points=2,
    cases=(
        Case("two rows", given(labels=torch.tensor([[8, 9, 7, 1], [6, 5, 4, 1]]), start_id=3, pad_id=2), visible=True),
        Case("drawn", drawn),
        Case("one row, drawn", single),
        Case("one row", given(labels=torch.tensor([[5, 8, 6]]), start_id=3, pad_id=2), visible=True),
        Case("one token each", given(labels=torch.tensor([[5], [8]]), start_id=3, pad_id=2), visible=True),
        Case("one token", lambda draw: {"labels": tokens(draw, 2, 1), "start_id": 3, "pad_id": 2}),
        Case(
            "padded",
            given(labels=torch.tensor([[8, 9, 1, -100, -100], [6, 5, 4, 7, 1]]), start_id=3, pad_id=2),
            visible=True,
        ),
        Case("padded, drawn", drawn_padded),
        Case(
            "a prompt that is not learned",
            given(labels=torch.tensor([[-100, -100, 8, 9, 1], [-100, 6, 5, -100, 1]]), start_id=4, pad_id=2),
            visible=True,
        ),
        Case("a prompt that is not learned, drawn", drawn_first_hidden),
        Case("nothing but -100", nothing_learned),
        Case("the id 0", given(labels=torch.tensor([[8, 0, 7, 1], [0, 5, 4, 1]]), start_id=3, pad_id=2), visible=True),
        Case("the id 0, drawn", drawn_zeros),
        Case("start and padding alike", lambda draw: {**drawn_padded(draw), "start_id": 0, "pad_id": 0}),
        Case("int32", in_int32, visible=True),
    ),
    properties=(
        Property(
            SHIFT,
            ("two rows", "drawn", "one row", "one row, drawn", "one token each", "one token"),
            "8 9 7 1 becomes start_id 8 9 7: at each position stands what came before the token to be predicted.",
            weight=3,
        ),
        Property(
            PAD,
            (
                "padded",
                "padded, drawn",
                "a prompt that is not learned",
                "a prompt that is not learned, drawn",
                "nothing but -100",
                "start and padding alike",
            ),
            "After shifting, put pad_id wherever -100 stands: at the end, in the middle or right behind start_id.",
            weight=2,
            needs=SHIFT,
        ),
        Property(
            "The id 0 is a token like others",
            ("the id 0", "the id 0, drawn"),
            "Compare with -100, not with 0.",
            needs=SHIFT,
        ),
        Property(
            "The dtype is kept and the labels are left unchanged",
            ("int32", "two rows", "padded"),
            "Labels in int32 give int32, and the labels are as they were after the call.",
            observe=observe.dtype_and_changed,
            needs=SHIFT,
        ),
    ),
    mistakes=misunderstandings(architectures.shift_right, __file__),
)
