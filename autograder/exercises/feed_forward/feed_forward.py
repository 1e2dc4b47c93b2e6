"""feed_forward: widen each row, GELU, narrow it again."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, each_tensor, randn
from autograder.exercises.feed_forward.inputs import FAR, NEARLY, four_axes, whole
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires
from llm_course.checking import observe
from solutions import feed_forward as networks


def drawn_layers(draw: Generator, x: Tensor, d_ff: int, *, b_in: bool = False, b_out: bool = False) -> Arguments:
    """Random matrices. Without a bias there are zeros, so that one part can be seen alone."""
    width = x.shape[-1]
    weights = {"w_in": randn(draw, d_ff, width), "w_out": randn(draw, width, d_ff)}
    biases = {"b_in": randn(draw, d_ff), "b_out": 2 * randn(draw, width)}
    wanted = {"b_in": b_in, "b_out": b_out}
    return {"x": x, **weights, **{name: bias if wanted[name] else 0 * bias for name, bias in biases.items()}}


def layers_for(*shape: int, d_ff: int, b_in: bool = False, b_out: bool = False) -> ArgumentMaker:
    return lambda draw: drawn_layers(draw, randn(draw, *shape), d_ff, b_in=b_in, b_out=b_out)


def far_out(layers: ArgumentMaker) -> ArgumentMaker:
    """Hidden numbers of thousands, where GELU, SiLU and ReLU are the same: what is left is how the parts are joined."""
    far = ("x", "b_in", "b_out")
    return lambda draw: {name: FAR * value if name in far else value for name, value in layers(draw).items()}


def layers_in(dtype: torch.dtype) -> ArgumentMaker:
    # Where other mistakes do not show, one in the dtype does not hide them from the diagnosis.
    return each_tensor(lambda numbers: numbers.to(dtype), far_out(layers_for(2, 3, d_ff=5)))


def other_bias(name: str, *shape: int) -> ArgumentMaker:
    return lambda draw: {**far_out(layers_for(3, 4, d_ff=5))(draw), name: torch.full(shape, 0.5)}


JOINED = "Two matrices, and an activation between them"

EXERCISE = exercise(
    networks.feed_forward,
    __file__,
    requires(
        JOINED,
        Case("far out", far_out(whole(layers_for(2, 2, d_ff=3))), visible=True, slack=NEARLY),
        Case("as wide as it is", far_out(layers_for(4, 5, d_ff=5)), visible=True, slack=NEARLY),
        Case("narrow", far_out(layers_for(2, 2, 6, d_ff=3)), slack=NEARLY),
        advice="The biases are 0 here, and the hidden numbers so large that GELU leaves them or makes them 0. Take one "
        "row: its products with the rows of w_in, of these the positive ones, and their products with the rows of "
        "w_out.",
        weight=2,
        fails="With large hidden numbers and no biases, your rows are not w_out GELU(w_in x).",
    ),
    requires(
        "The activation is GELU",
        Case("rows", whole(layers_for(2, 2, d_ff=3)), visible=True, slack=NEARLY),
        Case("rows in a batch", layers_for(2, 3, 5, d_ff=8), slack=NEARLY),
        advice="The biases are 0 here. Between the matrices each hidden number z becomes z (1 + erf(z / √2)) / 2. Try "
        "z = 0, 1 and -1: 0, 0.8413 and -0.1587.",
        weight=2,
        fails="Your activation differs from GELU by more than its approximations do.",
    ),
    requires(
        "b_in is added before GELU",
        Case("bias of the hidden layer", far_out(layers_for(3, 4, d_ff=6, b_in=True)), visible=True, slack=NEARLY),
        Case("bias of the hidden layer, drawn", far_out(layers_for(2, 2, 5, d_ff=9, b_in=True)), slack=NEARLY),
        advice="The hidden numbers are x @ w_in.T + b_in, and then comes GELU.",
        fails="With a b_in, your rows are not w_out GELU(w_in x + b_in) + b_out.",
    ),
    requires(
        "b_out is added last",
        Case("without b_out", far_out(layers_for(3, 4, d_ff=5)), visible=True, slack=NEARLY),
        Case(
            "with b_out",
            far_out(layers_for(3, 4, d_ff=5, b_out=True)),
            visible=True,
            drawn_as="without b_out",
            slack=NEARLY,
        ),
        advice="With another b_out, every row of the result has to change by b_out, and by nothing else.",
        observe=observe.difference,
        joint=True,
        needs=JOINED,
        fails="Your result does not change by b_out when b_out changes.",
    ),
    requires(
        "Any number of leading dimensions works",
        Case("single row", far_out(layers_for(6, d_ff=4)), visible=True, slack=NEARLY),
        Case("four axes", lambda draw: drawn_layers(draw, FAR * four_axes(draw), 4), visible=True, slack=NEARLY),
        advice="Only the last dimension is touched: `x @ w.T` serves one row, a batch, and heads alike.",
        fails="For a single row, or with four axes, your rows are not w_out GELU(w_in x + b_in) + b_out.",
    ),
    requires(
        "GELU is the exact one",
        Case("exact", layers_for(5, 4, d_ff=6, b_in=True, b_out=True), visible=True),
        Case("exact, drawn", layers_for(2, 4, 3, d_ff=7, b_in=True, b_out=True)),
        advice="Exact GELU uses erf, and no approximation by tanh or sigmoid. Compare your activation with "
        "torch.nn.functional.gelu at a few numbers.",
        weight=2,
        fails="To all digits, your result is not that of the exact GELU, z · (1 + erf(z / √2)) / 2.",
    ),
    refuses(
        Case("b_in of one number", other_bias("b_in", 1), visible=True),
        Case("b_out of one number", other_bias("b_out", 1), visible=True),
        Case("b_in that is a number", other_bias("b_in"), visible=True),
        Case("b_out that is a number", other_bias("b_out"), visible=True),
        Case("b_in too long", other_bias("b_in", 6), visible=True),
        advice="A bias of one number would broadcast without an error. Compare its shape with the rows of its matrix.",
        name="A bias of another size raises ValueError",
        fails="You accept a bias of the wrong size, or raise something other than ValueError.",
    ),
    keeps_dtype(
        ("far out",),
        Case("float64", layers_in(torch.float64), visible=True, slack=1e12),
        Case("bfloat16", layers_in(torch.bfloat16), visible=True),
        advice="Inputs in float64 or bfloat16 must give the same dtype, and no argument may differ after the call.",
        fails="Your result has another dtype than x, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach x, both matrices and both biases",
        Case(
            "gradients",
            far_out(layers_for(2, 3, 4, d_ff=5, b_in=True, b_out=True)),
            visible=True,
            gradients=("x", "w_in", "b_in", "w_out", "b_out"),
            slack=NEARLY,
        ),
        advice="All four are learned, and x comes from layers that learn: no detach, no .data, no no_grad, no item().",
        fails="The gradient with respect to x, a matrix or a bias is missing, or is not the result's derivative.",
    ),
    points=3,
)
