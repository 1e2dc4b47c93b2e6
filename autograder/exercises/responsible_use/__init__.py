"""The assignment 17_responsible_use."""

from autograder.exercises.responsible_use import (
    canary_exposure,
    expected_calibration_error,
    redact,
    selective_score,
    watermark_z,
)
from autograder.exercises.spec import Assignment

ASSIGNMENT = Assignment(
    "17_responsible_use",
    (
        expected_calibration_error.EXERCISE,
        selective_score.EXERCISE,
        redact.EXERCISE,
        watermark_z.EXERCISE,
        canary_exposure.EXERCISE,
    ),
)
