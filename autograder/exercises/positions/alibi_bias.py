"""alibi_bias: scores lowered by distance."""

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import positions as reference

ALIBI = "positions-alibi"

known = Mistakes(reference.alibi_bias, section="positions-slopes")

ALL_SLOPES = "torch.cat([slopes_of(closest), slopes_of(2 * closest)[0::2]])[:n_heads]"

known.edit(
    "rising",
    {"return slopes": "return -slopes"},
    "Your bias has the wrong sign: it raises the scores of distant keys. It has to lower them.",
    ALIBI,
)
known.edit(
    "formula_for_any_number",
    {ALL_SLOPES: "slopes_of(n_heads)"},
    "You use 2^(-8h/n) for every n. Where n is no power of two, take the slopes of the largest power of two below it, "
    "and fill up with every second slope of twice as many heads.",
)
known.edit(
    "powers_of_two_only",
    {"if n_heads < 1": "if n_heads < 1 or n_heads & (n_heads - 1)"},
    "You refuse a number of heads that is no power of two: the paper's code has slopes for it as well.",
)
known.edit(
    "halved_with_each_head",
    {ALL_SLOPES: "2.0 ** -torch.arange(1, n_heads + 1)"},
    "Your slopes halve from head to head: 1/2, 1/4, 1/8. That is right for 8 heads only. The ratio is 2^(-8/n), so "
    "that the last slope is always 1/256.",
)
known.edit(
    "slopes_from_one",
    {"torch.arange(1, power_of_two + 1)": "torch.arange(power_of_two)"},
    "Your first slope is 1: you count the heads from 0 in the exponent. The first is 2^(-8/n).",
)
known.edit(
    "same_slope",
    {"[0::2]])[:n_heads]": "[0::2]])[:1].expand(n_heads)"},
    "All your heads have the same slope. They differ on purpose: steep ones look nearby, flat ones far back.",
)
known.edit(
    "slopes_reversed",
    {ALL_SLOPES: f"{ALL_SLOPES}.flip(0)"},
    "Your heads are in reverse order: head 0 has the steepest slope.",
)
known.edit(
    "finer_slopes_cut_off",
    {ALL_SLOPES: "slopes_of(closest if closest == n_heads else 2 * closest)[:n_heads]"},
    "For six heads you take the first six slopes of eight heads. Take all slopes of four heads first, then every "
    "second one of eight.",
)
known.edit(
    "extras_already_there",
    {"[0::2]": "[1::2]"},
    "The slopes you fill up with are the wrong half: 1/4 and 1/16 of eight heads are there already. Take the first, "
    "the third, and so on.",
)
known.edit(
    "extras_without_gaps",
    {"[0::2]": ""},
    "You fill up with the first slopes of twice as many heads, without leaving any out. Take every second one, from "
    "the first: the others are there already.",
)
known.edit(
    "slopes_sorted",
    {ALL_SLOPES: f"{ALL_SLOPES}.sort(descending=True).values"},
    "You sort the slopes. The paper's code appends the additional ones at the end, and trained weights depend on "
    "which head has which slope.",
)
known.edit(
    "on_both_sides",
    {"(position - position[:, None]).clamp_max(0)": "-(position - position[:, None]).abs()"},
    "Your bias is symmetric: keys ahead of the query get a bias too. Above the diagonal it is 0.",
    ALIBI,
)
known.edit(
    "future_raised",
    {".clamp_max(0)": ""},
    "Above the diagonal your i - j is negative, so keys ahead of the query get a bonus: clamp it at 0.",
    ALIBI,
)
known.edit(
    "future_masked",
    {
        "slopes[:, None, None] * steps": (
            "(slopes[:, None, None] * steps).masked_fill(position > position[:, None], -torch.inf)"
        )
    },
    "You put minus infinity above the diagonal. Hiding the future is the causal mask's task; the bias is 0 there.",
    ALIBI,
)
known.edit(
    "transposed",
    {"position - position[:, None]": "position[:, None] - position"},
    "Rows and columns have changed places: row i is the query, column j the key, and the bias lies below the diagonal.",
    ALIBI,
)
known.edit(
    "distance_from_one",
    {"position - position[:, None]": "position - position[:, None] - 1"},
    "A query's own position gets a bias: its distance is 0, not 1.",
    ALIBI,
)
known.edit(
    "in_float64",
    {"slopes[:, None, None] * steps": "slopes[:, None, None] * steps.double()"},
    "Your bias is float64, and so are the scores that it is added to. Return float32.",
    ALIBI,
)
known.edit(
    "no_heads_accepted",
    {"if n_heads < 1 or seq_len < 1": "if False", "(n_heads.bit_length() - 1)": "max(n_heads.bit_length() - 1, 0)"},
    "You accept 0 heads or 0 positions: say with a ValueError that there must be at least one.",
    ALIBI,
)


