"""sinusoidal_encoding: waves of many lengths, added to the embeddings."""

from torch import Generator

from autograder.exercises.drawing import Arguments, randint, uniform, within
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from llm_course.checking import observe
from solutions import positions as reference

ROW_0 = "Row 0 has 0 in the even columns and 1 in the odd ones"
SPEEDS = "Each pair of columns turns at its own speed"


def drawn_base(draw: Generator) -> Arguments:
    return {"seq_len": randint(draw, 5, 9), "d_model": 2 * randint(draw, 5, 7), "base": randint(draw, 2, 9) + 0.5}


def drawn_negative_base(draw: Generator) -> Arguments:
    return {"seq_len": 3, "d_model": 4, "base": -uniform(draw, 1, 100)}


EXERCISE = exercise(
    reference.sinusoidal_encoding,
    __file__,
    requires(
        "Every row has the length √(d_model / 2)",
        shown("even width", seq_len=3, d_model=4),
        Case("even width drawn", lambda draw: {"seq_len": randint(draw, 18, 30), "d_model": 2 * randint(draw, 4, 7)}),
        shown("another base", seq_len=3, d_model=4, base=100.0),
        advice="Sine and cosine of the same angle, squared, sum to 1: two columns that share an angle give each row "
        "the same length.",
        fails="Your rows do not all have the length √(d_model / 2).",
        observe=observe.row_lengths,
        needs=SPEEDS,
    ),
    requires(
        ROW_0,
        shown("one position", seq_len=1, d_model=4),
        Case("one position, drawn", lambda draw: {"seq_len": 1, "d_model": 2 * randint(draw, 4, 20)}),
        advice="At position 0 every angle is 0. Which of sine and cosine is 0 there, and in which columns does it "
        "belong?",
        fails="Your row 0 is not 0 in the even columns and 1 in the odd ones.",
        needs=SPEEDS,
    ),
    requires(
        SPEEDS,
        ("even width", "even width drawn"),
        advice="Write down the angles of position 1 for d_model = 4: 1, and 10000^(-2/4) = 0.01.",
        fails="With an even width, your columns 2i, 2i + 1 are not sine, cosine of position / base^(2i / d_model).",
        weight=3,
    ),
    requires(
        "The base sets how far the speeds spread",
        ("another base",),
        Case("another base drawn", drawn_base),
        Case("base below one", within(seq_len=(3, 5), d_model=6, base=(0.3, 0.7)), visible=True),
        advice="The slowest angle grows by base^(-(d_model - 2) / d_model) a position: another base, another encoding.",
        fails="With another base, your columns 2i, 2i + 1 are not sine, cosine of position / base^(2i / d_model).",
    ),
    requires(
        "An odd width works",
        shown("odd width", seq_len=3, d_model=3),
        Case("odd width drawn", lambda draw: {"seq_len": randint(draw, 4, 6), "d_model": 2 * randint(draw, 4, 7) + 1}),
        Case("one column", within(seq_len=(3, 30), d_model=1), visible=True),
        advice="Three columns are two sines and one cosine, and the exponents are 0 and 2/3.",
        fails="With an odd width, column 2i is not the sine, or 2i + 1 not the cosine, of position / base^(2i / "
        "d_model).",
        weight=2,
    ),
    refuses(
        shown("no position", seq_len=0, d_model=4),
        Case("no column", within(seq_len=(3, 30), d_model=0), visible=True),
        shown("base of zero", seq_len=3, d_model=4, base=0.0),
        Case("base below zero", drawn_negative_base, visible=True),
        advice="Raise ValueError where seq_len or d_model is below 1 or the base is not above 0, and nowhere else.",
        needs=SPEEDS,
    ),
    requires(
        "The encoding is float32",
        ("even width", "another base"),
        advice="It is added to embeddings in float32: return torch.float32, which is what torch.zeros makes.",
        fails="Your encoding is not float32.",
        observe=observe.dtype,
        needs=ROW_0,
    ),
    points=4,
    shortcuts=("PositionalEncoding", "SinusoidalPositionalEmbedding"),
)
