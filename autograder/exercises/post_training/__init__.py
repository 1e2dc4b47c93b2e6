"""The assignment 09_post_training."""

from autograder.exercises.post_training import (
    clipped_policy_loss,
    dpo_loss,
    group_advantages,
    kl_estimate,
    reward_loss,
    sequence_log_probs,
    sft_labels,
)
from autograder.exercises.spec import Assignment

ASSIGNMENT = Assignment(
    "09_post_training",
    (
        sft_labels.EXERCISE,
        sequence_log_probs.EXERCISE,
        reward_loss.EXERCISE,
        dpo_loss.EXERCISE,
        group_advantages.EXERCISE,
        clipped_policy_loss.EXERCISE,
        kl_estimate.EXERCISE,
    ),
)
