"""interpolated_rope_frequencies: rotary positions squeezed into the trained range."""

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import context

known = Mistakes(context.interpolated_rope_frequencies, section="context-interpolation")

RESULT = "base ** (-torch.arange(0, head_dim, 2) / head_dim) / scale"
PLAIN = RESULT.removesuffix(" / scale")

known.edit(
    "scale_ignored",
    {RESULT: PLAIN},
    "The scale changes nothing in your result. Every frequency is divided by it.",
)
known.edit(
    "never_sped_up",
    {" / scale": " / max(scale, 1.0)"},
    "You leave the frequencies alone where the scale is below 1. They are divided by it there too.",
)
known.edit(
    "sped_up",
    {" / scale": " * scale"},
    "You multiply by the scale, so a long text turns the pairs even further. Divide: position p is to be treated as "
    "p / scale.",
)
known.edit(
    "base_scaled",
    {RESULT: PLAIN.replace("base **", "(base * scale) **")},
    "You multiply the base by the scale. That slows the slow pairs most and leaves the first as it is; interpolation "
    "divides all frequencies by the scale.",
)
known.edit(
    "base_divided",
    {RESULT: PLAIN.replace("base **", "(base / scale) **")},
    "You divide the base by the scale, which makes the pairs faster. Divide the frequencies.",
)
known.edit(
    "root_of_the_scale",
    {" / scale": " / scale**0.5"},
    "You divide by the square root of the scale. Queries and keys turn by one angle each: divide by the scale.",
)
known.edit(
    "ntk_aware_base",
    {
        RESULT: RESULT.replace("base **", "(base * scale ** (head_dim / max(head_dim - 2, 1))) **").removesuffix(
            " / scale"
        )
    },
    'That is the "NTK-aware" way, with a larger base: it leaves the fastest pair alone. Linear interpolation divides '
    "every frequency by the scale.",
)
known.edit(
    "first_pair_left_alone",
    {RESULT: f"torch.cat([torch.ones(1), ({RESULT})[1:]])"},
    "Your first pair still turns by 1 radian a position. Interpolation slows down all pairs, the fastest too.",
)
known.edit(
    "slow_half_only",
    {RESULT: f"{PLAIN} / torch.where(torch.arange(head_dim // 2) < head_dim // 4, 1.0, scale)"},
    "You divide only the slower half of the frequencies. That is near to YaRN; linear interpolation divides all.",
)
known.edit(
    "scale_squared",
    {RESULT: f"{RESULT} / scale"},
    "You divide by the scale twice.",
)
known.edit(
    "base_ignored",
    {RESULT: RESULT.replace("base **", "10000.0 **")},
    "Your result is the same for every base. 10000 is one choice of it.",
)
known.edit(
    "exponent_without_two",
    {"torch.arange(0, head_dim, 2) / head_dim": "torch.arange(head_dim // 2) / head_dim"},
    "Your exponent is i / head_dim. It is 2i / head_dim, from 0 nearly to 1; yours stops at one half.",
)
known.edit(
    "exponent_doubled",
    {"torch.arange(0, head_dim, 2) / head_dim": "torch.arange(0, head_dim, 2) / (head_dim // 2)"},
    "Your exponent reaches nearly 2: you divide by the number of pairs. It is 2i / head_dim with the full width.",
)
known.edit(
    "last_is_one_over_base",
    {RESULT: "base ** -torch.linspace(0, 1, head_dim // 2) / scale"},
    "Your frequencies run down to 1 / base exactly. The exponents are 0, 2/head_dim, 4/head_dim and so on: the last "
    "one stays just below 1.",
)
known.edit(
    "exponent_divided",
    {RESULT: "base ** (-torch.arange(0, head_dim, 2) / head_dim / scale)"},
    "You divide the exponent by the scale. Divide the frequencies.",
)
known.edit(
    "frequencies_rise",
    {"(-torch.arange": "(torch.arange"},
    "Your frequencies grow from pair to pair: the exponent lacks its minus sign.",
)
known.edit(
    "slowest_first",
    {RESULT: f"({RESULT}).flip(0)"},
    "Your frequencies are in reverse order: the first pair is the fastest.",
)
known.edit(
    "wavelengths",
    {RESULT: f"2 * torch.pi / ({RESULT})"},
    "You return wavelengths, positions per turn. The task asks for frequencies, radians per position.",
)
known.edit(
    "turns",
    {RESULT: f"({RESULT}) / (2 * torch.pi)"},
    "You return turns per position. The task asks for radians, 2π times as much.",
)
known.edit(
    "one_for_each_column",
    {RESULT: f"({RESULT}).repeat(2)"},
    "You return a frequency for each column. There is one for each *pair*: head_dim // 2 of them.",
)
known.edit(
    "one_for_each_column_side_by_side",
    {RESULT: f"({RESULT}).repeat_interleave(2)"},
    "You return each frequency twice. There is one for each pair: head_dim // 2 of them.",
)
known.edit(
    "exponents_from_two",
    {"torch.arange(0, head_dim, 2)": "torch.arange(2, head_dim + 1, 2)"},
    "Your exponents begin at 2 / head_dim. The first one is 0: the first pair turns by 1 radian a position, divided by "
    "the scale.",
)
known.edit(
    "computed_in_float64",
    {"torch.arange(0, head_dim, 2)": "torch.arange(0, head_dim, 2, dtype=torch.float64)"},
    "You compute in float64 and leave it at that. Convert the result to float32, `.float()`.",
)
known.edit(
    "in_float64",
    {RESULT: f"({RESULT}).double()"},
    "You return float64. The task asks for float32, which is what models keep their frequencies in.",
)


