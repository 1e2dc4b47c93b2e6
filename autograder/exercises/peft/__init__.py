"""The assignment 13_peft."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(
    __name__, "13_peft", "lora_linear", "lora_parameter_count", "trainable_fraction", "ia3_scale", "prepend_prompt"
)
