"""What is asked of any filter, from logits to logits, beside which tokens it keeps."""

from autograder.exercises.spec import Property
from llm_course.checking import observe


def filter_properties(
    needs: str, gradients: tuple[str, ...] = ("gradients",), gradients_need: str | None = None
) -> tuple[Property, ...]:
    """The properties, and which they need. `gradients` are the cases that ask for them."""
    return (
        Property(
            "The dtype is kept, and the arguments are left unchanged",
            ("float64", "drawn"),
            "Logits in float64 must come back in float64; work on a new tensor, and on a copy of a list.",
            observe=observe.dtype_and_changed,
            needs=needs,
            fails="You return another dtype than that of the logits, or change an argument.",
        ),
        Property(
            "Gradients reach the logits that survive",
            gradients,
            "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
            observe=observe.gradients_where_finite,
            needs=gradients_need,
            fails="The gradient with respect to the logits that survive is missing, or is not the result's derivative.",
        ),
    )
