"""clip_gradients: shorten all gradients together where they are too long."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.pretraining.inputs import away_from_zero, without_gaps
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, uniform
from llm_course.checking import observe
from solutions import pretraining

known = Mistakes(pretraining.clip_gradients, section="pretraining-clipping")

NORM = "math.sqrt(sum(float(grad.double().pow(2).sum()) for grad in grads))"
LENGTH = "float(grad.double().norm())"
LENGTHS = f"[{LENGTH} for grad in grads]"
SHARE = "max_norm / norm"
FACTOR = f"{SHARE} if norm > max_norm else 1.0"
CLIPPED = "[grad * factor for grad in grads]"
RESULT = f"{CLIPPED}, norm"
EACH_BY_ITS_OWN = f"[grad * min(1.0, max_norm / max({LENGTH}, 1e-12)) for grad in grads]"

known.edit(
    "per_tensor",
    {CLIPPED: EACH_BY_ITS_OWN},
    "You clip each tensor by its own norm. That turns the gradient: one factor serves all.",
)
known.edit(
    "per_tensor_and_largest",
    {CLIPPED: EACH_BY_ITS_OWN, NORM: f"max({LENGTHS}, default=0.0)"},
    "You clip each tensor by its own norm, and return the largest of their norms. There is one norm, of all.",
)
known.edit(
    "long_tensors_only",
    {CLIPPED: f"[grad * ({SHARE} if {LENGTH} > max_norm else 1.0) for grad in grads]"},
    "You shorten only the tensors that are long by themselves. All are shortened by the one factor.",
)
known.edit(
    "always_rescaled",
    {FACTOR: f"{SHARE} if norm else 1.0"},
    "You bring every gradient to the length max_norm, also one that is shorter. Small gradients stay small.",
)
known.edit(
    "always_rescaled_and_nan",
    {FACTOR: "max_norm / torch.tensor(norm)"},
    "You bring every gradient to the length max_norm, also one that is shorter, and zeros become NaN.",
)
known.edit("never", {FACTOR: "1.0"}, "You measure the norm, and do not clip.")
known.edit(
    "each_number",
    {CLIPPED: "[grad.clamp(-max_norm, max_norm) for grad in grads]"},
    "You clip each number by itself, to at most max_norm. It is the length of all that is limited.",
)
known.edit("factor_inverted", {SHARE: "norm / max_norm"}, "Your factor is norm / max_norm: long gradients get longer.")
known.edit(
    "to_length_one", {SHARE: "1 / norm"}, "You bring long gradients to the length 1. Their new length is max_norm."
)
known.edit(
    "divided_by_limit", {SHARE: "1 / max_norm"}, "You divide long gradients by max_norm. The factor is max_norm / norm."
)
known.edit(
    "times_limit", {SHARE: "max_norm"}, "You multiply long gradients by max_norm. The factor is max_norm / norm."
)
known.edit(
    "set_to_zero", {SHARE: "0.0"}, "You drop long gradients. They are shortened, so that the step keeps its direction."
)
known.edit(
    "wrong_side",
    {FACTOR: f"{SHARE} if 0 < norm < max_norm else 1.0"},
    "You change the gradients that are below the limit, and leave long ones as they are.",
)
known.edit(
    "root_of_the_factor",
    {SHARE: f"math.sqrt({SHARE})"},
    "You take the root of the factor. The norm has its root already.",
)
known.edit(
    "sum_of_norms",
    {NORM: f"sum({LENGTHS}, 0.0)"},
    "You add up the norms of the tensors. Add up their squares, and take the root.",
)
known.edit(
    "mean_of_norms",
    {NORM: f"sum({LENGTHS}) / max(1, len(grads))"},
    "You take the mean of the tensors' norms. Add up their squares, and take the root.",
)
known.edit(
    "largest_norm",
    {NORM: f"max({LENGTHS}, default=0.0)"},
    "You take the largest of the tensors' norms. Add up their squares, and take the root.",
)
known.edit("last_norm", {NORM: f"[0.0, *{LENGTHS}][-1]"}, "You take the norm of the last tensor only.")
known.edit("without_root", {NORM: f"{NORM} ** 2"}, "The root is missing: you have the sum of squares.")
known.edit(
    "sizes_summed",
    {NORM: "sum((float(grad.double().abs().sum()) for grad in grads), 0.0)"},
    "You add up the sizes of the numbers. Add up their squares, and take the root.",
)
known.edit(
    "largest_number",
    {NORM: "max((float(grad.abs().max()) for grad in grads), default=0.0)"},
    "You take the largest number. The norm is the root of the sum of squares.",
)
known.edit(
    "mean_square",
    {NORM: f"{NORM} / math.sqrt(max(1, sum(map(torch.numel, grads))))"},
    "You take the root of the *mean* square. The norm has the sum, however many numbers there are.",
)
known.edit(
    "norm_after",
    {RESULT: f"{CLIPPED}, min(norm, max_norm)"},
    "You return the norm after clipping. Asked for is the one before: it shows how the training is doing.",
)
known.edit(
    "factor_returned", {RESULT: f"{CLIPPED}, factor"}, "You return the factor. Asked for is the norm before clipping."
)
known.edit(
    "norm_as_tensor",
    {RESULT: f"{CLIPPED}, torch.tensor(norm)"},
    "Your norm is a tensor. Asked for is a number: float(norm) or norm.item().",
)
known.edit(
    "only_the_list", {RESULT: CLIPPED}, "You return the gradients only. Return them and the norm before clipping."
)
known.edit("norm_first", {RESULT: f"norm, {CLIPPED}"}, "You return the norm first. First come the gradients.")
known.edit("as_tuple", {CLIPPED: f"tuple({CLIPPED})"}, "Your gradients are a tuple. Asked for is a list.")
known.edit(
    "as_one_tensor",
    {CLIPPED: "torch.cat([torch.zeros(0), *((grad * factor).flatten().double() for grad in grads)])"},
    "You return all gradients in one long tensor. Each parameter needs its own, in its shape.",
)
known.edit(
    "nan_at_zero",
    {FACTOR: "min(norm, max_norm) / norm if norm else math.nan"},
    "Gradients of zeros become NaN: you divide by a norm of 0.",
)
known.edit(
    "divides_by_zero",
    {FACTOR: f"min(1.0, {SHARE})"},
    "A norm of 0 raises an error: compare norm with max_norm before you divide.",
)
known.edit(
    "none_refused",
    {"max_norm <= 0": "max_norm <= 0 or not grads"},
    "You refuse an empty list, or torch.cat does so for you. The norm of nothing is 0.0.",
)
known.edit(
    "fails_on_none",
    {NORM: "float(torch.stack([grad.double().norm() for grad in grads]).norm())"},
    "Without any gradients your function raises an error. The norm of nothing is 0.0.",
)
known.edit(
    "in_place",
    {"grad * factor": "grad.mul_(factor)"},
    "You change the gradients in place, or their list, as torch's own function does. Here, return new ones.",
)
known.edit(
    "given_returned",
    {"grad * factor": "grad * factor if norm > max_norm else grad"},
    "Where nothing is clipped you return the tensors that you were given. Whoever changes the result then changes the "
    "gradients too: return new ones.",
)
known.edit(
    "squares_overflow",
    {"grad.double().pow(2).sum()": "grad.pow(2).sum()"},
    "You square in the dtype of the gradients: in float16 the square of 256 is infinite. Square in float32 or float64.",
)
known.edit("not_checked", {"max_norm <= 0": "False"}, "You do not check that max_norm is positive.")
known.edit("zero_not_checked", {"max_norm <= 0": "max_norm < 0"}, "You refuse a negative max_norm, and not one of 0.")
known.edit(
    "always_float32",
    {"grad * factor": "(grad * factor).float()"},
    "Your gradients come back in float32. Keep the dtype of each.",
)


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
    mistakes=tuple(known),
    shortcuts=("get_total_norm", "clip_grad_norm_", "clip_grads_with_norm_"),
)
