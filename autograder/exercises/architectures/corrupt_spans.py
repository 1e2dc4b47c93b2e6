"""corrupt_spans: cut pieces out of a text, and write them down behind it."""

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, argument_maker, given, randint
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires, shown
from solutions import architectures


def distinct(draw: Generator, count: int, low: int, high: int) -> list[int]:
    """Different numbers from low to high, in no order."""
    return [low + int(place) for place in torch.randperm(high - low + 1, generator=draw)[:count]]


@argument_maker
def drawn(draw: Generator, count: int, *, ends: bool = False, spare: int = 2) -> Arguments:
    """So many spans of different lengths; with `ends` the first and the last token are in one."""
    length, spans = 0 if ends else randint(draw, 1, 3), []
    for _ in range(count):
        end = length + randint(draw, 2, 4)
        spans.append((length, end))
        length = end + randint(draw, 2, 4)
    length = spans[-1][1] if ends else length
    return {
        "ids": [randint(draw, 1, 70) for _ in range(length)],
        "spans": spans,
        "sentinels": distinct(draw, count + 1 + spare, 80, 99),
    }


def with_spans(*spans: tuple[int, int], sentinels: int = 5) -> ArgumentMaker:
    """These spans in ids that are drawn, eight of them."""
    return lambda draw: {
        "ids": [randint(draw, 1, 70) for _ in range(8)],
        "spans": list(spans),
        "sentinels": distinct(draw, sentinels, 80, 99),
    }


IDS = [11, 12, 13, 0, 15, 16, 17, 18]
SENTINELS = [95, 99, 91, 97]
INPUTS_RIGHT = "The inputs are the text, with one sentinel in the place of each span"
TEXTS = ("one span", "two spans", "one span, drawn", "the first token", "the last token", "a token twice")


def in_ids(*spans: tuple[int, int], sentinels: list[int] | None = None) -> ArgumentMaker:
    return given(ids=IDS, spans=list(spans), sentinels=SENTINELS if sentinels is None else sentinels)


EXERCISE = exercise(
    architectures.corrupt_spans,
    __file__,
    requires(
        INPUTS_RIGHT,
        Case("one span", in_ids((2, 5)), visible=True),
        Case("two spans", in_ids((1, 3), (5, 7)), visible=True),
        Case("one span, drawn", drawn(1)),
        Case("the first token", in_ids((0, 2), (4, 5)), visible=True),
        Case("the last token", in_ids((1, 3), (6, 8)), visible=True),
        shown("a token twice", ids=[8, 8, 3, 17, 3, 3, 9, 8], spans=[(1, 3), (5, 6)], sentinels=SENTINELS),
        advice="Ids 7 8 9 5 with the span (1, 3) become 7 <s0> 5: what stands before, the sentinel, what stands "
        "behind.",
        weight=3,
        part=0,
        fails="Your inputs are not the text with one sentinel in the place of each span.",
    ),
    requires(
        "The targets are each sentinel with its tokens behind it, and at the end the next sentinel",
        TEXTS,
        advice="Ids 7 8 9 5 with the span (1, 3) have the targets <s0> 8 9 <s1>.",
        weight=3,
        part=1,
        fails="Your targets are not each sentinel with its tokens behind it, and the next sentinel at the end.",
    ),
    requires(
        "Spans of one token or of all tokens, no spans, and just enough sentinels work",
        Case("one token each", in_ids((1, 2), (3, 4), (5, 6)), visible=True),
        Case("no span", in_ids(), visible=True, new=True),
        Case("everything", in_ids((0, 8)), visible=True),
        Case("an empty text, again", lambda draw: {"ids": [], "spans": [], "sentinels": distinct(draw, 3, 80, 99)}),
        advice="Without a span the inputs are the text, and the targets sentinels[0] alone. A span of one token or of "
        "all is like any other.",
        needs=INPUTS_RIGHT,
        fails="You fail at the limits: spans of one token or all, no spans, or just enough sentinels.",
    ),
    refuses(
        ("two spans",),
        Case("touching", in_ids((1, 3), (3, 5)), visible=True),
        Case("touching, drawn", with_spans((0, 2), (4, 6), (6, 7))),
        Case("in another order", in_ids((5, 7), (1, 3)), visible=True),
        advice="Keep the end of the span before: the next one has to begin *behind* it, so that a token lies between.",
        name="Spans that touch, overlap or come in another order raise ValueError",
        weight=2,
        fails="You accept spans that are not clear of the one before, or do not raise ValueError.",
    ),
    refuses(
        ("two spans",),
        Case("empty", in_ids((2, 2)), visible=True),
        Case("too long", in_ids((6, 9)), visible=True),
        Case("negative", in_ids((-3, 4)), visible=True),
        Case("negative, drawn", with_spans((-4, -2))),
        advice="Each span must have 0 <= start < end <= len(ids).",
        name="Spans that are empty or leave the text raise ValueError",
        fails="You accept a span that is empty or leaves the text, or do not raise ValueError.",
    ),
    refuses(
        ("two spans",),
        Case("no sentinel for a span", in_ids((1, 2), (4, 5), (6, 8), sentinels=[95]), visible=True),
        Case("no sentinels", with_spans((1, 2), sentinels=0)),
        shown("no sentinels for no span", ids=IDS, spans=[], sentinels=[]),
        advice="Every span needs one, and the end needs one more: len(spans) + 1.",
        name="Too few sentinels raise ValueError",
        fails="You accept too few sentinels, or do not raise ValueError.",
    ),
    leaves_arguments(
        ("two spans", "one span", "no span"),
        advice="Make new lists: neither ids nor spans nor sentinels may be changed or returned.",
        name="The lists are left unchanged, and new ones are returned",
        fails="You change a list that you were given, or return it.",
    ),
    points=4,
)
