"""dequantize: from whole numbers and their scales back to weights."""

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.production.inputs import scales
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import production

MAIN = "Each whole number is multiplied by its row's scale"
RESULT = "q.to(scale.dtype) * scale"
CHECK = "q.dim() != 2 or scale.shape != (len(q), 1)"

known = Mistakes(production.dequantize, section="production-absmax")

known.edit(
    "divided",
    {RESULT: "q.to(scale.dtype) / scale"},
    "You divide by the scale. Dividing led from the weights to q; the way back is a product.",
)
known.edit(
    "scale_taken_for_the_maximum",
    {RESULT: f"{RESULT} / 127"},
    "You divide by 127 once more. That division is in the scale already: it is the step from one whole number to the "
    "next.",
)
known.edit(
    "scale_of_the_first_row",
    {RESULT: "q.to(scale.dtype) * scale[0]"},
    "You multiply all rows by the first row's scale. Each has its own.",
)
known.edit(
    "mean_scale",
    {RESULT: "q.to(scale.dtype) * scale.mean()"},
    "You multiply by one number for the whole matrix. Each row has a scale of its own.",
)
known.edit(
    "scale_along_the_columns",
    {RESULT: "q.to(scale.dtype) * scale.view(-1).repeat(q.shape[1] // len(q) + 1)[: q.shape[1]]"},
    "Your scales run along the columns. scale[i] belongs to *row* i; with the shape [out, 1] it meets the rows in a "
    "product by itself.",
)
known.edit(
    "scale_turned",
    {RESULT: "q.to(scale.dtype) * scale.T"},
    "You turn the scale into a row, [1, out], which meets the *columns* of q. It is a column already, as it has to be.",
)
known.edit(
    "matrix_product",
    {RESULT: "q.to(scale.dtype) @ scale"},
    "You take a matrix product, @. Each number is multiplied by its row's scale, one by one: *.",
)
known.edit(
    "added",
    {RESULT: "q.to(scale.dtype) + scale"},
    "You add the scale. q counts how many times the scale is in a weight: multiply.",
)
known.edit(
    "magnitudes_only",
    {RESULT: "q.to(scale.dtype).abs() * scale"},
    "Your weights have lost their signs.",
)
known.edit(
    "read_as_unsigned",
    {RESULT: "q.to(torch.uint8).to(scale.dtype) * scale"},
    "You read the whole numbers as unsigned, so -3 becomes 253.",
)
known.edit(
    "whole_again",
    {RESULT: "(q * scale).round()"},
    "You round the product. The weights are not whole: q times the scale is all.",
)
known.edit(
    "in_the_dtype_of_q",
    {RESULT: "(q * scale).to(q.dtype)"},
    "You convert the product to the dtype of q, and lose what stands behind the point. Return the scale's dtype.",
)
known.edit(
    "made_whole",
    {RESULT: "(q * scale).int()"},
    "You convert the product to an integer dtype. Weights are not whole: return them in the dtype of the scale.",
)
known.edit(
    "scale_cut_to_whole",
    {RESULT: "q * scale.int()"},
    "You convert the *scale* to an integer dtype, and lose what stands behind its point. It is q that is converted.",
)
known.edit(
    "scale_made_whole",
    {RESULT: "(q * scale.to(q.dtype)).to(scale.dtype)"},
    "You convert the *scale* to the dtype of q, which makes a small one 0. Convert q to the dtype of the scale.",
)
known.edit(
    "in_float32",
    {RESULT: "q.float() * scale.float()"},
    "Your result is float32 whatever the scale is. Return the dtype of the scale.",
)
known.edit(
    "q_in_float32",
    {RESULT: "q.float() * scale"},
    "You convert q to float32, and a product with a scale in half the precision becomes float32, too: convert it to "
    "scale.dtype.",
)
known.edit(
    "detached",
    {RESULT: f"({RESULT}).detach()"},
    "Your result has lost its history: no detach, no no_grad, no .data and no plain numbers. Whoever learns scales "
    "needs their gradient.",
)
known.edit(
    "scale_changed_in_place",
    {RESULT: f"scale.detach().mul_(2).div(2) * {RESULT} / scale * 2"},
    "Your function writes into the scale that it was given: work on a new tensor.",
)
known.edit(
    "form_not_checked",
    {CHECK: "False"},
    "You do not check that there is one scale for each row. A scale of the shape [out] or [1, in] meets the *columns* "
    "in a product, silently: raise ValueError unless it is [out, 1].",
)
known.edit(
    "rows_counted_only",
    {CHECK: "len(scale) != len(q)"},
    "You compare the number of scales only. One of the shape [out] meets the columns where q is square: raise "
    "ValueError unless q has two dimensions and scale is [out, 1].",
)
known.edit(
    "columns_not_counted",
    {CHECK: "q.dim() != 2 or scale.dim() != 2 or len(scale) != len(q)"},
    "You count the rows of the scale, and not its columns: a scale for each weight is taken, too. Raise ValueError "
    "unless it is [out, 1].",
)
known.edit(
    "any_column",
    {CHECK: "q.dim() != 2 or scale.dim() != 2 or scale.shape[1] != 1"},
    "You do not count the scales. A single one for many rows, or more than there are rows, is none for each: raise "
    "ValueError.",
)
known.edit(
    "any_dimensions_of_q",
    {CHECK: "scale.shape != (len(q), 1)"},
    "You do not check q: raise ValueError where it does not have two dimensions.",
)
known.edit(
    "q_of_more_dimensions_taken",
    {CHECK: "q.dim() < 2 or scale.shape != (len(q), 1)"},
    "You accept a q of three dimensions, whose scales then multiply the wrong weights. It has exactly two: raise "
    "ValueError for others.",
)
known.edit(
    "scale_of_more_dimensions_taken",
    {CHECK: "q.dim() != 2 or scale.dim() < 2 or len(scale) != len(q) or scale.shape[-1] != 1"},
    "You look at one or two sizes of scale and not at how many there are, so a scale of three dimensions passes. "
    "Compare its whole shape.",
)
known.edit(
    "vector_taken_for_a_column",
    {"    if q.dim()": "    scale = scale[:, None] if scale.dim() == 1 else scale\n    if q.dim()"},
    "You make a column of a scale of the shape [out]. Whoever hands it over may have meant something else: raise "
    "ValueError unless it is [out, 1].",
)
known.edit(
    "one_scale_for_all_taken",
    {CHECK: "q.dim() != 2 or scale.shape not in ((len(q), 1), (1, 1))"},
    "You accept a single scale for all rows. Each row has its own: raise ValueError unless scale is [out, 1].",
)
known.edit(
    "read_as_int8",
    {"q.to(scale.dtype)": "q.to(torch.int8)"},
    "You convert q to int8, and numbers of more bits lose what does not fit. Convert q to the dtype of the scale.",
)
known.edit(
    "other_integers_refused",
    {"    if q.dim()": "    if q.dtype != torch.int8:\n        raise ValueError('int8 only')\n    if q.dim()"},
    "You refuse whole numbers that are not int8. Any integer dtype will do.",
)
known.asserted()

