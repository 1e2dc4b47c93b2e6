"""The assignment 10_context."""

from autograder.exercises.context import (
    bm25_scores,
    chunk_tokens,
    interpolated_rope_frequencies,
    kv_cache_bytes,
    sink_window_mask,
    yarn_frequencies,
)
from autograder.exercises.spec import Assignment

ASSIGNMENT = Assignment(
    "10_context",
    (
        kv_cache_bytes.EXERCISE,
        chunk_tokens.EXERCISE,
        bm25_scores.EXERCISE,
        sink_window_mask.EXERCISE,
        interpolated_rope_frequencies.EXERCISE,
        yarn_frequencies.EXERCISE,
    ),
)
