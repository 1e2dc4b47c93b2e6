"""The assignment 06_feed_forward."""

from autograder.exercises.feed_forward import feed_forward, moe_forward, parameter_counts, swiglu
from autograder.exercises.spec import Assignment

ASSIGNMENT = Assignment(
    "06_feed_forward", (feed_forward.EXERCISE, swiglu.EXERCISE, moe_forward.EXERCISE, parameter_counts.EXERCISE)
)
