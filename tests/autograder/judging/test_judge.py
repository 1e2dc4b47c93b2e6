"""The judge on small exercises of its own: what it asks, and what it says first."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Generator, Tensor

from autograder.exercises import assignments
from autograder.exercises.spec import Arguments, Case, Exercise, Mistake, Property, given, randn
from autograder.judging.judge import judge, local_answer, make_answer_key
from llm_course.checking import evaluate as evaluating
from llm_course.checking import findings, observe
from llm_course.checking.evaluate import evaluate

SEED = b"seed"
ATTENTION = assignments()["05_attention"]


def draw_token(probabilities: Tensor, generator: Generator) -> int:
    """A sampled token."""
    return int(torch.multinomial(probabilities, 1, generator=generator))


def most_probable(probabilities: Tensor, generator: Generator) -> int:
    return int(probabilities.argmax())


PROBABILITIES = torch.tensor([0.5, 0.1, 0.3, 0.1])


def _seeded(draw: Generator) -> Arguments:
    return {"probabilities": PROBABILITIES, "generator": torch.Generator().manual_seed(8)}


SAMPLE = Exercise(
    reference=draw_token,
    points=2,
    cases=(
        Case("many draws", _seeded, repeat=3000),
        Case("one draw", _seeded),
        Case("the same draw", _seeded),
    ),
    properties=(
        Property("distribution", ("many draws",), "Look at the frequencies.", weight=2),
        Property("repeatable", ("one draw", "the same draw"), "Use it.", observe=observe.same_values, joint=True),
    ),
    mistakes=(Mistake("greedy", "You take the largest.", "x", most_probable),),
)


def test_known_mistakes_are_asked_no_more_than_tells_them_from_a_wrong_answer() -> None:
    asked: list[str] = []

    def noted(mistake: Mistake) -> Mistake:
        def function(**arguments: Any) -> Any:
            asked.append(mistake.name)
            return mistake.function(**arguments)

        return replace(mistake, function=function)

    exercise = replace(SAMPLE, mistakes=tuple(map(noted, SAMPLE.mistakes)))
    assert judge(exercise, local_answer(draw_token), SEED).fraction == 1
    assert asked == []
    # The short calls tell what takes the largest from what always answers 3: the long one is not put to it.
    assert judge(exercise, local_answer(lambda **arguments: 3), SEED).mistake is None
    assert asked.count("greedy") == 2
    assert judge(exercise, local_answer(most_probable), SEED).mistake == "greedy"
    assert asked.count("greedy") == 3002


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
