"""lora_parameter_count: what the update costs."""

from torch import Generator

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import peft


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
    mistakes=misunderstandings(peft.lora_parameter_count, __file__),
)
