"""feed_forward: widen each row, GELU, narrow it again."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.feed_forward.inputs import FAR, NEARLY, cast, four_axes
from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randn
from llm_course.checking import observe
from solutions import feed_forward as networks

GELU = "feed-forward-gelu"
ACTIVATIONS = "feed-forward-activations"

known = Mistakes(networks.feed_forward, section="feed-forward-general")

PAIRS = "((w_in, b_in), (w_out, b_out))"
HIDDEN = "x @ w_in.T + b_in"
ERF = "torch.erf(hidden / math.sqrt(2))"
BELOW = f"(1 + {ERF}) / 2"
ACTIVATED = "(hidden * below)"
RESULT = f"{ACTIVATED} @ w_out.T + b_out"

known.edit(
    "tanh_gelu",
    {ACTIVATED: 'functional.gelu(hidden, approximate="tanh")'},
    "You use the approximation of GELU by tanh, as GPT-2 did. It is off by up to 0.0005; asked for is the exact one, "
    "with erf.",
    GELU,
)
known.edit(
    "quick_gelu",
    {BELOW: "torch.sigmoid(1.702 * hidden)"},
    "You use z · sigmoid(1.702 z). That is a rough approximation of GELU, off by up to 0.02.",
    GELU,
)
known.edit(
    "relu",
    {ACTIVATED: "functional.relu(hidden)"},
    "Your activation is ReLU, that of the first transformer. Asked for is GELU.",
    ACTIVATIONS,
)
known.edit(
    "silu",
    {ACTIVATED: "functional.silu(hidden)"},
    "Your activation is SiLU, z · sigmoid(z). Asked for is GELU: z times the normal probability below z.",
    ACTIVATIONS,
)
known.edit(
    "tanh",
    {ACTIVATED: "torch.tanh(hidden)"},
    "Your activation is tanh itself. It occurs in an approximation of GELU, but is not GELU.",
    GELU,
)
known.edit(
    "no_activation",
    {ACTIVATED: "hidden"},
    "There is no activation between your two matrices. Then they are no more than one: their product.",
    ACTIVATIONS,
)
known.edit(
    "without_half", {BELOW: f"1 + {ERF}"}, "Your GELU is twice too large: 1 + erf runs from 0 to 2, so halve it.", GELU
)
known.edit(
    "erf_of_z",
    {ERF: "torch.erf(hidden)"},
    "You take erf of z. It belongs to z / √2: erf is made for another width of the bell curve.",
    GELU,
)
known.edit(
    "erf_of_twice",
    {ERF: "torch.erf(hidden * math.sqrt(2))"},
    "You multiply by √2 inside erf. Divide: erf(z / √2).",
    GELU,
)
known.edit(
    "erf_only",
    {BELOW: f"{ERF} / 2"},
    "Your GELU leaves out the 1 in 1 + erf: erf runs from -1 to 1, and a probability from 0 to 1.",
    GELU,
)
known.edit(
    "probability_only",
    {ACTIVATED: "below"},
    "You return the probability itself, between 0 and 1. GELU is z *times* that probability.",
    GELU,
)
known.edit("b_in_dropped", {HIDDEN: "x @ w_in.T"}, "Your result does not depend on b_in.")
known.edit("b_out_dropped", {RESULT: f"{ACTIVATED} @ w_out.T"}, "Your result does not depend on b_out.")
known.edit(
    "biases_dropped", {HIDDEN: "x @ w_in.T", RESULT: f"{ACTIVATED} @ w_out.T"}, "Your result depends on neither bias."
)
known.edit(
    "b_in_after_gelu",
    {HIDDEN: "x @ w_in.T", ACTIVATED: "(hidden * below + b_in)"},
    "You add b_in after GELU. It belongs to the first matrix: it moves the point at which a unit opens.",
)
known.edit(
    "gelu_at_the_end",
    {RESULT: "functional.gelu(hidden @ w_out.T + b_out)"},
    "Your GELU stands after the second matrix. It stands between the two; the output is not bent.",
)
known.edit(
    "gelu_after_both",
    {RESULT: f"functional.gelu({RESULT})"},
    "You apply GELU once more at the end. The result is what the second matrix gives.",
)
known.edit(
    "gelu_of_the_input",
    {HIDDEN: "functional.gelu(x) @ w_in.T + b_in", ACTIVATED: "hidden"},
    "You apply GELU to x, before the first matrix. It is for the hidden numbers.",
)
known.edit(
    "input_added",
    {RESULT: f"x + {RESULT}"},
    "You add x to the result. The layer around this network does that; the network itself does not.",
)
known.edit(
    "not_transposed",
    {"w_in.T": "w_in", "w_out.T": "w_out"},
    "You multiply by w_in and w_out as they are. They are laid out [out, in], so it is x @ w_in.T. Where d_ff is d, "
    "no error warns you.",
)
for forgotten, right in (("w_in", "w_out"), ("w_out", "w_in")):
    known.edit(
        f"{forgotten}_not_transposed",
        {f"{forgotten}.T": forgotten},
        f"You multiply by {forgotten} as it is, though by the transpose of {right}. Both are laid out [out, in]: "
        f"`@ {forgotten}.T`.",
    )
known.edit(
    "matrices_swapped",
    {"w_in.T": "w_out", "w_out.T": "w_in"},
    "You widen with w_out and narrow with w_in. The shapes allow it without a transpose, but the matrices are the "
    "wrong ones: x @ w_in.T comes first.",
)
known.edit(
    "two_dimensions_only",
    {HIDDEN: "torch.mm(x, w_in.T) + b_in"},
    "Your function needs exactly two dimensions. `x @ w.T` takes any number.",
    "feed-forward-positions",
)
known.edit(
    "rows_flattened",
    {HIDDEN: "x.reshape(-1, x.shape[-1]) @ w_in.T + b_in"},
    "Your result has lost its leading dimensions: it must have the shape of x.",
    "feed-forward-positions",
)
known.edit(
    "always_float32",
    {HIDDEN: "x.float() @ w_in.float().T + b_in.float()", RESULT: f"{ACTIVATED} @ w_out.float().T + b_out.float()"},
    "Your result is float32 whatever comes in: the dtype of x is kept.",
)
known.edit(
    "detached",
    {RESULT: f"({RESULT}).detach()"},
    "No gradient flows through your result. "
    "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
)
known.edit(
    "hidden_detached",
    {ACTIVATED: f"{ACTIVATED}.detach()"},
    "Your hidden layer is cut from the graph, so w_in, b_in and x get no gradient. Do not detach it.",
)
known.edit(
    "biases_not_checked",
    {"bias.shape != weight.shape[:1]": "False"},
    "A bias of one number broadcasts in your function. Compare each bias with the rows of its matrix, and raise "
    "ValueError.",
)
known.edit(
    "biases_of_one_number_taken",
    {"bias.shape != weight.shape[:1]": "bias.numel() > 1 and bias.shape != weight.shape[:1]"},
    "You refuse only biases with which the sums do not go through. One of a single number broadcasts: compare each "
    "bias with the rows of its matrix.",
)
known.edit("b_out_not_checked", {PAIRS: "[(w_in, b_in)]"}, "You check b_in, but not b_out.")
known.edit("b_in_not_checked", {PAIRS: "[(w_out, b_out)]"}, "You check b_out, but not b_in.")


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
    mistakes=tuple(known),
)
