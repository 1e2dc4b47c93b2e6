"""alibi_bias: scores lowered by distance."""

from torch import Generator

from autograder.exercises.drawing import Arguments, randint, within
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from llm_course.checking import observe
from solutions import positions as reference

STEPS = "Within a head, each step back from the query counts the same, and keys ahead of it count nothing"


def drawn_power(draw: Generator) -> Arguments:
    return {"n_heads": 2 ** randint(draw, 4, 5), "seq_len": randint(draw, 5, 9)}


def drawn_number(draw: Generator) -> Arguments:
    return {"n_heads": (5, 7, 11, 13)[randint(draw, 0, 3)], "seq_len": randint(draw, 3, 6)}


EXERCISE = exercise(
    reference.alibi_bias,
    __file__,
    requires(
        STEPS,
        shown("four heads", n_heads=4, seq_len=3),
        Case("sixteen heads or more", drawn_power),
        shown("six heads", n_heads=6, seq_len=3),
        advice="Write one head's matrix on paper: row i is the query. It is 0 at j = i and to the right of it, and "
        "changes by one slope with each column to the left.",
        fails="Within a head, your bias is not 0 from the diagonal on, with equal steps to its left.",
        observe=observe.in_units_of_first_step,
    ),
    requires(
        "With a power of two of heads, slopes and sign are right",
        ("four heads", "sixteen heads or more"),
        Case("one head", within(n_heads=1, seq_len=(4, 12)), visible=True),
        Case("one position", lambda draw: {"n_heads": 2 ** randint(draw, 1, 5), "seq_len": 1}, visible=True),
        advice="For four heads the slopes are 1/4, 1/16, 1/64 and 1/256, and a key further back gets less.",
        fails="With n_heads a power of two, head h does not fall by 2^(-8 (h + 1) / n_heads) for each step back.",
        weight=3,
    ),
    requires(
        "With any other number of heads, the slopes are the paper's",
        ("six heads",),
        Case("three heads", within(n_heads=3, seq_len=(4, 12))),
        Case("number of heads drawn", drawn_number),
        advice="Six heads: the four slopes of four heads, then the first and the third of eight heads, 1/2 and 1/8.",
        fails="Where n_heads is not a power of two, your bias is not by the slopes of m heads, then every second of "
        "2m.",
        weight=2,
    ),
    refuses(
        ("four heads", "sixteen heads or more"),
        shown("no head", n_heads=0, seq_len=3),
        Case("negative n_heads", lambda draw: {"n_heads": -randint(draw, 1, 8), "seq_len": 3}, visible=True),
        Case("no position", within(n_heads=(1, 16), seq_len=0), visible=True),
        Case("negative seq_len", lambda draw: {"n_heads": 2, "seq_len": -randint(draw, 1, 8)}, visible=True),
        advice="Raise ValueError where n_heads or seq_len is below 1, and nowhere else.",
        name="No head and no position raise ValueError",
        fails="You do not raise ValueError exactly where n_heads or seq_len is below 1.",
    ),
    requires(
        "The bias is float32",
        ("four heads", "sixteen heads or more"),
        advice="It is added to scores in float32: return torch.float32, neither more nor less.",
        fails="Your bias is not float32.",
        observe=observe.dtype,
        needs=STEPS,
    ),
    points=4,
    shortcuts=("build_alibi_tensor", "get_slopes"),
)
