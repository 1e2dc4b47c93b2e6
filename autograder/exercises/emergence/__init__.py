"""The assignment 12_emergence."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(
    __name__,
    "12_emergence",
    "exact_match_rate",
    "pass_at_k",
    "bootstrap_interval",
    "paired_difference",
    "contamination",
    "majority_vote",
    "induction_score",
)
