"""yarn_frequencies: only those pairs squeezed that need it."""

import math

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import context

known = Mistakes(context.yarn_frequencies, section="context-yarn")

FREQUENCY = "base ** (-torch.arange(0, head_dim, 2) / head_dim)"
TURNS = "original_length * frequency / (2 * math.pi)"
KEPT = "((turns - slow) / (fast - slow)).clamp(0, 1)"
RESULT = "(1 - kept) * frequency / scale + kept * frequency"

known.edit(
    "all_interpolated",
    {RESULT: "frequency / scale"},
    "You divide all frequencies by the scale: that is linear interpolation. Pairs that get round often within the "
    "trained length keep theirs.",
)
known.edit(
    "nothing_interpolated",
    {RESULT: "frequency"},
    "Your frequencies are RoPE's own: the scale changes nothing.",
)
known.edit(
    "ramp_the_wrong_way_round",
    {RESULT: "kept * frequency / scale + (1 - kept) * frequency"},
    "Your ramp is the wrong way round: you slow down the fast pairs, which know all their angles, and leave the slow "
    "ones alone.",
)
known.edit(
    "no_clamp",
    {".clamp(0, 1)": ""},
    "Your ramp goes on below 0 and above 1, so fast pairs speed up and the slowest may turn backwards. Clamp it.",
)
known.edit(
    "clamped_below_only",
    {".clamp(0, 1)": ".clamp(min=0)"},
    "Your ramp goes above 1: pairs with more than `fast` turns end up faster than RoPE's own.",
)
known.edit(
    "clamped_above_only",
    {".clamp(0, 1)": ".clamp(max=1)"},
    "Your ramp goes below 0: pairs with less than `slow` turns get slower than interpolation would make them.",
)
known.edit(
    "two_pi_missing",
    {TURNS: "original_length * frequency"},
    "Your r counts radians. A turn is 2π radians: divide.",
)
known.edit(
    "half_turns",
    {TURNS: "original_length * frequency / math.pi"},
    "You count half turns: a whole turn is 2π radians.",
)
known.edit(
    "two_pi_multiplied",
    {TURNS: "original_length * frequency * 2 * math.pi"},
    "You multiply the radians by 2π. To get turns, divide by it.",
)
known.edit(
    "whole_turns",
    {TURNS: f"({TURNS}).floor()"},
    "You count whole turns only. The mixture changes evenly with the turns, parts of them included.",
)
known.edit(
    "wavelength_for_turns",
    {TURNS: "2 * math.pi / frequency"},
    "You compare wavelengths with `slow` and `fast`. These are numbers of turns within the trained length: "
    "r = original_length · f / 2π.",
)
known.edit(
    "turns_upside_down",
    {TURNS: "2 * math.pi / (original_length * frequency)"},
    "Your r is wavelength / length. It is the other way round: how often a pair gets round within the trained length.",
)
known.edit(
    "wavelengths_the_other_way_round",
    {KEPT: "((fast - 2 * math.pi / frequency) / (fast - slow)).clamp(0, 1)"},
    "You compare wavelengths with `slow` and `fast`, the short ones kept. The thresholds are numbers of turns within "
    "the trained length: r = original_length · f / 2π.",
)
known.edit(
    "turns_in_the_new_length",
    {TURNS: "original_length * scale * frequency / (2 * math.pi)"},
    "You count the turns within the *new* length. What a pair has learned, it learned in the trained one.",
)
known.edit(
    "turns_of_the_slowed_pairs",
    {TURNS: "original_length * frequency / scale / (2 * math.pi)"},
    "You count the turns of the pairs after they were slowed down. Count them at RoPE's own frequencies.",
)
known.edit(
    "switch_for_a_ramp",
    {KEPT: "(turns > slow).float()"},
    "You switch between the two at `slow`. Between `slow` and `fast` the mixture changes evenly.",
)
known.edit(
    "switch_at_fast",
    {KEPT: "(turns >= fast).float()"},
    "You switch between the two at `fast`. Between `slow` and `fast` the mixture changes evenly.",
)
known.edit(
    "switch_in_the_middle",
    {KEPT: "(turns > (slow + fast) / 2).float()"},
    "You switch between the two halfway. Between `slow` and `fast` the mixture changes evenly.",
)
known.edit(
    "ramp_not_from_slow",
    {KEPT: "(turns / (fast - slow)).clamp(0, 1)"},
    "Your ramp begins at 0 turns: subtract `slow` above the line, too.",
)
known.edit(
    "ramp_divided_by_fast",
    {KEPT: "((turns - slow) / fast).clamp(0, 1)"},
    "Your ramp does not reach 1 at `fast`: divide by fast - slow.",
)
known.edit(
    "ramp_over_logarithms",
    {
        KEPT: "((turns.log() - math.log(max(slow, 1e-9))) / (math.log(max(fast, 1e-9)) - math.log(max(slow, 1e-9))))"
        ".clamp(0, 1)"
    },
    "Your ramp is even in the *logarithm* of the turns, as a ramp over the pair's index is (that of transformers). "
    "Here it is even in the turns themselves, as in the paper.",
)
known.edit(
    "smooth_ramp",
    {KEPT: f"{KEPT}.square() * (3 - 2 * {KEPT})"},
    "Your ramp is an S, flat at both ends. Here the mixture changes evenly from `slow` to `fast`: a straight line.",
)
known.edit(
    "ramp_squared",
    {KEPT: f"{KEPT}.square()"},
    "Your ramp is a parabola. Here the mixture changes evenly from `slow` to `fast`: a straight line.",
)
known.edit(
    "ramp_over_all_pairs",
    {KEPT: "1 - torch.arange(head_dim // 2) / max(head_dim // 2 - 1, 1)"},
    "Your ramp goes evenly from the first pair to the last. What counts is how many turns a pair makes, between `slow` "
    "and `fast`.",
)
known.edit(
    "mixed_in_logarithms",
    {RESULT: "frequency / scale ** (1 - kept)"},
    "You mix the logarithms: frequency / scale^(1 - g). The mixture is the sum (1 - g) · f / scale + g · f.",
)


