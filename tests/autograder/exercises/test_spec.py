"""A specification that cannot be met is refused where it is written down."""

from dataclasses import replace

import pytest

from autograder.exercises import assignments
from autograder.exercises.attention import causal_mask
from autograder.exercises.drawing import given
from autograder.exercises.spec import Case, exercise, requires
from solutions import attention


def test_properties_that_need_one_another_are_refused() -> None:
    exercise = assignments()["05_attention"].exercises[0]
    first, second, *others = exercise.properties
    circle = (replace(first, needs=second.name), replace(second, needs=first.name), *others)
    with pytest.raises(ValueError, match="needs itself"):
        replace(exercise, properties=circle)
    unknown = (replace(first, needs="luck"), second, *others)
    with pytest.raises(ValueError, match="no property is called"):
        replace(exercise, properties=unknown)


def test_a_case_that_is_named_and_never_described_is_refused() -> None:
    square = requires("square", Case("4 x 4", given(n_queries=4, n_keys=4)), ("5 x 5",), advice="Write it on paper.")
    with pytest.raises(ValueError, match=r"describe \['5 x 5'\] as a Case"):
        exercise(attention.causal_mask, causal_mask.__file__, square, points=1)
