"""A specification that cannot be met is refused where it is written down."""

from dataclasses import replace

import pytest

from autograder.exercises import assignments


def test_properties_that_need_one_another_are_refused() -> None:
    exercise = assignments()["05_attention"].exercises[0]
    first, second, *others = exercise.properties
    circle = (replace(first, needs=second.name), replace(second, needs=first.name), *others)
    with pytest.raises(ValueError, match="needs itself"):
        replace(exercise, properties=circle)
    unknown = (replace(first, needs="luck"), second, *others)
    with pytest.raises(ValueError, match="no property is called"):
        replace(exercise, properties=unknown)
