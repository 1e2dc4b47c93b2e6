"""The assignment 16_serving."""

from autograder.exercises.serving import (
    cached_attention_step,
    continuous_batching,
    distillation_loss,
    expected_tokens,
    paged_cache,
    speculative_step,
)
from autograder.exercises.spec import Assignment

ASSIGNMENT = Assignment(
    "16_serving",
    (
        cached_attention_step.EXERCISE,
        speculative_step.EXERCISE,
        expected_tokens.EXERCISE,
        distillation_loss.EXERCISE,
        continuous_batching.EXERCISE,
        paged_cache.EXERCISE,
    ),
)
