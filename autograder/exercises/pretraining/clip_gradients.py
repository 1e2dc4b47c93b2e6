"""clip_gradients: shorten all gradients together where they are too long."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.pretraining.inputs import away_from_zero, without_gaps
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, uniform
from llm_course.checking import observe
from solutions import pretraining


def norm(grads: list[Tensor]) -> float:
    return pretraining.clip_gradients(grads, 1.0)[1]


def gradients(draw: Generator, *shapes: tuple[int, ...]) -> list[Tensor]:
    """Gradients of different sizes, of which the second is by far the longest."""
    return [(0.5 + 2 * number % 3) * away_from_zero(draw, *shape) for number, shape in enumerate(shapes)]


SHAPES = ((2,), (3, 4), (2, 2, 2))


def long(share: float, *shapes: tuple[int, ...]) -> Callable[[Generator], Arguments]:
    """A limit that is this share of the norm."""

    def arguments(draw: Generator) -> Arguments:
        grads = gradients(draw, *shapes)
        return {"grads": grads, "max_norm": share * norm(grads)}

    return arguments


def gradients_in(dtype: torch.dtype, share: float) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        given = long(share, (2,), (3, 2))(draw)
        return {**given, "grads": [grad.to(dtype) for grad in given["grads"]]}

    return arguments


def large_in_float16(draw: Generator) -> Arguments:
    """Numbers whose squares overflow in float16, while their norm does not."""
    grads = [200 * away_from_zero(draw, *shape) for shape in ((3,), (2, 4))]
    return {"grads": [grad.half() for grad in grads], "max_norm": uniform(draw, 100.0, 200.0)}


def gradients_with_gaps(draw: Generator) -> Arguments:
    given = long(0.4, (3, 4), (2, 5))(draw)
    return {**given, "grads": [grad.T for grad in given["grads"]]}


def all_zero(draw: Generator) -> Arguments:
    return {"grads": [torch.zeros(2, 3), torch.zeros(4)], "max_norm": uniform(draw, 0.5, 2.0)}


def limited_to(max_norm: float) -> Callable[[Generator], Arguments]:
    return lambda draw: {"grads": gradients(draw, *SHAPES), "max_norm": max_norm}


ONE_FACTOR, ALL_NUMBERS = "All gradients are shortened by one factor", "The norm is that of all numbers together"

EXERCISE = Exercise(
    reference=pretraining.clip_gradients,
    points=3,
    cases=(
        Case("too long", long(0.3, *SHAPES), visible=True),
        Case("too long, drawn", long(0.6, (5,), (2, 3))),
        Case("a little too long", long(0.9, *SHAPES), visible=True),
        Case("one tensor", long(0.5, (3, 3)), visible=True),
        Case("short enough", long(1.3, *SHAPES), visible=True),
        Case("nothing to clip", long(2.5, (4,), (3, 2)), visible=True, new=True),
        Case("large numbers in float16", large_in_float16, visible=True, slack=1e5),
        Case("far below the limit", long(40.0, (4, 2), (3,)), visible=True),
        Case("all zero", all_zero, visible=True),
        Case("none", given(grads=[], max_norm=1.5), visible=True),
        Case("with gaps", gradients_with_gaps, visible=True),
        Case("without gaps", without_gaps(gradients_with_gaps), visible=True, drawn_as="with gaps"),
        Case("limit 0", limited_to(0.0), visible=True),
        Case("limit below 0", limited_to(-1.5), visible=True),
        Case("float64", gradients_in(torch.float64, 0.3), visible=True, slack=1e12),
        Case("bfloat16", gradients_in(torch.bfloat16, 1.7)),
    ),
    properties=(
        Property(
            ALL_NUMBERS,
            ("too long", "too long, drawn", "one tensor", "short enough", "far below the limit"),
            "Square all numbers of all tensors, add them up, take the root. Return it as it was before clipping.",
            observe=observe.second,
            weight=2,
            part=1,
        ),
        Property(
            ONE_FACTOR,
            ("too long", "too long, drawn", "a little too long", "one tensor"),
            "The factor is max_norm / norm, the same for every tensor, so that the direction stays.",
            observe=observe.first,
            weight=3,
            part=0,
        ),
        Property(
            "What is short enough is left as it is",
            ("short enough", "far below the limit"),
            "Only gradients whose norm is above max_norm are changed: the factor is never above 1.",
            observe=observe.first,
            weight=2,
            part=0,
        ),
        Property(
            "Gradients of zeros, or none at all, give no NaN and no error",
            ("all zero", "none"),
            "The norm is 0.0 then, and must not be divided by.",
            needs=ALL_NUMBERS,
        ),
        Property(
            "Tensors may lie in memory in whatever order",
            ("without gaps", "with gaps"),
            "Keep the shape of each tensor, and use no `view`.",
            observe=observe.same_up_to_rounding,
            joint=True,
            needs=ONE_FACTOR,
        ),
        Property(
            "A limit that is not positive is refused with a ValueError",
            ("too long", "limit 0", "limit below 0"),
            "With 0 all gradients would be lost, and a negative limit would turn them around.",
            observe=observe.refusal,
            needs=ALL_NUMBERS,
        ),
        Property(
            "The squares of large numbers in half precision do not overflow",
            ("large numbers in float16",),
            "In float16 the square of 256 is infinite: turn the numbers into float32 or float64 before you square.",
            observe=observe.second,
            needs=ALL_NUMBERS,
            part=1,
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("float64", "bfloat16", "nothing to clip"),
            "Return a new list of new tensors, each in the dtype that it had.",
            observe=observe.first_dtypes_and_changed,
            needs=ALL_NUMBERS,
        ),
    ),
    mistakes=misunderstandings(pretraining.clip_gradients, __file__),
    shortcuts=("get_total_norm", "clip_grad_norm_", "clip_grads_with_norm_"),
)
