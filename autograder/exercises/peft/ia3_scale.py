"""ia3_scale: one learned factor for each column."""

from collections.abc import Callable

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randn
from llm_course.checking import observe
from solutions import peft

known = Mistakes(peft.ia3_scale, section="peft-ia3")

FACTORS = "scale.to(x.dtype)"
PRODUCT = f"x * {FACTORS}"

known.edit("added", {PRODUCT: f"x + {FACTORS}"}, "You add the factors. IA3 multiplies by them.")
known.edit(
    "one_plus",
    {PRODUCT: f"x * (1 + {FACTORS})"},
    "You multiply by 1 + scale. IA3's factors start with 1 and not with 0: multiply by scale.",
)
known.edit("divided", {PRODUCT: f"x / {FACTORS}"}, "You divide by the factors: multiply.")
known.edit(
    "gated",
    {FACTORS: f"torch.sigmoid({FACTORS})"},
    "You send the factors through a sigmoid: they are used as they are.",
)
known.edit(
    "mean_factor",
    {FACTORS: "scale.mean().to(x.dtype)"},
    "You multiply everything by the mean factor. Each column has its own.",
)
known.edit(
    "over_rows",
    {FACTORS: f"{FACTORS}[:, None]"},
    "Your factors run over the rows, that is, over time. They belong to the columns, the last dimension.",
)
known.edit(
    "summed",
    {PRODUCT: f"x @ {FACTORS}"},
    "You multiply as a matrix with a vector, which adds up the columns. The product is taken entry by entry: `*`.",
)
known.edit(
    "in_place",
    {PRODUCT: f"{PRODUCT} if x.requires_grad else x.mul_({FACTORS})"},
    "You change x itself: make a new tensor.",
)
known.edit(
    "in_place_on_what_is_trained",
    {PRODUCT: f"x.mul_({FACTORS})"},
    "You change x itself, by `*=` or `mul_`, and where x is trained, torch refuses that with a RuntimeError. Make "
    "a new tensor.",
)
known.edit(
    "in_place_without_gradients",
    {PRODUCT: f"(x.data.mul_({FACTORS}.detach()), x)[1]"},
    "You change x itself, under no_grad or by .data, so the factors get no gradient either: make a new tensor.",
)
known.edit(
    "factors_detached",
    {FACTORS: f"{FACTORS}.detach()"},
    "No gradient reaches the factors, so they could not be trained. Do not detach them.",
)
known.edit(
    "activations_detached",
    {PRODUCT: f"x.detach() * {FACTORS}"},
    "No gradient reaches x, so nothing below it could be trained. Do not detach it.",
)
known.edit(
    "promoted",
    {FACTORS: "scale"},
    "Your result is float32 though x is float16: the wider factors have widened it. Return the dtype of x.",
)
known.edit(
    "last_dimension_compared",
    {"scale.shape != x.shape[-1:]": "scale.shape[-1] != x.shape[-1]"},
    "You compare the last dimension of the factors only: a factor for each number of x is taken, too.",
)
known.edit(
    "numbers_counted",
    {"scale.shape != x.shape[-1:]": "scale.numel() != x.shape[-1]"},
    "You count the factors, by `numel` or `len`: a column of as many is taken, and multiplies the rows. Compare the "
    "shapes.",
)
known.edit(
    "second_dimension_compared",
    {"scale.shape != x.shape[-1:]": "scale.shape[0] != x.shape[1]"},
    "You compare with x.shape[1], which is the last dimension of a matrix only: a single row has none, and of a batch "
    "of texts it is the time. Ask for the last one, x.shape[-1].",
)
known.edit(
    "two_dimensions_asked_for",
    {"scale.shape != x.shape[-1:]": "x.dim() != 2 or scale.shape != x.shape[1:]"},
    "You refuse an x that is no matrix. It has any number of leading dimensions: compare with x.shape[-1:], whatever "
    "stands before.",
)
known.edit(
    "one_factor_accepted",
    {"scale.shape != x.shape[-1:]": "scale.shape not in (x.shape[-1:], (1,))"},
    "You take a single factor for all columns. Each needs its own: raise ValueError.",
)
known.edit(
    "broadcast",
    {"scale.shape != x.shape[-1:]": "False"},
    "You let broadcasting decide: a single factor, or a column of them, is taken without a word. Compare the shapes, "
    "and raise ValueError.",
)


def scaled(*shape: int, dtype: torch.dtype = torch.float32) -> Callable[[Generator], Arguments]:
    return lambda draw: {"x": randn(draw, *shape, dtype=dtype), "scale": 1.5 + torch.rand(shape[-1], generator=draw)}


def not_contiguous(draw: Generator) -> Arguments:
    return {"x": randn(draw, 5, 3, 2).transpose(0, 2), "scale": randn(draw, 5)}


EXERCISE = Exercise(
    reference=peft.ia3_scale,
    points=2,
    cases=(
        Case("two rows", scaled(2, 3), visible=True, gradients=("x", "scale")),
        Case("batch", scaled(2, 3, 4), visible=True, gradients=("x", "scale")),
        Case("square", scaled(4, 4), gradients=("x", "scale")),
        Case("one row", scaled(5), visible=True),
        Case("not contiguous", not_contiguous),
        Case("untouched", scaled(3, 4), visible=True),
        Case("untouched batch", scaled(2, 4, 3)),
        Case("float16", scaled(3, 5, dtype=torch.float16), visible=True),
        Case("float16 batch", scaled(2, 3, 4, dtype=torch.float16)),
        Case("one factor", lambda draw: {"x": randn(draw, 2, 3), "scale": randn(draw, 1)}, visible=True),
        Case("factors for rows", lambda draw: {"x": randn(draw, 4, 3), "scale": randn(draw, 4)}),
        Case(
            "factors for each number", lambda draw: {"x": randn(draw, 4, 3), "scale": randn(draw, 4, 3)}, visible=True
        ),
        Case("factors in a column", lambda draw: {"x": randn(draw, 3, 3), "scale": randn(draw, 3, 1)}, visible=True),
    ),
    properties=(
        Property(
            "Each column is multiplied by its factor",
            ("two rows", "batch", "square", "one row", "not contiguous"),
            "Take scale = [1, 0]: the first column stays, the second becomes 0.",
            weight=2,
        ),
        Property(
            "Gradients reach x and the factors",
            ("two rows", "batch", "square"),
            "The factors are what is trained: look for `detach`, `data` and `no_grad`.",
            observe=observe.gradients,
        ),
        Property(
            "The dtype of x is kept, and x is left as it was",
            ("untouched", "untouched batch", "float16", "float16 batch"),
            "Work on a new tensor, and return it in the dtype of x.",
            observe=observe.dtype_and_changed,
            needs="Each column is multiplied by its factor",
        ),
        Property(
            "Factors that are not one for each column are refused",
            ("one factor", "factors for rows", "factors in a column", "factors for each number", "two rows"),
            "Broadcasting accepts more than it should: compare `scale.shape` with `x.shape[-1:]`, and raise "
            "ValueError.",
            observe=observe.refusal,
            needs="Each column is multiplied by its factor",
        ),
    ),
    mistakes=tuple(known),
)
