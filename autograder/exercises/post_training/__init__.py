"""The assignment 09_post_training."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(
    __name__,
    "09_post_training",
    "sft_labels",
    "sequence_log_probs",
    "reward_loss",
    "dpo_loss",
    "group_advantages",
    "clipped_policy_loss",
    "kl_estimate",
)
