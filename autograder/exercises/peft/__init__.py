"""The assignment 13_peft."""

from autograder.exercises.peft import ia3_scale, lora_linear, lora_parameter_count, prepend_prompt, trainable_fraction
from autograder.exercises.spec import Assignment

ASSIGNMENT = Assignment(
    "13_peft",
    (
        lora_linear.EXERCISE,
        lora_parameter_count.EXERCISE,
        trainable_fraction.EXERCISE,
        ia3_scale.EXERCISE,
        prepend_prompt.EXERCISE,
    ),
)
