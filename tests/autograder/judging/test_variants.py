"""Whoever hands in again meets other inputs, and a regrade the same: the variant follows from the stored result
alone."""

import dataclasses
from collections import Counter

from autograder.exercises import assignments
from autograder.judging.grade import not_graded
from autograder.judging.judge import make_answer_key
from autograder.judging.variants import VARIANTS, Attempt, attempt_of, first_variant, seed_of_variant
from autograder.records.result import Result
from autograder.submissions.submission import Submission
from llm_course.checking.calls import call_to_text
from tests.banks.submissions import submission

SECRET = b"secret"
NAME = "05_attention"
ATTENTION = assignments()[NAME]


def with_mask(cell: str) -> Submission:
    return submission(ATTENTION, {"causal_mask": cell})


def attempt(cell: str, stored: Result | None = None, student: str = "ada") -> Attempt:
    return attempt_of(with_mask(cell), SECRET, NAME, student, stored)


def result(made: Attempt) -> Result:
    graded = not_graded(NAME, "only to hold an attempt")
    return dataclasses.replace(graded, attempt=made.number, code=made.code, draw=made.variant)


def test_other_code_is_the_next_attempt_with_the_next_draw() -> None:
    attempts = [attempt("x = 0")]
    for number in range(1, VARIANTS + 1):
        attempts.append(attempt(f"x = {number}", result(attempts[-1])))
    assert [made.number for made in attempts] == list(range(1, VARIANTS + 2))
    assert len({made.variant for made in attempts[:VARIANTS]}) == VARIANTS
    assert attempts[VARIANTS].variant == attempts[0].variant


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
    counts = Counter(first_variant(SECRET, NAME, student) for student in students)
    assert set(counts) == set(range(VARIANTS)) and min(counts.values()) > 50
    others = [first_variant(b"another", NAME, student) for student in students]
    assert others != [first_variant(SECRET, NAME, student) for student in students]


def test_variants_have_inputs_of_their_own() -> None:
    seeds = [seed_of_variant(SECRET, NAME, variant) for variant in range(VARIANTS)]
    for exercise in ATTENTION.exercises:
        items = [make_answer_key(exercise, seed).items for seed in seeds]
        asked = [tuple(call_to_text(item.call) for item in found.values()) for found in items]
        assert len(set(asked)) == VARIANTS
