"""The assignment 15_production."""

from autograder.exercises.production import (
    break_even_tokens,
    cost_per_million_tokens,
    dequantize,
    model_bytes,
    nf4_dequantize,
    nf4_quantize,
    quantize_absmax,
    quantize_groups,
)
from autograder.exercises.spec import Assignment

ASSIGNMENT = Assignment(
    "15_production",
    (
        quantize_absmax.EXERCISE,
        dequantize.EXERCISE,
        quantize_groups.EXERCISE,
        nf4_quantize.EXERCISE,
        nf4_dequantize.EXERCISE,
        cost_per_million_tokens.EXERCISE,
        break_even_tokens.EXERCISE,
        model_bytes.EXERCISE,
    ),
)
