"""What is asked: cases and properties; the misunderstandings stand in specification.md beside this file.

`autograder.exercises.spec` has the vocabulary.
"""

from pathlib import Path

import torch

from autograder.exercises.drawing import given, randn
from autograder.exercises.spec import Assignment, Case, exercise, requires
from llm_course.checking import observe

from . import solutions

LARGEST = "The largest entry of each row is doubled, and no other"
DOUBLE_LARGEST = exercise(
    solutions.double_largest,
    __file__,
    requires(
        LARGEST,
        # Learners' own checks show the visible cases; the others are drawn anew for each grading.
        Case("two rows", given(x=torch.tensor([[1.0, 3.0, -7.0], [5.0, 4.0, 6.0]])), visible=True),
        Case("drawn", lambda draw: {"x": randn(draw, 4, 6)}),
        advice="Work out the first row by hand: only one of its numbers changes.",
        weight=2,
        fails="Your function does not double the largest entry of each row, or changes another one as well.",
    ),
    requires(
        "The argument is left unchanged",
        ("two rows", "drawn"),
        advice="Work on a new tensor: `x` itself must be as it was.",
        observe=observe.changed,
        needs=LARGEST,
        fails="Your function changes its argument.",
    ),
    points=2,
)

ASSIGNMENT = Assignment(Path(__file__).parent.name, (DOUBLE_LARGEST,))
"""The exercises in the order of the notebook. The assignment is called like its folder."""
