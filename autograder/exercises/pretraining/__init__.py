"""The assignment 08_pretraining."""

from autograder.exercises.pretraining import adamw_step, clip_gradients, compute_optimal, learning_rate, next_token_loss
from autograder.exercises.spec import Assignment

ASSIGNMENT = Assignment(
    "08_pretraining",
    (
        next_token_loss.EXERCISE,
        learning_rate.EXERCISE,
        adamw_step.EXERCISE,
        clip_gradients.EXERCISE,
        compute_optimal.EXERCISE,
    ),
)
