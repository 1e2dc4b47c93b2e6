"""The assignment 11_decoding."""

from autograder.exercises.decoding import (
    apply_temperature,
    beam_search,
    min_p_filter,
    repeat_ngram_filter,
    sample,
    top_k_filter,
    top_p_filter,
)
from autograder.exercises.spec import Assignment

ASSIGNMENT = Assignment(
    "11_decoding",
    (
        apply_temperature.EXERCISE,
        top_k_filter.EXERCISE,
        top_p_filter.EXERCISE,
        min_p_filter.EXERCISE,
        repeat_ngram_filter.EXERCISE,
        sample.EXERCISE,
        beam_search.EXERCISE,
    ),
)
