"""adamw_step: one step of AdamW on one tensor."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.pretraining.inputs import away_from_zero, without_gaps
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn, uniform
from llm_course.checking import observe
from solutions import pretraining

SHAPES = "not param.shape == grad.shape == m.shape == v.shape"
M, V = "betas[0] * m + (1 - betas[0]) * grad", "betas[1] * v + (1 - betas[1]) * grad**2"
M_POWER, V_POWER = "betas[0] ** step", "betas[1] ** step"
M_CORRECTED, V_CORRECTED = f"m / (1 - {M_POWER})", f"v / (1 - {V_POWER})"


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
    mistakes=misunderstandings(pretraining.adamw_step, __file__),
    shortcuts=("AdamW", "adamw"),
)
