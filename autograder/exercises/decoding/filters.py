"""What is asked of any filter, from logits to logits, beside which tokens it keeps."""

from autograder.exercises.spec import Case, Requirement, keeps_dtype, requires
from llm_course.checking import observe


def filter_requirements(
    in_float64: Case, *with_gradients: Case, gradients_need: str | None = None
) -> tuple[Requirement, Requirement]:
    """What is asked about dtype, arguments and gradients; these may need a property."""
    return (
        keeps_dtype(
            in_float64,
            ("drawn",),
            advice="Logits in float64 must come back in float64; work on a new tensor, and on a copy of a list.",
            name="The dtype is kept, and the arguments are left unchanged",
            fails="You return another dtype than that of the logits, or change an argument.",
        ),
        requires(
            "Gradients reach the logits that survive",
            *with_gradients,
            advice="The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
            observe=observe.gradients_where_finite,
            needs=gradients_need,
            fails="The gradient with respect to the logits that survive is missing, or is not the result's derivative.",
        ),
    )
