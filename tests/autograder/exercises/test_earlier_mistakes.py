"""A mistake in an earlier function is not counted once more in a later one that calls it, and helps nobody cheat."""

import inspect
import re

import pytest

from autograder.exercises import assignments
from autograder.exercises.spec import Exercise, Mistake
from autograder.judge import ask, judge, judge_after, local_answer, make_answer_key, standing_on
from llm_course.checking.calls import Reply
from tests.autograder.exercises.test_verdicts import TRIVIAL

SEED = b"seed"


def users() -> list[tuple[Exercise, Exercise]]:
    """An exercise, and a later one of its assignment whose reference calls it."""
    pairs = []
    for assignment in assignments().values():
        for number, later in enumerate(assignment.exercises):
            source = inspect.getsource(later.reference)
            pairs += [
                (earlier, later)
                for earlier in assignment.exercises[:number]
                if re.search(rf"\b{earlier.name}\(", source)
            ]
    return pairs


# Every fourth mistake: each chain makes an answer key of its own, and there are hundreds.
CHAINS = [(mistake, earlier, later) for earlier, later in users() for mistake in earlier.mistakes[::4]]
IDS = [f"{later.name}-{earlier.name}-{mistake.name}" for mistake, earlier, later in CHAINS]


def test_some_exercises_build_on_others() -> None:
    assert len(users()) >= 3


@pytest.mark.parametrize(("mistake", "earlier", "later"), CHAINS, ids=IDS)
def test_a_mistake_costs_once(mistake: Mistake, earlier: Exercise, later: Exercise) -> None:
    known = ((earlier.name, mistake.function),)
    answer = local_answer(standing_on(later, known).reference)
    replies = ask(later, answer, SEED)
    strict, forgiving = judge(later, answer, SEED), judge_after(later, answer, known, SEED)
    if any("called too often" in reply.failure.message for reply in replies.values() if reply.failure):
        assert forgiving == strict
    elif strict.fraction < 1 and not _raises_more(later, replies):
        assert forgiving.fraction == 1
        assert "counts once" in forgiving.hint


@pytest.mark.parametrize("trivial", ["zeros", "noise", "input"])
@pytest.mark.parametrize(("mistake", "earlier", "later"), CHAINS, ids=IDS)
def test_a_mistake_makes_no_trivial_answer_worth_anything(
    mistake: Mistake, earlier: Exercise, later: Exercise, trivial: str
) -> None:
    answer = local_answer(lambda **arguments: TRIVIAL[trivial](later, arguments))
    assert judge_after(later, answer, ((earlier.name, mistake.function),), SEED).fraction == 0


def _raises_more(exercise: Exercise, replies: dict[str, Reply]) -> bool:
    """Whether the mistake makes a call fail that should not: then nothing is forgiven."""
    items = make_answer_key(exercise, SEED).items
    return any(reply.failure and not items[name].expected.failure for name, reply in replies.items())


def test_without_the_earlier_mistake_nothing_is_forgiven() -> None:
    earlier, later = users()[0]
    for mistake in earlier.mistakes:
        exercise = standing_on(later, ((earlier.name, mistake.function),))
        strict = judge(later, local_answer(exercise.reference), SEED)
        assert judge_after(later, local_answer(exercise.reference), (), SEED) == strict
