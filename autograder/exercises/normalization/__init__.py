"""The assignment 07_normalization."""

from autograder.exercises.normalization import decoder_logits, layer_norm, rms_norm, transformer_block
from autograder.exercises.spec import Assignment

ASSIGNMENT = Assignment(
    "07_normalization",
    (layer_norm.EXERCISE, rms_norm.EXERCISE, transformer_block.EXERCISE, decoder_logits.EXERCISE),
)
