"""The graders' own tests, in process: what each exercise gives to right, wrong and trivial answers.

One test an exercise, which names all that is wrong. Its inputs are drawn from the seed of the learners' own checks;
`make test-long` draws them from a hundred random seeds, too. What one of them finds becomes a case below.
"""

import functools
import inspect
import itertools
import json
import re
import secrets
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.authoring import exercise_counts
from autograder.authoring.self_reported import self_reported_by
from autograder.authoring.trial import faults_of_mistakes, marks_lost, visible_part
from autograder.authoring.trivial import points_only, trivial_replies, trivially_held
from autograder.exercises import assignments
from autograder.exercises.misunderstandings import without_docstrings
from autograder.exercises.spec import Exercise
from autograder.judging.judge import SHIPPED, derive_seed, judge, local_answer, make_answer_key
from autograder.sandbox import wire
from llm_course.checking.answer_key import pack_answer_keys
from llm_course.checking.calls import Reply
from llm_course.checking.evaluate import Verdict, evaluate
from tests.banks import right
from tests.banks.right import alternatives
from tests.exercises import EXERCISES, each_exercise

GRADED = b"seed"
"""The seed of a course."""
TOLD_AT_ONCE = 0.7
"""The share of known mistakes that learners hear of from their own checks."""
SECRET_OF_A_MISS = derive_seed(
    bytes.fromhex("23f5a15046e6ee8ec5176a3fbcaeb64cfc1c2ea884df86f142c04cb973bf015d"), "11_decoding"
)


def lying(reply: Reply, expected: Reply) -> Reply:
    """The reply with all that the sandbox says of the call as it is expected."""
    return replace(reply, changed=expected.changed, gradients=expected.gradients, largest=expected.largest)


def verdict_on(exercise: Exercise, function: Callable[..., Any], seed: bytes = SHIPPED) -> Verdict:
    return judge(exercise, local_answer(function), seed)


@each_exercise
def test_right_answers_get_full_marks(exercise: Exercise) -> None:
    found = [exercise.reference, *alternatives(exercise.name)]
    assert len(found) >= 2, f"{exercise.name} needs a right alternative in tests/banks/right/"
    assert list(marks_lost(exercise, found, [SHIPPED])) == []


def test_each_right_answer_of_the_bank_has_the_name_of_its_exercise() -> None:
    texts = [path.read_text(encoding="utf-8") for path in Path(right.__path__[0]).glob("[a-z]*.py")]
    written = {name for text in texts for name in re.findall(r"^(?:def|class) (?!_)(\w+)", text, re.MULTILINE)}
    assert written == {answer.__name__ for exercise in EXERCISES for answer in alternatives(exercise.name)}


@each_exercise
def test_each_mistake_loses_points_with_its_own_hint(exercise: Exercise) -> None:
    assert list(faults_of_mistakes(exercise, [SHIPPED], TOLD_AT_ONCE)) == []


@pytest.mark.slow
@each_exercise
def test_verdicts_are_the_same_with_a_hundred_random_seeds(exercise: Exercise) -> None:
    seeds = [secrets.token_hex(8).encode() for _ in range(100)]
    assert [trivially_held(exercise, seed) for seed in seeds[:10]] == [{}] * 10
    assert list(marks_lost(exercise, [exercise.reference, *alternatives(exercise.name)], seeds)) == []
    assert list(faults_of_mistakes(exercise, seeds)) == []


@each_exercise
def test_a_sandbox_that_lies_wins_what_is_listed_and_no_more(exercise: Exercise) -> None:
    answer_key, trusted = make_answer_key(exercise, SHIPPED), self_reported_by(exercise, SHIPPED)
    worth = points_only(answer_key)
    for mistake in answer_key.mistakes:
        told = {
            name: reply if reply.failure else lying(reply, answer_key.items[name].expected)
            for name, reply in mistake.replies.items()
        }
        honest, forged = (evaluate(worth, replies).findings for replies in (mistake.replies, told))
        won = {one.name for one, other in zip(forged, honest, strict=True) if one.holds and not other.holds}
        # What needs a property that takes something on trust is won with it.
        assert won <= {item.name for item in exercise.properties if {item.name, item.needs} & trusted}


@each_exercise
def test_the_book_shows_the_figures_of_each_exercise(exercise: Exercise) -> None:
    assert exercise_counts.row(exercise) in exercise_counts.PAGE.read_text(encoding="utf-8"), "run `make checks`"


@each_exercise
def test_what_is_not_written_yet_gets_nothing(exercise: Exercise) -> None:
    def stub(**arguments: Any) -> None:
        raise NotImplementedError

    verdict = verdict_on(exercise, stub)
    assert verdict.fraction == 0
    assert "not written yet" in verdict.hint


