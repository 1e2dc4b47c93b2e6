"""learning_rate: up in a line, down in half a cosine."""

from collections.abc import Callable
from typing import Any

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, uniform
from llm_course.checking import observe
from solutions import pretraining

known = Mistakes(pretraining.learning_rate, section="pretraining-schedule")

CHECK = "step < 0 or not 0 <= warmup <= total"
START = f"if {CHECK}"
UP = "peak * (step + 1) / warmup"
END = "step >= total:\n        return floor"
PROGRESS = "(step - warmup) / (total - warmup)"
WAVE = "(1 + math.cos(math.pi * progress)) / 2"
DOWN = f"floor + (peak - floor) * {WAVE}"

known.edit(
    "starts_at_zero",
    {UP: "peak * step / warmup"},
    "Your warm-up starts at 0, so the first step does nothing. Step 0 has peak / warmup: use step + 1.",
)
known.edit(
    "from_zero_to_peak",
    {UP: "peak * step / max(1, warmup - 1)"},
    "Your warm-up runs from 0 to the peak. Step 0 has peak / warmup already.",
)
known.edit(
    "one_late",
    {UP: "peak * (step + 1) / (warmup + 1)"},
    "Your warm-up divides by warmup + 1, and its last step is still below the peak.",
)
known.edit(
    "one_early",
    {UP: "peak * (step + 2) / warmup"},
    "Your warm-up is a step ahead: step 0 has peak / warmup, not twice that.",
)
known.edit(
    "from_the_floor",
    {UP: "floor + (peak - floor) * (step + 1) / warmup"},
    "Your warm-up starts from the floor. It starts from 0, with peak / warmup at step 0.",
)
known.edit(
    "never_below_floor",
    {UP: f"max(floor, {UP})"},
    "You lift the first steps of the warm-up to the floor. The floor belongs to the cosine.",
)
known.edit("no_warmup", {UP: "peak"}, "There is no warm-up: the first steps have the full peak.")
known.edit(
    "cosine_warmup",
    {UP: "peak * (1 - math.cos(math.pi * (step + 1) / warmup)) / 2"},
    "Your warm-up follows a cosine. It is a straight line.",
)
known.edit(
    "one_step_too_long",
    {"step < warmup": "step <= warmup and warmup"},
    "Your warm-up has a step too many, and step warmup is above the peak: use step < warmup.",
)
known.edit(
    "cosine_of_the_whole",
    {PROGRESS: "step / total"},
    "Your cosine counts from step 0. It begins at step warmup: (step - warmup) / (total - warmup).",
)
known.edit(
    "smaller_of_both",
    {UP: f"min({UP}, {DOWN.replace('progress', 'step / total')})", PROGRESS: "step / total"},
    "Your cosine counts from step 0, below the warm-up too. First the one, then the other.",
)
known.edit(
    "never_reaches_the_floor",
    {"step >= total": "warmup == total", PROGRESS: "min(1.0, (step - warmup) / total)"},
    "You divide by total and not by total - warmup, so that the floor is never reached.",
)
known.edit(
    "jumps_to_the_floor",
    {PROGRESS: "(step - warmup) / total"},
    "You divide by total and not by total - warmup: your cosine is too slow, and jumps to the floor.",
)
known.edit(
    "floor_one_early",
    {PROGRESS: "(step - warmup) / max(1, total - warmup - 1)"},
    "Your cosine reaches the floor at step total - 1. It has step total for that.",
)
known.edit(
    "cosine_one_early",
    {PROGRESS: "(step - warmup + 1) / (total - warmup)"},
    "Your cosine is a step ahead: its progress is 0 at step warmup.",
)
known.edit(
    "cosine_one_late",
    {PROGRESS: "max(0, step - warmup - 1) / (total - warmup)"},
    "Your cosine is a step behind: its progress at step warmup + 1 is not 0 any more.",
)
known.edit(
    "linear_decay", {WAVE: "(1 - progress)"}, "You go down in a line. Asked for is half a cosine: slow, fast, slow."
)
known.edit(
    "quarter_cosine",
    {WAVE: "math.cos(math.pi / 2 * progress)"},
    "You use cos(pi / 2 * progress), a quarter of a wave. Half a wave is (1 + cos(pi * progress)) / 2.",
)
known.edit(
    "whole_cosine",
    {"math.pi * progress": "2 * math.pi * progress"},
    "Your cosine makes a whole wave, down and up again. Half a wave ends at the floor.",
)
known.edit(
    "without_pi",
    {"math.pi * progress": "progress"},
    "The progress goes into the cosine without pi, and hardly anything of the wave is used.",
)
known.edit(
    "without_half",
    {WAVE: "(1 + math.cos(math.pi * progress))"},
    "1 + cos runs from 2 to 0: halve it, or the cosine begins at twice the height.",
)
known.edit("cosine_upward", {"1 + math.cos": "1 - math.cos"}, "Your cosine leads up: 1 - cos in the place of 1 + cos.")
known.edit(
    "floor_on_top",
    {DOWN: f"floor + peak * {WAVE}"},
    "You add the floor to a cosine of the full peak, so the rate begins above the peak. The cosine spans peak - floor.",
)
known.edit(
    "floor_as_limit",
    {DOWN: f"max(floor, peak * {WAVE})"},
    "You let the cosine run to 0 and cut it off at the floor. It should reach the floor smoothly.",
)
known.edit(
    "floor_at_the_end_only",
    {DOWN: f"peak * {WAVE}"},
    "Your cosine runs to 0, and then the rate jumps up to the floor. The cosine leads to the floor.",
)
known.edit("no_floor", {START: f"floor = 0.0\n    {START}"}, "The floor is left out: your cosine ends at 0.")
known.edit(
    "zero_after_the_end",
    {END: "step >= total:\n        return 0.0"},
    "From step total on your rate is 0. It is the floor.",
)
known.edit(
    "rises_again",
    {"step >= total": "warmup == total"},
    "Beyond step total your cosine rises again. The rate stays at the floor: limit the progress to 1.",
)
known.edit(
    "constant", {DOWN: "peak"}, "After the warm-up your rate stays at the peak. Half a cosine should lead it down."
)
known.edit(
    "as_factor",
    {START: f"peak, floor = 1.0, floor / peak\n    {START}"},
    "You return a share of the peak. Asked for is the learning rate itself.",
)
known.edit(
    "floor_as_share",
    {START: f"floor *= peak\n    {START}"},
    "You take the floor for a share of the peak. It is a learning rate.",
)
known.edit(
    "divides_by_warmup",
    {"if step < warmup": "ramp = (step + 1) / warmup\n    if ramp <= 1", UP: "peak * ramp"},
    "You divide by warmup before you know that there is a warm-up. It may have 0 steps.",
)
known.edit(
    "divides_by_nothing",
    {"if step < warmup": f"progress = {PROGRESS}\n    if step < warmup", f"    progress = {PROGRESS}\n": ""},
    "You divide by total - warmup before you know that there is a decay. They may be equal.",
)
known.edit(
    "all_warmup_gives_floor",
    {"if step < warmup": "if warmup == total:\n        return floor\n    if step < warmup"},
    "Where warmup and total are equal, you return the floor at every step. The steps before warmup still rise; the "
    "floor comes after them.",
)
known.edit(
    "peak_after_all_warmup",
    {"if step < warmup": "if step == warmup:\n        return peak\n    if step < warmup"},
    "You return the peak at step warmup, also where that is step total. At step total the rate is the floor: ask for "
    "that first.",
)
known.edit(
    "no_warmup_refused",
    {"not 0 <= warmup <= total": "not 0 < warmup <= total"},
    "You refuse a warm-up of 0 steps. Then the cosine begins at step 0.",
)
known.edit(
    "all_warmup_refused",
    {"not 0 <= warmup <= total": "not 0 <= warmup < total"},
    "You refuse a schedule that is all warm-up. warmup may be as large as total.",
)
known.edit(
    "later_steps_refused",
    {"step < 0 or": "not 0 <= step <= total or"},
    "You refuse steps after the end. The learning rate stays at the floor there.",
)
known.edit(
    "nothing_checked",
    {CHECK: "False"},
    "You check nothing: neither step nor warmup can be negative, and warmup is at most total.",
)
known.edit("step_not_checked", {CHECK: "not 0 <= warmup <= total"}, "You do not check the step: it cannot be negative.")
known.edit("warmup_not_checked", {CHECK: "step < 0"}, "You do not check warmup: it is from 0 to total.")
known.edit(
    "long_warmup_not_checked", {CHECK: "step < 0 or not 0 <= warmup"}, "You do not check that warmup is at most total."
)
known.edit(
    "negative_warmup_not_checked",
    {CHECK: "step < 0 or not warmup <= total"},
    "You do not check that warmup is not negative.",
)
known.edit(
    "as_tensor",
    {
        UP: f"torch.tensor({UP})",
        END: "step >= total:\n        return torch.tensor(floor)",
        DOWN: f"torch.tensor({DOWN})",
    },
    "You return a tensor. Asked for is a number: use the functions of math.",
)


