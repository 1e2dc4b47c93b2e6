"""The exercises as parameters of tests, each as of the part of the suite that is its topic's; see tests/soak.py."""

from collections.abc import Callable, Iterable

import pytest

from autograder.exercises import assignments
from autograder.exercises.spec import Exercise

TOPICS = {exercise: name.partition("_")[2] for name, asked in assignments().items() for exercise in asked.exercises}
"""Each exercise, and the topic that it is about."""


def where_changed(part_of: Callable[[str], str], exercises: Iterable[Exercise] = TOPICS) -> pytest.MarkDecorator:
    """Run a test for each exercise of whose topic's part anything has changed since it last passed."""
    return pytest.mark.parametrize(
        "exercise", [pytest.param(item, marks=mark(part_of, item), id=item.name) for item in exercises]
    )


def mark(part_of: Callable[[str], str], exercise: Exercise) -> pytest.MarkDecorator:
    """The mark of what is asked of an exercise in its topic's part."""
    return pytest.mark.soak(part_of(TOPICS[exercise]))
