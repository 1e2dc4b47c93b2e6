"""The assignment 06_feed_forward."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(__name__, "06_feed_forward", "feed_forward", "swiglu", "moe_forward", "parameter_counts")
