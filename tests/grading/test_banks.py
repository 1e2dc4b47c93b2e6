"""Submissions through real nbgrader, from release to feedback.

What each answer of the banks is worth, the tests of the specifications and of the sandboxes show. Here one chapter of
functions and one with a class go the whole way, the first of them as from a shell; the others in `make test-long`.
"""

import json
import shutil
from pathlib import Path

import pytest

from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from autograder.judging.judge import judge, local_answer
from autograder.judging.variants import Attempt
from autograder.records.result import read_result
from llm_course.checking.feedback import cause_and_advice
from tests.banks.submissions import fill, hand_in, references, wrong_answer
from tests.grading.conftest import Course, CourseOfAShell

pytestmark = pytest.mark.grading

FUNCTIONS, CLASS = "05_attention", "13_peft"
OTHERS = [name for name, asked in assignments().items() if asked.exercises and name not in (FUNCTIONS, CLASS)]
DUE, IN_TIME, TOO_LATE = "2026-10-12T12:00+00:00", "2026-10-12 11:59:00.0 UTC", "2026-10-13 12:01:00.0 UTC"
UNGRADABLE = '{"cells": ['


def notebooks(assignment: Assignment) -> dict[str, str]:
    """Student -> what they hand in."""
    right = references(assignment)
    partial = right | {item.name: wrong_answer(item, item.mistakes[0]) for item in assignment.exercises}
    healed = fill(assignment, right)
    for cell in healed["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            cell["metadata"]["nbgrader"]["points"] = 1_000
            cell["source"] = "print('graded cells are mine')"
    made = {"reference": right, "untouched": {}, "partial": partial, "late": right}
    return {
        **{student: json.dumps(fill(assignment, answers)) for student, answers in made.items()},
        "healed": json.dumps(healed),
        "ungradable": UNGRADABLE,
    }


def lay_out(course: Course, assignment: Assignment) -> None:
    for student, text in notebooks(assignment).items():
        path = hand_in(course.folder, student, assignment.name, {})
        path.write_text(text, encoding="utf-8")
        (path.parent / "timestamp.txt").write_text(TOO_LATE if student == "late" else IN_TIME)


def apart(name: str, *marks: pytest.MarkDecorator) -> object:
    """An assignment as a parameter; assignments share nothing, so each may have a process of its own."""
    return pytest.param(name, marks=[pytest.mark.xdist_group(f"bank of {name}"), *marks], id=name)


@pytest.fixture(
    scope="module", params=[apart(FUNCTIONS), apart(CLASS), *(apart(name, pytest.mark.slow) for name in OTHERS)]
)
def graded(
    request: pytest.FixtureRequest, empty_course: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Assignment, Course]:
    """A course in which all kinds of submissions are handed in and graded, and have their feedback."""
    assignment = assignments()[request.param]
    folder = tmp_path_factory.mktemp("banks") / "course"
    course = CourseOfAShell(folder) if assignment.name == FUNCTIONS else Course(folder)
    shutil.copytree(empty_course, course.folder)
    course.done("release", assignment.name, "--due", DUE)
    lay_out(course, assignment)
    run = course.llm_course("grade", assignment.name)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "ungradable: not graded. " in run.stdout
    course.done("feedback", assignment.name)
    return assignment, course


def test_each_submission_gets_its_scores(graded: tuple[Assignment, Course]) -> None:
    assignment, course = graded
    full = {exercise.name: exercise.points for exercise in assignment.exercises}
    scores = course.scores(assignment.name)
    assert scores.pop("reference") == scores.pop("healed") == scores.pop("late") == full
    assert scores.pop("untouched") == dict.fromkeys(full, 0)
    partial = scores.pop("partial")
    assert set(scores) <= {"ungradable"}
    for exercise in assignment.exercises:
        expected = judge(
            exercise, local_answer(exercise.mistakes[0].function), *seeds_of(course, assignment, "partial")
        )
        assert partial[exercise.name] == pytest.approx(exercise.points * expected.fraction, abs=1e-3)
        assert partial[exercise.name] != exercise.points


def seeds_of(course: Course, assignment: Assignment, student: str) -> tuple[bytes, ...]:
    """The seeds of a course's variants, that of a student's inputs first."""
    result = read_result(course.folder / "results" / assignment.name / f"{student}.json")
    secret = bytes.fromhex((course.folder / ".llm_course_secret").read_text().strip())
    seeds = Attempt(result.attempt, result.code, result.draw).seeds(secret, assignment.name)
    assert seeds[0].hex() == result.seed
    assert result.tier and result.versions["torch"] and result.started
    return seeds


def test_feedback_names_each_mistake_and_shows_no_hidden_part(graded: tuple[Assignment, Course]) -> None:
    assignment, course = graded
    page = course.feedback_page("partial", assignment.name)
    for exercise in assignment.exercises:
        hint = cause_and_advice(exercise.mistakes[0].hint)[0][:30]
        assert hint.replace("'", "&#39;") in page or hint in page, exercise.name
    assert "<summary>What to do</summary>" in page
    for text in (page, course.feedback_page("reference", assignment.name)):
        assert "HIDDEN TESTS" not in text
        assert "graded outside the notebook" not in text
