"""learning_rate: up in a line, down in half a cosine."""

from collections.abc import Callable
from typing import Any

from torch import Generator

from autograder.exercises.drawing import Arguments, argument_maker, randint, uniform
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from solutions import pretraining


def random_run(draw: Generator) -> Arguments:
    """A schedule whose floor lies above its first steps, and whose length is no multiple of its warm-up."""
    warmup, peak = randint(draw, 12, 17), uniform(draw, 2.0, 5.0)
    total = 4 * warmup + randint(draw, 1, 11)
    return {"warmup": warmup, "total": total, "peak": peak, "floor": peak * uniform(draw, 0.25, 0.35)}


@argument_maker
def at(draw: Generator, place: Callable[[Arguments], int], *left_out: str, **other: Any) -> Arguments:
    """A step of a drawn schedule."""
    run = {**random_run(draw), **other}
    return {"step": place(run), **{name: value for name, value in run.items() if name not in left_out}}


def after(share: float) -> Callable[[Arguments], int]:
    return lambda run: int(run["warmup"] + share * (run["total"] - run["warmup"]))


@argument_maker
def only_warmup(draw: Generator, beyond: int) -> Arguments:
    run = random_run(draw)
    return {"step": run["warmup"] + beyond, **run, "total": run["warmup"]}


SMALL = {"warmup": 4, "total": 10, "peak": 8.0, "floor": 3.0}
LINE = "The warm-up rises in a line from peak / warmup to the peak"

EXERCISE = exercise(
    pretraining.learning_rate,
    __file__,
    requires(
        LINE,
        shown("first step", step=0, **SMALL),
        Case("late in the warm-up", at(lambda run: run["warmup"] - 3)),
        advice="Count: step 0 has peak / warmup, step 1 twice that, and step warmup - 1 the whole peak.",
        weight=2,
        fails="Your warm-up does not rise in a line from peak / warmup to the peak.",
    ),
    requires(
        "From step warmup on, half a cosine leads down from the peak",
        shown("first after the warm-up", step=4, **SMALL),
        Case("a quarter down, drawn", at(after(0.3))),
        advice="Progress is 0 at step warmup and would be 1 at step total. floor + (peak - floor) * (1 + cos(pi * "
        "progress)) / 2.",
        weight=3,
        fails="Your rate does not follow half a cosine from the peak down to the floor.",
    ),
    requires(
        "The floor is reached at step total, and kept",
        shown("the end", step=10, **SMALL),
        Case("beyond the end", at(lambda run: run["total"] + run["warmup"]), visible=True),
        advice="At step total the rate is the floor, and it stays there, however many steps follow.",
        weight=2,
        needs=LINE,
        fails="Your rate is not the floor at step total and after it.",
    ),
    requires(
        "The floor may be left out",
        shown("without a floor, halfway down", step=7, warmup=4, total=10, peak=8.0),
        Case("without a floor", at(after(0.6), "floor"), visible=True),
        advice="Without a floor the cosine leads to 0.",
        fails="Without a floor, your rate is not on half a cosine from the peak down to 0, where it stays.",
    ),
    requires(
        "warmup may be 0, and it may be total",
        shown("without a warm-up", step=0, **{**SMALL, "warmup": 0}),
        Case("without a warm-up, later", at(after(0.4), warmup=0), visible=True),
        Case("nothing but warm-up", only_warmup(-1), visible=True),
        Case("after nothing but warm-up", only_warmup(0), visible=True),
        advice="With warmup = 0 the cosine begins at step 0. With warmup = total the steps before it still rise, and "
        "step total has the floor. Neither may lead to a division by 0.",
        fails="With warmup 0 or equal to total, your rate is not the warm-up before step warmup, then cosine, then "
        "floor.",
    ),
    refuses(
        Case("step below 0", at(lambda run: -1), visible=True),
        Case("warm-up longer than all", at(lambda run: 2, warmup=9, total=8), visible=True),
        Case("warm-up below 0", at(lambda run: 3, warmup=-4), visible=True),
        advice="step and warmup cannot be negative, and warmup cannot be longer than total.",
    ),
    points=3,
)