def random_run(draw: Generator) -> Arguments:
    """A schedule whose floor lies above its first steps, and whose length is no multiple of its warm-up."""
    warmup, peak = randint(draw, 12, 17), uniform(draw, 2.0, 5.0)
    total = 4 * warmup + randint(draw, 1, 11)
    return {"warmup": warmup, "total": total, "peak": peak, "floor": peak * uniform(draw, 0.25, 0.35)}


def at(place: Callable[[Arguments], int], *left_out: str, **other: Any) -> Callable[[Generator], Arguments]:
    """A step of a drawn schedule."""

    def arguments(draw: Generator) -> Arguments:
        run = {**random_run(draw), **other}
        return {"step": place(run), **{name: value for name, value in run.items() if name not in left_out}}

    return arguments


def after(share: float) -> Callable[[Arguments], int]:
    return lambda run: int(run["warmup"] + share * (run["total"] - run["warmup"]))


def only_warmup(beyond: int) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        run = random_run(draw)
        return {**run, "step": run["warmup"] + beyond, "total": run["warmup"]}

    return arguments


LINE = "The warm-up rises in a line from peak / warmup to the peak"

EXERCISE = Exercise(
    reference=pretraining.learning_rate,
    points=3,
    cases=(
        Case("first step", at(lambda run: 0), visible=True),
        Case("a third of the warm-up", at(lambda run: run["warmup"] // 3), visible=True),
        Case("late in the warm-up", at(lambda run: run["warmup"] - 3)),
        Case("last of the warm-up", at(lambda run: run["warmup"] - 1), visible=True),
        Case("first after the warm-up", at(lambda run: run["warmup"]), visible=True),
        Case("a quarter down", at(after(0.25)), visible=True),
        Case("a quarter down, drawn", at(after(0.3))),
        Case("most of the way down", at(after(0.75)), visible=True),
        Case("most of the way down, drawn", at(after(0.85))),
        Case("last before the end", at(lambda run: run["total"] - 1), visible=True),
        Case("the end", at(lambda run: run["total"]), visible=True),
        Case("beyond the end", at(lambda run: run["total"] + run["warmup"]), visible=True),
        Case("without a floor", at(after(0.6), "floor"), visible=True),
        Case("without a warm-up", at(lambda run: 0, warmup=0), visible=True),
        Case("without a warm-up, later", at(after(0.4), warmup=0), visible=True),
        Case("nothing but warm-up", only_warmup(-1), visible=True),
        Case("after nothing but warm-up", only_warmup(0), visible=True),
        Case("step below 0", at(lambda run: -1), visible=True),
        Case(
            "warm-up longer than all",
            lambda draw: {**random_run(draw), "step": 2, "warmup": 9, "total": 8},
            visible=True,
        ),
        Case("warm-up below 0", lambda draw: {**random_run(draw), "step": 3, "warmup": -4}, visible=True),
    ),
    properties=(
        Property(
            LINE,
            ("first step", "a third of the warm-up", "late in the warm-up", "last of the warm-up"),
            "Count: step 0 has peak / warmup, step 1 twice that, and step warmup - 1 the whole peak.",
            weight=2,
        ),
        Property(
            "From step warmup on, half a cosine leads down from the peak",
            (
                "first after the warm-up",
                "a quarter down",
                "a quarter down, drawn",
                "most of the way down",
                "most of the way down, drawn",
                "last before the end",
            ),
            "Progress is 0 at step warmup and would be 1 at step total. floor + (peak - floor) * (1 + cos(pi * "
            "progress)) / 2.",
            weight=3,
        ),
        Property(
            "The floor is reached at step total, and kept",
            ("the end", "beyond the end"),
            "At step total the rate is the floor, and it stays there, however many steps follow.",
            weight=2,
            needs=LINE,
        ),
        Property(
            "The floor may be left out",
            ("without a floor",),
            "Without a floor the cosine leads to 0.",
        ),
        Property(
            "There may be no warm-up, or nothing else",
            (
                "without a warm-up",
                "without a warm-up, later",
                "nothing but warm-up",
                "after nothing but warm-up",
            ),
            "warmup may be 0, and it may be total: then the steps before it still rise, and step total has the floor. "
            "Neither may lead to a division by 0.",
        ),
        Property(
            "A schedule that makes no sense is refused with a ValueError",
            ("first step", "step below 0", "warm-up longer than all", "warm-up below 0"),
            "step and warmup cannot be negative, and warmup cannot be longer than total.",
            observe=observe.refusal,
            needs=LINE,
        ),
    ),
    mistakes=tuple(known),
)
