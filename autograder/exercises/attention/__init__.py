"""The assignment 05_attention."""

from autograder.exercises.attention import (
    causal_mask,
    flash_attention,
    multi_head_attention,
    scaled_dot_product_attention,
    sliding_window_mask,
)
from autograder.exercises.spec import Assignment

ASSIGNMENT = Assignment(
    "05_attention",
    (
        causal_mask.EXERCISE,
        scaled_dot_product_attention.EXERCISE,
        multi_head_attention.EXERCISE,
        sliding_window_mask.EXERCISE,
        flash_attention.EXERCISE,
    ),
)
