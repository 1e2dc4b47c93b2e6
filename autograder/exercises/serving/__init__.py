"""The assignment 16_serving."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(
    __name__,
    "16_serving",
    "cached_attention_step",
    "speculative_step",
    "expected_tokens",
    "distillation_loss",
    "continuous_batching",
    "paged_cache",
)
