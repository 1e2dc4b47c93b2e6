"""continuous_batching: who runs when, if a free slot is taken at once."""

from collections.abc import Callable

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import serving

known = Mistakes(serving.continuous_batching, section="serving-batching")

START = "max(arrivals[request], free_from[slot])"
FINISH = "start + lengths[request] - 1"
FREED = "finished[request] + 1"
ORDER = "sorted(range(len(arrivals)), key=lambda index: arrivals[index])"
SLOT = "free_from.index(min(free_from))"
PAIRS = "len(arrivals) != len(lengths)"
SLOTS = "max_batch < 1"
NEVER_BEFORE = "min(arrivals, default=0) < 0"
SOMETHING = "min(lengths, default=1) < 1"


@known.function(
    "You wait until the whole batch has finished before you start the next: that is static batching. A slot is taken "
    "again in the step after its request has finished, whatever the others do.",
)
def waits_for_the_batch(arrivals: list[int], lengths: list[int], max_batch: int) -> list[int]:
    refuse(arrivals, lengths, max_batch)
    waiting = sorted(range(len(arrivals)), key=lambda index: arrivals[index])
    finished, step = [0] * len(arrivals), 0
    while waiting:
        step = max(step, arrivals[waiting[0]])
        batch = [index for index in waiting if arrivals[index] <= step][:max_batch]
        for index in batch:
            finished[index] = step + lengths[index] - 1
        waiting = [index for index in waiting if index not in batch]
        step = max(finished[index] for index in batch) + 1
    return finished


@known.function(
    "You wait until max_batch requests are there before you start. A request starts as soon as there is a slot: "
    "nobody knows who else will come.",
)
def waits_for_a_full_batch(arrivals: list[int], lengths: list[int], max_batch: int) -> list[int]:
    refuse(arrivals, lengths, max_batch)
    order = sorted(range(len(arrivals)), key=lambda index: arrivals[index])
    finished, step = [0] * len(arrivals), 0
    for first in range(0, len(order), max_batch):
        batch = order[first : first + max_batch]
        step = max([step, *(arrivals[index] for index in batch)])
        for index in batch:
            finished[index] = step + lengths[index] - 1
        step = max(finished[index] for index in batch) + 1
    return finished


known.edit(
    "slots_looked_at_for_requests_only",
    {SLOTS: "arrivals and max_batch < 1"},
    "Without requests you accept a max_batch below 1. Check it before you look at the requests, and raise ValueError.",
)


def refuse(arrivals: list[int], lengths: list[int], max_batch: int) -> None:
    if len(arrivals) != len(lengths) or max_batch < 1:
        raise ValueError("no slots, or not the same requests")
    if any(arrival < 0 for arrival in arrivals) or any(length < 1 for length in lengths):
        raise ValueError("no such request")


def by_steps(
    arrivals: list[int], lengths: list[int], max_batch: int, rank: Callable[[int], tuple[int, ...]]
) -> list[int]:
    """A simulation step by step, in which the waiting request of the lowest rank is next."""
    left, finished = dict(enumerate(lengths)), [0] * len(arrivals)
    running: list[int] = []
    step = 0
    while left:
        waiting = [index for index in left if arrivals[index] <= step and index not in running]
        running += sorted(waiting, key=rank)[: max_batch - len(running)]
        for index in list(running):
            left[index] -= 1
            if not left[index]:
                finished[index] = step
                running.remove(index)
                del left[index]
        step += 1
    return finished


@known.function(
    "Among those who wait you take the shortest first. The order is that of arrival: a server does not know how long"
    " an answer will be.",
)
def shortest_first(arrivals: list[int], lengths: list[int], max_batch: int) -> list[int]:
    refuse(arrivals, lengths, max_batch)
    return by_steps(arrivals, lengths, max_batch, lambda index: (lengths[index], arrivals[index], index))


@known.function("Among those who wait you take the longest first. The order is that of arrival.")
def longest_first(arrivals: list[int], lengths: list[int], max_batch: int) -> list[int]:
    refuse(arrivals, lengths, max_batch)
    return by_steps(arrivals, lengths, max_batch, lambda index: (-lengths[index], arrivals[index], index))


@known.function("Of those who wait you take the one that came last. Take the one that came first: a queue, no stack.")
def last_come_first(arrivals: list[int], lengths: list[int], max_batch: int) -> list[int]:
    refuse(arrivals, lengths, max_batch)
    return by_steps(arrivals, lengths, max_batch, lambda index: (-arrivals[index], index))


