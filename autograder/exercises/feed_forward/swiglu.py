"""swiglu: one matrix makes a gate for what another one makes."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.feed_forward.inputs import FAR, cast, four_axes
from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
from solutions import feed_forward as networks

GENERAL = "feed-forward-general"

known = Mistakes(networks.swiglu, section="feed-forward-gated")

CHECK = "w_gate.shape != w_up.shape"
SIGMOID = "torch.sigmoid(gate)"
SILU = f"gate * {SIGMOID}"
UP = "(x @ w_up.T)"
MIXED = f"({SILU} * {UP})"
RESULT = f"{MIXED} @ w_down.T"

known.edit(
    "silu_on_the_wrong_branch",
    {MIXED: f"(gate * functional.silu{UP})"},
    "You apply SiLU to what w_up makes. It belongs to what w_gate makes; the other branch stays linear.",
)
known.edit(
    "sigmoid_gate",
    {SILU: SIGMOID},
    "Your gate is a sigmoid, between 0 and 1. That is GLU, the first of the family. SwiGLU's gate is SiLU: the number "
    "times its sigmoid.",
)
known.edit(
    "sigmoid_without_its_gate",
    {MIXED: f"(gate * torch.sigmoid{UP})"},
    "You multiply the gate by the sigmoid of w_up's branch, and that is all. It is SiLU of the gate, times up.",
)
known.edit(
    "gelu_gate",
    {SILU: "functional.gelu(gate)"},
    "Your gate is GELU. That is GeGLU, as in Gemma. SwiGLU's gate is SiLU.",
)
known.edit(
    "tanh_gelu_gate",
    {SILU: 'functional.gelu(gate, approximate="tanh")'},
    "Your gate is GELU by tanh. That is GeGLU, as in Gemma. SwiGLU's gate is SiLU.",
)
known.edit(
    "quick_gelu_gate",
    {SIGMOID: "torch.sigmoid(1.702 * gate)"},
    "Your gate has a factor 1.702 inside its sigmoid. SiLU has none.",
)
known.edit("relu_gate", {SILU: "functional.relu(gate)"}, "Your gate is ReLU. SwiGLU's gate is SiLU.")
known.edit("tanh_gate", {SILU: "torch.tanh(gate)"}, "Your gate is tanh. SwiGLU's gate is SiLU.")
known.edit(
    "no_activation",
    {SILU: "gate"},
    "You multiply the two branches, but there is no activation: SiLU of the gate comes first.",
)
known.edit(
    "silu_of_the_product",
    {MIXED: f"functional.silu(gate * {UP})"},
    "You apply SiLU to the product of the branches. First SiLU of the gate, then the product.",
)
known.edit(
    "silu_on_both", {UP: f"functional.silu{UP}"}, "You apply SiLU to both branches. What w_up makes stays as it is."
)
known.edit("added", {MIXED: f"({SILU} + {UP})"}, "You add the gate to the other branch. A gate multiplies.")
known.edit(
    "without_up",
    {MIXED: f"({SILU})"},
    "Your result does not depend on w_up: SiLU of the gate is multiplied by x @ w_up.T.",
)
known.edit(
    "without_gate", {MIXED: UP}, "Your result does not depend on w_gate: SiLU of x @ w_gate.T is the other factor."
)
known.edit(
    "silu_without_gate",
    {MIXED: f"functional.silu{UP}"},
    "You take SiLU of w_up's branch and leave the gate out: two matrices, as in a plain network.",
)
known.edit("gate_twice", {UP: "gate"}, "You multiply SiLU of the gate by the gate once more, not by what w_up makes.")
known.edit(
    "gate_times_silu_times_up",
    {SILU: f"gate * {SILU}"},
    "Your gate is squared: SiLU(gate) holds the gate already, and you multiply by it once more.",
)
known.edit(
    "sign_in_the_sigmoid",
    {SIGMOID: "torch.sigmoid(-gate)"},
    "Your sigmoid has the wrong sign: it closes for large gates. sigmoid(z) = 1 / (1 + e^-z).",
    "feed-forward-activations",
)
known.edit(
    "silu_at_the_end",
    {RESULT: f"functional.silu((gate * {UP}) @ w_down.T)"},
    "Your SiLU stands after w_down. It is for the gate, before the product.",
)
known.edit(
    "input_added",
    {RESULT: f"x + {RESULT}"},
    "You add x to the result. The layer around this network does that; the network itself does not.",
    GENERAL,
)
known.edit(
    "not_transposed",
    {"w_gate.T": "w_gate", "w_up.T": "w_up", "w_down.T": "w_down"},
    "You multiply by the matrices as they are. They are laid out [out, in], so it is x @ w_gate.T. Where d_ff is d, "
    "no error warns you.",
    GENERAL,
)
for name in ("gate", "up"):
    known.edit(
        f"{name}_not_transposed",
        {f"w_{name}.T": f"w_{name}"},
        f"You multiply by w_{name} as it is. It is laid out [out, in] like the others: x @ w_{name}.T.",
        GENERAL,
    )
known.edit(
    "down_not_transposed",
    {"w_down.T": "w_down"},
    "You multiply by w_down as it is. It is laid out [out, in] like the others: @ w_down.T. Where d_ff is d, no error "
    "warns you.",
    GENERAL,
)
known.edit(
    "exp_overflow",
    {SIGMOID: "torch.exp(gate) / (1 + torch.exp(gate))"},
    "For a large gate, your e to the power of the gate is infinite, and infinity divided by infinity is NaN. Use "
    "torch's own sigmoid.",
    "feed-forward-activations",
)
known.edit(
    "exp_of_minus_gate",
    {SILU: "gate / (1 + torch.exp(-gate))"},
    "Your result is right, but its gradient is NaN where a gate is far below zero: exp of 300 is infinite in float32. "
    "`torch.sigmoid` and `functional.silu` know a way around.",
)
known.edit(
    "rows_compared_only",
    {CHECK: "w_gate.shape[0] != w_up.shape[0]"},
    "You compare the numbers of rows only. Compare the whole shapes, and raise ValueError where they differ.",
)
known.edit(
    "columns_compared_only",
    {CHECK: "w_gate.shape[1] != w_up.shape[1]"},
    "Only the numbers of columns have to fit, so a matrix of one row broadcasts. Compare the whole shapes.",
)
known.edit(
    "two_dimensions_only",
    {"gate = x @ w_gate.T": "gate = torch.mm(x, w_gate.T)"},
    "Your function needs exactly two dimensions. `x @ w.T` takes any number.",
    "feed-forward-positions",
)
known.edit(
    "always_float32",
    {
        f"if {CHECK}": (
            f"x, w_gate, w_up, w_down = (part.float() for part in (x, w_gate, w_up, w_down))\n    if {CHECK}"
        )
    },
    "Your result is float32 whatever comes in: the dtype of x is kept.",
    GENERAL,
)
known.edit(
    "detached",
    {RESULT: f"({RESULT}).detach()"},
    "No gradient flows through your result. "
    "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
)
known.edit(
    "gate_detached",
    {SILU: f"({SILU}).detach()"},
    "Your gate is cut from the graph, so w_gate gets no gradient: the network could not learn when to open.",
)
known.edit(
    "shapes_not_checked",
    {CHECK: "False"},
    "A w_gate or w_up of one row broadcasts in your function: compare their shapes, and raise ValueError.",
)


def drawn_gates(draw: Generator, x: Tensor, d_ff: int) -> Arguments:
    width = x.shape[-1]
    weights = {"w_gate": randn(draw, d_ff, width), "w_up": randn(draw, d_ff, width), "w_down": randn(draw, width, d_ff)}
    return {"x": x, **weights}


def gates_for(*shape: int, d_ff: int) -> Callable[[Generator], Arguments]:
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


def gates_in_four_axes(draw: Generator) -> Arguments:
    return drawn_gates(draw, four_axes(draw), 4)


def gates_in(dtype: torch.dtype) -> Callable[[Generator], Arguments]:
    return lambda draw: cast(drawn_gates(draw, FAR * randn(draw, 2, 3), 5), dtype)


def wider(name: str) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        return {**drawn_gates(draw, randn(draw, 3, 4), 5), name: randn(draw, 5, randint(draw, 5, 7))}

    return arguments


def turned_up(draw: Generator) -> Arguments:
    return {**drawn_gates(draw, randn(draw, 3, 4), 5), "w_up": randn(draw, 4, 5)}


def one_row_of(name: str) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        fitting = drawn_gates(draw, randn(draw, 3, 4), 5)
        return {**fitting, name: fitting[name][:1]}

    return arguments


EXERCISE = Exercise(
    reference=networks.swiglu,
    points=3,
    cases=(
        Case("rows", gates_for(3, 4, d_ff=7), visible=True),
        Case("rows in a batch", gates_for(2, 3, 5, d_ff=8), visible=True),
        Case("as wide as it is", gates_for(4, 5, d_ff=5), visible=True),
        Case("narrow", gates_for(2, 2, 6, d_ff=3)),
        Case("plain up", gates_for(3, 4, d_ff=6), visible=True),
        Case("four times up", four_times_up, visible=True, drawn_as="plain up"),
        Case("gates far out", gates_far_out, visible=True),
        Case("single row", gates_for(6, d_ff=4), visible=True),
        Case("four axes", gates_in_four_axes, visible=True),
        Case("w_gate of one row", one_row_of("w_gate"), visible=True),
        Case("w_up of one row", one_row_of("w_up"), visible=True),
        Case("w_gate too wide", wider("w_gate"), visible=True),
        Case("w_up too wide", wider("w_up"), visible=True),
        Case("w_up transposed", turned_up, visible=True),
        Case("float64", gates_in(torch.float64), visible=True, slack=1e12),
        Case("bfloat16", gates_in(torch.bfloat16), visible=True),
        Case("gradients", gates_for(2, 3, 4, d_ff=5), visible=True, gradients=("x", "w_gate", "w_up", "w_down")),
        Case("gradients far out", gates_far_out, visible=True, gradients=("x", "w_gate", "w_up", "w_down")),
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
            needs="SiLU of the gate multiplies what w_up makes, and w_down narrows the product",
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
            (
                "rows",
                "w_gate of one row",
                "w_up of one row",
                "w_gate too wide",
                "w_up too wide",
                "w_up transposed",
            ),
            "A matrix of one row would broadcast without an error. Compare the two shapes first.",
            observe=observe.refusal,
            needs="SiLU of the gate multiplies what w_up makes, and w_down narrows the product",
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("rows", "float64", "bfloat16"),
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
        Property(
            "Gradients stay finite where a gate is far from zero",
            ("gradients far out",),
            "e to the power of 300 is infinite in float32, and its gradient NaN. `torch.sigmoid` and `functional.silu` "
            "know a way around.",
            observe=observe.gradients,
            needs="Gradients reach x and all three matrices",
        ),
    ),
    mistakes=tuple(known),
)
