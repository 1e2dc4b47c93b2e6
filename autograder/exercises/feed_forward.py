"""The assignment 06_feed_forward: what is asked, how it is weighed, and the known mistakes with their hints."""

import functools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor
from torch.nn import functional

from autograder.exercises.spec import Arguments, Assignment, Case, Exercise, Mistake, Property, randint, randn
from llm_course.checking import observe
from solutions import feed_forward as networks

GENERAL, POSITIONS, GELU = "feed-forward-general", "feed-forward-positions", "feed-forward-gelu"
ACTIVATIONS, GATED = "feed-forward-activations", "feed-forward-gated"
EXPERTS, ROUTER = "feed-forward-experts", "feed-forward-router"
COUNTING, SHARING = "feed-forward-counting", "feed-forward-counting-heads"

FAR = 1000.0


def _quick_gelu(z: Tensor) -> Tensor:
    return z * torch.sigmoid(1.702 * z)


def _tanh_gelu(z: Tensor) -> Tensor:
    return functional.gelu(z, approximate="tanh")


def _unchanged(z: Tensor) -> Tensor:
    return z


def _gelu(z: Tensor) -> Tensor:
    return functional.gelu(z)


def _relu(z: Tensor) -> Tensor:
    return functional.relu(z)


def _silu(z: Tensor) -> Tensor:
    return functional.silu(z)


def _sigmoid(z: Tensor) -> Tensor:
    return torch.sigmoid(z)


def _tanh(z: Tensor) -> Tensor:
    return torch.tanh(z)


# feed_forward


