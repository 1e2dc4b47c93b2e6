"""shift_right: what a decoder is fed while it learns."""

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import architectures

known = Mistakes(architectures.shift_right, section="architectures-shift")

START = "start = labels.new_full((len(labels), 1), start_id)"
JOINED = "torch.cat([start, labels], dim=-1)[:, : labels.shape[-1]]"
PADDED = "shifted.masked_fill(shifted == -100, pad_id)"

known.edit(
    "shifted_left",
    {JOINED: "torch.cat([labels, start], dim=-1)[:, 1:]"},
    "You shift to the left. The decoder is fed what came *before* the token that it is to predict: start_id stands "
    "first, and every label moves one position to the right.",
)
known.edit(
    "left_and_padded",
    {JOINED: "torch.cat([labels, torch.full_like(start, pad_id)], dim=-1)[:, 1:]"},
    "You shift to the left and pad the end: start_id does not occur. Every label moves one position to the *right*.",
)
known.edit(
    "start_over_left_shift",
    {JOINED: "torch.cat([start, labels[:, 2:], torch.full_like(start, pad_id)], dim=-1)[:, : labels.shape[-1]]"},
    "Behind start_id your tokens are shifted to the left. The first label stands right behind it.",
)
known.edit(
    "not_shifted",
    {JOINED: "labels"},
    "You do not shift at all: the decoder is fed the very token that it is to predict, and learns to copy.",
)
known.edit(
    "first_overwritten",
    {JOINED: "torch.cat([start, labels[:, 1:]], dim=-1)"},
    "You put start_id in the place of the first label, and the others stay where they are. Each moves one position to "
    "the right; the last one falls out.",
)
known.edit(
    "last_kept",
    {JOINED: "torch.cat([start, labels], dim=-1)"},
    "Your result is one token too long: the last label is still there. Nothing is predicted from it, so it falls out.",
)
known.edit(
    "wraps_around",
    {JOINED: "labels.roll(1, dims=-1)"},
    "Your last label comes back at the front: roll turns the tokens in a circle. start_id stands first.",
)
known.edit(
    "minus_100_left",
    {PADDED: "shifted"},
    "You leave -100 in. It is no token: an embedding has no such row. pad_id takes its place.",
)
known.edit(
    "minus_100_becomes_start",
    {PADDED: "shifted.masked_fill(shifted == -100, start_id)"},
    "You put start_id where -100 stood. pad_id takes its place.",
)
known.edit(
    "minus_100_becomes_zero",
    {PADDED: "shifted.masked_fill(shifted == -100, 0)"},
    "You put 0 where -100 stood, perhaps by clamping. What stands for -100 is told by pad_id.",
)
known.edit(
    "pad_first",
    {"start_id)": "pad_id)"},
    "Your first token is pad_id. That is so in T5, whose start *is* its padding; in general start_id stands first.",
)
known.edit(
    "zero_first",
    {"start_id)": "0)"},
    "Your first token is 0, whatever start_id is.",
)
known.edit(
    "start_in_the_first_row_only",
    {JOINED: "labels.roll(1, dims=-1)\n    shifted[0, 0] = start_id"},
    "Only the first row of your batch begins with start_id, the others with what was last. Every row does: [:, 0].",
)
known.edit(
    "along_the_batch",
    {
        START: "start = labels.new_full((1, labels.shape[-1]), start_id)",
        JOINED: "torch.cat([start, labels], dim=0)[: len(labels)]",
    },
    "You shift along the batch: each example gets the one before it. Shift along time, the last dimension.",
)
known.edit(
    "padding_squeezed_out",
    {JOINED: f"{JOINED}\n    shifted = shifted.sort(dim=-1, descending=True, stable=True).values"},
    "The order of your tokens changes. They stay in order, each one position to the right.",
)
known.edit(
    "trailing_only",
    {PADDED: "shifted.masked_fill((shifted == -100).flip(-1).long().cumprod(-1).flip(-1).bool(), pad_id)"},
    "You replace -100 at the end of a row only. It may stand anywhere, as where a prompt is not to be learned.",
)
known.edit(
    "padded_where_the_labels_were",
    {PADDED: "shifted.masked_fill(labels == -100, pad_id)"},
    "You look for -100 in the labels and write into the shifted tokens, one position off. Look for it in what you have "
    "shifted, or replace it first.",
)
known.edit(
    "zeros_padded_too",
    {PADDED: "shifted.masked_fill(shifted <= 0, pad_id)"},
    "You put pad_id in the place of the id 0 as well. 0 is a token like others: only -100 is none.",
)
known.edit(
    "in_int64",
    {PADDED: f"{PADDED}.long()"},
    "Labels in int32 come out as int64: keep the dtype. labels.new_full and torch.full_like do.",
)
known.edit(
    "start_and_pad_swapped",
    {"start_id)": "pad_id)", PADDED: "shifted.masked_fill(shifted == -100, start_id)"},
    "You have swapped the two ids: start_id stands first, and pad_id where -100 was.",
)
known.edit(
    "first_label_for_start",
    {START: "start = labels[:, :1]"},
    "Your first token is the first label, the very token that is to be predicted there. start_id stands first.",
)
known.edit(
    "shifted_by_two",
    {JOINED: "torch.cat([start, start, labels], dim=-1)[:, : labels.shape[-1]]"},
    "start_id stands twice in your result, and the tokens are two positions late. Every label moves *one* position.",
)
known.edit(
    "first_label_copied_on",
    {JOINED: "torch.cat([start, labels[:, :1].expand(-1, labels.shape[-1] - 1)], dim=-1)"},
    "Behind start_id you have the first label again and again: a loop that copies each token from its left neighbor "
    "reads what it has just written. Read from the labels.",
)
known.edit(
    "through_the_batch",
    {JOINED: "labels.flatten().roll(1).view(labels.shape)\n    shifted[0, 0] = start_id"},
    "You shift the batch as one long row, so that a row begins with the last label of the row above. Every row begins "
    "with start_id.",
)
known.edit(
    "axis_of_one_squeezed",
    {PADDED: f"{PADDED}.squeeze()"},
    "A batch of one row loses its first dimension in your result. Keep [batch, time]: do not squeeze.",
)
known.edit(
    "padded_from_the_first",
    {PADDED: "shifted.masked_fill((shifted == -100).cumsum(dim=-1) > 0, pad_id)"},
    "From the first -100 on you put pad_id everywhere. Tokens may stand behind it, as where a prompt is not to be "
    "learned: replace -100 alone.",
)
known.edit(
    "last_token_padded_too",
    {PADDED: "shifted.masked_fill((shifted == -100) | (labels == -100), pad_id)"},
    "You put pad_id also where the *label* is -100, and so lose the token before it. Only a -100 among the shifted "
    "tokens is replaced.",
)


@known.function(
    "You write into the labels that you were given. The loss still needs them: work on a new tensor, such as "
    "torch.full_like(labels, start_id)."
)
def in_place(labels: Tensor, start_id: int, pad_id: int) -> Tensor:
    labels[:] = architectures.shift_right(labels, start_id, pad_id)
    return labels


@known.function(
    "You replace -100 in the labels that you were given. The loss still needs it there: masked_fill makes a new "
    "tensor, masked_fill_ and labels[...] = do not."
)
def padded_in_place(labels: Tensor, start_id: int, pad_id: int) -> Tensor:
    labels.masked_fill_(labels == -100, pad_id)
    return architectures.shift_right(labels, start_id, pad_id)


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
    mistakes=tuple(known),
)
