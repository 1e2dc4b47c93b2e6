"""The graders' own tests, in process: what each exercise gives to right, wrong and trivial answers."""

import inspect
import itertools
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.exercises import assignments
from autograder.exercises.spec import Exercise, Mistake
from autograder.judge import Answer, ask, derive_seed, judge, local_answer, make_answer_key
from autograder.sandbox import wire
from llm_course.checking.evaluate import Verdict, evaluate
from tests.banks.right import alternatives

SEEDS = (b"first", b"second", b"third")
MORE_SEEDS = [*SEEDS, *(b"%d" % number for number in range(int(os.environ.get("LLM_COURSE_SEEDS", "0"))))]
"""A right answer must not lose marks in one course of a hundred: `LLM_COURSE_SEEDS=100 make unit` looks."""
SECRET_OF_A_MISS = derive_seed(
    bytes.fromhex("23f5a15046e6ee8ec5176a3fbcaeb64cfc1c2ea884df86f142c04cb973bf015d"), "11_decoding"
)
EXERCISES = [exercise for assignment in assignments().values() for exercise in assignment.exercises]
MISTAKES = [(exercise, mistake) for exercise in EXERCISES for mistake in exercise.mistakes]


def verdict_on(exercise: Exercise, function: Callable[..., Any], seed: bytes = SEEDS[0]) -> Verdict:
    return judge(exercise, local_answer(function), seed)


@pytest.mark.parametrize("seed", MORE_SEEDS)
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_reference_gets_full_marks(exercise: Exercise, seed: bytes) -> None:
    assert verdict_on(exercise, exercise.reference, seed).fraction == 1


@pytest.mark.parametrize("seed", MORE_SEEDS)
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_right_alternatives_get_full_marks(exercise: Exercise, seed: bytes) -> None:
    found = alternatives(exercise.name)
    assert len(found) >= 2, f"{exercise.name} needs at least two right alternatives in tests/banks/right/"
    for function in found:
        verdict = verdict_on(exercise, function, seed)
        assert verdict.fraction == 1, (function.__name__, verdict)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("exercise", "mistake"), MISTAKES, ids=[f"{exercise.name}-{mistake.name}" for exercise, mistake in MISTAKES]
)
def test_mistake_loses_points_with_its_own_hint(exercise: Exercise, mistake: Mistake, seed: bytes) -> None:
    verdict = verdict_on(exercise, mistake.function, seed)
    assert verdict.fraction < 1
    assert (verdict.mistake, verdict.hint) == (mistake.name, mistake.hint)


@pytest.mark.parametrize(
    ("exercise", "mistake"), MISTAKES, ids=[f"{exercise.name}-{mistake.name}" for exercise, mistake in MISTAKES]
)
def test_learner_is_told_the_same_mistake(exercise: Exercise, mistake: Mistake) -> None:
    # The learner's own checks see fewer cases: a mistake may pass them, but it is never taken for another.
    assert verdict_on(exercise.visible, mistake.function).mistake in (mistake.name, None)


@pytest.mark.parametrize(
    ("name", "mistake", "cost"),
    [
        ("LoRALinear", "scale_alpha", 2),
        ("LoRALinear", "scale_rounded_down", 2),
        ("prepend_prompt", "mask_in_float", 2),
        ("prepend_prompt", "labels_in_float", 2),
        ("trainable_fraction", "state_counted", 1),
        ("feed_forward", "tanh_gelu", 1),
        ("feed_forward", "silu", 2),
        ("moe_forward", "by_threshold", 1),
        ("parameter_counts", "two_matrices", 2),
    ],
)
def test_one_slip_costs_only_the_properties_that_it_concerns(name: str, mistake: str, cost: int) -> None:
    exercise = next(exercise for exercise in EXERCISES if exercise.name == name)
    function = next(item.function for item in exercise.mistakes if item.name == mistake)
    assert sum(not finding.holds for finding in verdict_on(exercise, function).findings) == cost


def test_error_everywhere_is_no_mistake_that_raises_in_some_cases() -> None:
    exercise = next(exercise for exercise in EXERCISES if exercise.name == "sample")

    def without_number_of_samples(**arguments: Any) -> Tensor:
        return torch.multinomial(torch.ones(2), generator=arguments["generator"])  # type: ignore[call-overload]

    verdict = verdict_on(exercise, without_number_of_samples)
    assert verdict.mistake is None
    assert "raised TypeError" in verdict.hint


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_all_calls_go_into_the_room_in_one_frame(exercise: Exercise) -> None:
    data = [item.call.data for item in make_answer_key(exercise, SEEDS[0]).items.values()]
    assert len(json.dumps([tree for tree, _ in data])) < wire.MAX_HEADER / 8
    assert sum(len(buffer) for _, buffers in data for buffer in buffers) < wire.MAX_BODY / 8


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_stub_gets_nothing(exercise: Exercise) -> None:
    def stub(**arguments: Any) -> None:
        raise NotImplementedError

    verdict = verdict_on(exercise, stub)
    assert verdict.fraction == 0
    assert "not written yet" in verdict.hint