@known.function("You return a list. The task asks for a tensor, `torch.tensor(...)`.")
def as_list(head_dim: int, base: float, scale: float) -> list[float]:
    return context.interpolated_rope_frequencies(head_dim, base, scale).tolist()


known.edit(
    "scale_below_one_refused",
    {"scale <= 0": "scale < 1"},
    "You refuse a scale below 1. It only makes the positions count for more; what makes no sense is 0 or less.",
)
known.edit(
    "odd_width_taken",
    {" or head_dim % 2": ""},
    "Your function takes an odd head_dim, which cannot be split into pairs: raise ValueError.",
)
known.edit(
    "odd_width_breaks",
    {"head_dim % 2:": "False:", RESULT: f"({RESULT}) * torch.ones(head_dim // 2)"},
    "An odd head_dim gives an error of torch's. Say it yourself, with a ValueError.",
)
known.edit(
    "empty_head_taken",
    {"head_dim < 2 or head_dim % 2": "head_dim % 2"},
    "Your function takes a head without columns: raise ValueError where head_dim is below 2.",
)
known.edit(
    "negative_head_taken",
    {"head_dim < 2": "head_dim == 0"},
    "Your function refuses a head_dim of 0, and takes a negative one. Raise ValueError below 2.",
)
known.edit(
    "negative_base_taken",
    {"base <= 0 or": "base == 0 or"},
    "Your function refuses a base of 0, and takes a negative one, whose powers are NaN. Raise ValueError for both.",
)
known.edit(
    "base_and_scale_multiplied",
    {"base <= 0 or scale <= 0": "base * scale <= 0"},
    "You look at the product of base and scale: two negative numbers make a positive one. Compare each with 0.",
)
known.edit(
    "scale_of_zero_taken",
    {" or scale <= 0": ""},
    "Your function takes a scale of 0 or less, and divides by it. A length is never 0 times another: raise ValueError.",
)
known.edit(
    "negative_scale_taken",
    {"scale <= 0": "scale == 0"},
    "Your function takes a negative scale, with which the pairs would turn backwards: raise ValueError.",
)
known.edit(
    "base_of_zero_taken",
    {"base <= 0 or ": ""},
    "Your function takes a base of 0 or less, whose powers are no frequencies: raise ValueError.",
)
known.edit(
    "base_below_one_refused",
    {"base <= 0 or": "base <= 1 or"},
    "You refuse a base of 1 or less. Unusual as it is, it gives frequencies; what makes no sense is 0 or less.",
)
known.edit(
    "only_odd_width_refused",
    {"base <= 0 or scale <= 0": "False", "head_dim < 2 or ": ""},
    "You refuse an odd head_dim only. A base or a scale that is not above 0 makes no sense either.",
)
known.edit(
    "anything_interpolated",
    {"head_dim < 2 or head_dim % 2": "False", "base <= 0 or scale <= 0": "False"},
    "Your function refuses nothing. Raise ValueError for an odd or empty head, and for a base or scale that is not "
    "above 0.",
)


