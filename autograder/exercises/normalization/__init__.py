"""The assignment 07_normalization."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(
    __name__, "07_normalization", "layer_norm", "rms_norm", "transformer_block", "decoder_logits"
)