SMALL = torch.tensor([[2, -4, 7], [0, 127, -3]], dtype=torch.int8)
SMALL_SCALE = torch.tensor([[0.3], [2.5]])
SQUARE = torch.tensor([[1, -2], [3, 4]], dtype=torch.int8)


def drawn(draw: Generator, dtype: torch.dtype = torch.float32, kind: torch.dtype = torch.int8) -> Arguments:
    q = torch.randint(-127, 128, (5, 7), generator=draw)
    q[0, 0], q[1, 0] = -127, 127
    return {"q": q.to(kind), "scale": scales(draw, 5).to(dtype)}


def drawn_row(draw: Generator) -> Arguments:
    return {"q": torch.randint(-127, 128, (1, 9), generator=draw).to(torch.int8), "scale": scales(draw, 1).float()}


def drawn_by_columns(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    return {**arguments, "q": arguments["q"].T.contiguous().T}


def drawn_full(draw: Generator) -> Arguments:
    """A scale for each weight of a square matrix."""
    size = randint(draw, 2, 5)
    q = torch.randint(-127, 128, (size, size), generator=draw).to(torch.int8)
    return {"q": q, "scale": scales(draw, size).float().repeat(1, size)}


def drawn_count(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    return {**arguments, "scale": arguments["scale"][: randint(draw, 2, 4)]}


EXERCISE = Exercise(
    reference=production.dequantize,
    points=2,
    cases=(
        Case("two rows", given(q=SMALL, scale=SMALL_SCALE), visible=True, gradients=("scale",)),
        Case("drawn", drawn, gradients=("scale",)),
        Case("a square matrix", given(q=SQUARE, scale=SMALL_SCALE), visible=True),
        Case("one row, drawn", drawn_row),
        Case("laid out by columns, drawn", drawn_by_columns),
        Case("int32", lambda draw: drawn(draw, kind=torch.int32), visible=True),
        Case("int64, drawn", lambda draw: drawn(draw, kind=torch.int64)),
        Case("12 bits", given(q=SMALL.short() * 16, scale=SMALL_SCALE), visible=True),
        Case("bfloat16", lambda draw: drawn(draw, torch.bfloat16), visible=True),
        Case("float16", lambda draw: drawn(draw, torch.float16)),
        Case("float64", lambda draw: drawn(draw, torch.float64), visible=True),
        Case("a scale of one dimension", given(q=SQUARE, scale=torch.tensor([0.5, 2.0])), visible=True),
        Case("a scale for each column", given(q=SMALL, scale=torch.ones(1, 3)), visible=True),
        Case("one scale for two rows", given(q=SMALL, scale=torch.ones(1, 1)), visible=True),
        Case("two scales for one row", given(q=SMALL[:1], scale=torch.ones(2, 1)), visible=True),
        Case("a scale for each weight", given(q=SQUARE, scale=torch.ones(2, 2)), visible=True),
        Case("a scale for each weight, drawn", drawn_full),
        Case("too few scales, drawn", drawn_count),
        Case("a vector", given(q=torch.tensor([2, -4, 7], dtype=torch.int8), scale=torch.ones(3, 1)), visible=True),
        Case("q of three dimensions", given(q=SQUARE.expand(2, 2, 2), scale=SMALL_SCALE), visible=True),
        Case("a scale of three dimensions", given(q=SQUARE, scale=SMALL_SCALE[..., None]), visible=True),
    ),
    properties=(
        Property(
            MAIN,
            ("two rows", "drawn", "a square matrix", "one row, drawn", "laid out by columns, drawn"),
            "q is [out, in] and scale is [out, 1], so that q * scale multiplies each row by its own. int8 times "
            "float32 is float32.",
            weight=3,
        ),
        Property(
            "Any integer dtype will do",
            ("int32", "int64, drawn", "12 bits"),
            "q may be int8, int16, int32 or int64: convert it to the dtype of the scale.",
            needs=MAIN,
        ),
        Property(
            "The result has the dtype of the scale, and the arguments are left unchanged",
            ("two rows", "bfloat16", "float16", "float64"),
            "A scale in bfloat16 gives weights in bfloat16: q.to(scale.dtype).",
            observe=observe.dtype_and_changed,
            needs=MAIN,
        ),
        Property(
            "Gradients reach the scale",
            ("two rows", "drawn"),
            "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
            observe=observe.gradients,
        ),
        Property(
            "What is not one scale for each row is refused with a ValueError",
            (
                "two rows", "drawn", "a scale of one dimension", "a scale for each column", "one scale for two rows",
                "two scales for one row", "a scale for each weight", "a scale for each weight, drawn",
                "too few scales, drawn", "a vector", "q of three dimensions", "a scale of three dimensions",
            ),
            "Raise ValueError unless q has two dimensions and scale is [out, 1]. Other shapes may broadcast, and "
            "multiply the wrong weights.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("dequantize_blockwise",),
)  # fmt: skip
