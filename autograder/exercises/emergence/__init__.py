"""The assignment 12_emergence."""

from autograder.exercises.emergence import (
    bootstrap_interval,
    contamination,
    exact_match_rate,
    induction_score,
    majority_vote,
    paired_difference,
    pass_at_k,
)
from autograder.exercises.spec import Assignment

ASSIGNMENT = Assignment(
    "12_emergence",
    (
        exact_match_rate.EXERCISE,
        pass_at_k.EXERCISE,
        bootstrap_interval.EXERCISE,
        paired_difference.EXERCISE,
        contamination.EXERCISE,
        majority_vote.EXERCISE,
        induction_score.EXERCISE,
    ),
)
