"""The assignment 08_pretraining."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(
    __name__, "08_pretraining", "next_token_loss", "learning_rate", "adamw_step", "clip_gradients", "compute_optimal"
)