def drawn(draw: Generator) -> Arguments:
    return {
        "head_dim": 2 * randint(draw, 5, 12),
        "base": float(randint(draw, 300, 90_000)),
        "scale": 1.5 + 0.25 * randint(draw, 0, 12),
    }


def drawn_unscaled(draw: Generator) -> Arguments:
    return drawn(draw) | {"scale": 1.0}


def drawn_refusal(draw: Generator) -> Arguments:
    wrong = ({"head_dim": 7}, {"base": -5.0}, {"scale": -2.0}, {"scale": 0.0})[randint(draw, 0, 3)]
    return drawn(draw) | wrong


EXERCISE = Exercise(
    reference=context.interpolated_rope_frequencies,
    points=2,
    cases=(
        Case("not scaled", given(head_dim=8, base=500.0, scale=1.0), visible=True),
        Case("not scaled, drawn", drawn_unscaled),
        Case("four times as long", given(head_dim=6, base=1000.0, scale=4.0), visible=True),
        Case("a scale with a fraction", given(head_dim=10, base=50.0, scale=2.5), visible=True),
        Case("drawn", drawn),
        Case("one pair", given(head_dim=2, base=700.0, scale=3.0), visible=True),
        Case("shorter than before", given(head_dim=6, base=1000.0, scale=0.5), visible=True),
        Case("base below 1", given(head_dim=6, base=0.5, scale=2.0), visible=True),
        Case("odd width", given(head_dim=7, base=1000.0, scale=4.0), visible=True),
        Case("no columns", given(head_dim=0, base=1000.0, scale=4.0), visible=True),
        Case("negative width", given(head_dim=-4, base=1000.0, scale=4.0), visible=True),
        Case("negative base", given(head_dim=6, base=-1000.0, scale=4.0), visible=True),
        Case("both negative", given(head_dim=6, base=-1000.0, scale=-4.0), visible=True),
        Case("base of zero", given(head_dim=6, base=0.0, scale=4.0), visible=True),
        Case("scale of zero", given(head_dim=6, base=1000.0, scale=0.0), visible=True),
        Case("negative scale", given(head_dim=6, base=1000.0, scale=-2.0), visible=True),
        Case("refused, drawn", drawn_refusal),
    ),
    properties=(
        Property(
            "With scale 1 they are RoPE's own frequencies",
            ("not scaled", "not scaled, drawn"),
            "Pair i turns by base^(-2i / head_dim): for head_dim 8 the exponents are 0, 2/8, 4/8 and 6/8.",
            weight=2,
        ),
        Property(
            "Every frequency is divided by the scale",
            (
                "four times as long", "a scale with a fraction", "drawn", "one pair", "shorter than before",
                "base below 1",
            ),
            "Position 4 of a text four times as long is to turn each pair as far as position 1 did, the fastest pair "
            "too.",
            weight=3,
        ),
        Property(
            "They are float32",
            ("not scaled", "not scaled, drawn"),
            "Return torch.float32, torch's default for floating-point numbers.",
            observe=observe.dtype,
            needs="With scale 1 they are RoPE's own frequencies",
        ),
        Property(
            "What cannot be split or divided is refused with a ValueError",
            (
                "not scaled", "four times as long", "drawn", "shorter than before", "base below 1", "odd width",
                "no columns",
                "negative width", "negative base", "both negative",
                "base of zero", "scale of zero", "negative scale", "refused, drawn",
            ),
            "Raise ValueError where head_dim is odd or below 2, and where base or scale is not above 0.",
            observe=observe.refusal,
            needs="With scale 1 they are RoPE's own frequencies",
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("ROPE_INIT_FUNCTIONS", "LlamaRotaryEmbedding"),
)  # fmt: skip