def index_of(turns: float, head_dim: int, base: float, original_length: int) -> float:
    """Which pair, if there were pairs between pairs, makes so many turns."""
    return head_dim * math.log(original_length / (turns * 2 * math.pi)) / (2 * math.log(base))


@known.function(
    "These are the numbers of the library transformers, whose ramp runs over the index of the pair, between two "
    "rounded indices. Here, as in the paper, it runs over the turns r_i."
)
def ramp_of_transformers(
    head_dim: int, base: float, scale: float, original_length: int, slow: float = 1.0, fast: float = 32.0
) -> Tensor:
    context.yarn_frequencies(head_dim, base, scale, original_length, slow, fast)  # refuses what makes no sense
    plain = context.yarn_frequencies(head_dim, base, 1.0, original_length, slow, fast)
    first = max(math.floor(index_of(fast, head_dim, base, original_length)), 0)
    last = min(math.ceil(index_of(slow, head_dim, base, original_length)), head_dim - 1)
    return along_the_index(plain, scale, first, last)


@known.function(
    "Your ramp runs over the index of the pair, between the indices at which `fast` and `slow` turns are made. Here, "
    "as in the paper, it runs over the turns r_i themselves."
)
def ramp_over_the_index(
    head_dim: int, base: float, scale: float, original_length: int, slow: float = 1.0, fast: float = 32.0
) -> Tensor:
    context.yarn_frequencies(head_dim, base, scale, original_length, slow, fast)  # refuses what makes no sense
    plain = context.yarn_frequencies(head_dim, base, 1.0, original_length, slow, fast)
    first = max(index_of(fast, head_dim, base, original_length), 0)
    last = min(index_of(slow, head_dim, base, original_length), head_dim - 1)
    return along_the_index(plain, scale, first, last)


def along_the_index(plain: Tensor, scale: float, first: float, last: float) -> Tensor:
    slowed = ((torch.arange(len(plain)) - first) / ((last - first) or 0.001)).clamp(0, 1)
    return slowed * plain / scale + (1 - slowed) * plain


