"""The judge on small exercises of its own: what it asks, and what it says first."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.exercises import assignments
from autograder.exercises.drawing import given, randn
from autograder.exercises.misunderstandings import Mistake
from autograder.exercises.spec import Case, Exercise
from autograder.judging.judge import judge, local_answer, make_answer_key
from llm_course.checking import evaluate as evaluating
from llm_course.checking import findings, observe
from llm_course.checking.answer_key import Property
from llm_course.checking.evaluate import evaluate

SEED = b"seed"
ATTENTION = assignments()["05_attention"]


def test_a_right_answer_asks_no_known_mistake() -> None:
    def asked(**_: Any) -> None:
        pytest.fail("a known mistake was asked")

    exercise = ATTENTION.exercise("causal_mask")
    mistakes = tuple(replace(mistake, function=asked) for mistake in exercise.mistakes)
    assert judge(replace(exercise, mistakes=mistakes), local_answer(exercise.reference), SEED).fraction == 1


def double(x: Tensor) -> Tensor:
    """Twice x."""
    if x.dim() != 1:
        raise ValueError("x is a vector")
    return x * 2


DOUBLE = Exercise(
    reference=double,
    points=1,
    cases=(
        Case("vector", lambda draw: {"x": randn(draw, 5)}),
        Case("matrix", given(x=torch.zeros(2, 2))),
    ),
    properties=(
        Property("value", ("vector",), "Look at one number."),
        Property("refusal", ("vector", "matrix"), "Refuse matrices.", observe=observe.refusal),
    ),
    mistakes=(Mistake("tripled", "You triple.", "x", lambda x: double(x) * 1.5),),
)


def hint(function: Any) -> str:
    return judge(DOUBLE, local_answer(function), SEED).hint


def _unwritten(x: Tensor) -> Tensor:
    raise NotImplementedError()


def test_the_first_thing_that_is_wrong_is_said() -> None:
    assert "not written yet" in hint(_unwritten)
    assert "raised NotImplementedError" in hint(_raise(NotImplementedError()))  # as torch does
    assert "raised KeyError" in hint(_raise(KeyError("a")))
    assert "None, expected a tensor" in hint(lambda x: None)
    assert "the shape is (1, 5), expected (5,)" in hint(lambda x: double(x)[None])
    assert "the dtype is int64" in hint(lambda x: double(x).long())
    assert hint(lambda x: double(x) * 1.5) == "You triple."
    assert "accepted invalid arguments" in hint(lambda x: x * 2)
    for wrong in (lambda x: double(x) + 1, lambda x: double(x) * torch.nan):
        assert hint(wrong) == "Fix this first: “value”."


def test_a_forgotten_check_is_not_told_before_the_fundamental_fault() -> None:
    unchecked = Mistake("unchecked", "You accept matrices.", "x", lambda x: x * 2)
    exercise = replace(DOUBLE, mistakes=(unchecked,))
    assert judge(exercise, local_answer(lambda x: x * 2), SEED).hint == "You accept matrices."
    both_faults = local_answer(lambda x: x * 2 if x.dim() == 2 else x * 3)
    assert judge(exercise, both_faults, SEED).advice == "Look at one number."


def _raise(error: Exception) -> Any:
    def function(**_: Any) -> None:
        raise error

    return function


@pytest.mark.parametrize("exercise", ATTENTION.exercises, ids=lambda exercise: exercise.name)
def test_what_is_identical_is_judged_as_what_is_compared(exercise: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    key = make_answer_key(exercise, b"seed")
    answers = [{name: item.expected for name, item in key.items.items()}, *(item.replies for item in key.mistakes)]
    quickly = [evaluate(key, replies) for replies in answers]
    assert any(len(findings.alike_cases(key, replies)) > 1 for replies in answers[1:])
    for module in (evaluating, findings):
        monkeypatch.setattr(module, "is_alike", lambda *_: False)
    make_answer_key.cache_clear()  # what was found out is kept with it
    slowly = make_answer_key(exercise, b"seed")
    assert [evaluate(slowly, replies) for replies in answers] == quickly
