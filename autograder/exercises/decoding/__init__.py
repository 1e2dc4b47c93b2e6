"""The assignment 11_decoding."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(
    __name__,
    "11_decoding",
    "apply_temperature",
    "top_k_filter",
    "top_p_filter",
    "min_p_filter",
    "repeat_ngram_filter",
    "sample",
    "beam_search",
)