known.edit(
    "thresholds_of_llama_3",
    {KEPT: "((turns - 1.0) / (4.0 - 1.0)).clamp(0, 1)"},
    "You take the thresholds of Llama 3.1, 1 and 4 turns. Take `slow` and `fast`.",
)
known.edit(
    "sped_up",
    {RESULT: "(1 - kept) * frequency * scale + kept * frequency"},
    "You multiply by the scale, so the slow pairs leave the known range even sooner. Divide.",
)
known.edit(
    "slow_part_missing",
    {RESULT: "kept * frequency"},
    "You keep g of the frequency and give nothing for the rest, so slow pairs stand still. Add (1 - g) times the "
    "interpolated frequency.",
)
known.edit(
    "wavelengths_mixed",
    {RESULT: "1 / ((1 - kept) * scale / frequency + kept / frequency)"},
    "You mix wavelengths. The mixture is of the frequencies.",
)
known.edit(
    "slow_and_fast_ignored",
    {KEPT: "((turns - 1.0) / (32.0 - 1.0)).clamp(0, 1)"},
    "You take 1 and 32 whatever `slow` and `fast` are: these are only their defaults.",
)
known.edit(
    "base_scaled",
    {RESULT: "(base * scale ** (head_dim / max(head_dim - 2, 1))) ** (-torch.arange(0, head_dim, 2) / head_dim)"},
    'That is the "NTK-aware" way, with a larger base. Here each pair is treated by how often it gets round.',
)
known.edit(
    "base_ignored",
    {FREQUENCY: FREQUENCY.replace("base", "10000.0")},
    "Your result is the same for every base. 10000 is one choice of it.",
)
known.edit(
    "exponent_without_two",
    {"torch.arange(0, head_dim, 2) / head_dim": "torch.arange(head_dim // 2) / head_dim"},
    "Your exponent is i / head_dim. It is 2i / head_dim, from 0 nearly to 1.",
    "context-interpolation",
)
known.edit(
    "temperature_included",
    {RESULT: f"({RESULT}) * (0.1 * math.log(scale) + 1)"},
    "You multiply the frequencies by YaRN's temperature, 0.1 ln(scale) + 1. That factor belongs to queries and keys, "
    "not to angles.",
)
known.edit(
    "one_for_each_column",
    {RESULT: f"({RESULT}).repeat(2)"},
    "You return a frequency for each column. There is one for each *pair*: head_dim // 2 of them.",
)
known.edit(
    "single_pair_squeezed",
    {RESULT: f"({RESULT}).squeeze()"},
    "`squeeze()` takes the only dimension away where a head has one pair. The result is one row of head_dim // 2 "
    "numbers, also then.",
)
known.edit(
    "never_sped_up",
    {RESULT: "(1 - kept) * frequency / max(scale, 1.0) + kept * frequency"},
    "You leave the slow pairs alone where the scale is below 1. They are divided by it there too.",
)
known.edit(
    "scale_below_one_refused",
    {"scale <= 0": "scale < 1"},
    "You refuse a scale below 1. It only makes the positions count for more; what makes no sense is 0 or less.",
)
known.edit(
    "base_below_one_refused",
    {"base <= 0 or": "base <= 1 or"},
    "You refuse a base of 1 or less. Unusual as it is, it gives frequencies; what makes no sense is 0 or less.",
)
known.edit(
    "negative_base_taken",
    {"base <= 0 or": "base == 0 or"},
    "Your function refuses a base of 0, and takes a negative one, whose powers are NaN. Raise ValueError for both.",
)
known.edit(
    "negative_length_taken",
    {"original_length < 1": "original_length == 0"},
    "Your function refuses a trained length of 0, and takes a negative one. Raise ValueError for both.",
)
known.edit(
    "in_float64",
    {RESULT: f"({RESULT}).double()"},
    "You return float64. The task asks for float32, which is what models keep their frequencies in.",
)
known.edit(
    "odd_width_taken",
    {" or head_dim % 2": ""},
    "Your function takes an odd head_dim, which cannot be split into pairs: raise ValueError.",
)
known.edit(
    "no_columns_taken",
    {"head_dim < 2 or ": ""},
    "Your function takes a head_dim of 0, which has no pair: raise ValueError below 2.",
)
known.edit(
    "base_of_zero_taken",
    {"base <= 0 or ": ""},
    "Your function takes a base of 0 or less: raise ValueError.",
)
known.edit(
    "negative_scale_taken",
    {"scale <= 0": "scale == 0"},
    "Your function refuses a scale of 0, and takes a negative one: raise ValueError for both.",
)
known.edit(
    "numbers_not_checked",
    {"if base <= 0 or scale <= 0 or original_length < 1": "if False"},
    "Your function takes any base, scale and trained length. Refuse what is not above 0 with a ValueError.",
)
known.edit(
    "equal_thresholds_taken",
    {"if fast <= slow": "if fast < slow", KEPT: "((turns - slow) / ((fast - slow) or 1e-9)).clamp(0, 1)"},
    "Your function takes fast equal to slow, and divides by their difference: raise ValueError.",
)
known.edit(
    "slow_of_zero_refused",
    {"fast <= slow": "fast <= slow or slow <= 0"},
    "You refuse slow = 0. It makes sense: the ramp then begins at no turns at all.",
)
known.edit(
    "thresholds_not_compared",
    {"if fast <= slow": "if False", KEPT: "((turns - slow) / ((fast - slow) or 1e-9)).clamp(0, 1)"},
    "Your function takes a `fast` that is not above `slow`: the ramp would run backwards. Raise ValueError.",
)
known.edit(
    "no_length_taken",
    {" or original_length < 1": ""},
    "Your function takes a trained length of 0 or less: raise ValueError.",
)
known.edit(
    "scale_of_zero_taken",
    {" or scale <= 0": ""},
    "Your function takes a scale of 0 or less, and divides by it: raise ValueError.",
)
known.edit(
    "only_widths_refused",
    {
        "base <= 0 or scale <= 0 or original_length < 1": "False", "if fast <= slow": "if False",
        KEPT: "((turns - slow) / ((fast - slow) or 1e-9)).clamp(0, 1)",
    },
    "You refuse an odd width only. Raise ValueError also for a base or scale that is not above 0, a length below 1, "
    "and a `fast` that is not above `slow`.",
)  # fmt: skip
known.edit(
    "anything_extended",
    {
        "head_dim < 2 or head_dim % 2": "False", "base <= 0 or scale <= 0 or original_length < 1": "False",
        "if fast <= slow": "if False", KEPT: "((turns - slow) / ((fast - slow) or 1e-9)).clamp(0, 1)",
    },
    "Your function refuses nothing. Raise ValueError for an odd or empty head, a base or scale that is not above 0, a "
    "length below 1, and a `fast` that is not above `slow`.",
)  # fmt: skip