@each_exercise
def test_trivial_answers_earn_nothing(exercise: Exercise) -> None:
    """No property can be had without understanding: from the visible checks, the form or the arguments alone."""
    held = trivially_held(exercise, GRADED)
    assert not held, "\n".join(f"{name!r} is earned by {', '.join(by)}." for name, by in held.items()) + (
        "\nDraw inputs larger than the visible ones, or give the property `needs=`."
    )


@each_exercise
def test_trivial_answers_that_change_from_call_to_call_get_nothing(exercise: Exercise) -> None:
    worth = points_only(make_answer_key(exercise, SHIPPED))
    known = trivial_replies(exercise, SHIPPED)
    kinds = {kind: known[kind] for kind in ("zeros", "ones", "noise")}
    for required in filter(lambda item: item.joint, worth.properties):
        for mix in itertools.product(kinds, repeat=len(required.cases)):
            changing = {case: kinds[kind][case] for case, kind in zip(required.cases, mix, strict=True)}
            verdict = evaluate(worth, kinds["zeros"] | changing)
            assert verdict.fraction == 0, (required.name, mix, verdict)


@each_exercise
def test_form_of_the_specification(exercise: Exercise) -> None:
    names = {(mistake.name, mistake.hint) for mistake in exercise.mistakes}
    assert len(names) == len({name for name, _ in names}) == len({hint for _, hint in names})
    assert all(required.fails.endswith(".") for required in exercise.properties if required.fails)
    signature = inspect.signature(exercise.reference)
    assert inspect.getdoc(exercise.reference)
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(item.annotation is not inspect.Parameter.empty for item in signature.parameters.values())
    data = [item.call.data for item in make_answer_key(exercise, SHIPPED).items.values()]
    assert len(json.dumps([tree for tree, _ in data])) < wire.MAX_HEADER / 8, (
        "all calls go into the sandbox in one frame"
    )
    assert sum(len(buffer) for _, buffers in data for buffer in buffers) < wire.MAX_BODY / 8


@pytest.mark.parametrize(
    ("name", "mistake", "cost"),
    [
        ("LoRALinear", "wrong_scale", 2),
        ("prepend_prompt", "mask_dtype_lost", 2),
        ("trainable_fraction", "counted_twice", 1),
        ("feed_forward", "approximate_gelu", 1),
        ("feed_forward", "another_activation", 2),
        ("moe_forward", "by_threshold", 1),
        ("parameter_counts", "wrong_feed_forward", 2),
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


@pytest.mark.parametrize("name", ["causal_mask", "transformer_block"])
def test_the_visible_part_is_what_learners_get(name: str) -> None:
    exercise = next(exercise for exercise in EXERCISES if exercise.name == name)
    seen = visible_part(exercise, make_answer_key(exercise, SHIPPED))
    assert pack_answer_keys({name: seen}) == pack_answer_keys({name: make_answer_key(exercise.visible, SHIPPED)})


def test_faults_of_mistakes_are_named() -> None:
    exercise = next(exercise for exercise in EXERCISES if exercise.name == "causal_mask")
    square = exercise.properties[0]
    blind = replace(
        exercise, cases=tuple(case for case in exercise.cases if case.name in square.cases), properties=(square,)
    )
    first, other = (
        exercise.mistakes[0],
        next(item for item in exercise.mistakes if item.name != exercise.mistakes[0].name),
    )
    faults = "\n".join(faults_of_mistakes(blind, [SHIPPED]))
    assert f"seed '': {first.name} ({first.place}) gets full marks" in faults
    swapped = replace(first, function=functools.partial(other.function))
    faults = "\n".join(faults_of_mistakes(replace(exercise, mistakes=(*exercise.mistakes[1:], swapped)), [SHIPPED]))
    assert f"seed '': {first.name} ({first.place}) is told {other.name}: " in faults
    deaf = replace(exercise, mistakes=())
    assert f"no mistake fails {square.name!r}" in faults_of_mistakes(deaf, [SHIPPED])


def test_a_single_draw_without_the_generator_is_seen() -> None:
    exercise = next(exercise for exercise in EXERCISES if exercise.name == "speculative_step")
    text = without_docstrings(exercise.reference)
    space = dict(vars(sys.modules[exercise.reference.__module__]))
    exec(text.replace("drawn_from(target[k])", "int(torch.multinomial(target[k], 1))"), space)
    assert verdict_on(exercise, space[exercise.name]).mistake == "generator_ignored"


# Each seed is that of a course whose verdict was wrong once.
@pytest.mark.parametrize(
    ("assignment", "name", "mistake", "seed"),
    [
        pytest.param("05_attention", "flash_attention", "another_maximum", b"sweep 24", id="flash_attention"),
        pytest.param("11_decoding", "sample", "one_number_for_all", SECRET_OF_A_MISS, id="sample"),
    ],
)
def test_mistake_is_found_with_the_seed_that_missed_it(assignment: str, name: str, mistake: str, seed: bytes) -> None:
    exercise = assignments()[assignment].exercise(name)
    known = next(known for known in exercise.mistakes if known.name == mistake)
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
