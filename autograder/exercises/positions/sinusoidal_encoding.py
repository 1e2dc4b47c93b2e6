"""sinusoidal_encoding: waves of many lengths, added to the embeddings."""

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, uniform
from llm_course.checking import observe
from solutions import positions as reference

known = Mistakes(reference.sinusoidal_encoding, section="positions-sinusoids")

known.edit(
    "sine_and_cosine_swapped",
    {"torch.sin": "torch.cos", "torch.cos": "torch.sin"},
    "Sine and cosine have changed places: the even columns hold the sines. At position 0 they are all 0.",
)
known.edit(
    "exponent_without_two",
    {"torch.arange(0, d_model, 2)": "torch.arange((d_model + 1) // 2)"},
    "Your exponent is i / d_model where i numbers the pairs. It is 2i / d_model, from 0 nearly to 1; yours stops at "
    "one half, and the slow waves are missing.",
)
known.edit(
    "exponent_doubled",
    {"torch.arange(0, d_model, 2)": "2 * torch.arange(0, d_model, 2)"},
    "Your exponents run nearly to 2: you double the even numbers once more. 0, 2, 4 and so on are 2i already; divide "
    "them by d_model.",
)
known.edit(
    "frequency_for_each_column",
    {
        "torch.arange(0, d_model, 2)": "torch.arange(d_model)",
        "torch.sin(angle)": "torch.sin(angle[:, 0::2])",
        "angle[:, : d_model // 2]": "angle[:, 1::2]",
    },
    "Each of your columns has a frequency of its own. Columns 2i and 2i + 1 share one: they are sine and cosine of "
    "the same angle.",
)
known.edit(
    "last_frequency_is_one_over_base",
    {"(-torch.arange(0, d_model, 2) / d_model)": "-torch.linspace(0, 1, (d_model + 1) // 2)"},
    "Your frequencies run from 1 to 1 / base, both included. The exponents are 0, 2/d_model, 4/d_model and so on: the "
    "last one stays just below 1.",
)
known.edit(
    "base_ignored",
    {"base **": "10000.0 **"},
    "Your result is the same for every base: 10000 is only the default of the parameter.",
)
known.edit(
    "frequencies_rise",
    {"-torch.arange": "torch.arange"},
    "Your frequencies grow from 1 to nearly `base`. The position is divided by base^(2i / d_model), so the later "
    "columns turn more slowly.",
)
known.edit(
    "one_frequency",
    {"base ** (-torch.arange(0, d_model, 2) / d_model)": "torch.ones((d_model + 1) // 2)"},
    "All your columns turn at the same speed, 1 radian a position, so positions about 6 apart look alike. Each pair "
    "of columns has its own frequency.",
)
known.edit(
    "sines_then_cosines",
    {"return encoding": "return torch.cat([torch.sin(angle), torch.cos(angle)], dim=-1)[:, :d_model]"},
    "You put all sines first and all cosines after them. That layout exists, but here they alternate: sine in column "
    "2i, its cosine in column 2i + 1.",
    "positions-layout",
)
known.edit(
    "counted_from_one",
    {"torch.arange(seq_len)": "torch.arange(1, seq_len + 1)"},
    "Your first row belongs to position 1: positions are counted from 0.",
)
known.edit(
    "odd_width_breaks",
    {"angle[:, : d_model // 2]": "angle"},
    "An odd width breaks your function: it has one sine more than cosines, so the cosines need one angle less.",
)
known.edit(
    "odd_width_refused",
    {"d_model < 1:": "d_model < 1 or d_model % 2:"},
    "An odd width raises a ValueError, from you or from inside NumPy. But an odd width makes sense: the last sine has "
    "no cosine beside it, so the cosines need one angle less.",
)
known.edit(
    "odd_width_shortened",
    {
        "frequency = base ** (-torch.arange(0, d_model, 2) / d_model)": (
            "width = d_model // 2 * 2\n    frequency = base ** (-torch.arange(0, width, 2) / width)"
        ),
        "encoding[:, 0::2]": "encoding[:, 0:width:2]",
    },
    "With an odd width you encode one column less and leave the last one 0. The last column is a sine, and the "
    "exponents are divided by the full d_model.",
)
known.edit(
    "odd_width_rounded_up",
    {"/ d_model)": "/ (d_model + d_model % 2))"},
    "With an odd width you divide the exponents by d_model + 1: you make a column more and cut it off. They are "
    "divided by d_model itself.",
)
known.edit(
    "in_float64",
    {"return encoding": "return encoding.double()"},
    "You return float64, as NumPy does by default. Added to embeddings in float32 it makes everything after them "
    "float64 too, or an error.",
)
known.edit(
    "anything_encoded",
    {"if seq_len < 1 or d_model < 1": "if False", "if base <= 0": "if False"},
    "You accept arguments that make no sense, such as 0 positions or a base of 0: say so with a ValueError.",
)


