"""speculative_step: several drafted tokens checked at once, and one more drawn."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, argument_maker, randint
from autograder.exercises.spec import Case, exercise, refuses, requires
from llm_course.checking import observe
from solutions import serving

WIDE = 5


@argument_maker
def case(
    draw: Generator,
    target: tuple[tuple[float, ...], ...],
    draft: tuple[tuple[float, ...], ...],
    drafted: tuple[int, ...],
) -> Arguments:
    """The same problem with its tokens renamed at random."""
    order = torch.randperm(WIDE, generator=draw)
    return {
        "target": torch.tensor(target)[:, order],
        "draft": torch.tensor(draft)[:, order] if draft else torch.empty(0, WIDE),
        "drafted": [order.tolist().index(token) for token in drafted],
        "generator": torch.Generator().manual_seed(randint(draw, 0, 1 << 30)),
    }


# Every row differs from the others, and no token's share of the residual is that of the target or of the draft.
TARGET = (
    (0.35, 0.25, 0.20, 0.05, 0.15),
    (0.15, 0.25, 0.10, 0.30, 0.20),
    (0.05, 0.25, 0.45, 0.25, 0.00),
    (0.50, 0.05, 0.10, 0.05, 0.30),
)
DRAFT = (
    (0.10, 0.50, 0.05, 0.20, 0.15),
    (0.25, 0.15, 0.50, 0.05, 0.05),
    (0.10, 0.10, 0.20, 0.10, 0.50),
)
# Accepted for sure: of each of these the target has more than the draft.
SURE = (0, 3, 2)
# What comes last is rejected for sure, so that no bonus is drawn; before it, tokens of the chances 0.5, 0.6, 0.25, 0.2.
HALF, LATER, TWICE, RARELY = (1, 3, 4), (2, 0, 4), (1, 0, 4), (3, 2, 4)
# The target never says token 3 here, and its likeliest token is not that of the residual. Of token 4 the draft has more
# too, so that what is drawn from the reversed difference is not the rejected token only.
NEVER = ((0.30, 0.35, 0.20, 0.0, 0.15), *TARGET[1:])
DRAFT_OF_NEVER = ((0.05, 0.30, 0.05, 0.35, 0.25), *DRAFT[1:])
# The target says token 1 often, but never after it was rejected. Without token 1, the target says the others nearly as
# they are to be drawn: so it tells apart those who forget to take it away, and those who do no more than that.
OFTEN = ((0.25, 0.45, 0.05, 0.20, 0.05), TARGET[1])
DRAFT_OF_OFTEN = ((0.01, 0.95, 0.01, 0.02, 0.01),)
ONE_HOT = ((0.0, 0.0, 1.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 0.0))

MAIN = "A drafted token is accepted with probability min(1, target / draft)"


def malformed(**other: object) -> ArgumentMaker:
    return lambda draw: case(TARGET, DRAFT, SURE)(draw) | other


@argument_maker
def behind_a_rejection(draw: Generator, token: int) -> Arguments:
    """The first drafted token is rejected for sure, and the second is no id."""
    arguments = case(ONE_HOT, DRAFT[:2], (0, 1))(draw)
    return {**arguments, "drafted": [arguments["drafted"][0], token]}


def often(
    name: str,
    arguments: ArgumentMaker,
    categories: Callable[[Any], list[Any]] = observe.as_one_category,
    *,
    repeat: int = 300,
    visible: bool = True,
) -> Case:
    return Case(name, arguments, visible=visible, repeat=repeat, categories=categories)


EXERCISE = exercise(
    serving.speculative_step,
    __file__,
    requires(
        MAIN,
        often("half of the time", case(TARGET, DRAFT, HALF), observe.as_all_but_last),
        often("at two places", case(TARGET, DRAFT, TWICE), observe.as_all_but_last),
        # The second one is rejected for sure; by the row of the first it would be accepted.
        often("one token twice", case(ONE_HOT, DRAFT[:2], (2, 2)), observe.as_all_but_last, repeat=20),
        often("at two places, longer", case(TARGET, DRAFT, RARELY), observe.as_all_but_last, repeat=700, visible=False),
        advice="Draw a number from 0 to 1 for each drafted token, and reject where it is not below target[i, x] / "
        "draft[i, x]; at the first rejection stop. Count how many tokens come out.",
        weight=3,
        fails="You do not accept drafted tokens with probability min(1, target / draft) until the first rejection.",
    ),
    requires(
        "After a rejection, one token is drawn from max(target - draft, 0)",
        often("rejected", case(NEVER, DRAFT_OF_NEVER, (3, 1, 0))),
        often("rejected, longer", case(NEVER, DRAFT_OF_NEVER, (3, 3, 2)), repeat=800, visible=False),
        often("rejected after one", case((TARGET[0], *NEVER[:2]), (DRAFT[0], DRAFT_OF_NEVER[0]), (0, 3))),
        often("rejected often", case(OFTEN, DRAFT_OF_OFTEN, (1,)), observe.as_first_item, repeat=800),
        advice="Subtract the draft's row from the target's row of the rejected token, cut at 0, and draw once in "
        "proportion to what is left. The accepted tokens before it are kept, the rest is dropped.",
        weight=3,
        fails="After a rejection, you do not add just one token drawn from max(target - draft, 0).",
    ),
    requires(
        "If all are accepted, one more is drawn from the last row of the target",
        often("accepted", case(TARGET, DRAFT, SURE)),
        often("one accepted", case(TARGET[2:], DRAFT[2:], (2,)), visible=False),
        advice="The target looked one place further than the draft: draw from target[k] and append it.",
        weight=2,
        fails="With all tokens accepted, you do not add one drawn from the last row of the target.",
    ),
    requires(
        "Without a draft, one token is drawn from the target",
        often("no draft", case(TARGET[:1], (), ())),
        advice="With k = 0 the loop has nothing to do, and target[0] is the last row.",
        needs="If all are accepted, one more is drawn from the last row of the target",
        fails="Without a draft, you do not return one token drawn from the target.",
    ),
    requires(
        "The generator decides: the same seed gives the same tokens",
        # Of a hundred calls enough end with a rejection, and enough without, to see any draw without the generator.
        Case("one run", case(TARGET[:3], DRAFT[:2], TWICE[:2]), visible=True, repeat=100),
        Case(
            "the same run again",
            case(TARGET[:3], DRAFT[:2], TWICE[:2]),
            visible=True,
            repeat=100,
            drawn_as="one run",
        ),
        advice="Hand the generator to torch.rand and to torch.multinomial, and use no other source of randomness.",
        observe=observe.same_values,
        joint=True,
        needs=MAIN,
        fails="The same seed does not give the same tokens.",
    ),
    requires(
        "What is certain is returned as a list of ints, and the arguments are left unchanged",
        Case("all certain", case(ONE_HOT, DRAFT[:2], (2, 1)), visible=True),
        Case("certainly not", case(ONE_HOT, DRAFT[:2], (2, 0)), visible=True),
        advice="Here the target puts all its probability on one token in each row. The result is a new list of ints.",
        observe=observe.value_and_changed,
        fails="You do not return a list of ints with the certain tokens, or you change an argument.",
    ),
    refuses(
        Case("as many target rows as drafted", malformed(target=torch.full((3, WIDE), 0.2)), visible=True),
        Case("rows of another width", malformed(target=torch.full((4, WIDE + 1), 1 / (WIDE + 1))), visible=True),
        Case("too few ids", malformed(drafted=[0, 1]), visible=True),
        Case("an id too large behind a rejection", behind_a_rejection(WIDE), visible=True),
        Case("a negative id behind a rejection", behind_a_rejection(-1)),
        Case("a negative id", malformed(drafted=[0, -1, 1]), visible=True),
        advice="k rows of the draft need k ids and a target of k + 1 rows of the same width; ids run from 0 to vocab - "
        "1.",
    ),
    points=6,
)
