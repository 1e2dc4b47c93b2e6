"""What is asked: cases and properties; the misunderstandings stand in specification.md beside this file.

`autograder.exercises.spec` has the vocabulary.
"""

from pathlib import Path

import torch

from autograder.exercises.drawing import randn
from autograder.exercises.spec import Assignment, Case, exercise, leaves_arguments, requires, shown

from . import solutions

DOUBLE_LARGEST = exercise(
    solutions.double_largest,
    __file__,
    requires(
        "The largest entry of each row is doubled, and no other",
        # Learners' own checks know the cases that are shown; the others are drawn anew for each grading.
        shown("two rows", x=torch.tensor([[1.0, 3.0, -7.0], [5.0, 4.0, 6.0]])),
        Case("drawn", lambda draw: {"x": randn(draw, 4, 6)}),
        advice="Work out the first row by hand: only one of its numbers changes.",
        weight=2,
        fails="Your function does not double the largest entry of each row, or changes another one as well.",
    ),
    leaves_arguments(("two rows", "drawn"), advice="Work on a new tensor: `x` itself must be as it was."),
    points=2,
)

ASSIGNMENT = Assignment(Path(__file__).parent.name, (DOUBLE_LARGEST,))
"""The exercises in the order of the notebook. The assignment is called like its folder."""
