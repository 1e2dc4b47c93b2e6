"""clip_gradients: shorten all gradients together where they are too long."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import Arguments, argument_maker, each_tensor, uniform
from autograder.exercises.pretraining.inputs import away_from_zero
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from llm_course.checking import observe
from solutions import pretraining


@argument_maker
def limited(draw: Generator, share: float, *shapes: tuple[int, ...]) -> Arguments:
    """Gradients of which the second is by far the longest, and a share of their norm as the limit."""
    grads = [(0.5 + 2 * number % 3) * away_from_zero(draw, *shape) for number, shape in enumerate(shapes)]
    _, norm = pretraining.clip_gradients(grads, 1.0)
    return {"grads": grads, "max_norm": share * norm}


def large_in_float16(draw: Generator) -> Arguments:
    """Numbers whose squares overflow in float16, while their norm does not."""
    grads = [200 * away_from_zero(draw, *shape) for shape in ((3,), (2, 4))]
    return {"grads": [grad.half() for grad in grads], "max_norm": uniform(draw, 100.0, 200.0)}


SHAPES = ((2,), (3, 4), (2, 2, 2))
# Their norm is 7.
SMALL = [torch.tensor([6.0, -2.0]), torch.tensor([[3.0, 0.0, 0.0]])]
WITH_GAPS = each_tensor(lambda grad: grad.T, limited(0.4, (3, 4), (2, 5)))
ONE_FACTOR, ALL_NUMBERS = "All gradients are shortened by one factor", "The norm is that of all numbers together"

EXERCISE = exercise(
    pretraining.clip_gradients,
    __file__,
    requires(
        ALL_NUMBERS,
        shown("too long", grads=SMALL, max_norm=3.5),
        Case("too long, drawn", limited(0.6, (5,), (2, 3))),
        Case("one tensor", limited(0.5, (3, 3)), visible=True),
        shown("short enough", grads=SMALL, max_norm=14.0),
        Case("far below the limit", limited(40.0, (4, 2), (3,)), visible=True),
        advice="Square all numbers of all tensors, add them up, take the root. Return it as it was before clipping.",
        weight=2,
        part=1,
        fails="The number that you return is not the norm of all gradients together, before clipping.",
    ),
    requires(
        ONE_FACTOR,
        ("too long", "too long, drawn"),
        Case("a little too long", limited(0.9, *SHAPES), visible=True),
        ("one tensor",),
        shown("limit below 1", grads=SMALL, max_norm=0.5),
        advice="The factor is max_norm / norm, the same for every tensor, so that the direction stays.",
        weight=3,
        part=0,
        fails="Your clipped gradients are not the given ones times max_norm / norm.",
    ),
    requires(
        "Gradients within the limit are left as they are",
        ("short enough", "far below the limit"),
        advice="Only gradients whose norm is above max_norm are changed: the factor is never above 1.",
        weight=2,
        part=0,
        fails="You change gradients whose norm is below max_norm.",
    ),
    requires(
        "Gradients of zeros, or none at all, give no NaN and no error",
        shown("all zero", grads=[torch.zeros(2, 3), torch.zeros(4)], max_norm=1.5),
        shown("none", grads=[], max_norm=1.5),
        advice="The norm is 0.0 then: compare it with max_norm before you divide by it.",
        needs=ALL_NUMBERS,
        fails="With zeros alone, or an empty list, the gradients do not come back as they are, with the norm 0.0.",
    ),
    requires(
        "Gradients need not be contiguous in memory",
        Case("without gaps", each_tensor(Tensor.contiguous, WITH_GAPS), visible=True, drawn_as="with gaps"),
        Case("with gaps", WITH_GAPS, visible=True),
        advice="Keep the shape of each tensor, and use no `view`.",
        observe=observe.same_up_to_rounding,
        joint=True,
        needs=ONE_FACTOR,
        fails="You return something else for the same numbers where they are not contiguous in memory.",
    ),
    refuses(
        ("too long",),
        shown("limit 0", grads=SMALL, max_norm=0.0),
        shown("limit below 0", grads=SMALL, max_norm=-1.5),
        advice="With 0 all gradients would be lost, and a negative limit would reverse them.",
        name="A limit that is not positive raises ValueError",
        fails="You accept a limit that is not positive, or raise something other than ValueError.",
    ),
    requires(
        "The squares of large numbers in half precision do not overflow",
        Case("large numbers in float16", large_in_float16, visible=True, slack=1e5),
        advice="In float16 the square of 256 is infinite: turn the numbers into float32 or float64 before you square.",
        needs=ALL_NUMBERS,
        part=1,
        fails="For large numbers in float16, your norm is not finite, or is not the root of the sum of their squares.",
    ),
    requires(
        "The dtype is kept and the arguments are left unchanged",
        Case("float64", each_tensor(Tensor.double, limited(0.3, (2,), (3, 2))), visible=True, slack=1e12),
        Case("bfloat16", each_tensor(Tensor.bfloat16, limited(1.7, (2,), (3, 2)))),
        Case("nothing to clip", limited(2.5, (4,), (3, 2)), visible=True, new=True),
        advice="Return a new list of new tensors, each in the dtype that it had.",
        observe=observe.first_dtypes_and_changed,
        needs=ALL_NUMBERS,
        fails="Your gradients have other dtypes than the given ones, or are not new tensors.",
    ),
    points=3,
    shortcuts=("get_total_norm", "clip_grad_norm_", "clip_grads_with_norm_"),
)
