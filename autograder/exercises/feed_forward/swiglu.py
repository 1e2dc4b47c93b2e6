"""swiglu: one matrix makes a gate for what another one makes."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, argument_maker, each_tensor, randint, randn
from autograder.exercises.feed_forward.inputs import FAR, four_axes, whole
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires, shown
from llm_course.checking import observe
from solutions import feed_forward as networks


def drawn_gates(draw: Generator, x: Tensor, d_ff: int) -> Arguments:
    width = x.shape[-1]
    weights = {"w_gate": randn(draw, d_ff, width), "w_up": randn(draw, d_ff, width), "w_down": randn(draw, width, d_ff)}
    return {"x": x, **weights}


def gates_for(*shape: int, d_ff: int) -> ArgumentMaker:
    return lambda draw: drawn_gates(draw, randn(draw, *shape), d_ff)


def four_times_up(draw: Generator) -> Arguments:
    # A power of two: the result of a right answer is four times as large to the last bit.
    arguments = gates_for(3, 4, d_ff=6)(draw)
    return {**arguments, "w_up": 4 * arguments["w_up"]}


def gates_far_out(draw: Generator) -> Arguments:
    """Gates of some hundreds: e to their power is too large for a float32, and they are open or closed for good."""
    arguments = gates_for(4, 3, d_ff=5)(draw)
    signs = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0])[:, None]
    return {**arguments, "x": 0.5 + torch.rand(4, 3, generator=draw), "w_gate": signs * 300.0 * torch.ones(5, 3)}


def gates_in(dtype: torch.dtype) -> ArgumentMaker:
    return each_tensor(lambda numbers: numbers.to(dtype), lambda draw: drawn_gates(draw, FAR * randn(draw, 2, 3), 5))


def wider(name: str) -> ArgumentMaker:
    return lambda draw: {**gates_for(3, 4, d_ff=5)(draw), name: randn(draw, 5, randint(draw, 5, 7))}


@argument_maker
def one_row_of(draw: Generator, name: str) -> Arguments:
    fitting = drawn_gates(draw, randn(draw, 3, 4), 5)
    return {**fitting, name: fitting[name][:1]}


EXERCISE = exercise(
    networks.swiglu,
    __file__,
    requires(
        "SiLU of the gate multiplies what w_up makes, and w_down narrows the product",
        Case("rows", whole(gates_for(2, 2, d_ff=3)), visible=True),
        Case("as wide as it is", gates_for(4, 5, d_ff=5), visible=True),
        Case("narrow", gates_for(2, 2, 6, d_ff=3)),
        advice="Take one row. Two products of length d_ff: gate = x @ w_gate.T and up = x @ w_up.T. Then SiLU of the "
        "gate, times up, number by number, and last @ w_down.T. SiLU(1) is 0.7311, SiLU(-1) is -0.2689.",
        weight=4,
        fails="Your result differs from (SiLU(x @ w_gate.T) * (x @ w_up.T)) @ w_down.T.",
    ),
    requires(
        "No activation bends what w_up makes",
        Case("plain up", gates_for(3, 4, d_ff=6), visible=True),
        Case("four times up", four_times_up, visible=True, drawn_as="plain up"),
        advice="With four times w_up the result has to be four times as large: only the gate has an activation.",
        observe=observe.ratio,
        joint=True,
        needs="SiLU of the gate multiplies what w_up makes, and w_down narrows the product",
        fails="With four times w_up, your result is not four times as large.",
    ),
    requires(
        "A gate far from zero is open or closed, without NaN",
        shown(
            "gates of 300",
            x=torch.tensor([[1.0]]),
            w_gate=torch.tensor([[300.0], [-300.0]]),
            w_up=torch.ones(2, 1),
            w_down=torch.ones(1, 2),
        ),
        Case("gates far out", gates_far_out, visible=True),
        advice="e to the power of 300 is infinite in float32. `torch.sigmoid` and `functional.silu` avoid it.",
        weight=2,
        fails="For gates far from zero, your result is not finite, or is not (SiLU(gate) · up) @ w_down.T.",
    ),
    requires(
        "Any number of leading dimensions works",
        Case("single row", gates_for(6, d_ff=4), visible=True),
        Case("four axes", lambda draw: drawn_gates(draw, four_axes(draw), 4), visible=True),
        advice="Only the last dimension is touched: `x @ w.T` serves one row, a batch, and heads alike.",
        fails="For a single row, or with four axes, your result is not (SiLU(gate) · up) @ w_down.T of each row.",
    ),
    refuses(
        Case("w_gate of one row", one_row_of("w_gate"), visible=True),
        Case("w_up of one row", one_row_of("w_up"), visible=True),
        Case("w_up too wide", wider("w_up"), visible=True),
        advice="A matrix of one row would broadcast without an error. Compare the two shapes first.",
        name="w_gate and w_up of different shapes raise ValueError",
        fails="You accept w_gate and w_up of different shapes, or raise something other than ValueError.",
    ),
    keeps_dtype(
        ("rows",),
        Case("float64", gates_in(torch.float64), visible=True, slack=1e12),
        Case("bfloat16", gates_in(torch.bfloat16), visible=True),
        advice="Inputs in float64 or bfloat16 must give the same dtype, and no argument may differ after the call.",
        fails="Your result has another dtype than x, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach x and all three matrices",
        Case("gradients", gates_for(2, 3, 4, d_ff=5), visible=True, gradients=("x", "w_gate", "w_up", "w_down")),
        advice="All three are learned, and x comes from layers that learn: no detach, no .data, no no_grad, no item().",
        fails="The gradient with respect to x, w_gate, w_up or w_down is missing, or is not the result's derivative.",
    ),
    passes_gradients(
        "Gradients stay finite where a gate is far from zero",
        Case("gradients far out", gates_far_out, visible=True, gradients=("x", "w_gate", "w_up", "w_down")),
        advice="e to the power of 300 is infinite in float32, and its gradient NaN. `torch.sigmoid` and "
        "`functional.silu` avoid it.",
        needs="Gradients reach x and all three matrices",
        fails="Where a gate is far from zero, a gradient is not finite, or is not the result's derivative.",
    ),
    points=3,
)
