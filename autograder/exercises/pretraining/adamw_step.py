"""adamw_step: one step of AdamW on one tensor."""

from typing import Any

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, each_tensor, randint, randn, uniform
from autograder.exercises.pretraining.inputs import away_from_zero
from autograder.exercises.spec import Case, exercise, keeps_dtype, refuses, requires, shown
from llm_course.checking import observe
from solutions import pretraining


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


def later(*shape: int, **other: Any) -> ArgumentMaker:
    return lambda draw: {**later_step(draw, *shape), **other}


def with_decay(*shape: int) -> ArgumentMaker:
    return lambda draw: {**later_step(draw, *shape), "weight_decay": uniform(draw, 0.3, 0.6)}


def decay_alone(draw: Generator) -> Arguments:
    zeros = torch.zeros(3, 4)
    return {**with_decay(3, 4)(draw), "grad": zeros, "m": zeros}


def without(name: str, arguments: ArgumentMaker) -> ArgumentMaker:
    """One argument is left to its default."""
    return lambda draw: {key: value for key, value in arguments(draw).items() if key != name}


def tiny(draw: Generator) -> Arguments:
    """Gradients so small that the default eps is a tenth of the root of v."""
    found = later_step(draw, 2, 3)
    return {**found, "grad": 1e-7 * found["grad"], "m": 1e-7 * found["m"], "v": 1e-14 * found["v"]}


def gradient_in_a_row(draw: Generator) -> Arguments:
    """As many numbers as there are parameters, with an axis more."""
    found = later_step(draw, 6)
    return {**found, "grad": found["grad"][None]}


SMALL = {
    "param": torch.tensor([2.0, -4.0]),
    "grad": torch.tensor([3.0, -2.0]),
    "m": torch.zeros(2),
    "v": torch.zeros(2),
    "step": 1,
    "lr": 0.5,
    "betas": (0.75, 0.9),
    "eps": 1e-8,
}
AVERAGES = {"m": torch.tensor([4.0, 2.0]), "v": torch.tensor([8.0, 5.0]), "step": 2}
ONE = torch.tensor([1.5])
# Late enough for beta2 = 0.999 to be told from others.
LATE = later(2, 3, weight_decay=0.4, step=40)
WITH_GAPS = each_tensor(lambda tensor: tensor.T, with_decay(4, 3))
CORRECTED = "Both averages are corrected for their start at 0"

EXERCISE = exercise(
    pretraining.adamw_step,
    __file__,
    requires(
        "m is a running mean of the gradients",
        shown("first step", **SMALL, weight_decay=0.0),
        shown("later step", **{**SMALL, **AVERAGES}, weight_decay=0.0),
        Case("later step, drawn", later(2, 2, 3)),
        advice="The new m is beta1 times the old one and 1 - beta1 times the gradient. It is returned uncorrected.",
        part=1,
        fails="The m that you return is not beta1 times the old m plus 1 - beta1 times the gradient.",
    ),
    requires(
        "v is a running mean of their squares",
        ("first step", "later step", "later step, drawn"),
        advice="The new v is beta2 times the old one and 1 - beta2 times the squared gradient. Return it uncorrected.",
        part=2,
        fails="The v that you return is not beta2 times the old v plus 1 - beta2 times the squared gradient.",
    ),
    requires(
        "The first step has the length lr in every number",
        ("first step",),
        Case("first step of a vector", lambda draw: first_step(draw, 5)),
        advice="At step 1, from averages of 0, the corrected m is the gradient and the corrected v its square. Without "
        "decay the step is lr, against the sign of the gradient.",
        part=0,
        fails="Your first step is not lr long in every number, against the gradient.",
    ),
    requires(
        CORRECTED,
        ("later step", "later step, drawn"),
        Case("default betas", without("betas", LATE), visible=True),
        advice="Divide m by 1 - beta1 ** step and v by 1 - beta2 ** step, for this step only.",
        part=0,
        weight=2,
        fails="At a later step, param does not move by -lr · m / (√v + eps), both corrected for their start at 0.",
    ),
    requires(
        "eps is added to the root, after the correction",
        shown("large eps", **{**SMALL, "eps": 1.0}, weight_decay=0.0),
        Case("large eps, drawn", lambda draw: {**later_step(draw, 4), "eps": uniform(draw, 0.3, 0.6)}),
        Case("default eps", without("eps", tiny), visible=True),
        advice="Divide by the root of the corrected v, plus eps. The default is 1e-8.",
        part=0,
        fails="Where eps is large or left out, param does not move by -lr · m / (√v + eps), both corrected.",
    ),
    requires(
        "The decay is decoupled from the gradient",
        shown("first step with decay", **SMALL, weight_decay=0.5),
        Case("with decay, drawn", with_decay(5)),
        Case("decay alone", decay_alone, visible=True),
        Case("default decay", without("weight_decay", LATE), visible=True),
        advice="lr * weight_decay * param is taken from the parameters themselves, as they were before the step. It "
        "never enters m or v.",
        weight=2,
        fails="With weight decay, your step is not the one without it, started from param · (1 - lr · weight_decay).",
    ),
    requires(
        "Tensors need not be contiguous in memory",
        Case("without gaps", each_tensor(Tensor.contiguous, WITH_GAPS), visible=True, drawn_as="with gaps"),
        Case("with gaps", WITH_GAPS, visible=True),
        advice="Work with whole tensors, whatever their shape and layout.",
        observe=observe.same_up_to_rounding,
        joint=True,
        needs=CORRECTED,
        fails="You return something else for the same numbers where they are not contiguous in memory.",
    ),
    refuses(
        ("later step",),
        Case("step 0", later(2, 3, step=0), visible=True),
        Case("averages of one number", later(2, 3, m=ONE / 3, v=ONE), visible=True),
        Case("parameter of one number", later(2, 3, param=ONE), visible=True),
        Case("gradient in a row", gradient_in_a_row, visible=True),
        advice="At step 0 the correction would divide by 0, and a gradient of one number would broadcast.",
        name="A step below 1, or shapes that differ, raise ValueError",
        needs=CORRECTED,
        fails="You accept step 0 or shapes that differ, or raise something other than ValueError.",
    ),
    keeps_dtype(
        Case("float64", each_tensor(Tensor.double, later(2, 3)), visible=True, slack=1e12),
        Case("bfloat16", each_tensor(Tensor.bfloat16, later(2, 3))),
        advice="The results are new tensors in the dtype of the parameters: no `-=`, no `mul_` on what you were given.",
        needs=CORRECTED,
        fails="Your results have another dtype than the parameters, or you change an argument.",
    ),
    points=5,
    shortcuts=("AdamW", "adamw"),
)