def drawn_power(draw: Generator) -> Arguments:
    return {"n_heads": 2 ** randint(draw, 4, 5), "seq_len": randint(draw, 5, 9)}


def drawn_number(draw: Generator) -> Arguments:
    return {"n_heads": (5, 7, 11, 13)[randint(draw, 0, 3)], "seq_len": randint(draw, 3, 6)}


EXERCISE = Exercise(
    reference=reference.alibi_bias,
    points=4,
    cases=(
        Case("four heads", given(n_heads=4, seq_len=3), visible=True),
        Case("sixteen heads or more", drawn_power),
        Case("two heads", lambda draw: {"n_heads": 2, "seq_len": randint(draw, 4, 12)}),
        Case("one head", lambda draw: {"n_heads": 1, "seq_len": randint(draw, 4, 12)}, visible=True),
        Case("one position", lambda draw: {"n_heads": 2 ** randint(draw, 1, 5), "seq_len": 1}, visible=True),
        Case("six heads", given(n_heads=6, seq_len=4), visible=True),
        Case("three heads", lambda draw: {"n_heads": 3, "seq_len": randint(draw, 4, 12)}),
        Case("number of heads drawn", drawn_number),
        Case("no head", given(n_heads=0, seq_len=3), visible=True),
        Case("fewer than no heads", lambda draw: {"n_heads": -randint(draw, 1, 8), "seq_len": 3}, visible=True),
        Case("no position", lambda draw: {"n_heads": randint(draw, 1, 16), "seq_len": 0}, visible=True),
        Case("fewer than no positions", lambda draw: {"n_heads": 2, "seq_len": -randint(draw, 1, 8)}, visible=True),
    ),
    properties=(
        Property(
            "Within a head, each step back from the query counts the same, and keys ahead of it count nothing",
            ("four heads", "sixteen heads or more", "six heads"),
            "Write one head's matrix on paper: row i is the query. It is 0 at j = i and to the right of it, and "
            "changes by one slope with each column to the left.",
            observe=observe.in_units_of_first_step,
        ),
        Property(
            "With a power of two of heads, slopes and sign are right",
            ("four heads", "sixteen heads or more", "two heads", "one head", "one position"),
            "For four heads the slopes are 1/4, 1/16, 1/64 and 1/256, and a key further back gets less.",
            weight=3,
        ),
        Property(
            "With any other number of heads, the slopes are the paper's",
            ("six heads", "three heads", "number of heads drawn"),
            "Six heads: the four slopes of four heads, then the first and the third of eight heads, 1/2 and 1/8.",
            weight=2,
        ),
        Property(
            "No head or no position is refused with a ValueError",
            (
                "four heads",
                "sixteen heads or more",
                "no head",
                "fewer than no heads",
                "no position",
                "fewer than no positions",
            ),
            "Raise ValueError where n_heads or seq_len is below 1, and nowhere else.",
            observe=observe.refusal,
            needs="Within a head, each step back from the query counts the same, and keys ahead of it count nothing",
        ),
        Property(
            "The bias is float32",
            ("four heads", "sixteen heads or more"),
            "It is added to scores in float32: return torch.float32, neither more nor less.",
            observe=observe.dtype,
            needs="Within a head, each step back from the query counts the same, and keys ahead of it count nothing",
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("build_alibi_tensor", "get_slopes"),
)
