"""The assignment 05_attention."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(
    __name__,
    "05_attention",
    "causal_mask",
    "scaled_dot_product_attention",
    "multi_head_attention",
    "sliding_window_mask",
    "flash_attention",
)