def drawn(draw: Generator) -> Arguments:
    """Pairs on either side of the ramp, and several on it."""
    return {
        "head_dim": 2 * randint(draw, 14, 20),
        "base": float(randint(draw, 3_000, 20_000)),
        "scale": 2.0 + 0.5 * randint(draw, 1, 8),
        "original_length": randint(draw, 200, 300),
        "slow": 0.5 + 0.25 * randint(draw, 0, 6),
        "fast": 9.0 + 0.5 * randint(draw, 0, 8),
    }


def drawn_default_thresholds(draw: Generator) -> Arguments:
    return {
        "head_dim": 2 * randint(draw, 20, 30),
        "base": float(randint(draw, 30_000, 60_000)),
        "scale": 2.0 + 0.5 * randint(draw, 1, 8),
        "original_length": randint(draw, 1500, 3000),
    }


def drawn_unscaled(draw: Generator) -> Arguments:
    return drawn(draw) | {"scale": 1.0}


def drawn_fast(draw: Generator) -> Arguments:
    """All pairs get round more than `fast` times."""
    return {
        "head_dim": 2 * randint(draw, 4, 7),
        "base": float(randint(draw, 30, 60)),
        "scale": 2.0 + 0.5 * randint(draw, 1, 8),
        "original_length": randint(draw, 9000, 12_000),
    }


def drawn_slow(draw: Generator) -> Arguments:
    """No pair gets round once."""
    return {
        "head_dim": 2 * randint(draw, 4, 7),
        "base": float(randint(draw, 300, 600)),
        "scale": 2.0 + 0.5 * randint(draw, 1, 8),
        "original_length": randint(draw, 3, 6),
    }


def drawn_without_slow(draw: Generator) -> Arguments:
    return drawn(draw) | {"slow": 0.0}


def drawn_refusal(draw: Generator) -> Arguments:
    wrong = ({"head_dim": 9}, {"base": -5.0}, {"scale": -2.0}, {"fast": 0.25}, {"original_length": 0})
    return drawn(draw) | wrong[randint(draw, 0, 4)]


ALL_KINDS = {"head_dim": 12, "base": 1000.0, "scale": 4.0, "original_length": 100, "slow": 1.5, "fast": 9.0}

