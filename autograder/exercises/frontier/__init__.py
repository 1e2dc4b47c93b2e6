"""The assignment 18_frontier."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(
    __name__, "18_frontier", "patchify", "unpatchify", "splice_image", "run_tools", "fit_messages"
)
