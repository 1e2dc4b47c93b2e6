"""What is asked: cases, properties, known mistakes with their hints. `autograder.exercises.spec` has the vocabulary."""

from pathlib import Path

import torch
from torch import Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Assignment, Case, Exercise, Property, given, randn
from llm_course.checking import observe

from . import solutions

# The section is where a learner reads again: a lecture, a page of your book. It may be left out.
known = Mistakes(solutions.double_largest, section="lecture 1, “Axes”")

known.edit(
    "over_the_columns",
    {"argmax(dim=-1": "argmax(dim=0", "x.scatter(-1": "x.scatter(0", "x.gather(-1": "x.gather(0"},
    "You double the largest entry of each *column*. A row is along the last axis.",
)
known.edit(
    "all_entries",
    {"x.scatter(-1, largest, 2 * x.gather(-1, largest))": "2 * x"},
    "You double every entry. Only the largest one of each row changes.",
)
known.edit(
    "largest_in_size",
    {"x.argmax": "x.abs().argmax"},
    "You double the entry that is farthest from 0. The largest of -3 and 1 is 1.",
)


@known.function("You change `x` itself: work on a new tensor.")
def in_place(x: Tensor) -> Tensor:
    """The right values, written over the argument."""
    x[range(len(x)), x.argmax(-1)] *= 2
    return x


LARGEST = "The largest entry of each row is doubled, and no other"
DOUBLE_LARGEST = Exercise(
    reference=solutions.double_largest,
    points=2,
    cases=(
        # Learners' own checks show the visible cases; the others are drawn anew for each grading.
        Case("two rows", given(x=torch.tensor([[1.0, 3.0, -7.0], [5.0, 4.0, 6.0]])), visible=True),
        Case("drawn", lambda draw: {"x": randn(draw, 4, 6)}),
    ),
    properties=(
        Property(
            LARGEST,
            ("two rows", "drawn"),
            "Work out the first row by hand: only one of its numbers changes.",
            weight=2,
        ),
        Property(
            "The argument is left unchanged",
            ("two rows", "drawn"),
            "Work on a new tensor: `x` itself must be as it was.",
            observe=observe.changed,
            needs=LARGEST,
        ),
    ),
    mistakes=tuple(known),
)

ASSIGNMENT = Assignment(Path(__file__).parent.name, (DOUBLE_LARGEST,))
"""The exercises in the order of the notebook. The assignment is called like its folder."""
