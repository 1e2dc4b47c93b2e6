"""The assignment 18_frontier."""

from autograder.exercises.frontier import fit_messages, patchify, run_tools, splice_image, unpatchify
from autograder.exercises.spec import Assignment

ASSIGNMENT = Assignment(
    "18_frontier",
    (
        patchify.EXERCISE,
        unpatchify.EXERCISE,
        splice_image.EXERCISE,
        run_tools.EXERCISE,
        fit_messages.EXERCISE,
    ),
)
