"""The assignment 01_language_models."""

from autograder.exercises.language_models import bigram_probabilities, perplexity, sequence_log_prob
from autograder.exercises.spec import Assignment

ASSIGNMENT = Assignment(
    "01_language_models", (bigram_probabilities.EXERCISE, sequence_log_prob.EXERCISE, perplexity.EXERCISE)
)
