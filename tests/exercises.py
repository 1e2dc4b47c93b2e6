"""All exercises, as parameters of tests."""

from collections.abc import Iterable

import pytest

from autograder.exercises import assignments
from autograder.exercises.spec import Exercise

EXERCISES = [exercise for assignment in assignments().values() for exercise in assignment.exercises]


def for_each(exercises: Iterable[Exercise]) -> pytest.MarkDecorator:
    """Run a test for each exercise.

    The tests of one exercise stay in one process, whatever their files: its answer key is made once.
    """
    return pytest.mark.parametrize(
        "exercise", [pytest.param(item, marks=pytest.mark.xdist_group(item.name), id=item.name) for item in exercises]
    )


each_exercise = for_each(EXERCISES)
