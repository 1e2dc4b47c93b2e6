"""The assignment 01_language_models."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(__name__, "01_language_models", "bigram_probabilities", "sequence_log_prob", "perplexity")
