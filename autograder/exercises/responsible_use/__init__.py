"""The assignment 17_responsible_use."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(
    __name__,
    "17_responsible_use",
    "expected_calibration_error",
    "selective_score",
    "redact",
    "watermark_z",
    "canary_exposure",
)
