"""The assignment 04_positions."""

from autograder.exercises.positions import alibi_bias, apply_rope, sinusoidal_encoding
from autograder.exercises.spec import Assignment

ASSIGNMENT = Assignment("04_positions", (sinusoidal_encoding.EXERCISE, apply_rope.EXERCISE, alibi_bias.EXERCISE))
