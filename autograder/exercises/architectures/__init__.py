"""The assignment 14_architectures."""

from autograder.exercises.architectures import (
    attention_pattern,
    corrupt_spans,
    cross_attention,
    mask_tokens,
    masked_diffusion_loss,
    shift_right,
)
from autograder.exercises.spec import Assignment

ASSIGNMENT = Assignment(
    "14_architectures",
    (
        attention_pattern.EXERCISE,
        cross_attention.EXERCISE,
        mask_tokens.EXERCISE,
        corrupt_spans.EXERCISE,
        shift_right.EXERCISE,
        masked_diffusion_loss.EXERCISE,
    ),
)