@pytest.mark.parametrize("trivial", ["zeros", "ones", "noise", "input", "none", "refuse"])
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_trivial_answers_get_little_or_nothing(exercise: Exercise, trivial: str) -> None:
    verdict = judge(exercise, trivial_answer(exercise, trivial), SEEDS[0])
    # Of right form is worth nothing; what is left is the refusal of bad arguments, which noise cannot know.
    assert verdict.fraction == 0, verdict


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_trivial_answers_that_change_from_call_to_call_get_nothing(exercise: Exercise) -> None:
    answer_key = make_answer_key(exercise, SEEDS[0])
    kinds = {kind: ask(exercise, trivial_answer(exercise, kind), SEEDS[0]) for kind in ("zeros", "ones", "noise")}
    for required in filter(lambda item: item.joint, answer_key.properties):
        for mix in itertools.product(kinds, repeat=len(required.cases)):
            changing = {case: kinds[kind][case] for case, kind in zip(required.cases, mix, strict=True)}
            verdict = evaluate(answer_key, kinds["zeros"] | changing)
            assert verdict.fraction == 0, (required.name, mix, verdict)


def trivial_answer(exercise: Exercise, kind: str) -> Answer:
    return local_answer(lambda **arguments: TRIVIAL[kind](exercise, arguments))


def _like(exercise: Exercise, arguments: dict[str, Any], make: Callable[[Tensor], Any], number: float) -> Any:
    try:
        right = exercise.reference(**arguments)
    except ValueError:
        return None

    def replace(value: Any) -> Any:
        if isinstance(value, Tensor):
            return make(value)
        if isinstance(value, (tuple, list)):
            return type(value)(replace(item) for item in value)
        if isinstance(value, dict):
            return {key: replace(item) for key, item in value.items()}
        return type(value)(number) if isinstance(value, (int, float)) else ""

    return replace(right)


def _noise(tensor: Tensor) -> Tensor:
    noise = torch.rand(tensor.shape)
    return noise.to(tensor.dtype) if tensor.is_floating_point() else (noise * 7).to(tensor.dtype)


def _refuse(exercise: Exercise, arguments: dict[str, Any]) -> Any:
    raise ValueError("no")


TRIVIAL: dict[str, Callable[[Exercise, dict[str, Any]], Any]] = {
    "zeros": lambda exercise, arguments: _like(exercise, arguments, torch.zeros_like, 0),
    "ones": lambda exercise, arguments: _like(exercise, arguments, torch.ones_like, 1),
    "noise": lambda exercise, arguments: _like(exercise, arguments, _noise, 0.37),
    "input": lambda exercise, arguments: next(iter(arguments.values())),
    "none": lambda exercise, arguments: None,
    "refuse": _refuse,
}


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_exercise_has_enough_mistakes_and_hints_of_their_own(exercise: Exercise) -> None:
    hints = [mistake.hint for mistake in exercise.mistakes]
    assert len(hints) == len(set(hints))
    assert len(hints) >= 4


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_reference_is_documented_and_typed(exercise: Exercise) -> None:
    signature = inspect.signature(exercise.reference)
    assert inspect.getdoc(exercise.reference)
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(item.annotation is not inspect.Parameter.empty for item in signature.parameters.values())


# Each seed is that of a course whose verdict was wrong once.
@pytest.mark.parametrize(
    ("assignment", "name", "mistake", "seed"),
    [
        pytest.param("05_attention", "flash_attention", "only_the_block_maximum", b"sweep 24", id="flash_attention"),
        pytest.param("11_decoding", "sample", "one_number_for_all", SECRET_OF_A_MISS, id="sample"),
    ],
)
def test_mistake_is_found_with_the_seed_that_missed_it(assignment: str, name: str, mistake: str, seed: bytes) -> None:
    exercise = assignments()[assignment].exercise(name)
    (known,) = (known for known in exercise.mistakes if known.name == mistake)
    assert verdict_on(exercise, known.function, seed).mistake == mistake


@pytest.mark.parametrize(
    ("assignment", "name", "seed"),
    [("05_attention", "flash_attention", b"sweep 169"), ("07_normalization", "decoder_logits", b"alt 5")],
)
def test_right_alternatives_keep_their_marks_with_the_seed_that_cost_them(
    assignment: str, name: str, seed: bytes
) -> None:
    exercise = assignments()[assignment].exercise(name)
    for function in alternatives(name):
        assert verdict_on(exercise, function, seed).fraction == 1, function.__name__
