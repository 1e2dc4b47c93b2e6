"""feed_forward: widen each row, GELU, narrow it again."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.feed_forward.inputs import FAR, NEARLY, cast, four_axes
from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randn
from llm_course.checking import observe
from solutions import feed_forward as networks


def drawn_layers(draw: Generator, x: Tensor, d_ff: int, *, b_in: bool = False, b_out: bool = False) -> Arguments:
    """Random matrices. Without a bias there are zeros, so that one part can be seen alone."""
    width = x.shape[-1]
    weights = {"w_in": randn(draw, d_ff, width), "w_out": randn(draw, width, d_ff)}
    biases = {"b_in": randn(draw, d_ff), "b_out": 2 * randn(draw, width)}
    wanted = {"b_in": b_in, "b_out": b_out}
    return {"x": x, **weights, **{name: bias if wanted[name] else 0 * bias for name, bias in biases.items()}}


def layers_for(*shape: int, d_ff: int, b_in: bool = False, b_out: bool = False) -> Callable[[Generator], Arguments]:
    return lambda draw: drawn_layers(draw, randn(draw, *shape), d_ff, b_in=b_in, b_out=b_out)


def layers_far_out(*shape: int, d_ff: int, b_in: bool = False, b_out: bool = False) -> Callable[[Generator], Arguments]:
    """Hidden numbers of thousands, where GELU, SiLU and ReLU are the same: what is left is how the parts are joined."""

    def arguments(draw: Generator) -> Arguments:
        layers = layers_for(*shape, d_ff=d_ff, b_in=b_in, b_out=b_out)(draw)
        far = ("x", "b_in", "b_out")
        return {name: FAR * value if name in far else value for name, value in layers.items()}

    return arguments


def layers_in_four_axes(draw: Generator) -> Arguments:
    return drawn_layers(draw, FAR * four_axes(draw), 4)


def layers_in(dtype: torch.dtype) -> Callable[[Generator], Arguments]:
    # Where other mistakes do not show, one in the dtype does not hide them from the diagnosis.
    return lambda draw: cast(layers_far_out(2, 3, d_ff=5)(draw), dtype)


def number_for(name: str) -> Callable[[Generator], Arguments]:
    return lambda draw: {**one_number_for(name)(draw), name: randn(draw, 1)[0]}


def one_more_for(name: str) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        fitting = layers_for(3, 4, d_ff=7, b_in=True, b_out=True)(draw)
        return {**fitting, name: randn(draw, len(fitting[name]) + 1)}

    return arguments


def one_number_for(name: str) -> Callable[[Generator], Arguments]:
    return lambda draw: {**layers_far_out(3, 4, d_ff=5)(draw), name: torch.tensor([0.5])}


JOINED = "Two matrices, and an activation between them"

EXERCISE = Exercise(
    reference=networks.feed_forward,
    points=3,
    cases=(
        Case("far out", layers_far_out(3, 4, d_ff=7), visible=True, slack=NEARLY),
        Case("far out in a batch", layers_far_out(2, 3, 5, d_ff=8), visible=True, slack=NEARLY),
        Case("as wide as it is", layers_far_out(4, 5, d_ff=5), visible=True, slack=NEARLY),
        Case("narrow", layers_far_out(2, 2, 6, d_ff=3), slack=NEARLY),
        Case("rows", layers_for(3, 4, d_ff=7), visible=True, slack=NEARLY),
        Case("rows in a batch", layers_for(2, 3, 5, d_ff=8), slack=NEARLY),
        Case("bias of the hidden layer", layers_far_out(3, 4, d_ff=6, b_in=True), visible=True, slack=NEARLY),
        Case("bias of the hidden layer, drawn", layers_far_out(2, 2, 5, d_ff=9, b_in=True), slack=NEARLY),
        Case("without b_out", layers_far_out(3, 4, d_ff=5), visible=True, slack=NEARLY),
        Case(
            "with b_out",
            layers_far_out(3, 4, d_ff=5, b_out=True),
            visible=True,
            drawn_as="without b_out",
            slack=NEARLY,
        ),
        Case("single row", layers_far_out(6, d_ff=4), visible=True, slack=NEARLY),
        Case("four axes", layers_in_four_axes, visible=True, slack=NEARLY),
        Case("exact", layers_for(5, 4, d_ff=6, b_in=True, b_out=True), visible=True),
        Case("exact, drawn", layers_for(2, 4, 3, d_ff=7, b_in=True, b_out=True)),
        Case("b_in of one number", one_number_for("b_in"), visible=True),
        Case("b_out of one number", one_number_for("b_out"), visible=True),
        Case("b_in that is a number", number_for("b_in"), visible=True),
        Case("b_out that is a number", number_for("b_out"), visible=True),
        Case("b_in too long", one_more_for("b_in"), visible=True),
        Case("b_out too long", one_more_for("b_out"), visible=True),
        Case("float64", layers_in(torch.float64), visible=True, slack=1e12),
        Case("bfloat16", layers_in(torch.bfloat16), visible=True),
        Case(
            "gradients",
            layers_far_out(2, 3, 4, d_ff=5, b_in=True, b_out=True),
            visible=True,
            gradients=("x", "w_in", "b_in", "w_out", "b_out"),
            slack=NEARLY,
        ),
    ),
    properties=(
        Property(
            JOINED,
            ("far out", "far out in a batch", "as wide as it is", "narrow"),
            "The biases are 0 here, and the hidden numbers so large that GELU leaves them or makes them 0. Take one "
            "row: its products with the rows of w_in, of these the positive ones, and their products with the rows of "
            "w_out.",
            weight=2,
        ),
        Property(
            "The activation is GELU",
            ("rows", "rows in a batch"),
            "The biases are 0 here. Between the matrices each hidden number z becomes z (1 + erf(z / √2)) / 2.",
            weight=2,
        ),
        Property(
            "b_in is added before GELU",
            ("bias of the hidden layer", "bias of the hidden layer, drawn"),
            "The hidden numbers are x @ w_in.T + b_in, and then comes GELU.",
        ),
        Property(
            "b_out is added last",
            ("without b_out", "with b_out"),
            "With another b_out, every row of the result has to change by b_out, and by nothing else.",
            observe=observe.difference,
            joint=True,
            needs=JOINED,
        ),
        Property(
            "Any number of leading dimensions will do",
            ("single row", "four axes"),
            "Only the last dimension is touched: `x @ w.T` serves one row, a batch, and heads alike.",
        ),
        Property(
            "GELU is the exact one",
            ("exact", "exact, drawn"),
            "The result is right to about three digits at best. Exact GELU uses erf, and no approximation by tanh or "
            "sigmoid.",
            weight=2,
        ),
        Property(
            "A bias of another size is refused with a ValueError",
            (
                "far out",
                "b_in of one number",
                "b_out of one number",
                "b_in that is a number",
                "b_out that is a number",
                "b_in too long",
                "b_out too long",
            ),
            "A bias of one number would broadcast without an error. Compare its shape with the rows of its matrix.",
            observe=observe.refusal,
            needs=JOINED,
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("far out", "float64", "bfloat16"),
            "Inputs in float64 or bfloat16 must give the same dtype, and no argument may differ after the call.",
            observe=observe.dtype_and_changed,
            needs=JOINED,
        ),
        Property(
            "Gradients reach x, both matrices and both biases",
            ("gradients",),
            "All four are learned, and x comes from layers that learn: no detach, no .data, no no_grad, no item().",
            observe=observe.gradients,
        ),
    ),
    mistakes=misunderstandings(networks.feed_forward, __file__),
)
