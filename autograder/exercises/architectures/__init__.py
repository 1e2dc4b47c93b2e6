"""The assignment 14_architectures."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(
    __name__,
    "14_architectures",
    "attention_pattern",
    "cross_attention",
    "mask_tokens",
    "corrupt_spans",
    "shift_right",
    "masked_diffusion_loss",
)
