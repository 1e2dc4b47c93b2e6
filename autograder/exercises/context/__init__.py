"""The assignment 10_context."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(
    __name__,
    "10_context",
    "kv_cache_bytes",
    "chunk_tokens",
    "bm25_scores",
    "sink_window_mask",
    "interpolated_rope_frequencies",
    "yarn_frequencies",
)
