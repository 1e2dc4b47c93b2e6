"""lora_parameter_count: what the update costs."""

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import peft

known = Mistakes(peft.lora_parameter_count, section="peft-counting")

COST = "rank * (rows + columns)"

known.edit(
    "full_matrices",
    {COST: "rows * columns"},
    "You count the full matrices, out · in. LoRA trains two thin ones in their place.",
)
known.edit(
    "multiplied",
    {COST: "rank * rows * columns"},
    "You multiply out by in. lora_b has out · rank entries and lora_a has rank · in: their sum is rank · (out + in).",
)
known.edit("a_only", {COST: "rank * columns"}, "You count lora_a alone: lora_b, [out, rank], is missing.")
known.edit("b_only", {COST: "rank * rows"}, "You count lora_b alone: lora_a, [rank, in], is missing.")
known.edit("without_rank", {COST: "rows + columns"}, "You count out + in, as if the rank were 1.")
known.edit(
    "as_if_square",
    {COST: "2 * rank * rows"},
    "You count 2 · rank · out, as if every matrix were square. In is often another number than out.",
)
known.edit(
    "equal_shapes_once",
    {"in shapes": "in set(shapes)"},
    "You count equal shapes once. Two matrices of one shape have each their own lora_a and lora_b.",
)
known.edit("first_shape_only", {"in shapes": "in shapes[:1]"}, "You count the first matrix only.")
known.edit(
    "core_added",
    {COST: f"{COST} + rank**2"},
    "You count a rank × rank matrix between lora_a and lora_b. There is none.",
)
known.edit("bias_added", {COST: f"{COST} + rows"}, "You count a bias for each matrix. A LoRA update has none.")
known.edit(
    "scale_counted",
    {COST: f"{COST} + 1"},
    "You count one number more for each matrix. The factor alpha / rank is fixed, not trained.",
)
known.edit(
    "base_counted",
    {COST: f"{COST} + rows * columns"},
    "You count the frozen matrices too. The task asks what LoRA adds.",
)
known.edit(
    "zero_rank", {"rank < 1": "rank < 0"}, "You refuse a negative rank, and accept 0: raise ValueError for both."
)
known.edit(
    "negative_rank", {"rank < 1": "rank == 0"}, "You refuse a rank of 0, and accept a negative one: raise ValueError."
)
known.edit(
    "large_rank_refused",
    {"rank < 1": "rank < 1 or any(rank > min(shape) for shape in shapes)"},
    "You refuse a rank above the sides of a matrix. It is a waste, and is counted like any other.",
)
known.edit(
    "rank_cut_down",
    {COST: "min(rank, rows, columns) * (rows + columns)"},
    "You cut a rank down that is above a side of the matrix. It is a waste, but lora_a and lora_b have as many entries "
    "as it says.",
)
known.edit(
    "no_matrices_refused",
    {"rank < 1": "rank < 1 or not shapes"},
    "You refuse a model of which no matrix is adapted. It gets 0 parameters more.",
)
known.edit(
    "shapes_used_up",
    {"for rows, columns in shapes": "for rows, columns in [shapes.pop() for _ in range(len(shapes))]"},
    "You take the shapes out of the list that you were given, as pop() does. Read it and leave it as it is.",
)
known.edit("any_rank", {"rank < 1": "False"}, "You accept a rank of 0 or less: raise ValueError.")


def drawn_shapes(draw: Generator) -> Arguments:
    shapes = [(randint(draw, 5, 90), randint(draw, 91, 200)) for _ in range(4)]
    return {"shapes": [*shapes, shapes[1]], "rank": randint(draw, 2, 9)}


EXERCISE = Exercise(
    reference=peft.lora_parameter_count,
    points=2,
    cases=(
        Case("one matrix", given(shapes=[(10, 21)], rank=3), visible=True),
        Case("one matrix, drawn", lambda draw: {"shapes": [(randint(draw, 5, 90), 91)], "rank": randint(draw, 2, 9)}),
        Case("three matrices", given(shapes=[(12, 20), (8, 20), (8, 20)], rank=5), visible=True),
        Case("five matrices, drawn", drawn_shapes),
        Case("a rank above the sides", given(shapes=[(3, 7)], rank=9), visible=True),
        Case("no matrices", lambda draw: {"shapes": [], "rank": randint(draw, 2, 9)}, visible=True),
        Case("rank 0", given(shapes=[(10, 21)], rank=0), visible=True),
        Case("negative rank", lambda draw: {**drawn_shapes(draw), "rank": -randint(draw, 1, 9)}, visible=True),
    ),
    properties=(
        Property(
            "One matrix costs the entries of its lora_a and its lora_b",
            ("one matrix", "one matrix, drawn"),
            "lora_a is [rank, in] and lora_b is [out, rank]: how many numbers are in each?",
            weight=2,
        ),
        Property(
            "Every matrix counts, also one whose shape stands there already",
            ("three matrices", "five matrices, drawn"),
            "Go through the list and add up.",
        ),
        Property(
            "A large rank counts like any other, and no matrices cost nothing",
            ("a rank above the sides", "no matrices", "one matrix, drawn"),
            "Only a rank below 1 is refused.",
            needs="One matrix costs the entries of its lora_a and its lora_b",
        ),
        Property(
            "The list of shapes is left unchanged",
            ("three matrices", "five matrices, drawn"),
            "Go through the list and take nothing out of it.",
            observe=observe.changed,
            needs="Every matrix counts, also one whose shape stands there already",
        ),
        Property(
            "A rank below 1 is refused",
            ("rank 0", "negative rank", "one matrix, drawn"),
            "Raise ValueError for a rank below 1.",
            observe=observe.refusal,
            needs="One matrix costs the entries of its lora_a and its lora_b",
        ),
    ),
    mistakes=tuple(known),
)
