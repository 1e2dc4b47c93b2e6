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