@known.function(
    "Among those who wait you take the smaller index first. The order is that of arrival; the index decides between "
    "equal arrivals only.",
)
def smallest_index_first(arrivals: list[int], lengths: list[int], max_batch: int) -> list[int]:
    refuse(arrivals, lengths, max_batch)
    return by_steps(arrivals, lengths, max_batch, lambda index: (index,))


@known.function(
    "You look for a request by its arrival and its length, and find the first that has both. Two requests may be alike "
    "in both: go through the indices, and put each result at its own."
)
def found_by_value(arrivals: list[int], lengths: list[int], max_batch: int) -> list[int]:
    refuse(arrivals, lengths, max_batch)
    requests = list(zip(arrivals, lengths, strict=True))
    free_from, finished = [0] * max_batch, [0] * len(requests)
    for arrival, length in sorted(requests, key=lambda request: request[0]):
        slot = free_from.index(min(free_from))
        last = max(arrival, free_from[slot]) + length - 1
        finished[requests.index((arrival, length))] = last
        free_from[slot] = last + 1
    return finished


known.edit(
    "order_of_the_arguments",
    {ORDER: "range(len(arrivals))"},
    "You give out slots in the order of the arguments. The arrivals may come in any order: sort by them.",
)
known.edit(
    "shortest_of_a_tie",
    {"key=lambda index: arrivals[index]": "key=lambda index: (arrivals[index], lengths[index])"},
    "Of requests that arrive together you take the shortest first. The smaller index comes first.",
)
known.edit(
    "largest_index_of_a_tie",
    {"key=lambda index: arrivals[index]": "key=lambda index: (arrivals[index], -index)"},
    "Of requests that arrive together you take the larger index first. It is the smaller.",
)
known.edit(
    "step_lost_at_each_slot",
    {FREED: "finished[request] + 2"},
    "You lose a step each time a slot changes hands: it is taken again in step f + 1 where the last one finished in "
    "step f.",
)
known.edit(
    "slot_taken_in_the_same_step",
    {FREED: "finished[request]"},
    "Your slots change hands in the step in which the last token is made: two requests share one slot in it. The next "
    "one starts in step f + 1.",
)
known.edit(
    "one_step_late",
    {FINISH: "start + lengths[request]", FREED: "finished[request]"},
    "Your results are one step late: a request makes its first token in the very step in which it gets its slot, "
    "that of its arrival if one is free, and its last in step start + length - 1.",
)
known.edit(
    "one_step_late_and_lost",
    {FINISH: "start + lengths[request]"},
    "You count one step too many for each request, and its slot is held for it too. The last token comes in step "
    "start + length - 1.",
)
known.edit(
    "arrivals_ignored",
    {START: "free_from[slot]"},
    "Your requests start before they arrive. A start is never before the arrival, even if a slot is free.",
)
known.edit(
    "one_slot",
    {"[0] * max_batch": "[0]"},
    "You run one request at a time (as also happens if you take the slot that is free *last*). There are max_batch "
    "slots.",
)
known.edit(
    "slots_without_end",
    {"[0] * max_batch": "[0] * (max_batch + len(arrivals))"},
    "Your batch has no limit: nobody ever waits. No more than max_batch may run at once.",
)
known.edit(
    "one_slot_more",
    {"[0] * max_batch": "[0] * (max_batch + 1)"},
    "You run max_batch + 1 requests at once.",
)
known.edit(
    "slots_in_turn",
    {SLOT: "sum(step > 0 for step in finished) % max_batch"},
    "You give out the slots in turn, whether they are free or not. Take the one that is free first.",
)
known.edit(
    "starts_returned",
    {"return finished": "return [step - length + 1 for step, length in zip(finished, lengths, strict=True)]"},
    "You return the steps of the first tokens. The task asks for those of the last.",
)
known.edit(
    "latencies_returned",
    {"return finished": "return [step - arrival + 1 for step, arrival in zip(finished, arrivals, strict=True)]"},
    "You return how long each request took. The task asks for the step in which it finishes, counted from step 0.",
)
known.edit(
    "differences_returned",
    {"return finished": "return [step - arrival for step, arrival in zip(finished, arrivals, strict=True)]"},
    "You return the difference of finish and arrival. The step in which the request finishes is asked for, counted "
    "from step 0.",
)
known.edit(
    "in_order_of_finishing",
    {"return finished": "return sorted(finished)"},
    "You return the steps sorted. They are in the order of the arguments: request i at place i.",
)
known.edit(
    "in_order_of_arrival",
    {
        "return finished": "return [finished[index] for index in sorted(range(len(arrivals)), key=lambda index: "
        "arrivals[index])]"
    },
    "You return the steps in the order of arrival. They are in the order of the arguments.",
)
known.edit(
    "last_step_returned",
    {"return finished": "return max(finished, default=0)"},
    "You return the step in which the last request finishes. Return the steps of all.",
)
known.edit(
    "list_used_up",
    {"return finished": "arrivals.sort()\n    return finished"},
    "You change the list of arrivals that you were given, as sort() and pop() do. Sort a copy, or the indices.",
)


