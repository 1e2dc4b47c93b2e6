"""The assignment 15_production."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(
    __name__,
    "15_production",
    "quantize_absmax",
    "dequantize",
    "quantize_groups",
    "nf4_quantize",
    "nf4_dequantize",
    "cost_per_million_tokens",
    "break_even_tokens",
    "model_bytes",
)