EXERCISE = Exercise(
    reference=context.yarn_frequencies,
    points=4,
    cases=(
        Case("not scaled", given(**ALL_KINDS | {"scale": 1.0}), visible=True),
        Case("not scaled, drawn", drawn_unscaled),
        Case("only fast pairs", given(head_dim=6, base=50.0, scale=4.0, original_length=9000), visible=True),
        Case("only fast pairs, drawn", drawn_fast),
        Case("only slow pairs", given(head_dim=6, base=500.0, scale=4.0, original_length=5), visible=True),
        Case("only slow pairs, drawn", drawn_slow),
        Case("one pair", given(**ALL_KINDS | {"head_dim": 2, "original_length": 30}), visible=True),
        Case("shorter than before", given(**ALL_KINDS | {"scale": 0.5}), visible=True),
        Case("base below 1", given(**ALL_KINDS | {"base": 0.5}), visible=True),
        Case("fast, slow and between", given(**ALL_KINDS), visible=True),
        Case("fast, slow and between, drawn", drawn),
        Case(
            "default thresholds", given(head_dim=16, base=30000.0, scale=2.5, original_length=2000), visible=True
        ),
        Case("default thresholds, drawn", drawn_default_thresholds),
        Case("slow of zero", given(**ALL_KINDS | {"slow": 0.0}), visible=True),
        Case("slow of zero, drawn", drawn_without_slow),
        Case("odd width", given(**ALL_KINDS | {"head_dim": 11}), visible=True),
        Case("no columns", given(**ALL_KINDS | {"head_dim": 0}), visible=True),
        Case("base of zero", given(**ALL_KINDS | {"base": 0.0}), visible=True),
        Case("negative base", given(**ALL_KINDS | {"base": -1000.0}), visible=True),
        Case("negative trained length", given(**ALL_KINDS | {"original_length": -100}), visible=True),
        Case("scale of zero", given(**ALL_KINDS | {"scale": 0.0}), visible=True),
        Case("negative scale", given(**ALL_KINDS | {"scale": -1.0}), visible=True),
        Case("no trained length", given(**ALL_KINDS | {"original_length": 0}), visible=True),
        Case("equal thresholds", given(**ALL_KINDS | {"fast": 1.5}), visible=True),
        Case("thresholds the wrong way round", given(**ALL_KINDS | {"fast": 1.0}), visible=True),
        Case("refused, drawn", drawn_refusal),
    ),
    properties=(
        Property(
            "With scale 1 they are RoPE's own frequencies",
            ("not scaled", "not scaled, drawn"),
            "If the text gets no longer, slowed down or not is the same: base^(-2i / head_dim) in both parts.",
        ),
        Property(
            "Pairs that get round often keep their frequency",
            ("only fast pairs", "only fast pairs, drawn"),
            "All these pairs make more than `fast` turns within original_length: their share g is 1, and never more.",
            weight=2,
        ),
        Property(
            "Pairs that do not get round are interpolated",
            ("only slow pairs", "only slow pairs, drawn"),
            "None of these pairs gets round once: g is 0, and never less, so f / scale is left.",
            weight=2,
        ),
        Property(
            "Between the two, the mixture changes evenly with the turns",
            (
                "fast, slow and between", "one pair", "shorter than before", "base below 1",
                "fast, slow and between, drawn",
            ),
            "Work out one pair by hand: r = original_length · f / 2π, then g = (r - slow) / (fast - slow), then "
            "(1 - g) f / scale + g f.",
            weight=3,
        ),
        Property(
            "Without thresholds they are 1 and 32 turns",
            ("default thresholds", "default thresholds, drawn"),
            "Keep the defaults of the signature, and use the two parameters wherever the thresholds are needed.",
        ),
        Property(
            "A ramp that begins at 0 turns makes sense",
            ("slow of zero", "slow of zero, drawn"),
            "With slow = 0 a pair that gets round a little keeps a little of its frequency.",
        ),
        Property(
            "They are float32",
            ("not scaled", "fast, slow and between"),
            "Return torch.float32, torch's default for floating-point numbers.",
            observe=observe.dtype,
            needs="With scale 1 they are RoPE's own frequencies",
        ),
        Property(
            "What makes no sense is refused with a ValueError",
            (
                "not scaled", "fast, slow and between", "fast, slow and between, drawn", "odd width", "no columns",
                "base of zero", "negative base", "scale of zero", "negative scale", "no trained length",
                "negative trained length", "equal thresholds",
                "thresholds the wrong way round",
                "refused, drawn",
            ),
            "Raise ValueError where head_dim is odd or below 2, base or scale is not above 0, original_length is below "
            "1, or fast is not above slow.",
            observe=observe.refusal,
            needs="With scale 1 they are RoPE's own frequencies",
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("ROPE_INIT_FUNCTIONS", "LlamaRotaryEmbedding"),
)  # fmt: skip