@known.function(
    "Your simulation ends after a fixed number of steps, and who arrives late never finishes. Go on until all have "
    "finished."
)
def so_many_steps(arrivals: list[int], lengths: list[int], max_batch: int) -> list[int]:
    finished = serving.continuous_batching(arrivals, lengths, max_batch)
    return [last if last < 1000 else 0 for last in finished]


known.edit(
    "nothing_checked",
    {PAIRS: "False", SLOTS: "False", NEVER_BEFORE: "False", SOMETHING: "False"},
    "You check nothing that comes in: raise ValueError where arrivals and lengths differ in number, an arrival is "
    "negative, or a length or max_batch is below 1.",
)
known.edit(
    "pairs_not_checked",
    {PAIRS: "False", "lengths[request]": "([*lengths, *[1] * len(arrivals)])[request]"},
    "You do not check that there are as many lengths as arrivals. Raise ValueError.",
)
known.edit(
    "slots_not_checked",
    {SLOTS: "False", "[0] * max_batch": "[0] * max(max_batch, 1)"},
    "You do not check max_batch: with no slot nobody ever finishes. Raise ValueError.",
)
known.edit(
    "arrivals_not_checked",
    {NEVER_BEFORE: "False"},
    "You accept a negative arrival: there is no step before 0. Raise ValueError.",
)
known.edit(
    "lengths_not_checked",
    {SOMETHING: "False"},
    "You accept requests without a token, which would finish before they start. Raise ValueError.",
)
known.edit(
    "negative_lengths_only",
    {SOMETHING: "min(lengths, default=1) < 0"},
    "You accept a length of 0, and such a request would finish before it starts. Raise ValueError.",
)
known.edit(
    "nobody_refused",
    {"min(lengths, default=1)": "min(lengths, default=0)"},
    "You refuse an empty list of requests. No requests, no steps: return [].",
)


def queue(draw: Generator, requests: int, until: int, longest: int) -> Arguments:
    arrivals = torch.randint(0, until, (requests,), generator=draw).tolist()
    lengths = torch.randint(1, longest, (requests,), generator=draw).tolist()
    return {"arrivals": arrivals, "lengths": lengths}


def crowded(requests: int, max_batch: int, in_order: bool = False) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        # No two arrive together: what then comes first is asked by itself.
        drawn = queue(draw, requests, 8, 9) | {"arrivals": torch.randperm(requests, generator=draw).tolist()}
        return {
            **drawn,
            "arrivals": sorted(drawn["arrivals"]) if in_order else drawn["arrivals"],
            "max_batch": max_batch,
        }

    return arguments


def at_once(draw: Generator) -> Arguments:
    lengths = [1 + number for number in torch.randperm(6, generator=draw).tolist()]
    return {"arrivals": [2] * 6, "lengths": lengths, "max_batch": 1}


def alike(draw: Generator) -> Arguments:
    arrival, length = randint(draw, 0, 9), randint(draw, 2, 9)
    return {"arrivals": [arrival] * 5, "lengths": [length] * 5, "max_batch": 2}


def roomy(draw: Generator) -> Arguments:
    arguments = queue(draw, 6, 9, 8)
    return {**arguments, "max_batch": randint(draw, 6, 9)}


def unsorted(draw: Generator) -> Arguments:
    arrivals = [5, 2, 0, 3, 1, 4]
    lengths = [3 + number for number in torch.randperm(6, generator=draw).tolist()]
    return {"arrivals": arrivals, "lengths": lengths, "max_batch": 2}


def malformed(**other: object) -> Callable[[Generator], Arguments]:
    return given(**{"arrivals": [0, 1, 1], "lengths": [3, 2, 4], "max_batch": 2} | other)


def a_length_too_many(draw: Generator) -> Arguments:
    return malformed(lengths=torch.randint(1, 9, (4,), generator=draw).tolist())(draw)


def nobody_and_no_slot(draw: Generator) -> Arguments:
    return {"arrivals": [], "lengths": [], "max_batch": -randint(draw, 1, 999)}


def negative_slots(draw: Generator) -> Arguments:
    lengths = torch.randint(1, 9, (3,), generator=draw).tolist()
    return malformed(lengths=lengths, max_batch=-randint(draw, 1, 5))(draw)


