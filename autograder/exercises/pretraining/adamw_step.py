"""adamw_step: one step of AdamW on one tensor."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.pretraining.inputs import away_from_zero, without_gaps
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn, uniform
from llm_course.checking import observe
from solutions import pretraining

DECAY = "pretraining-decay"

known = Mistakes(pretraining.adamw_step, section="pretraining-adam")

SHAPES = "not param.shape == grad.shape == m.shape == v.shape"
AVERAGED = "m = betas[0]"
M, V = "betas[0] * m + (1 - betas[0]) * grad", "betas[1] * v + (1 - betas[1]) * grad**2"
M_POWER, V_POWER = "betas[0] ** step", "betas[1] ** step"
M_CORRECTED, V_CORRECTED = f"m / (1 - {M_POWER})", f"v / (1 - {V_POWER})"
QUOTIENT = "m_corrected / (torch.sqrt(v_corrected) + eps)"
AND_DECAY = " + weight_decay * param"
CHANGE = f"lr * ({QUOTIENT}{AND_DECAY})"
MOVED = f"param - {CHANGE}"
AVERAGES = "), m, v"

known.edit(
    "l2_instead_of_decay",
    {AVERAGED: f"grad = grad + weight_decay * param\n    {AVERAGED}", AND_DECAY: ""},
    "You add weight_decay * param to the gradient: that is L2, as in plain Adam. AdamW keeps the decay out of m and v.",
    DECAY,
)
known.edit(
    "decay_over_the_root",
    {f"{QUOTIENT}{AND_DECAY}": "(m_corrected + weight_decay * param) / (torch.sqrt(v_corrected) + eps)"},
    "You add the decay to m, so that it is divided by the root of v too. It stands beside the quotient.",
    DECAY,
)
known.edit("no_decay", {AND_DECAY: ""}, "There is no weight decay in your step.", DECAY)
known.edit(
    "decay_without_lr",
    {CHANGE: f"lr * {QUOTIENT} - weight_decay * param"},
    "Your decay is not multiplied by lr: the parameters lose the share lr * weight_decay.",
    DECAY,
)
known.edit(
    "decay_upward",
    {AND_DECAY: " - weight_decay * param"},
    "Your decay makes the parameters grow. It is taken away.",
    DECAY,
)
known.edit(
    "decay_after_the_step",
    {MOVED: f"(param - lr * {QUOTIENT}) * (1 - lr * weight_decay)"},
    "You shrink the parameters after the step. What is taken away is a share of what they were before.",
    DECAY,
)
known.edit(
    "decay_of_the_sign",
    {AND_DECAY: f"{AND_DECAY}.sign()"},
    "You take away the sign of the parameters. Weight decay takes a share of them.",
    DECAY,
)
known.edit(
    "no_correction",
    {M_CORRECTED: "m", V_CORRECTED: "v"},
    "Your averages are not corrected. They start at 0 and lean toward it: divide by 1 - beta ** step.",
)
known.edit("m_not_corrected", {M_CORRECTED: "m"}, "You correct v only. m starts at 0 as well.")
known.edit("v_not_corrected", {V_CORRECTED: "v"}, "You correct m only. v starts at 0 as well.")
known.edit(
    "corrected_by_one_beta",
    {M_POWER: "betas[0]", V_POWER: "betas[1]"},
    "You divide by 1 - beta. It is 1 - beta ** step, which is nearly 1 after many steps.",
)
known.edit(
    "corrected_by_product",
    {M_POWER: "betas[0] * step", V_POWER: "betas[1] * step"},
    "You divide by 1 - beta * step. It is a power: beta ** step.",
)
known.edit(
    "multiplied_by_correction",
    {M_CORRECTED: f"m * (1 - {M_POWER})", V_CORRECTED: f"v * (1 - {V_POWER})"},
    "You multiply by 1 - beta ** step. Averages that are too small have to be divided by it.",
)
known.edit(
    "one_step_ahead",
    {M_POWER: "betas[0] ** (step + 1)", V_POWER: "betas[1] ** (step + 1)"},
    "Your correction uses step + 1. Steps count from 1 here, so step itself is right.",
)
known.edit(
    "one_step_behind",
    {M_POWER: "betas[0] ** (step - 1)", V_POWER: "betas[1] ** (step - 1)"},
    "Your correction uses step - 1, and at step 1 it divides by 0.",
)
known.edit(
    "corrected_returned",
    {AVERAGES: "), m_corrected, v_corrected"},
    "You return m and v corrected. The next step needs them as they are; corrected they serve this step only.",
)
known.edit(
    "eps_in_the_root",
    {"torch.sqrt(v_corrected) + eps": "torch.sqrt(v_corrected + eps)"},
    "Your eps is inside the root. It is added to the root.",
)
known.edit(
    "eps_before_correction",
    {QUOTIENT: f"m_corrected * (1 - {V_POWER}) ** 0.5 / (torch.sqrt(v) + eps)"},
    "You add eps to the root of the uncorrected v. Correct first, then root, then eps.",
)
known.edit("no_eps", {" + eps": ""}, "There is no eps in your step: a gradient of 0 would divide 0 by 0.")
known.edit("eps_fixed", {" + eps": " + 1e-8"}, "You use 1e-8 whatever eps is.")
known.edit("other_eps", {"eps: float = 1e-8": "eps: float = 1e-6"}, "Your default of eps is not 1e-8.")
known.edit(
    "no_root",
    {"torch.sqrt(v_corrected)": "v_corrected"},
    "You divide by v. Below the line stands its root, which has the size of a gradient.",
)
known.edit(
    "uphill",
    {MOVED: f"param + lr * ({QUOTIENT} - weight_decay * param)"},
    "You add the step. It goes against the gradient.",
)
known.edit("without_lr", {CHANGE: f"{QUOTIENT} - lr * weight_decay * param"}, "The learning rate is missing.")
known.edit(
    "betas_swapped",
    {AVERAGED: f"betas = betas[::-1]\n    {AVERAGED}"},
    "You use beta1 for v and beta2 for m. The first is for the gradients, the second for their squares.",
)
known.edit(
    "betas_the_wrong_way",
    {M: "(1 - betas[0]) * m + betas[0] * grad", V: "(1 - betas[1]) * v + betas[1] * grad**2"},
    "You keep 1 - beta of the old averages. beta says how much is kept.",
)
known.edit(
    "m_without_factor",
    {M: "betas[0] * m + grad"},
    "You add the whole gradient to m, as momentum does. A mean takes the share 1 - beta1 of it.",
)
known.edit(
    "v_without_factor",
    {V: "betas[1] * v + grad**2"},
    "You add the whole square to v. A mean takes the share 1 - beta2 of it.",
)
known.edit(
    "both_without_factor",
    {M: "betas[0] * m + grad", V: "betas[1] * v + grad**2"},
    "You add the whole gradient and its whole square to the averages. A mean takes the share 1 - beta of them.",
)
known.edit(
    "v_without_square",
    {"grad**2": "grad.abs()"},
    "Your v is a mean of the gradients' sizes. It is one of their squares.",
)
known.edit(
    "share_squared",
    {V: "betas[1] * v + ((1 - betas[1]) * grad) ** 2"},
    "You square the share 1 - beta2 along with the gradient. Only the gradient is squared.",
)
known.edit(
    "averages_summed",
    {M: "grad", V: "grad**2"},
    "You replace m by the gradient and v by its square: nothing of the past is kept.",
)
known.edit(
    "square_of_the_mean", {"grad**2": "m**2"}, "Your v is made of the square of m. It averages squares of gradients."
)
known.edit(
    "old_averages_used",
    {
        AVERAGED: f"before = m, v\n    {AVERAGED}",
        M_CORRECTED: f"before[0] / (1 - {M_POWER})",
        V_CORRECTED: f"before[1] / (1 - {V_POWER})",
    },
    "You step by the averages of before. Update m and v first.",
)
known.edit(
    "gradient_not_averaged",
    {"m_corrected /": "grad /"},
    "Above the line you have the gradient. AdamW has the corrected m there.",
)
known.edit(
    "largest_square",
    {V: f"torch.maximum(v, {V})"},
    "You keep the larger of the old and the new v. That is a variant, AMSGrad.",
)
known.edit(
    "betas_fixed", {AVERAGED: f"betas = (0.9, 0.999)\n    {AVERAGED}"}, "You use 0.9 and 0.999 whatever the betas are."
)
known.edit("other_betas", {"(0.9, 0.999)": "(0.9, 0.95)"}, "Your default of betas is not (0.9, 0.999).")
known.edit(
    "other_decay",
    {"weight_decay: float = 0.01": "weight_decay: float = 0.0"},
    "Your default of weight_decay is 0, as for Adam. Here it is 0.01.",
    DECAY,
)
known.edit("v_before_m", {AVERAGES: "), v, m"}, "You return v before m. The order is param, m, v.")
known.edit("param_only", {AVERAGES: ")"}, "You return the parameters only. The next step needs m and v too.")
known.edit("update_returned", {MOVED: f"-{CHANGE}"}, "You return the change of the parameters in their place.")
known.edit(
    "old_averages_returned",
    {AVERAGED: f"before = m, v\n    {AVERAGED}", AVERAGES: "), *before"},
    "You return m and v as they were before the step.",
)
known.edit(
    "param_changed", {MOVED: f"param.copy_({MOVED})"}, "You change the parameters in place. Return a new tensor."
)
known.edit(
    "averages_changed", {M: f"m.copy_({M})", V: f"v.copy_({V})"}, "You change m and v in place. Return new tensors."
)
known.edit(
    "all_changed",
    {M: f"m.copy_({M})", V: f"v.copy_({V})", MOVED: f"param.copy_({MOVED})"},
    "You change the parameters, m and v in place, as torch's optimizers do. Here, return new tensors.",
)
known.edit(
    "always_float32",
    {f"{MOVED}, m, v": f"({MOVED}).float(), m.float(), v.float()"},
    "Your results are in float32 whatever comes in. Keep the dtype.",
)
known.edit("nothing_checked", {"step < 1": "False", SHAPES: "False"}, "You check neither the step nor the shapes.")
known.edit("step_not_checked", {"step < 1": "False"}, "You do not check the step. At 0 the correction divides by 0.")
known.edit(
    "numbers_counted",
    {SHAPES: "not param.numel() == grad.numel() == m.numel() == v.numel()"},
    "You count the numbers of the four tensors. As many may lie in another shape, and broadcast: compare the shapes.",
)
known.edit(
    "shapes_not_checked",
    {SHAPES: "False"},
    "You do not check the shapes: a gradient of one number would move all parameters.",
)
known.edit(
    "averages_not_checked",
    {SHAPES: "param.shape != grad.shape"},
    "You check the shape of the gradient, and not those of m and v.",
)
for left_out, hint in {
    "param": "You compare the shapes of grad, m and v, and not that of param with them.",
    "grad": "You compare the shapes of param, m and v, and not that of grad with them.",
    "m": "You compare the shapes of param, grad and v, and not that of m with them.",
    "v": "You compare the shapes of param, grad and m, and not that of v with them.",
}.items():
    others = " == ".join(f"{name}.shape" for name in ("param", "grad", "m", "v") if name != left_out)
    known.edit(f"{left_out}_not_checked", {SHAPES: f"not {others}"}, hint)


def first_step(draw: Generator, *shape: int) -> Arguments:
    """Parameters and a gradient, and averages of nothing yet. The betas are far from each other and from 1."""
    return {
        "param": 2 * randn(draw, *shape),
        "grad": away_from_zero(draw, *shape),
        "m": torch.zeros(*shape),
        "v": torch.zeros(*shape),
        "step": 1,
        "lr": uniform(draw, 0.2, 0.4),
        "betas": (uniform(draw, 0.6, 0.75), uniform(draw, 0.85, 0.95)),
        "eps": 1e-8,
        "weight_decay": 0.0,
    }


def later_step(draw: Generator, *shape: int) -> Arguments:
    return {
        **first_step(draw, *shape),
        "m": away_from_zero(draw, *shape) / 4,
        "v": 0.5 + torch.rand(*shape, generator=draw),
        "step": randint(draw, 3, 5),
    }


def first_of(*shape: int) -> Callable[[Generator], Arguments]:
    return lambda draw: first_step(draw, *shape)


def later_of(*shape: int) -> Callable[[Generator], Arguments]:
    return lambda draw: later_step(draw, *shape)


def with_large_eps(*shape: int) -> Callable[[Generator], Arguments]:
    return lambda draw: {**later_step(draw, *shape), "eps": uniform(draw, 0.3, 0.6)}


def with_decay(*shape: int) -> Callable[[Generator], Arguments]:
    return lambda draw: {**later_step(draw, *shape), "weight_decay": uniform(draw, 0.3, 0.6)}


def decay_alone(draw: Generator) -> Arguments:
    zeros = torch.zeros(3, 4)
    return {**with_decay(3, 4)(draw), "grad": zeros, "m": zeros}


def by_default(*names: str) -> Callable[[Generator], Arguments]:
    """Arguments left to their defaults. The step is late enough for beta2 = 0.999 to be told from others."""

    def arguments(draw: Generator) -> Arguments:
        given = {**later_step(draw, 2, 3), "weight_decay": 0.4, "step": 40}
        return {name: value for name, value in given.items() if name not in names}

    return arguments


def tiny(draw: Generator) -> Arguments:
    """Gradients so small that the default eps is a tenth of the root of v, and eps is left out."""
    given = later_step(draw, 2, 3)
    small = {"grad": 1e-7 * given["grad"], "m": 1e-7 * given["m"], "v": 1e-14 * given["v"]}
    return {name: value for name, value in {**given, **small}.items() if name != "eps"}


def step_with_gaps(draw: Generator) -> Arguments:
    given = with_decay(4, 3)(draw)
    return {name: value.T if isinstance(value, Tensor) else value for name, value in given.items()}


def step_in(dtype: torch.dtype) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        given = first_step(draw, 2, 3)
        return {name: value.to(dtype) if isinstance(value, Tensor) else value for name, value in given.items()}

    return arguments


def one_number(name: str) -> Callable[[Generator], Arguments]:
    return lambda draw: {**later_step(draw, 2, 3), name: torch.tensor([1.5])}


def gradient_in_a_row(draw: Generator) -> Arguments:
    """As many numbers as there are parameters, with an axis more."""
    found = later_step(draw, 6)
    return {**found, "grad": found["grad"][None]}


CORRECTED = "Both averages are corrected for their start at 0"
OTHER_SHAPES = (
    "gradient of one number",
    "averages of one number",
    "first average of one number",
    "second average of one number",
    "parameter of one number",
    "gradient in a row",
)

EXERCISE = Exercise(
    reference=pretraining.adamw_step,
    points=5,
    cases=(
        Case("first step", first_of(2, 3), visible=True),
        Case("first step of a vector", first_of(5)),
        Case("later step", later_of(3, 4), visible=True),
        Case("later step, drawn", later_of(2, 2, 3)),
        Case("large eps", with_large_eps(2, 3), visible=True),
        Case("large eps, drawn", with_large_eps(4)),
        Case("with decay", with_decay(2, 4), visible=True),
        Case("with decay, drawn", with_decay(5)),
        Case("decay alone", decay_alone, visible=True),
        Case("default betas", by_default("betas"), visible=True),
        Case("default decay", by_default("weight_decay"), visible=True),
        Case("default eps", tiny, visible=True),
        Case("with gaps", step_with_gaps, visible=True),
        Case("without gaps", without_gaps(step_with_gaps), visible=True, drawn_as="with gaps"),
        Case("step 0", lambda draw: {**later_step(draw, 2, 3), "step": 0}, visible=True),
        Case("gradient of one number", one_number("grad"), visible=True),
        Case("averages of one number", lambda draw: {**one_number("v")(draw), "m": torch.tensor([0.5])}, visible=True),
        Case("first average of one number", one_number("m"), visible=True),
        Case("second average of one number", one_number("v"), visible=True),
        Case("gradient in a row", gradient_in_a_row, visible=True),
        Case("parameter of one number", one_number("param"), visible=True),
        Case("float64", step_in(torch.float64), visible=True, slack=1e12),
        Case("bfloat16", step_in(torch.bfloat16)),
    ),
    properties=(
        Property(
            "m is a running mean of the gradients",
            ("first step", "later step", "later step, drawn"),
            "The new m is beta1 times the old one and 1 - beta1 times the gradient. It is returned uncorrected.",
            observe=observe.second,
            part=1,
        ),
        Property(
            "v is a running mean of their squares",
            ("first step", "later step", "later step, drawn"),
            "The new v is beta2 times the old one and 1 - beta2 times the squared gradient. Return it uncorrected.",
            observe=observe.third,
            part=2,
        ),
        Property(
            "The first step has the length lr in every number",
            ("first step", "first step of a vector"),
            "At step 1, from averages of 0, the corrected m is the gradient and the corrected v its square. Without "
            "decay the step is lr, against the sign of the gradient.",
            observe=observe.first,
            part=0,
        ),
        Property(
            CORRECTED,
            ("later step", "later step, drawn", "default betas"),
            "Divide m by 1 - beta1 ** step and v by 1 - beta2 ** step, for this step only.",
            observe=observe.first,
            part=0,
            weight=2,
        ),
        Property(
            "eps is added to the root, after the correction",
            ("large eps", "large eps, drawn", "default eps"),
            "Below the line stands the root of the corrected v, plus eps.",
            observe=observe.first,
            part=0,
        ),
        Property(
            "The decay is decoupled from the gradient",
            ("with decay", "with decay, drawn", "decay alone", "default decay"),
            "lr * weight_decay * param is taken from the parameters themselves, as they were before the step. It never "
            "enters m or v.",
            weight=2,
        ),
        Property(
            "Tensors may lie in memory in whatever order",
            ("without gaps", "with gaps"),
            "Work with whole tensors, whatever their shape and layout.",
            observe=observe.same_up_to_rounding,
            joint=True,
            needs=CORRECTED,
        ),
        Property(
            "A step below 1, or shapes that differ, are refused with a ValueError",
            ("later step", "step 0", *OTHER_SHAPES),
            "At step 0 the correction would divide by 0, and a gradient of one number would broadcast.",
            observe=observe.refusal,
            needs=CORRECTED,
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("float64", "bfloat16"),
            "The results are new tensors in the dtype of the parameters: no `-=`, no `mul_` on what you were given.",
            observe=observe.dtype_and_changed,
            needs=CORRECTED,
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("AdamW", "adamw"),
)