def _require_fitting(w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> None:
    if b_in.shape != w_in.shape[:1] or b_out.shape != w_out.shape[:1]:
        raise ValueError("a bias does not fit")


def _network(
    x: Tensor,
    w_in: Tensor,
    b_in: Tensor,
    w_out: Tensor,
    b_out: Tensor,
    activation: Callable[[Tensor], Tensor] = functional.gelu,
) -> Tensor:
    _require_fitting(w_in, b_in, w_out, b_out)
    return activation(x @ w_in.T + b_in) @ w_out.T + b_out


def _bent_by(activation: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """The network with another activation."""

    def mistaken(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
        return _network(x, w_in, b_in, w_out, b_out, activation)

    return mistaken


def _without_half(z: Tensor) -> Tensor:
    return z * (1 + torch.erf(z / math.sqrt(2)))


def _erf_of_z(z: Tensor) -> Tensor:
    return z * (1 + torch.erf(z)) / 2


def _erf_only(z: Tensor) -> Tensor:
    return z * torch.erf(z / math.sqrt(2)) / 2


def _probability_only(z: Tensor) -> Tensor:
    return (1 + torch.erf(z / math.sqrt(2))) / 2


def _erf_of_twice(z: Tensor) -> Tensor:
    return z * (1 + torch.erf(z * math.sqrt(2))) / 2


def _b_in_dropped(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    _require_fitting(w_in, b_in, w_out, b_out)
    return _network(x, w_in, torch.zeros_like(b_in), w_out, b_out)


def _b_out_dropped(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    _require_fitting(w_in, b_in, w_out, b_out)
    return _network(x, w_in, b_in, w_out, torch.zeros_like(b_out))


def _biases_dropped(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    _require_fitting(w_in, b_in, w_out, b_out)
    return functional.gelu(x @ w_in.T) @ w_out.T


def _b_in_after_gelu(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    _require_fitting(w_in, b_in, w_out, b_out)
    return (functional.gelu(x @ w_in.T) + b_in) @ w_out.T + b_out


def _gelu_at_the_end(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    _require_fitting(w_in, b_in, w_out, b_out)
    return functional.gelu((x @ w_in.T + b_in) @ w_out.T + b_out)


def _gelu_after_both(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    return functional.gelu(_network(x, w_in, b_in, w_out, b_out))


def _gelu_of_the_input(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    _require_fitting(w_in, b_in, w_out, b_out)
    return (functional.gelu(x) @ w_in.T + b_in) @ w_out.T + b_out


def _input_added(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    return x + _network(x, w_in, b_in, w_out, b_out)


def _not_transposed(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    _require_fitting(w_in, b_in, w_out, b_out)
    return functional.gelu(x @ w_in + b_in) @ w_out + b_out  # raises unless d_ff is d


def _matrices_swapped(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    _require_fitting(w_in, b_in, w_out, b_out)
    return functional.gelu(x @ w_out + b_in) @ w_in + b_out


def _two_dimensions_only(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    _require_fitting(w_in, b_in, w_out, b_out)
    hidden = functional.gelu(torch.mm(x, w_in.t()) + b_in)  # raises unless x has two dimensions
    return torch.mm(hidden, w_out.t()) + b_out


def _rows_flattened(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    return _network(x.reshape(-1, x.shape[-1]), w_in, b_in, w_out, b_out)


def _always_float32(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    return _network(x.float(), w_in.float(), b_in.float(), w_out.float(), b_out.float())


def _detached(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    return _network(x, w_in, b_in, w_out, b_out).detach()


def _hidden_detached(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    return _network(x, w_in, b_in, w_out, b_out, lambda z: functional.gelu(z).detach())


def _biases_not_checked(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    return functional.gelu(x @ w_in.T + b_in) @ w_out.T + b_out


def _b_out_not_checked(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    if b_in.shape != w_in.shape[:1]:
        raise ValueError("b_in does not fit")
    return _biases_not_checked(x, w_in, b_in, w_out, b_out)


def _b_in_not_checked(x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor) -> Tensor:
    if b_out.shape != w_out.shape[:1]:
        raise ValueError("b_out does not fit")
    return _biases_not_checked(x, w_in, b_in, w_out, b_out)


def _layers(draw: Generator, x: Tensor, d_ff: int, *, b_in: bool = False, b_out: bool = False) -> Arguments:
    """Random matrices. Without a bias there are zeros, so that one part can be seen alone."""
    width = x.shape[-1]
    weights = {"w_in": randn(draw, d_ff, width), "w_out": randn(draw, width, d_ff)}
    biases = {"b_in": randn(draw, d_ff), "b_out": 2 * randn(draw, width)}
    wanted = {"b_in": b_in, "b_out": b_out}
    return {"x": x, **weights, **{name: bias if wanted[name] else 0 * bias for name, bias in biases.items()}}


def _layers_for(*shape: int, d_ff: int, b_in: bool = False, b_out: bool = False) -> Callable[[Generator], Arguments]:
    return lambda draw: _layers(draw, randn(draw, *shape), d_ff, b_in=b_in, b_out=b_out)


def _layers_far_out(
    *shape: int, d_ff: int, b_in: bool = False, b_out: bool = False
) -> Callable[[Generator], Arguments]:
    """Hidden numbers of thousands, where GELU, SiLU and ReLU are the same: what is left is how the parts are joined."""

    def arguments(draw: Generator) -> Arguments:
        layers = _layers_for(*shape, d_ff=d_ff, b_in=b_in, b_out=b_out)(draw)
        far = ("x", "b_in", "b_out")
        return {name: FAR * value if name in far else value for name, value in layers.items()}

    return arguments


def _four_axes(draw: Generator) -> Tensor:
    # A transposed view: learners' code must not rely on contiguous memory.
    return randn(draw, 1, 5, 3, 2).transpose(1, 3)


def _layers_in_four_axes(draw: Generator) -> Arguments:
    return _layers(draw, FAR * _four_axes(draw), 4)


def _cast(arguments: Arguments, dtype: torch.dtype) -> Arguments:
    return {name: value.to(dtype) if isinstance(value, Tensor) else value for name, value in arguments.items()}


def _layers_in(dtype: torch.dtype) -> Callable[[Generator], Arguments]:
    # Where other mistakes do not show, one in the dtype does not hide them from the diagnosis.
    return lambda draw: _cast(_layers_far_out(2, 3, d_ff=5)(draw), dtype)


def _one_number_for(name: str) -> Callable[[Generator], Arguments]:
    return lambda draw: {**_layers_far_out(3, 4, d_ff=5)(draw), name: torch.tensor([0.5])}


JOINED = "Two matrices, and an activation between them"
NEARLY = 4000.0
"""Units of rounding that let GELU by tanh pass, which is off by up to 0.0005. The exact form is its own property."""


FEED_FORWARD_EXERCISE = Exercise(
    reference=networks.feed_forward,
    points=3,
    cases=(
        Case("far out", _layers_far_out(3, 4, d_ff=7), visible=True, slack=NEARLY),
        Case("far out in a batch", _layers_far_out(2, 3, 5, d_ff=8), visible=True, slack=NEARLY),
        Case("as wide as it is", _layers_far_out(4, 5, d_ff=5), visible=True, slack=NEARLY),
        Case("narrow", _layers_far_out(2, 2, 6, d_ff=3), slack=NEARLY),
        Case("rows", _layers_for(3, 4, d_ff=7), visible=True, slack=NEARLY),
        Case("rows in a batch", _layers_for(2, 3, 5, d_ff=8), slack=NEARLY),
        Case("bias of the hidden layer", _layers_far_out(3, 4, d_ff=6, b_in=True), visible=True, slack=NEARLY),
        Case("bias of the hidden layer, drawn", _layers_far_out(2, 2, 5, d_ff=9, b_in=True), slack=NEARLY),
        Case("without b_out", _layers_far_out(3, 4, d_ff=5), visible=True, slack=NEARLY),
        Case(
            "with b_out",
            _layers_far_out(3, 4, d_ff=5, b_out=True),
            visible=True,
            drawn_as="without b_out",
            slack=NEARLY,
        ),
        Case("single row", _layers_far_out(6, d_ff=4), visible=True, slack=NEARLY),
        Case("four axes", _layers_in_four_axes, visible=True, slack=NEARLY),
        Case("exact", _layers_for(5, 4, d_ff=6, b_in=True, b_out=True), visible=True),
        Case("exact, drawn", _layers_for(2, 4, 3, d_ff=7, b_in=True, b_out=True)),
        Case("b_in of one number", _one_number_for("b_in"), visible=True),
        Case("b_out of one number", _one_number_for("b_out"), visible=True),
        Case("float64", _layers_in(torch.float64), visible=True, slack=1e12),
        Case("bfloat16", _layers_in(torch.bfloat16)),
        Case(
            "gradients",
            _layers_far_out(2, 3, 4, d_ff=5, b_in=True, b_out=True),
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
            ("far out", "b_in of one number", "b_out of one number"),
            "A bias of one number would broadcast without an error. Compare its shape with the rows of its matrix.",
            observe=observe.refusal,
            needs=JOINED,
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("float64", "bfloat16"),
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
    mistakes=(
        Mistake(
            "tanh_gelu",
            "You use the approximation of GELU by tanh, as GPT-2 did. It is off by up to 0.0005; asked for is the exact"
            " one, with erf.",
            GELU,
            _bent_by(_tanh_gelu),
        ),
        Mistake(
            "quick_gelu",
            "You use z · sigmoid(1.702 z). That is a rough approximation of GELU, off by up to 0.02.",
            GELU,
            _bent_by(_quick_gelu),
        ),
        Mistake(
            "relu",
            "Your activation is ReLU, that of the first transformer. Asked for is GELU.",
            ACTIVATIONS,
            _bent_by(_relu),
        ),
        Mistake(
            "silu",
            "Your activation is SiLU, z · sigmoid(z). Asked for is GELU: z times the normal probability below z.",
            ACTIVATIONS,
            _bent_by(_silu),
        ),
        Mistake(
            "tanh",
            "Your activation is tanh itself. It occurs in an approximation of GELU, but is not GELU.",
            GELU,
            _bent_by(_tanh),
        ),
        Mistake(
            "no_activation",
            "There is no activation between your two matrices. Then they are no more than one: their product.",
            ACTIVATIONS,
            _bent_by(_unchanged),
        ),
        Mistake(
            "without_half",
            "Your GELU is twice too large: 1 + erf runs from 0 to 2, so halve it.",
            GELU,
            _bent_by(_without_half),
        ),
        Mistake(
            "erf_of_z",
            "You take erf of z. It belongs to z / √2: erf is made for another width of the bell curve.",
            GELU,
            _bent_by(_erf_of_z),
        ),
        Mistake(
            "erf_of_twice",
            "You multiply by √2 inside erf. Divide: erf(z / √2).",
            GELU,
            _bent_by(_erf_of_twice),
        ),
        Mistake(
            "erf_only",
            "Your GELU leaves out the 1 in 1 + erf: erf runs from -1 to 1, and a probability from 0 to 1.",
            GELU,
            _bent_by(_erf_only),
        ),
        Mistake(
            "probability_only",
            "You return the probability itself, between 0 and 1. GELU is z *times* that probability.",
            GELU,
            _bent_by(_probability_only),
        ),
        Mistake("b_in_dropped", "Your result does not depend on b_in.", GENERAL, _b_in_dropped),
        Mistake("b_out_dropped", "Your result does not depend on b_out.", GENERAL, _b_out_dropped),
        Mistake("biases_dropped", "Your result depends on neither bias.", GENERAL, _biases_dropped),
        Mistake(
            "b_in_after_gelu",
            "You add b_in after GELU. It belongs to the first matrix: it moves the point at which a unit opens.",
            GENERAL,
            _b_in_after_gelu,
        ),
        Mistake(
            "gelu_at_the_end",
            "Your GELU stands after the second matrix. It stands between the two; the output is not bent.",
            GENERAL,
            _gelu_at_the_end,
        ),
        Mistake(
            "gelu_after_both",
            "You apply GELU once more at the end. The result is what the second matrix gives.",
            GENERAL,
            _gelu_after_both,
        ),
        Mistake(
            "gelu_of_the_input",
            "You apply GELU to x, before the first matrix. It is for the hidden numbers.",
            GENERAL,
            _gelu_of_the_input,
        ),
        Mistake(
            "input_added",
            "You add x to the result. The layer around this network does that; the network itself does not.",
            GENERAL,
            _input_added,
        ),
        Mistake(
            "not_transposed",
            "You multiply by w_in and w_out as they are. They are laid out [out, in], so it is x @ w_in.T. Where d_ff "
            "is d, no error warns you.",
            GENERAL,
            _not_transposed,
        ),
        Mistake(
            "matrices_swapped",
            "You widen with w_out and narrow with w_in. The shapes allow it without a transpose, but the matrices are "
            "the wrong ones: x @ w_in.T comes first.",
            GENERAL,
            _matrices_swapped,
        ),
        Mistake(
            "two_dimensions_only",
            "Your function needs exactly two dimensions. `x @ w.T` takes any number.",
            POSITIONS,
            _two_dimensions_only,
        ),
        Mistake(
            "rows_flattened",
            "Your result has lost its leading dimensions: it must have the shape of x.",
            POSITIONS,
            _rows_flattened,
        ),
        Mistake(
            "always_float32",
            "Your result is float32 whatever comes in: the dtype of x is kept.",
            GENERAL,
            _always_float32,
        ),
        Mistake("detached", "No gradient flows through your result.", GENERAL, _detached),
        Mistake(
            "hidden_detached",
            "Your hidden layer is cut from the graph, so w_in, b_in and x get no gradient.",
            GENERAL,
            _hidden_detached,
        ),
        Mistake(
            "biases_not_checked",
            "A bias of one number broadcasts in your function. Compare each bias with the rows of its matrix, and raise"
            " ValueError.",
            GENERAL,
            _biases_not_checked,
        ),
        Mistake("b_out_not_checked", "You check b_in, but not b_out.", GENERAL, _b_out_not_checked),
        Mistake("b_in_not_checked", "You check b_out, but not b_in.", GENERAL, _b_in_not_checked),
    ),
)


# swiglu


def _gated(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor, mix: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    if w_gate.shape != w_up.shape:
        raise ValueError("gate and up differ")
    return mix(x @ w_gate.T, x @ w_up.T) @ w_down.T


def _mixed_by(mix: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """The network with another way to mix gate and content."""

    def mistaken(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
        return _gated(x, w_gate, w_up, w_down, mix)

    return mistaken


def _gated_with(activation: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    return _mixed_by(lambda gate, up: activation(gate) * up)


def _silu_at_the_end(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    return functional.silu(_gated(x, w_gate, w_up, w_down, lambda gate, up: gate * up))


def _gated_input_added(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    return x + networks.swiglu(x, w_gate, w_up, w_down)


def _gated_not_transposed(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    if w_gate.shape != w_up.shape:
        raise ValueError("gate and up differ")
    return (functional.silu(x @ w_gate) * (x @ w_up)) @ w_down  # raises unless d_ff is d


def _down_not_transposed(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    if w_gate.shape != w_up.shape:
        raise ValueError("gate and up differ")
    return (functional.silu(x @ w_gate.T) * (x @ w_up.T)) @ w_down


def _exp_overflow(gate: Tensor, up: Tensor) -> Tensor:
    return gate * torch.exp(gate) / (1 + torch.exp(gate)) * up


def _gated_two_dimensions_only(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    if w_gate.shape != w_up.shape:
        raise ValueError("gate and up differ")
    return torch.mm(functional.silu(torch.mm(x, w_gate.t())) * torch.mm(x, w_up.t()), w_down.t())


def _gated_always_float32(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    return networks.swiglu(x.float(), w_gate.float(), w_up.float(), w_down.float())


def _gated_detached(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    return networks.swiglu(x, w_gate, w_up, w_down).detach()


def _shapes_not_checked(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    return (functional.silu(x @ w_gate.T) * (x @ w_up.T)) @ w_down.T


def _gates(draw: Generator, x: Tensor, d_ff: int) -> Arguments:
    width = x.shape[-1]
    weights = {"w_gate": randn(draw, d_ff, width), "w_up": randn(draw, d_ff, width), "w_down": randn(draw, width, d_ff)}
    return {"x": x, **weights}


def _gates_for(*shape: int, d_ff: int) -> Callable[[Generator], Arguments]:
    return lambda draw: _gates(draw, randn(draw, *shape), d_ff)


def _four_times_up(draw: Generator) -> Arguments:
    # A power of two: the result of a right answer is four times as large to the last bit.
    arguments = _gates_for(3, 4, d_ff=6)(draw)
    return {**arguments, "w_up": 4 * arguments["w_up"]}


def _gates_far_out(draw: Generator) -> Arguments:
    """Gates of some hundreds: e to their power is too large for a float32, and they are open or closed for good."""
    arguments = _gates_for(4, 3, d_ff=5)(draw)
    signs = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0])[:, None]
    return {**arguments, "x": 0.5 + torch.rand(4, 3, generator=draw), "w_gate": signs * 300.0 * torch.ones(5, 3)}


def _gates_in_four_axes(draw: Generator) -> Arguments:
    return _gates(draw, _four_axes(draw), 4)


def _gates_in(dtype: torch.dtype) -> Callable[[Generator], Arguments]:
    return lambda draw: _cast(_gates(draw, FAR * randn(draw, 2, 3), 5), dtype)


def _one_row_of(name: str) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        fitting = _gates(draw, randn(draw, 3, 4), 5)
        return {**fitting, name: fitting[name][:1]}

    return arguments


SWIGLU_EXERCISE = Exercise(
    reference=networks.swiglu,
    points=3,
    cases=(
        Case("rows", _gates_for(3, 4, d_ff=7), visible=True),
        Case("rows in a batch", _gates_for(2, 3, 5, d_ff=8), visible=True),
        Case("as wide as it is", _gates_for(4, 5, d_ff=5), visible=True),
        Case("narrow", _gates_for(2, 2, 6, d_ff=3)),
        Case("plain up", _gates_for(3, 4, d_ff=6), visible=True),
        Case("four times up", _four_times_up, visible=True, drawn_as="plain up"),
        Case("gates far out", _gates_far_out, visible=True),
        Case("single row", _gates_for(6, d_ff=4), visible=True),
        Case("four axes", _gates_in_four_axes, visible=True),
        Case("w_gate of one row", _one_row_of("w_gate"), visible=True),
        Case("w_up of one row", _one_row_of("w_up"), visible=True),
        Case("float64", _gates_in(torch.float64), visible=True, slack=1e12),
        Case("bfloat16", _gates_in(torch.bfloat16)),
        Case("gradients", _gates_for(2, 3, 4, d_ff=5), visible=True, gradients=("x", "w_gate", "w_up", "w_down")),
    ),
    properties=(
        Property(
            "SiLU of the gate multiplies what w_up makes, and w_down narrows the product",
            ("rows", "rows in a batch", "as wide as it is", "narrow"),
            "Take one row. Two products of length d_ff: gate = x @ w_gate.T and up = x @ w_up.T. Then SiLU of the "
            "gate, times up, number by number, and last @ w_down.T.",
            weight=4,
        ),
        Property(
            "No activation bends what w_up makes",
            ("plain up", "four times up"),
            "With four times w_up the result has to be four times as large: only the gate has an activation.",
            observe=observe.ratio,
            joint=True,
        ),
        Property(
            "A gate far from zero is open or closed, without NaN",
            ("gates far out",),
            "e to the power of 300 is infinite in float32. `torch.sigmoid` and `functional.silu` know a way around.",
            weight=2,
        ),
        Property(
            "Any number of leading dimensions will do",
            ("single row", "four axes"),
            "Only the last dimension is touched: `x @ w.T` serves one row, a batch, and heads alike.",
        ),
        Property(
            "A gate and an up of different shapes are refused with a ValueError",
            ("rows", "w_gate of one row", "w_up of one row"),
            "A matrix of one row would broadcast without an error. Compare the two shapes first.",
            observe=observe.refusal,
            needs="SiLU of the gate multiplies what w_up makes, and w_down narrows the product",
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("float64", "bfloat16"),
            "Inputs in float64 or bfloat16 must give the same dtype, and no argument may differ after the call.",
            observe=observe.dtype_and_changed,
            needs="SiLU of the gate multiplies what w_up makes, and w_down narrows the product",
        ),
        Property(
            "Gradients reach x and all three matrices",
            ("gradients",),
            "All three are learned, and x comes from layers that learn: no detach, no .data, no no_grad, no item().",
            observe=observe.gradients,
        ),
    ),
    mistakes=(
        Mistake(
            "silu_on_the_wrong_branch",
            "You apply SiLU to what w_up makes. It belongs to what w_gate makes; the other branch stays linear.",
            GATED,
            _mixed_by(lambda gate, up: gate * functional.silu(up)),
        ),
        Mistake(
            "sigmoid_gate",
            "Your gate is a sigmoid, between 0 and 1. That is GLU, the first of the family. SwiGLU's gate is SiLU: the "
            "number times its sigmoid.",
            GATED,
            _gated_with(_sigmoid),
        ),
        Mistake(
            "sigmoid_without_its_gate",
            "You multiply the gate by the sigmoid of w_up's branch, and that is all. It is SiLU of the gate, times up.",
            GATED,
            _mixed_by(lambda gate, up: gate * torch.sigmoid(up)),
        ),
        Mistake(
            "gelu_gate",
            "Your gate is GELU. That is GeGLU, as in Gemma. SwiGLU's gate is SiLU.",
            GATED,
            _gated_with(_gelu),
        ),
        Mistake(
            "tanh_gelu_gate",
            "Your gate is GELU by tanh. That is GeGLU, as in Gemma. SwiGLU's gate is SiLU.",
            GATED,
            _gated_with(_tanh_gelu),
        ),
        Mistake(
            "quick_gelu_gate",
            "Your gate has a factor 1.702 inside its sigmoid. SiLU has none.",
            GATED,
            _gated_with(_quick_gelu),
        ),
        Mistake("relu_gate", "Your gate is ReLU. SwiGLU's gate is SiLU.", GATED, _gated_with(_relu)),
        Mistake("tanh_gate", "Your gate is tanh. SwiGLU's gate is SiLU.", GATED, _gated_with(_tanh)),
        Mistake(
            "no_activation",
            "You multiply the two branches, but there is no activation: SiLU of the gate comes first.",
            GATED,
            _gated_with(_unchanged),
        ),
        Mistake(
            "silu_of_the_product",
            "You apply SiLU to the product of the branches. First SiLU of the gate, then the product.",
            GATED,
            _mixed_by(lambda gate, up: functional.silu(gate * up)),
        ),
        Mistake(
            "silu_on_both",
            "You apply SiLU to both branches. What w_up makes stays as it is.",
            GATED,
            _mixed_by(lambda gate, up: functional.silu(gate) * functional.silu(up)),
        ),
        Mistake(
            "added",
            "You add the gate to the other branch. A gate multiplies.",
            GATED,
            _mixed_by(lambda gate, up: functional.silu(gate) + up),
        ),
        Mistake(
            "without_up",
            "Your result does not depend on w_up: SiLU of the gate is multiplied by x @ w_up.T.",
            GATED,
            _mixed_by(lambda gate, up: functional.silu(gate)),
        ),
        Mistake(
            "without_gate",
            "Your result does not depend on w_gate: SiLU of x @ w_gate.T is the other factor.",
            GATED,
            _mixed_by(lambda gate, up: up),
        ),
        Mistake(
            "silu_without_gate",
            "You take SiLU of w_up's branch and leave the gate out: two matrices, as in a plain network.",
            GATED,
            _mixed_by(lambda gate, up: functional.silu(up)),
        ),
        Mistake(
            "gate_twice",
            "You multiply SiLU of the gate by the gate once more, not by what w_up makes.",
            GATED,
            _mixed_by(lambda gate, up: functional.silu(gate) * gate),
        ),
        Mistake(
            "gate_times_silu_times_up",
            "Your gate is squared: SiLU(gate) holds the gate already, and you multiply by it once more.",
            GATED,
            _mixed_by(lambda gate, up: gate * functional.silu(gate) * up),
        ),
        Mistake(
            "sign_in_the_sigmoid",
            "Your sigmoid has the wrong sign: it closes for large gates. sigmoid(z) = 1 / (1 + e^-z).",
            ACTIVATIONS,
            _gated_with(lambda gate: gate * torch.sigmoid(-gate)),
        ),
        Mistake(
            "silu_at_the_end",
            "Your SiLU stands after w_down. It is for the gate, before the product.",
            GATED,
            _silu_at_the_end,
        ),
        Mistake(
            "input_added",
            "You add x to the result. The layer around this network does that; the network itself does not.",
            GENERAL,
            _gated_input_added,
        ),
        Mistake(
            "not_transposed",
            "You multiply by the matrices as they are. They are laid out [out, in], so it is x @ w_gate.T. Where d_ff "
            "is d, no error warns you.",
            GENERAL,
            _gated_not_transposed,
        ),
        Mistake(
            "down_not_transposed",
            "You multiply by w_down as it is. It is laid out [out, in] like the others: @ w_down.T. Where d_ff is d, "
            "no error warns you.",
            GENERAL,
            _down_not_transposed,
        ),
        Mistake(
            "exp_overflow",
            "For a large gate, your e to the power of the gate is infinite, and infinity divided by infinity is NaN. "
            "Use torch's own sigmoid.",
            ACTIVATIONS,
            _mixed_by(_exp_overflow),
        ),
        Mistake(
            "two_dimensions_only",
            "Your function needs exactly two dimensions. `x @ w.T` takes any number.",
            POSITIONS,
            _gated_two_dimensions_only,
        ),
        Mistake(
            "always_float32",
            "Your result is float32 whatever comes in: the dtype of x is kept.",
            GENERAL,
            _gated_always_float32,
        ),
        Mistake("detached", "No gradient flows through your result.", GATED, _gated_detached),
        Mistake(
            "gate_detached",
            "Your gate is cut from the graph, so w_gate gets no gradient: the network could not learn when to open.",
            GATED,
            _gated_with(lambda gate: functional.silu(gate).detach()),
        ),
        Mistake(
            "shapes_not_checked",
            "A w_gate or w_up of one row broadcasts in your function: compare their shapes, and raise ValueError.",
            GATED,
            _shapes_not_checked,
        ),
    ),
)


# moe_forward


def _require_choice(router: Tensor, top_k: int) -> None:
    if not 1 <= top_k <= router.shape[0]:
        raise ValueError("top_k makes no sense")


def _outputs(
    x: Tensor, w_in: Tensor, w_out: Tensor, activation: Callable[[Tensor], Tensor] = functional.relu
) -> Tensor:
    """What each expert makes of each token: [tokens, n_experts, d]."""
    return torch.einsum("edf,tef->ted", w_out, activation(torch.einsum("efd,td->tef", w_in, x)))


def _chosen(logits: Tensor, top_k: int, largest: bool = True) -> Tensor:
    """Which experts each token is sent to. bool [tokens, n_experts]."""
    best = logits.topk(top_k, dim=-1, largest=largest).indices
    return torch.zeros_like(logits, dtype=torch.bool).scatter(-1, best, True)


def _softmax_over(logits: Tensor, chosen: Tensor, dim: int = -1) -> Tensor:
    return torch.softmax(logits.masked_fill(~chosen, -torch.inf), dim=dim)


def _right_weights(logits: Tensor, top_k: int) -> Tensor:
    return _softmax_over(logits, _chosen(logits, top_k))


def _mixed(
    x: Tensor,
    router: Tensor,
    w_in: Tensor,
    w_out: Tensor,
    top_k: int,
    weigh: Callable[[Tensor, int], Tensor] = _right_weights,
    activation: Callable[[Tensor], Tensor] = functional.relu,
) -> Tensor:
    _require_choice(router, top_k)
    weights = weigh(x @ router.T, top_k)
    return (weights[..., None] * _outputs(x, w_in, w_out, activation)).sum(1)


def _weighed_by(weigh: Callable[[Tensor, int], Tensor]) -> Callable[..., Tensor]:
    """The mixture with other weights: `weigh` makes them, [tokens, n_experts], from the logits and top_k."""

    def mistaken(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
        return _mixed(x, router, w_in, w_out, top_k, weigh)

    return mistaken


def _experts_bent_by(activation: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """The mixture with another activation in the experts."""

    def mistaken(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
        return _mixed(x, router, w_in, w_out, top_k, activation=activation)

    return mistaken


def _softmax_before_the_choice(logits: Tensor, top_k: int) -> Tensor:
    return torch.where(_chosen(logits, top_k), torch.softmax(logits, dim=-1), 0.0)


def _softmax_with_zeros(logits: Tensor, top_k: int) -> Tensor:
    return torch.softmax(torch.where(_chosen(logits, top_k), logits, 0.0), dim=-1)


def _equal_weights(logits: Tensor, top_k: int) -> Tensor:
    return _chosen(logits, top_k).to(logits.dtype) / top_k


def _no_weights(logits: Tensor, top_k: int) -> Tensor:
    return _chosen(logits, top_k).to(logits.dtype)


def _best_only(logits: Tensor, top_k: int) -> Tensor:
    return _chosen(logits, 1).to(logits.dtype)


def _best_by_its_probability(logits: Tensor, top_k: int) -> Tensor:
    return torch.where(_chosen(logits, 1), torch.softmax(logits, dim=-1), 0.0)


def _lowest(logits: Tensor, top_k: int) -> Tensor:
    return _softmax_over(logits, _chosen(logits, top_k, largest=False))


def _raw_logits(logits: Tensor, top_k: int) -> Tensor:
    return torch.where(_chosen(logits, top_k), logits, 0.0)


def _sigmoids(logits: Tensor, top_k: int) -> Tensor:
    return torch.where(_chosen(logits, top_k), torch.sigmoid(logits), 0.0)


def _sigmoids_that_sum_to_one(logits: Tensor, top_k: int) -> Tensor:
    weights = _sigmoids(logits, top_k)
    return weights / weights.sum(-1, keepdim=True)


def _softmax_twice(logits: Tensor, top_k: int) -> Tensor:
    return _softmax_over(torch.softmax(logits, dim=-1), _chosen(logits, top_k))


def _softmax_over_tokens(logits: Tensor, top_k: int) -> Tensor:
    return _softmax_over(logits, _chosen(logits, top_k), dim=0).nan_to_num()


def _softmax_over_tokens_by_rank(logits: Tensor, top_k: int) -> Tensor:
    """The best logits of all tokens share one softmax, and so do the second best."""
    values, best = logits.topk(top_k, dim=-1)
    return torch.zeros_like(logits).scatter(-1, best, torch.softmax(values, dim=0))


def _chosen_over_tokens(logits: Tensor, top_k: int) -> Tensor:
    best = logits.topk(top_k, dim=0).indices  # raises where there are fewer tokens than top_k
    chosen = torch.zeros_like(logits, dtype=torch.bool).scatter(0, best, True)
    return _softmax_over(logits, chosen).nan_to_num()


def _one_choice_for_all(logits: Tensor, top_k: int) -> Tensor:
    chosen = _chosen(logits.mean(0, keepdim=True), top_k)
    return _softmax_over(logits, chosen.expand_as(logits))


def _two_experts_always(logits: Tensor, top_k: int) -> Tensor:
    return _right_weights(logits, min(2, logits.shape[-1]))


def _one_expert_more(logits: Tensor, top_k: int) -> Tensor:
    return _right_weights(logits, min(top_k + 1, logits.shape[-1]))


def _by_threshold(logits: Tensor, top_k: int) -> Tensor:
    last = logits.topk(top_k, dim=-1).values[..., -1:]
    return _softmax_over(logits, logits >= last)


def _weights_by_number(logits: Tensor, top_k: int) -> Tensor:
    """The largest weight goes to the chosen expert of the lowest number."""
    values, best = logits.topk(top_k, dim=-1)
    return torch.zeros_like(logits).scatter(-1, best.sort(dim=-1).values, torch.softmax(values, dim=-1))


def _divided_once_more(logits: Tensor, top_k: int) -> Tensor:
    return _right_weights(logits, top_k) / top_k


def _softmax_by_exp(logits: Tensor, top_k: int) -> Tensor:
    powers = torch.where(_chosen(logits, top_k), logits.exp(), 0.0)  # infinite from 89 on, in float32
    return powers / powers.sum(-1, keepdim=True)


def _weights_detached(logits: Tensor, top_k: int) -> Tensor:
    return _right_weights(logits, top_k).detach()


def _last_expert_stays(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    _require_choice(router, top_k)
    weights = _right_weights(x @ router.T, top_k)
    last = torch.where(weights > 0, torch.arange(len(router)), -1).amax(-1)
    outputs = weights[..., None] * _outputs(x, w_in, w_out)
    return outputs[torch.arange(len(x)), last]


def _relu_at_the_end(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    _require_choice(router, top_k)
    outputs = functional.relu(_outputs(x, w_in, w_out, _unchanged))
    return (_right_weights(x @ router.T, top_k)[..., None] * outputs).sum(1)


def _relu_of_the_mixture(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    return functional.relu(_mixed(x, router, w_in, w_out, top_k))


def _experts_added_to_the_input(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    return x + _mixed(x, router, w_in, w_out, top_k)


def _matrices_mixed(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    _require_choice(router, top_k)
    weights = _right_weights(x @ router.T, top_k)
    w_in, w_out = (torch.einsum("te,eij->tij", weights, matrices) for matrices in (w_in, w_out))
    return torch.einsum("tdf,tf->td", w_out, functional.relu(torch.einsum("tfd,td->tf", w_in, x)))


def _experts_not_transposed(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    _require_choice(router, top_k)
    hidden = functional.relu(torch.einsum("edf,td->tef", w_in, x))  # raises unless d_ff is d
    outputs = torch.einsum("efd,tef->ted", w_out, hidden)
    return (_right_weights(x @ router.T, top_k)[..., None] * outputs).sum(1)


def _written_into_x(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    result = _mixed(x, router, w_in, w_out, top_k)
    return result if x.requires_grad else x.copy_(result)


def _experts_in_float32(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    return _mixed(x.float(), router.float(), w_in.float(), w_out.float(), top_k)


def _mixture_detached(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    return _mixed(x, router, w_in, w_out, top_k).detach()


def _experts_detached(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    _require_choice(router, top_k)
    outputs = _outputs(x, w_in, w_out).detach()
    return (_right_weights(x @ router.T, top_k)[..., None] * outputs).sum(1)


def _choice_not_checked(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    chosen = _chosen(x @ router.T, top_k)  # raises RuntimeError for too many
    weights = _softmax_over(x @ router.T, chosen).nan_to_num()
    return (weights[..., None] * _outputs(x, w_in, w_out)).sum(1)


def _zero_accepted(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    if top_k > router.shape[0]:
        raise ValueError("too many")
    return _choice_not_checked(x, router, w_in, w_out, top_k)


def _cut_down(x: Tensor, router: Tensor, w_in: Tensor, w_out: Tensor, top_k: int) -> Tensor:
    if top_k < 1:
        raise ValueError("too few")
    return _mixed(x, router, w_in, w_out, min(top_k, router.shape[0]))


GAP = 0.15
"""How far apart logits are at least: rounding must not decide which expert is chosen."""


def _experts(
    draw: Generator,
    *,
    tokens: int,
    n_experts: int,
    top_k: int,
    d: int,
    d_ff: int,
    contiguous: bool = True,
    scale: float = FAR,
) -> Arguments:
    """Tokens whose logits are clearly apart, and not so far apart that one expert has all the weight.

    Hidden numbers of thousands, where GELU, SiLU and ReLU are the same, leave to be seen how experts are chosen.
    """
    router = 0.7 * randn(draw, n_experts, d)
    candidates = randn(draw, 1000, d)
    logits = (candidates @ router.T).sort(dim=-1).values
    apart = (logits.diff(dim=-1) > GAP).all(-1) & (logits[:, -1] - logits[:, -2:].amin(-1) < 1.5)
    x = candidates[apart][:tokens]
    if not contiguous:
        x = x.T.contiguous().T
    weights = {"w_in": scale * randn(draw, n_experts, d_ff, d), "w_out": randn(draw, n_experts, d, d_ff)}
    return {"x": x, "router": router, **weights, "top_k": top_k}


def _experts_for(**sizes: Any) -> Callable[[Generator], Arguments]:
    return functools.partial(_experts, **sizes)


def _tie(draw: Generator) -> Arguments:
    """Two experts are copies of each other, and tie for the second place: either may be chosen, but not both.

    All products are exact in binary, so the tie holds whatever the order of the sums.
    """
    x = torch.randint(1, 4, (3, 3), generator=draw).float()
    router = torch.tensor([[2.0, 2.0, 2.0], [1.0, 0.0, 1.0], [1.0, 0.0, 1.0], [-1.0, 0.0, 0.0]]) / 8
    w_in, w_out = FAR * randn(draw, 4, 5, 3), randn(draw, 4, 3, 5)
    w_in[2], w_out[2] = w_in[1], w_out[1]
    return {"x": x, "router": router, "w_in": w_in, "w_out": w_out, "top_k": 2}


def _router_far_out(draw: Generator) -> Arguments:
    """Logits of hundreds, of which the best two lie close enough for both experts to count."""
    arguments = _experts(draw, tokens=3, n_experts=2, top_k=2, d=4, d_ff=5)
    x = arguments["x"]
    # What is added to both rows of the router moves both logits of a token alike.
    common = 300 * torch.linalg.pinv(x.double()).sum(-1).to(x.dtype)
    return {**arguments, "router": arguments["router"] + common}


SMALL: dict[str, Any] = {"tokens": 4, "n_experts": 4, "top_k": 2, "d": 3, "d_ff": 5}


def _experts_in(dtype: torch.dtype) -> Callable[[Generator], Arguments]:
    return lambda draw: _cast(_experts(draw, tokens=3, n_experts=1, top_k=1, d=3, d_ff=5), dtype)


def _impossible_choice(top_k: int) -> Callable[[Generator], Arguments]:
    return lambda draw: {**_experts(draw, **SMALL), "top_k": top_k}


ONE_EXPERT = "An expert is w_out relu(w_in x)"

MOE_FORWARD_EXERCISE = Exercise(
    reference=networks.moe_forward,
    points=6,
    cases=(
        Case("one expert", _experts_for(tokens=3, n_experts=1, top_k=1, d=4, d_ff=6, scale=1.0), visible=True),
        Case("one expert, drawn", _experts_for(tokens=5, n_experts=1, top_k=1, d=3, d_ff=7, scale=1.0)),
        Case(
            "the best of four",
            _experts_for(tokens=6, n_experts=4, top_k=1, d=4, d_ff=5),
            visible=True,
            slack=NEARLY,
        ),
        Case("the best of three", _experts_for(tokens=5, n_experts=3, top_k=1, d=5, d_ff=4), slack=NEARLY),
        Case("two of five", _experts_for(tokens=7, n_experts=5, top_k=2, d=4, d_ff=6), visible=True, slack=NEARLY),
        Case(
            "three of six",
            _experts_for(tokens=5, n_experts=6, top_k=3, d=5, d_ff=4, contiguous=False),
            visible=True,
            slack=NEARLY,
        ),
        Case("two of four, as wide as it is", _experts_for(tokens=6, n_experts=4, top_k=2, d=5, d_ff=5), slack=NEARLY),
        Case("one token", _experts_for(tokens=1, n_experts=5, top_k=2, d=4, d_ff=3), visible=True, slack=NEARLY),
        Case("three of three", _experts_for(tokens=4, n_experts=3, top_k=3, d=4, d_ff=5), visible=True, slack=NEARLY),
        Case("tie", _tie, visible=True, slack=NEARLY),
        Case("router far out", _router_far_out, visible=True, slack=NEARLY),
        Case("small", _experts_for(**SMALL), visible=True, slack=NEARLY),
        Case("no expert", _impossible_choice(0), visible=True),
        Case("more experts than there are", _impossible_choice(5), visible=True),
        Case("float64", _experts_in(torch.float64), visible=True, slack=1e12),
        Case("bfloat16", _experts_in(torch.bfloat16)),
        Case(
            "gradients",
            _experts_for(**SMALL),
            visible=True,
            gradients=("x", "router", "w_in", "w_out"),
            slack=NEARLY,
        ),
    ),
    properties=(
        Property(
            ONE_EXPERT,
            ("one expert", "one expert, drawn"),
            "There is one expert here, and its weight is 1: what is left is relu(x @ w_in[0].T) @ w_out[0].T.",
            weight=2,
        ),
        Property(
            "With top_k = 1 each token gets what its best expert makes, with the weight 1",
            ("the best of four", "the best of three"),
            "The logits of a token are x @ router.T, over the experts. The highest wins, token by token, and a softmax "
            "over one number is 1.",
            weight=2,
        ),
        Property(
            "top_k experts are mixed by a softmax over their own logits",
            ("two of five", "three of six", "two of four, as wide as it is", "one token"),
            "Print the weights of one token: they are top_k numbers that sum to 1, the largest for the highest logit. "
            "Each multiplies the output of its own expert.",
            weight=4,
        ),
        Property(
            "With all experts chosen, all take part",
            ("three of three",),
            "If top_k is the number of experts, the weights are a softmax over all logits.",
        ),
        Property(
            "A tie does not let one expert more in",
            ("tie",),
            "Two experts have the same logit here, and only one of them fits: top_k experts are chosen, never more.",
        ),
        Property(
            "Large router logits do not overflow",
            ("router far out",),
            "exp of 89 is infinite in float32: `torch.softmax` subtracts the largest logit first.",
        ),
        Property(
            "A top_k that cannot be chosen is refused with a ValueError",
            ("small", "no expert", "more experts than there are"),
            "At least 1 and at most all experts: test it before you choose, and raise ValueError.",
            observe=observe.refusal,
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("float64", "bfloat16"),
            "Inputs in float64 or bfloat16 must give the same dtype, and no argument may differ after the call.",
            observe=observe.dtype_and_changed,
            needs=ONE_EXPERT,
        ),
        Property(
            "Gradients reach x, the router and the experts",
            ("gradients",),
            "The router learns through the weights of the mixture: no detach, no .data, no no_grad, no item().",
            observe=observe.gradients,
        ),
    ),
    mistakes=(
        Mistake(
            "softmax_before_the_choice",
            "You take softmax over all experts and keep the chosen weights as they are, so they sum to less than 1. "
            "Take it over the chosen logits.",
            ROUTER,
            _weighed_by(_softmax_before_the_choice),
        ),
        Mistake(
            "softmax_twice",
            "You take softmax over all experts and once more over the chosen: the second one flattens the weights. "
            "Once is enough, over the chosen logits.",
            ROUTER,
            _weighed_by(_softmax_twice),
        ),
        Mistake(
            "all_experts",
            "All experts work on every token. Only the top_k with the highest logits may.",
            ROUTER,
            _weighed_by(lambda logits, top_k: torch.softmax(logits, dim=-1)),
        ),
        Mistake(
            "softmax_with_zeros",
            "You set the logits of the others to 0 before softmax. e to the power 0 is 1, so they still take part: set "
            "them to minus infinity, or leave them out.",
            ROUTER,
            _weighed_by(_softmax_with_zeros),
        ),
        Mistake(
            "equal_weights",
            "You take the mean of the chosen experts. Their weights are a softmax over their logits.",
            ROUTER,
            _weighed_by(_equal_weights),
        ),
        Mistake(
            "no_weights",
            "You add the chosen experts up without weights. The weights are a softmax over their logits.",
            ROUTER,
            _weighed_by(_no_weights),
        ),
        Mistake(
            "best_only",
            "Only the best expert works on each token, whatever top_k is.",
            ROUTER,
            _weighed_by(_best_only),
        ),
        Mistake(
            "best_by_its_probability",
            "Only the best expert works on each token, with its probability among all experts as the weight. That is "
            "the Switch Transformer; here there are top_k, with weights that sum to 1.",
            ROUTER,
            _weighed_by(_best_by_its_probability),
        ),
        Mistake(
            "lowest",
            "You choose the experts with the lowest logits.",
            ROUTER,
            _weighed_by(_lowest),
        ),
        Mistake(
            "raw_logits",
            "Your weights are the logits themselves. They may be negative and sum to anything: take their softmax.",
            ROUTER,
            _weighed_by(_raw_logits),
        ),
        Mistake(
            "sigmoids",
            "Your weights are sigmoids of the logits, which do not sum to 1. Some models do so; here it is a softmax.",
            ROUTER,
            _weighed_by(_sigmoids),
        ),
        Mistake(
            "sigmoids_that_sum_to_one",
            "Your weights are sigmoids, divided by their sum, as in DeepSeek-V3. Here they are a softmax.",
            ROUTER,
            _weighed_by(_sigmoids_that_sum_to_one),
        ),
        Mistake(
            "softmax_over_tokens",
            "Your softmax runs over the tokens. It runs over the experts of one token.",
            ROUTER,
            _weighed_by(_softmax_over_tokens),
        ),
        Mistake(
            "softmax_over_tokens_by_rank",
            "Your softmax runs over the tokens. It belongs to one token's chosen logits: dim=-1.",
            ROUTER,
            _weighed_by(_softmax_over_tokens_by_rank),
        ),
        Mistake(
            "chosen_over_tokens",
            "Each expert chooses top_k tokens. It is each token that chooses top_k experts: the last dimension.",
            ROUTER,
            _weighed_by(_chosen_over_tokens),
        ),
        Mistake(
            "one_choice_for_all",
            "All your tokens go to the same experts. Each token makes its own choice.",
            ROUTER,
            _weighed_by(_one_choice_for_all),
        ),
        Mistake(
            "two_experts_always",
            "You choose two experts whatever top_k is.",
            ROUTER,
            _weighed_by(_two_experts_always),
        ),
        Mistake("one_expert_more", "You choose top_k + 1 experts.", ROUTER, _weighed_by(_one_expert_more)),
        Mistake(
            "by_threshold",
            "You keep every expert whose logit reaches that of number top_k. In a tie there are more than top_k of "
            "them: choose by index, as topk does.",
            ROUTER,
            _weighed_by(_by_threshold),
        ),
        Mistake(
            "weights_by_number",
            "Your weights go to the wrong experts: they are in the order of the logits, and your experts in the order "
            "of their numbers. Keep values and indices of topk together.",
            ROUTER,
            _weighed_by(_weights_by_number),
        ),
        Mistake(
            "divided_once_more",
            "You divide the mixture by top_k. The weights sum to 1 already.",
            ROUTER,
            _weighed_by(_divided_once_more),
        ),
        Mistake(
            "weights_applied_twice",
            "Each expert's output is multiplied by its weight twice.",
            ROUTER,
            _weighed_by(lambda logits, top_k: _right_weights(logits, top_k) ** 2),
        ),
        Mistake(
            "last_expert_stays",
            "Of the experts of a token only the one with the highest number is left: a later one overwrites what an "
            "earlier one has written. Add.",
            EXPERTS,
            _last_expert_stays,
        ),
        Mistake(
            "gelu_experts",
            "Your experts use GELU. Here they use ReLU.",
            EXPERTS,
            _experts_bent_by(_gelu),
        ),
        Mistake(
            "silu_experts",
            "Your experts use SiLU. Here they use ReLU.",
            EXPERTS,
            _experts_bent_by(_silu),
        ),
        Mistake(
            "no_activation",
            "Your experts have no activation between their matrices: ReLU.",
            EXPERTS,
            _experts_bent_by(_unchanged),
        ),
        Mistake(
            "relu_at_the_end",
            "Your ReLU stands after w_out. It stands between the two matrices of an expert.",
            EXPERTS,
            _relu_at_the_end,
        ),
        Mistake(
            "relu_of_the_mixture",
            "You apply ReLU to the result once more. What the experts make may be negative.",
            EXPERTS,
            _relu_of_the_mixture,
        ),
        Mistake(
            "input_added",
            "You add x to the result. The layer around this network does that; the network itself does not.",
            EXPERTS,
            _experts_added_to_the_input,
        ),
        Mistake(
            "matrices_mixed",
            "You mix the experts' matrices and then apply one network. It is their outputs that are mixed.",
            EXPERTS,
            _matrices_mixed,
        ),
        Mistake(
            "not_transposed",
            "You multiply by the experts' matrices as they are. They are laid out [out, in]: x @ w_in[e].T. Where d_ff "
            "is d, no error warns you.",
            EXPERTS,
            _experts_not_transposed,
        ),
        Mistake(
            "written_into_x",
            "You write the result into x itself: begin with torch.zeros_like(x).",
            EXPERTS,
            _written_into_x,
        ),
        Mistake(
            "always_float32",
            "Your result is float32 whatever comes in: the dtype of x is kept. torch.zeros is float32, zeros_like is "
            "not.",
            EXPERTS,
            _experts_in_float32,
        ),
        Mistake("detached", "No gradient flows through your result.", EXPERTS, _mixture_detached),
        Mistake(
            "softmax_by_exp",
            "Your softmax takes e to the power of the logits themselves, which is infinite from 89 on, and infinity "
            "divided by infinity is NaN. Subtract the largest logit first, as `torch.softmax` does.",
            ROUTER,
            _weighed_by(_softmax_by_exp),
        ),
        Mistake(
            "weights_detached",
            "Your router gets no gradient: it learns only through the weights of the mixture, so do not cut them off.",
            ROUTER,
            _weighed_by(_weights_detached),
        ),
        Mistake("experts_detached", "Your experts get no gradient.", EXPERTS, _experts_detached),
        Mistake(
            "choice_not_checked",
            "Your function takes top_k = 0 for a choice, and leaves it to torch to complain of one that is too large. "
            "Test both ends, and raise ValueError.",
            ROUTER,
            _choice_not_checked,
        ),
        Mistake("zero_accepted", "You refuse a top_k that is too large, but accept 0.", ROUTER, _zero_accepted),
        Mistake(
            "cut_down",
            "You cut a top_k that is too large down to the number of experts. It makes no sense: raise ValueError.",
            ROUTER,
            _cut_down,
        ),
    ),
)


# parameter_counts


def _require_heads(config: dict[str, Any]) -> None:
    if config["d_model"] % config["n_heads"] or config["n_heads"] % config["n_kv_heads"]:
        raise ValueError("the heads do not fit")


def _counted(config: dict[str, Any], **changed: float) -> dict[str, Any]:
    """The right counts but for some, and their sum as the total."""
    right = networks.parameter_counts(config)
    counts = {name: changed.get(name, right[name]) for name in ("embedding", "attention", "feed_forward", "norm")}
    return {**counts, "total": changed.get("total", sum(counts.values()))}


def _miscounted(
    **parts: Callable[[dict[str, Any], dict[str, int]], float],
) -> Callable[[dict[str, Any]], dict[str, int]]:
    """A mistake that counts some parts otherwise, from the configuration and the right counts."""

    def mistaken(config: dict[str, Any]) -> dict[str, int]:
        right = networks.parameter_counts(config)
        return _counted(config, **{name: count(config, right) for name, count in parts.items()})

    return mistaken


def _table(config: dict[str, Any]) -> int:
    return int(config["vocab_size"] * config["d_model"])


def _attention(config: dict[str, Any], *, query: int, key: int, value: int, output: int) -> int:
    """Attention whose projections make rows of these widths, or, for the last, read them."""
    return int(config["n_layers"] * config["d_model"] * (query + key + value + output))


def _kv_width(config: dict[str, Any]) -> int:
    return int(config["n_kv_heads"] * (config["d_model"] // config["n_heads"]))


def _full_width(config: dict[str, Any], right: dict[str, int]) -> int:
    width = config["d_model"]
    return _attention(config, query=width, key=width, value=width, output=width)


def _all_narrow(config: dict[str, Any], right: dict[str, int]) -> int:
    width = _kv_width(config)
    return _attention(config, query=width, key=width, value=width, output=width)


def _narrow_queries(config: dict[str, Any], right: dict[str, int]) -> int:
    width = _kv_width(config)
    return _attention(config, query=width, key=width, value=width, output=config["d_model"])


def _keys_or_values_only(config: dict[str, Any], right: dict[str, int]) -> int:
    width = config["d_model"]
    return _attention(config, query=width, key=_kv_width(config), value=0, output=width)


def _narrow_keys_only(config: dict[str, Any], right: dict[str, int]) -> int:
    width = config["d_model"]
    return _attention(config, query=width, key=_kv_width(config), value=width, output=width)


def _without_output(config: dict[str, Any], right: dict[str, int]) -> int:
    return _attention(config, query=config["d_model"], key=_kv_width(config), value=_kv_width(config), output=0)


def _number_of_heads(config: dict[str, Any], right: dict[str, int]) -> int:
    width, heads = config["d_model"], config["n_kv_heads"]
    return _attention(config, query=width, key=heads, value=heads, output=width)


def _one_head(config: dict[str, Any], right: dict[str, int]) -> int:
    width, head_dim = config["d_model"], config["d_model"] // config["n_heads"]
    return _attention(config, query=width, key=head_dim, value=head_dim, output=width)


def _group_for_heads(config: dict[str, Any], right: dict[str, int]) -> int:
    width, group = config["d_model"], config["n_heads"] // config["n_kv_heads"]
    shared = group * (width // config["n_heads"])
    return _attention(config, query=width, key=shared, value=shared, output=width)


def _every_head_full(config: dict[str, Any], right: dict[str, int]) -> int:
    width = config["d_model"]
    heads = 2 * config["n_heads"] + 2 * config["n_kv_heads"]
    return int(config["n_layers"] * width * width * heads)


def _attention_biases(config: dict[str, Any], right: dict[str, int]) -> int:
    return right["attention"] + config["n_layers"] * (2 * config["d_model"] + 2 * _kv_width(config))


def _feed_forward_biases(config: dict[str, Any], right: dict[str, int]) -> int:
    return right["feed_forward"] + config["n_layers"] * (2 * config["d_ff"] + config["d_model"])


def _per_layer(name: str) -> Callable[[dict[str, Any], dict[str, int]], int]:
    return lambda config, right: right[name] // config["n_layers"]


def _one_layer(config: dict[str, Any]) -> dict[str, int]:
    """One layer of everything."""
    return _counted({**config, "n_layers": 1})


def _layers_shown_one_by_one(config: dict[str, Any]) -> dict[str, int]:
    right = networks.parameter_counts(config)
    layers = config["n_layers"]
    parts = {"attention": right["attention"] // layers, "feed_forward": right["feed_forward"] // layers}
    return {**right, **parts}


def _total_without(name: str) -> Callable[[dict[str, Any], dict[str, int]], int]:
    return lambda config, right: right["total"] - right[name]


def _head_in_the_total_only(config: dict[str, Any]) -> dict[str, int]:
    right = networks.parameter_counts(config)
    return {**right, "embedding": _table(config)}


def _layers_counted_twice(config: dict[str, Any]) -> dict[str, int]:
    right = networks.parameter_counts(config)
    inside = right["attention"] + right["feed_forward"] + right["norm"]
    return {**right, "total": right["embedding"] + config["n_layers"] * inside}


def _as_floats(config: dict[str, Any]) -> dict[str, float]:
    return {name: float(count) for name, count in networks.parameter_counts(config).items()}


def _tied_taken_out(config: dict[str, Any]) -> dict[str, int]:
    right = networks.parameter_counts(config)
    config.pop("tied")
    return right


NAMES = ("vocab_size", "d_model", "n_layers", "n_heads", "n_kv_heads", "d_ff", "tied")


def _read_by_position(config: dict[str, Any]) -> dict[str, int]:
    return _without_checks(dict(zip(NAMES, list(config.values())[: len(NAMES)], strict=True)))


def _without_checks(config: dict[str, Any]) -> dict[str, int]:
    width, layers = config["d_model"], config["n_layers"]
    shared = config["n_kv_heads"] * width // config["n_heads"]
    counts = {
        "embedding": _table(config) * (1 if config["tied"] else 2),
        "attention": layers * 2 * width * (width + shared),
        "feed_forward": layers * 3 * width * config["d_ff"],
        "norm": (2 * layers + 1) * width,
    }
    return {**counts, "total": sum(counts.values())}


def _checked_by_position(config: dict[str, Any]) -> dict[str, int]:
    named = dict(zip(NAMES, list(config.values())[: len(NAMES)], strict=True))
    if named["d_model"] % named["n_heads"] or named["n_heads"] % named["n_kv_heads"]:
        raise ValueError("the heads do not fit")
    return _without_checks(named)


def _width_not_checked(config: dict[str, Any]) -> dict[str, int]:
    if config["n_heads"] % config["n_kv_heads"]:
        raise ValueError("the heads do not fit")
    return _without_checks(config)


def _groups_not_checked(config: dict[str, Any]) -> dict[str, int]:
    if config["d_model"] % config["n_heads"]:
        raise ValueError("the heads do not fit")
    return _without_checks(config)


def _config(draw: Generator, *, tied: bool, shared: int = 1, n_kv_heads: int | None = None) -> dict[str, Any]:
    """A small decoder of odd sizes, so that no two factors are equal by chance; `shared` query heads to a key head."""
    n_kv_heads = n_kv_heads or randint(draw, 2, 3) + shared  # never the number of query heads that share one
    n_heads = n_kv_heads * shared
    d_model = n_heads * randint(draw, 14, 18)
    return {
        "vocab_size": randint(draw, 1000, 1500),
        "d_model": d_model,
        "n_layers": randint(draw, 4, 9),
        "n_heads": n_heads,
        "n_kv_heads": n_kv_heads,
        "d_ff": 2 * d_model + randint(draw, 19, 41),
        "tied": tied,
    }


def _config_for(**wanted: Any) -> Callable[[Generator], Arguments]:
    return lambda draw: {"config": _config(draw, **wanted)}


def _in_another_order(draw: Generator) -> Arguments:
    config = _config(draw, tied=True, shared=2)
    order = ("d_ff", "n_kv_heads", "vocab_size", "d_model", "tied", "n_heads", "n_layers")
    return {"config": {name: config[name] for name in order}}


def _with_more_entries(draw: Generator) -> Arguments:
    return {"config": {"rope_base": 10_000.0, **_config(draw, tied=False, shared=2), "eps": 1e-6, "bias": False}}


def _uneven_width(draw: Generator) -> Arguments:
    config = _config(draw, tied=True, shared=2)
    return {"config": {**config, "d_model": config["d_model"] + 1}}


def _uneven_groups(draw: Generator) -> Arguments:
    return {"config": {**_config(draw, tied=True), "d_model": 96, "n_heads": 8, "n_kv_heads": 3}}


LLAMA_2_7B = {
    "vocab_size": 32_000,
    "d_model": 4096,
    "n_layers": 32,
    "n_heads": 32,
    "n_kv_heads": 32,
    "d_ff": 11_008,
    "tied": False,
}
LLAMA_3_2_1B = {
    "vocab_size": 128_256,
    "d_model": 2048,
    "n_layers": 16,
    "n_heads": 32,
    "n_kv_heads": 8,
    "d_ff": 8192,
    "tied": True,
}


def _published(config: dict[str, Any]) -> Callable[[Generator], Arguments]:
    return lambda draw: {"config": dict(config)}


def _entry(name: str) -> Callable[..., Any]:
    return functools.partial(observe.entry, name=name)


TOTAL = "The total is the sum of the four"
THREE_MATRICES = "The feed-forward networks have three matrices a layer"

PARAMETER_COUNTS_EXERCISE = Exercise(
    reference=networks.parameter_counts,
    points=4,
    cases=(
        Case("tied", _config_for(tied=True), visible=True),
        Case("tied, drawn", _config_for(tied=True)),
        Case("a head of its own", _config_for(tied=False), visible=True),
        Case("a head of its own, drawn", _config_for(tied=False)),
        Case("shared keys and values", _config_for(tied=True, shared=2), visible=True),
        Case("shared keys and values, drawn", _config_for(tied=False, shared=4)),
        Case("one key head for all", _config_for(tied=True, shared=6, n_kv_heads=1), visible=True),
        Case("Llama-2-7B", _published(LLAMA_2_7B), visible=True),
        Case("Llama-3.2-1B", _published(LLAMA_3_2_1B), visible=True),
        Case("in another order", _in_another_order, visible=True),
        Case("with more entries", _with_more_entries, visible=True),
        Case("width that the heads do not divide", _uneven_width, visible=True),
        Case("heads that cannot share evenly", _uneven_groups, visible=True),
    ),
    properties=(
        Property(
            "The embedding table counts once",
            ("tied", "tied, drawn", "Llama-3.2-1B"),
            "The table has vocab_size rows of d_model numbers, whatever the number of layers. A tied head is this "
            "table.",
            observe=_entry("embedding"),
        ),
        Property(
            "A head of its own is counted with the embedding",
            ("a head of its own", "a head of its own, drawn", "Llama-2-7B"),
            "Where tied is False, the head is a second matrix of the same shape.",
            observe=_entry("embedding"),
        ),
        Property(
            "Attention has four projections a layer",
            ("tied", "a head of its own", "Llama-2-7B"),
            "As many key heads as query heads: queries, keys, values and output are d_model × d_model each, in every "
            "layer, without biases.",
            observe=_entry("attention"),
        ),
        Property(
            "Shared keys and values are narrower",
            ("shared keys and values", "shared keys and values, drawn", "one key head for all", "Llama-3.2-1B"),
            "A head has d_model / n_heads numbers. Keys and values have n_kv_heads such heads; queries and output have "
            "all.",
            observe=_entry("attention"),
            weight=2,
        ),
        Property(
            THREE_MATRICES,
            ("tied", "a head of its own, drawn", "Llama-3.2-1B"),
            "SwiGLU: gate and up are d_ff × d_model, down is d_model × d_ff, without biases, in every layer.",
            observe=_entry("feed_forward"),
            weight=2,
        ),
        Property(
            "Norms have one number a column: two a layer, and one at the end",
            ("tied", "a head of its own, drawn", "Llama-3.2-1B"),
            "RMSNorm has a gain and no bias. One stands before attention, one before the feed-forward network, one "
            "before the head.",
            observe=_entry("norm"),
        ),
        Property(
            TOTAL,
            ("tied", "a head of its own", "shared keys and values"),
            "Add the four entries up, each once.",
            observe=observe.total_beyond_parts,
        ),
        Property(
            "Entries are read by their names, and others ignored",
            ("in another order", "with more entries"),
            "config['d_ff'] finds the entry wherever it stands. A configuration may hold more than you need.",
            observe=_entry("feed_forward"),
            needs=THREE_MATRICES,
        ),
        Property(
            "Heads that do not fit are refused with a ValueError",
            ("tied", "width that the heads do not divide", "heads that cannot share evenly"),
            "n_heads must divide d_model, and n_kv_heads must divide n_heads: look at the remainders, %.",
            observe=observe.refusal,
            needs=TOTAL,
        ),
        Property(
            "The configuration is left unchanged",
            ("tied", "shared keys and values, drawn"),
            "Read the entries with config['tied']; pop takes them out.",
            observe=observe.changed,
            needs=TOTAL,
        ),
    ),
    mistakes=(
        Mistake(
            "tied_head_counted_twice",
            "You count the head even where it is tied. A tied head is the embedding table: the same numbers, stored "
            "once.",
            COUNTING,
            _miscounted(embedding=lambda config, right: 2 * _table(config)),
        ),
        Mistake(
            "head_never_counted",
            "You leave out the head where it has weights of its own: a second matrix of vocab_size × d_model.",
            COUNTING,
            _miscounted(embedding=lambda config, right: _table(config)),
        ),
        Mistake(
            "tied_inverted",
            "You count the head where it is tied, and leave it out where it is not.",
            COUNTING,
            _miscounted(embedding=lambda config, right: _table(config) * (2 if config["tied"] else 1)),
        ),
        Mistake(
            "head_in_the_total_only",
            "Your total has the head, and your embedding has not: where the head has its own weights, count both "
            "there.",
            COUNTING,
            _head_in_the_total_only,
        ),
        Mistake(
            "embedding_in_every_layer",
            "You count the embedding once for each layer. It stands before the first, once.",
            COUNTING,
            _miscounted(embedding=lambda config, right: right["embedding"] * config["n_layers"]),
        ),
        Mistake(
            "full_width_keys_and_values",
            "Your keys and values are as wide as the queries. They have n_kv_heads heads only.",
            SHARING,
            _miscounted(attention=_full_width),
        ),
        Mistake(
            "all_projections_narrow",
            "You give all four projections the width of the shared heads. Queries and output keep n_heads.",
            SHARING,
            _miscounted(attention=_all_narrow),
        ),
        Mistake(
            "narrow_queries",
            "One projection too many is narrow. Only keys and values are; queries and output keep all heads.",
            SHARING,
            _miscounted(attention=_narrow_queries),
        ),
        Mistake(
            "keys_or_values_only",
            "You count keys and values once. They are two matrices.",
            COUNTING,
            _miscounted(attention=_keys_or_values_only),
        ),
        Mistake(
            "narrow_keys_only",
            "Your keys are shared, and your values are not. Both have n_kv_heads heads.",
            SHARING,
            _miscounted(attention=_narrow_keys_only),
        ),
        Mistake(
            "output_projection_left_out",
            "You count three projections. The fourth, of the output, is d_model × d_model.",
            COUNTING,
            _miscounted(attention=_without_output),
        ),
        Mistake(
            "number_of_heads_for_width",
            "You take the number of key heads for the width of a key. Each head has d_model / n_heads numbers.",
            SHARING,
            _miscounted(attention=_number_of_heads),
        ),
        Mistake(
            "one_key_head",
            "You count the keys and values of one head. There are n_kv_heads of them.",
            SHARING,
            _miscounted(attention=_one_head),
        ),
        Mistake(
            "group_for_heads",
            "Your keys have d_model / n_kv_heads columns. It is n_kv_heads heads of d_model / n_heads each. (n_heads / "
            "n_kv_heads is how many query heads share one.)",
            SHARING,
            _miscounted(attention=_group_for_heads),
        ),
        Mistake(
            "every_head_full",
            "You give every head a projection of d_model × d_model. A head has d_model / n_heads rows; all together "
            "make one matrix.",
            COUNTING,
            _miscounted(attention=_every_head_full),
        ),
        Mistake(
            "attention_biases",
            "You count biases in attention. A Llama-shaped model has none.",
            COUNTING,
            _miscounted(attention=_attention_biases),
        ),
        Mistake(
            "feed_forward_biases",
            "You count biases in the feed-forward networks. A Llama-shaped model has none.",
            COUNTING,
            _miscounted(feed_forward=_feed_forward_biases),
        ),
        Mistake(
            "all_biases",
            "You count biases in attention and in the feed-forward networks. A Llama-shaped model has none.",
            COUNTING,
            _miscounted(attention=_attention_biases, feed_forward=_feed_forward_biases),
        ),
        Mistake(
            "two_matrices",
            "Your feed-forward network has two matrices, as one with GELU. SwiGLU has three: gate, up and down.",
            GATED,
            _miscounted(feed_forward=lambda config, right: right["feed_forward"] * 2 // 3),
        ),
        Mistake(
            "one_matrix",
            "Your feed-forward network has one matrix. SwiGLU has three: gate, up and down.",
            GATED,
            _miscounted(feed_forward=lambda config, right: right["feed_forward"] // 3),
        ),
        Mistake(
            "square_feed_forward",
            "Your feed-forward matrices are d_ff × d_ff. They lead from d_model to d_ff, and back.",
            COUNTING,
            _miscounted(feed_forward=lambda config, right: right["feed_forward"] // config["d_model"] * config["d_ff"]),
        ),
        Mistake(
            "one_norm_a_layer",
            "You count one norm in each layer. There are two: before attention, and before the feed-forward network.",
            COUNTING,
            _miscounted(norm=lambda config, right: (config["n_layers"] + 1) * config["d_model"]),
        ),
        Mistake(
            "last_norm_forgotten",
            "You forget the norm after the last layer.",
            COUNTING,
            _miscounted(norm=lambda config, right: 2 * config["n_layers"] * config["d_model"]),
        ),
        Mistake(
            "three_norms_a_layer",
            "You count three norms in each layer. The last one stands once, after all layers.",
            COUNTING,
            _miscounted(norm=lambda config, right: 3 * config["n_layers"] * config["d_model"]),
        ),
        Mistake(
            "norms_with_biases",
            "Your norms have a gain and a bias, as LayerNorm has. RMSNorm has a gain only.",
            COUNTING,
            _miscounted(norm=lambda config, right: 2 * right["norm"]),
        ),
        Mistake(
            "norms_of_one_number",
            "You count one number for each norm. A norm has a gain for each of the d_model columns.",
            COUNTING,
            _miscounted(norm=lambda config, right: right["norm"] // config["d_model"]),
        ),
        Mistake(
            "norms_left_out",
            "You count no norms. They are few numbers, but an exact count has them.",
            COUNTING,
            _miscounted(norm=lambda config, right: 0),
        ),
        Mistake(
            "one_layer",
            "You count one layer. Attention, feed-forward networks and norms are there in each of the n_layers.",
            COUNTING,
            _one_layer,
        ),
        Mistake(
            "attention_of_one_layer",
            "Your attention is that of one layer: multiply by n_layers.",
            COUNTING,
            _miscounted(attention=_per_layer("attention")),
        ),
        Mistake(
            "feed_forward_of_one_layer",
            "Your feed-forward network is that of one layer: multiply by n_layers.",
            COUNTING,
            _miscounted(feed_forward=_per_layer("feed_forward")),
        ),
        Mistake(
            "layers_shown_one_by_one",
            "Your total is right, but attention and feed_forward are those of one layer. Asked for is the whole model.",
            COUNTING,
            _layers_shown_one_by_one,
        ),
        Mistake(
            "total_without_norms",
            "Your total leaves the norms out.",
            COUNTING,
            _miscounted(total=_total_without("norm")),
        ),
        Mistake(
            "total_without_embedding",
            "Your total leaves the embedding out. Some papers count so, and say it; here everything counts.",
            COUNTING,
            _miscounted(total=_total_without("embedding")),
        ),
        Mistake(
            "layers_counted_twice",
            "Your parts are those of all layers already, and your total multiplies them by n_layers once more.",
            COUNTING,
            _layers_counted_twice,
        ),
        Mistake(
            "floats",
            "Your counts are floats. dict[str, int] are whole numbers: divide with //, and test the remainder with %.",
            COUNTING,
            _as_floats,
        ),
        Mistake(
            "tied_taken_out",
            "Your function takes an entry out of the dict that it is given, and the next call has it no more.",
            COUNTING,
            _tied_taken_out,
        ),
        Mistake(
            "read_by_position",
            "You read the entries by their order, and the heads are not tested. Read them by their names.",
            COUNTING,
            _read_by_position,
        ),
        Mistake(
            "checked_by_position",
            "You read the entries by their order. A dict is read by names: config['d_ff'].",
            COUNTING,
            _checked_by_position,
        ),
        Mistake(
            "heads_not_checked",
            "You do not test the heads: n_heads must divide d_model, and n_kv_heads must divide n_heads.",
            COUNTING,
            _without_checks,
        ),
        Mistake(
            "width_not_checked",
            "You do not test that n_heads divides d_model.",
            COUNTING,
            _width_not_checked,
        ),
        Mistake(
            "groups_not_checked",
            "You do not test that n_kv_heads divides n_heads.",
            SHARING,
            _groups_not_checked,
        ),
    ),
)


ASSIGNMENT = Assignment(
    "06_feed_forward",
    (FEED_FORWARD_EXERCISE, SWIGLU_EXERCISE, MOE_FORWARD_EXERCISE, PARAMETER_COUNTS_EXERCISE),
)
