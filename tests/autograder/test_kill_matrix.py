"""The kill matrix of the book is that of the specifications, and every mistake dies."""

import pytest

from autograder.exercises import assignments
from autograder.exercises.spec import Exercise
from autograder.kill_matrix import PAGE, matrix, page

EXERCISES = [exercise for assignment in assignments().values() for exercise in assignment.exercises]


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make checks`"


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_every_mistake_is_caught(exercise: Exercise) -> None:
    assert [name for name, verdict in matrix(exercise).items() if verdict.fraction == 1] == []


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_every_property_is_failed_by_a_mistake(exercise: Exercise) -> None:
    # One that only waits for another property has not been seen to fail.
    failed = {
        finding.name
        for verdict in matrix(exercise).values()
        for finding in verdict.findings
        if not finding.holds and not finding.waits
    }
    assert [item.name for item in exercise.properties if item.name not in failed] == []
