"""Round trips: all answers of the banks, through sandbox and wire, one sandbox each exercise.

The same functions run here and in the sandbox, on the same calls. Their replies must be equal, so that all that the
tests of the specifications show in process is true of submissions.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import torch

from autograder.authoring.trial import described, said_by_mistakes
from autograder.exercises import assignments
from autograder.exercises.spec import Exercise
from autograder.judging.judge import SHIPPED, ask, local_answer, make_answer_key
from autograder.sandbox.sandbox import Sandbox, open_sandbox
from llm_course.checking.calls import Call, Reply
from llm_course.checking.evaluate import evaluate
from llm_course.checking.values import Opaque
from tests.banks.right import alternatives
from tests.banks.submissions import standalone, wrong_answer
from tests.exercises import each_exercise

pytestmark = pytest.mark.grading
DEADLINE = 120.0
WITH_DRAWS = 5
"""Answers of which repeated calls are sent, too: a thousand replies each, and of more they tell nothing new."""


@each_exercise
def test_replies_from_a_sandbox_are_those_of_the_function(exercise: Exercise) -> None:
    (assignment,) = (asked for asked in assignments().values() if exercise in asked.exercises)
    with open_sandbox() as sandbox:
        for other in assignment.exercises:
            define(sandbox, standalone(other.reference, other.name))
        found = [
            fault
            for number, answer in enumerate(answers(exercise))
            for fault in faults(sandbox, exercise, *answer, drawn=number < WITH_DRAWS)
        ]
    assert found == []


def answers(exercise: Exercise) -> Iterator[tuple[str, str, Mapping[str, Reply]]]:
    """What stands in the banks for an exercise: a name, a cell, and what the function that it defines replies here."""
    for function in (exercise.reference, *alternatives(exercise.name)):
        here = ask(exercise, local_answer(function), SHIPPED)
        yield f"{function.__module__}.{function.__name__}", standalone(function, exercise.name), here
    for mistake, here in zip(exercise.mistakes, said_by_mistakes(exercise, SHIPPED), strict=True):
        yield described(mistake), wrong_answer(exercise, mistake), here


def faults(
    sandbox: Sandbox, exercise: Exercise, name: str, cell: str, here: Mapping[str, Reply], drawn: bool = True
) -> Iterator[str]:
    define(sandbox, cell)
    key = make_answer_key(exercise, SHIPPED)

    def call_each(calls: list[Call]) -> Iterator[Reply]:
        sent = [call for call in calls if drawn or call.repeat == 1]
        replies = sandbox.call_each(exercise.name, sent, lambda: DEADLINE)
        for case, call in zip(key.items, calls, strict=True):
            yield next(replies) if drawn or call.repeat == 1 else here[case]

    returned = ask(exercise, call_each, SHIPPED)
    there, expected = evaluate(key, returned), evaluate(key, here)
    if (there.fraction, there.mistake) != (expected.fraction, expected.mistake):
        in_sandbox, outside = f"{there.fraction} and {there.mistake}", f"{expected.fraction} and {expected.mistake}"
        yield f"{name}: {in_sandbox} in a sandbox, {outside} here"
    for case, item in key.items.items():
        # What is drawn at random is not the same twice, in a script neither: the verdict on it is compared.
        if item.call.repeat == 1 and not item.call.script and (differing := differences(returned[case], here[case])):
            yield f"{name}, {case}: {', '.join(differing)}"


def differences(one: Reply, other: Reply) -> list[str]:
    """The fields in which two replies differ. What was measured is another number each time."""
    if one.failure or other.failure:
        return [] if one.failure and other.failure and one.failure.type == other.failure.type else ["failure"]
    return [name for name in COMPARED if not same(getattr(one, name), getattr(other, name))]


COMPARED = ("value", "changed", "gradients")


def same(one: Any, other: Any) -> bool:
    """Whether two values are of the same types and dtypes and hold the same numbers, but for rounding."""
    if isinstance(one, Opaque) or isinstance(other, Opaque):
        return True  # What cannot be sent is told by its type, and the verdict on it is compared.
    if type(one) is not type(other):
        return False
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and one.shape == other.shape and close(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) or (isinstance(one, float) and close(torch.tensor(one), torch.tensor(other)))


def close(one: torch.Tensor, other: torch.Tensor) -> bool:
    # Rounding may differ where memory is aligned in another way: by a unit in the last place, 0.8 % in bfloat16.
    unit = torch.finfo(one.dtype).eps if one.is_floating_point() else 0.0
    return torch.allclose(one.double(), other.double(), rtol=max(1e-3, 2 * unit), atol=1e-5, equal_nan=True)


def define(sandbox: Sandbox, source: str) -> None:
    reply = sandbox.run_cell(source, DEADLINE)
    assert reply.ok, (source, reply.outputs)
