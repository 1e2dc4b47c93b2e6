"""The assignment 04_positions."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(__name__, "04_positions", "sinusoidal_encoding", "apply_rope", "alibi_bias")