MAIN = "Each waits for a slot and for nothing else"

EXERCISE = Exercise(
    reference=serving.continuous_batching,
    points=4,
    cases=(
        Case("room for all", given(arrivals=[0, 2, 3], lengths=[4, 1, 6], max_batch=3), visible=True),
        Case("room for all, drawn", roomy),
        Case("two slots", given(arrivals=[0, 1, 2, 3], lengths=[4, 8, 3, 2], max_batch=2), visible=True),
        Case(
            "two slots, longer",
            given(arrivals=[0, 1, 2, 3, 9, 40], lengths=[9, 2, 7, 1, 3, 2], max_batch=2),
            visible=True,
        ),
        Case("three slots, drawn", crowded(14, 3, in_order=True)),
        Case("one slot", given(arrivals=[0, 1, 5, 20], lengths=[3, 4, 2, 3], max_batch=1), visible=True),
        Case("a long pause", given(arrivals=[3, 4, 30], lengths=[2, 5, 4], max_batch=2), visible=True),
        Case("long after the others", given(arrivals=[0, 1, 20_000], lengths=[2, 3, 4], max_batch=1), visible=True),
        Case("in any order", given(arrivals=[5, 0, 2, 1], lengths=[2, 6, 1, 5], max_batch=1), visible=True),
        Case("in any order, two slots", unsorted, visible=True),
        Case("in any order, drawn", crowded(20, 4)),
        Case("at once", given(arrivals=[1, 1, 1, 1, 1], lengths=[5, 3, 4, 1, 2], max_batch=2), visible=True),
        Case("at once, one slot", at_once),
        Case("all alike", given(arrivals=[1, 1, 1, 1], lengths=[2, 2, 2, 2], max_batch=1), visible=True),
        Case("all alike, drawn", alike),
        Case("no requests", given(arrivals=[], lengths=[], max_batch=2), visible=True),
        Case("a length too few", malformed(lengths=[3, 2]), visible=True),
        Case("a length too many", a_length_too_many),
        Case("no slot", malformed(max_batch=0), visible=True),
        Case("a negative number of slots", negative_slots),
        Case("no requests and no slot", given(arrivals=[], lengths=[], max_batch=0), visible=True),
        Case("no requests and no slot, drawn", nobody_and_no_slot),
        Case("before the beginning", malformed(arrivals=[0, -1, 1]), visible=True),
        Case("nothing to make", malformed(lengths=[3, 0, 4]), visible=True),
        Case("less than nothing to make", malformed(lengths=[3, 2, -2]), visible=True),
    ),
    properties=(
        Property(
            "With room for all, each finishes in step arrival + length - 1",
            ("room for all", "room for all, drawn"),
            "A request that arrives in step 2 and makes one token finishes in step 2.",
            weight=2,
        ),
        Property(
            MAIN,
            (
                "two slots",
                "two slots, longer",
                "three slots, drawn",
                "one slot",
                "a long pause",
                "long after the others",
            ),
            "Keep for each slot the step from which on it is free. The next request takes the one that is free "
            "first, and starts when both it and the slot are there.",
            weight=3,
            needs="With room for all, each finishes in step arrival + length - 1",
        ),
        Property(
            "Whoever came first is served first, in whatever order the requests are listed",
            ("in any order", "in any order, two slots", "in any order, drawn"),
            "Go through the indices sorted by arrival, and put each result at its own place.",
            weight=2,
            needs=MAIN,
        ),
        Property(
            "Of equal arrivals the smaller index comes first",
            ("at once", "at once, one slot", "all alike", "all alike, drawn"),
            "Python's sort keeps the order of equals: sort the indices by the arrival alone.",
            needs=MAIN,
        ),
        Property(
            "No requests give an empty list, and the lists are left unchanged",
            ("no requests", "in any order"),
            "max() and min() fail on an empty list unless they are given a default. Sort copies.",
            observe=observe.value_and_changed,
            needs=MAIN,
        ),
        Property(
            "What makes no sense is refused with a ValueError",
            (
                "two slots",
                "a length too few",
                "a length too many",
                "no slot",
                "a negative number of slots",
                "no requests and no slot",
                "no requests and no slot, drawn",
                "before the beginning",
                "nothing to make",
                "less than nothing to make",
            ),
            "Raise ValueError before you begin, unless there are as many lengths as arrivals, arrivals from 0 on, and "
            "lengths and max_batch from 1 on. Without a slot, or with nothing to make, a simulation never ends.",
            observe=observe.refusal,
            needs="With room for all, each finishes in step arrival + length - 1",
        ),
    ),
    mistakes=tuple(known),
)
