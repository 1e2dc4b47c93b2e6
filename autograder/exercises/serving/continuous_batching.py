"""continuous_batching: who runs when, if a free slot is taken at once."""

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, argument_maker, given, randint
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from llm_course.checking import observe
from solutions import serving


def queue(draw: Generator, requests: int, until: int, longest: int) -> Arguments:
    arrivals = torch.randint(0, until, (requests,), generator=draw).tolist()
    lengths = torch.randint(1, longest, (requests,), generator=draw).tolist()
    return {"arrivals": arrivals, "lengths": lengths}


@argument_maker
def crowded(draw: Generator, requests: int, max_batch: int, in_order: bool = False) -> Arguments:
    # No two arrive together: what then comes first is asked by itself.
    drawn = queue(draw, requests, 8, 9) | {"arrivals": torch.randperm(requests, generator=draw).tolist()}
    return {
        **drawn,
        "arrivals": sorted(drawn["arrivals"]) if in_order else drawn["arrivals"],
        "max_batch": max_batch,
    }


def different(low: int, arrivals: list[int], max_batch: int) -> ArgumentMaker:
    """Six lengths from low on, in any order."""
    return lambda draw: {
        "arrivals": arrivals,
        "lengths": (low + torch.randperm(6, generator=draw)).tolist(),
        "max_batch": max_batch,
    }


def malformed(**other: object) -> ArgumentMaker:
    return given(**{"arrivals": [0, 1, 1], "lengths": [3, 2, 4], "max_batch": 2} | other)


ROOM = "With room for all, each finishes in step arrival + length - 1"
MAIN = "Each request waits for a slot and for nothing else"

EXERCISE = exercise(
    serving.continuous_batching,
    __file__,
    requires(
        ROOM,
        shown("room for all", arrivals=[0, 2, 3], lengths=[4, 1, 6], max_batch=3),
        Case("room for all, drawn", lambda draw: {**queue(draw, 6, 9, 8), "max_batch": randint(draw, 6, 9)}),
        advice="A request that arrives in step 2 and makes one token finishes in step 2.",
        weight=2,
        fails="With a slot for every request, not all of yours finish in step arrival + length - 1.",
    ),
    requires(
        MAIN,
        shown("two slots", arrivals=[0, 1, 2, 3], lengths=[4, 8, 3, 2], max_batch=2),
        shown("two slots, longer", arrivals=[0, 1, 2, 3, 9, 40], lengths=[9, 2, 7, 1, 3, 2], max_batch=2),
        Case("three slots, drawn", crowded(14, 3, in_order=True)),
        shown("long after the others", arrivals=[0, 1, 20_000], lengths=[2, 3, 4], max_batch=1),
        advice="Keep for each slot the step from which on it is free. The next request takes the one that is free "
        "first, and starts when both it and the slot are there.",
        weight=3,
        needs=ROOM,
        fails="With fewer slots than requests, some of yours finish too early or too late.",
    ),
    requires(
        "Requests are served in the order of arrival, in whatever order they are listed",
        shown("in any order", arrivals=[5, 0, 2, 1], lengths=[2, 6, 1, 5], max_batch=1),
        Case("in any order, drawn", crowded(20, 4)),
        advice="Go through the indices sorted by arrival, and put each result at its own place.",
        weight=2,
        needs=MAIN,
        fails="With requests listed in another order, your steps are not those of serving them by arrival, each in its "
        "own place.",
    ),
    requires(
        "Of equal arrivals the smaller index comes first",
        shown("at once", arrivals=[1, 1, 1, 1, 1], lengths=[5, 3, 4, 1, 2], max_batch=2),
        Case("at once, one slot", different(1, [2] * 6, max_batch=1)),
        shown("all alike", arrivals=[1, 1, 1, 1], lengths=[2, 2, 2, 2], max_batch=1),
        advice="Python's sort keeps the order of equals: sort the indices by the arrival alone.",
        needs=MAIN,
        fails="With requests that arrive together, your steps are not those of serving the smaller index first.",
    ),
    requires(
        "No requests give an empty list, and the lists are left unchanged",
        shown("no requests", arrivals=[], lengths=[], max_batch=2),
        ("in any order",),
        advice="max() and min() fail on an empty list unless they are given a default. Sort copies.",
        observe=observe.value_and_changed,
        needs=MAIN,
        fails="You do not return [] for no requests, or you change a list that you were given.",
    ),
    refuses(
        ("two slots",),
        Case("a length too few", malformed(lengths=[3, 2]), visible=True),
        Case("no slot", malformed(max_batch=0), visible=True),
        shown("no requests and no slot", arrivals=[], lengths=[], max_batch=0),
        Case(
            "no requests and no slot, drawn",
            lambda draw: {"arrivals": [], "lengths": [], "max_batch": -randint(draw, 1, 999)},
        ),
        Case("before the beginning", malformed(arrivals=[0, -1, 1]), visible=True),
        Case("nothing to make", malformed(lengths=[3, 0, 4]), visible=True),
        Case("less than nothing to make", malformed(lengths=[3, 2, -2]), visible=True),
        advice="Raise ValueError before you begin, unless there are as many lengths as arrivals, arrivals from 0 on, "
        "and lengths and max_batch from 1 on. Without a slot, or with nothing to make, a simulation never ends.",
    ),
    points=4,
)