def drawn_first(draw: Generator) -> Arguments:
    return {"seq_len": 1, "d_model": 2 * randint(draw, 4, 20)}


def even_width(draw: Generator) -> Arguments:
    return {"seq_len": randint(draw, 18, 30), "d_model": 2 * randint(draw, 4, 7)}


def drawn_base(draw: Generator) -> Arguments:
    return {"seq_len": randint(draw, 5, 9), "d_model": 2 * randint(draw, 5, 7), "base": randint(draw, 2, 9) + 0.5}


def drawn_small_base(draw: Generator) -> Arguments:
    return {"seq_len": randint(draw, 3, 5), "d_model": 6, "base": uniform(draw, 0.3, 0.7)}


def drawn_negative_base(draw: Generator) -> Arguments:
    return {"seq_len": 3, "d_model": 4, "base": -uniform(draw, 1, 100)}


def odd_width(draw: Generator) -> Arguments:
    return {"seq_len": randint(draw, 4, 6), "d_model": 2 * randint(draw, 4, 7) + 1}


EXERCISE = Exercise(
    reference=reference.sinusoidal_encoding,
    points=4,
    cases=(
        Case("one position", given(seq_len=1, d_model=6), visible=True),
        Case("one position, drawn", drawn_first),
        Case("even width", given(seq_len=5, d_model=6), visible=True),
        Case("even width drawn", even_width),
        Case("another base", given(seq_len=4, d_model=8, base=50.0), visible=True),
        Case("another base drawn", drawn_base),
        Case("base below one", drawn_small_base, visible=True),
        Case("odd width", given(seq_len=4, d_model=5), visible=True),
        Case("odd width drawn", odd_width),
        Case("one column", lambda draw: {"seq_len": randint(draw, 3, 30), "d_model": 1}, visible=True),
        Case("no position", given(seq_len=0, d_model=4), visible=True),
        Case("no column", lambda draw: {"seq_len": randint(draw, 3, 30), "d_model": 0}, visible=True),
        Case("base of zero", given(seq_len=3, d_model=4, base=0.0), visible=True),
        Case("base below zero", drawn_negative_base, visible=True),
    ),
    properties=(
        Property(
            "Every row has the length √(d_model / 2)",
            ("even width", "even width drawn", "another base"),
            "Sine and cosine of the same angle, squared, sum to 1: two columns that share an angle give each row the "
            "same length.",
            observe=observe.row_lengths,
            needs="Each pair of columns turns at its own speed",
        ),
        Property(
            "Row 0 has 0 in the even columns and 1 in the odd ones",
            ("one position", "one position, drawn"),
            "At position 0 every angle is 0. Which of sine and cosine is 0 there, and in which columns does it belong?",
            needs="Each pair of columns turns at its own speed",
        ),
        Property(
            "Each pair of columns turns at its own speed",
            ("even width", "even width drawn"),
            "Write down the angles of position 1 for d_model = 6: 1, 10000^(-2/6) and 10000^(-4/6).",
            weight=3,
        ),
        Property(
            "The base sets how far the speeds spread",
            ("another base", "another base drawn", "base below one"),
            "The slowest angle grows by base^(-(d_model - 2) / d_model) a position: another base, another encoding.",
        ),
        Property(
            "An odd width works",
            ("odd width", "odd width drawn", "one column"),
            "Five columns are three sines and two cosines, and the exponents are 0, 2/5 and 4/5.",
            weight=2,
        ),
        Property(
            "No position, no column or a base of zero is refused with a ValueError",
            ("even width", "even width drawn", "no position", "no column", "base of zero", "base below zero"),
            "Raise ValueError where seq_len or d_model is below 1 or the base is not above 0, and nowhere else.",
            observe=observe.refusal,
            needs="Each pair of columns turns at its own speed",
        ),
        Property(
            "The encoding is float32",
            ("even width", "another base"),
            "It is added to embeddings in float32: return torch.float32, which is what torch.zeros makes.",
            observe=observe.dtype,
            needs="Row 0 has 0 in the even columns and 1 in the odd ones",
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("PositionalEncoding", "SinusoidalPositionalEmbedding"),
)
