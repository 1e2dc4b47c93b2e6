"""Whoever hands in again meets other inputs, and a regrade the same: the draw follows from the stored result alone."""

import dataclasses
import os
from collections import Counter

import pytest
import torch

from autograder.draws import DRAWS, Attempt, attempt_of, first_draw, seed_of_draw
from autograder.exercises import assignments
from autograder.exercises.spec import Case, Exercise, given
from autograder.grade import not_graded
from autograder.judge import derive_seed, judge, local_answer, make_answer_key
from autograder.result import Result
from autograder.submission import Submission
from llm_course.checking.calls import Call, call_to_text
from tests.banks.submissions import submission
from tests.soak import verdicts
from tests.topics import TOPICS, where_changed

SECRET = b"secret"
NAME = "05_attention"
ATTENTION = assignments()[NAME]
EXERCISES = [*TOPICS]


def with_mask(cell: str) -> Submission:
    return submission(ATTENTION, {"causal_mask": cell})


def attempt(cell: str, stored: Result | None = None, student: str = "ada") -> Attempt:
    return attempt_of(with_mask(cell), SECRET, NAME, student, stored)


def result(made: Attempt) -> Result:
    graded = not_graded(NAME, "only to hold an attempt")
    return dataclasses.replace(graded, attempt=made.number, code=made.code, draw=made.draw)


def test_other_code_is_the_next_attempt_with_the_next_draw() -> None:
    attempts = [attempt("x = 0")]
    for number in range(1, DRAWS + 1):
        attempts.append(attempt(f"x = {number}", result(attempts[-1])))
    assert [made.number for made in attempts] == list(range(1, DRAWS + 2))
    assert len({made.draw for made in attempts[:DRAWS]}) == DRAWS
    assert attempts[DRAWS].draw == attempts[0].draw


def test_the_same_code_is_the_same_attempt() -> None:
    second = attempt("x = 1", result(attempt("x = 0")))
    assert attempt("x = 1", result(second)) == second


def test_an_earlier_code_handed_in_once_more_is_a_new_attempt() -> None:
    third = attempt("x = 0", result(attempt("x = 1", result(attempt("x = 0")))))
    assert third.number == 3


def test_what_cannot_be_graded_in_between_starts_nothing_anew() -> None:
    first = attempt("x = 0")
    between = not_graded(NAME, "It is gone.", result(first))
    assert attempt("x = 0", between) == first
    assert attempt("x = 1", between).number == 2


def test_first_draws_are_spread_and_depend_on_the_secret() -> None:
    students = [f"student {number}" for number in range(400)]
    counts = Counter(first_draw(SECRET, NAME, student) for student in students)
    assert set(counts) == set(range(DRAWS)) and min(counts.values()) > 50
    others = [first_draw(b"another", NAME, student) for student in students]
    assert others != [first_draw(SECRET, NAME, student) for student in students]


def test_draws_have_inputs_of_their_own() -> None:
    seeds = [seed_of_draw(SECRET, NAME, draw) for draw in range(DRAWS)]
    for exercise in ATTENTION.exercises:
        items = [make_answer_key(exercise, seed).items for seed in seeds]
        asked = [tuple(call_to_text(item.call) for item in found.values()) for found in items]
        assert len(set(asked)) == DRAWS


# That each mistake is found with each seed, the tests of the specifications say; `make soak` tries all here too.
TRIED = EXERCISES if "LLM_COURSE_SEEDS" in os.environ else ATTENTION.exercises


@where_changed(verdicts)
def test_no_hidden_case_is_the_same_in_every_course(exercise: Exercise) -> None:
    """A case that is written down, not drawn, could be seen once and answered from a table for ever after."""
    assert fixed_cases(exercise) == []


def fixed_cases(exercise: Exercise) -> list[str]:
    """The hidden cases of which eight draws hold fewer than four different calls, or a visible case's."""
    calls = {case: [asked(case, number) for number in range(2 * DRAWS)] for case in exercise.cases}
    shown = {call for case, found in calls.items() if case.visible for call in found}
    hidden = {case.name: set(found) for case, found in calls.items() if not case.visible}
    return [name for name, found in hidden.items() if len(found) < DRAWS or found & shown]


def asked(case: Case, number: int) -> str:
    digest = derive_seed(b"%d" % number, case.drawn_as or case.name)
    draw = torch.Generator().manual_seed(int.from_bytes(digest[:7], "little"))
    arguments, script = case.arguments(draw), case.script(draw) if case.script else ()
    return call_to_text(Call(arguments, case.gradients, case.measure, case.repeat, script, case.generators, case.new))


def test_a_fixed_case_is_found() -> None:
    mask = ATTENTION.exercises[0]
    fixed = Case("one query", given(n_queries=1, n_keys=7))
    cases = tuple(fixed if case.name == fixed.name else case for case in mask.cases)
    assert fixed_cases(dataclasses.replace(mask, cases=cases)) == ["one query"]
    shown = dataclasses.replace(next(case for case in cases if case.visible), name="one query", visible=False)
    cases = tuple(shown if case.name == shown.name else case for case in mask.cases)
    assert fixed_cases(dataclasses.replace(mask, cases=cases)) == ["one query"]


@pytest.mark.parametrize("exercise", TRIED, ids=lambda exercise: exercise.name)
def test_no_mark_of_a_known_answer_depends_on_the_draw(exercise: Exercise) -> None:
    attempts = [Attempt(1, "", draw).seeds(SECRET, exercise.name) for draw in range(DRAWS)]
    assert all(judge(exercise, local_answer(exercise.reference), *seeds).fraction == 1 for seeds in attempts)
    for mistake in exercise.mistakes:
        verdicts = [judge(exercise, local_answer(mistake.function), *seeds) for seeds in attempts]
        told = {(verdict.fraction, verdict.mistake, verdict.hint) for verdict in verdicts}
        assert len(told) == 1, (mistake.name, told)
