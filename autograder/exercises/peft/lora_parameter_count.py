"""lora_parameter_count: what the update costs."""

from torch import Generator

from autograder.exercises.drawing import Arguments, randint, within
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires, shown
from solutions import peft


def drawn_shapes(draw: Generator) -> Arguments:
    shapes = [(randint(draw, 5, 90), randint(draw, 91, 200)) for _ in range(4)]
    return {"shapes": [*shapes, shapes[1]], "rank": randint(draw, 2, 9)}


EXERCISE = exercise(
    peft.lora_parameter_count,
    __file__,
    requires(
        "One matrix costs the entries of its lora_a and its lora_b",
        shown("one matrix", shapes=[(10, 21)], rank=3),
        Case("one matrix, drawn", lambda draw: {"shapes": [(randint(draw, 5, 90), 91)], "rank": randint(draw, 2, 9)}),
        advice="lora_a is [rank, in] and lora_b is [out, rank]: how many numbers are in each?",
        weight=2,
        fails="Your number for one matrix is not that of the entries of lora_a and lora_b.",
    ),
    requires(
        "Every matrix counts, also one of a shape that came before",
        shown("three matrices", shapes=[(12, 20), (8, 20), (8, 20)], rank=5),
        Case("five matrices, drawn", drawn_shapes),
        advice="For (12, 20), (8, 20), (8, 20) and rank 5, add 160, 140 and 140.",
        fails="You do not count every matrix of the list once for each time it stands there.",
    ),
    requires(
        "A large rank and a rank of 1 count like any other, and no matrices cost nothing",
        shown("a rank above the sides", shapes=[(3, 7)], rank=9),
        shown("rank 1", shapes=[(3, 7), (4, 5)], rank=1),
        Case("no matrices", within(shapes=[], rank=(2, 9)), visible=True),
        ("one matrix, drawn",),
        advice="Do not compare the rank with the sides of a matrix: only a rank below 1 is invalid.",
        needs="One matrix costs the entries of its lora_a and its lora_b",
        fails="With a rank of 1, a large rank, or no matrices, your number is not that of the entries of all lora_a "
        "and lora_b.",
    ),
    leaves_arguments(
        ("three matrices", "five matrices, drawn"),
        advice="Go through the list and take nothing out of it.",
        name="The list of shapes is left unchanged",
        needs="Every matrix counts, also one of a shape that came before",
        fails="You change the list of shapes.",
    ),
    refuses(
        shown("rank 0", shapes=[(10, 21)], rank=0),
        Case("negative rank", lambda draw: {**drawn_shapes(draw), "rank": -randint(draw, 1, 9)}, visible=True),
        advice="Raise ValueError for a rank below 1.",
        name="A rank below 1 raises ValueError",
        fails="You do not raise ValueError for every rank below 1, or raise it for a valid one.",
    ),
    points=2,
)
