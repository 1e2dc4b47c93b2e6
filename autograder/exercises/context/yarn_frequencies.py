"""yarn_frequencies: only those pairs squeezed that need it."""

from torch import Generator

from autograder.exercises.drawing import Arguments, randint
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from llm_course.checking import observe
from solutions import context


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


def drawn_refusal(draw: Generator) -> Arguments:
    wrong = ({"head_dim": 9}, {"base": -5.0}, {"scale": -2.0}, {"fast": 0.25}, {"original_length": 0})
    return drawn(draw) | wrong[randint(draw, 0, 4)]


ALL_KINDS = {"head_dim": 12, "base": 1000.0, "scale": 4.0, "original_length": 100, "slow": 1.5, "fast": 9.0}
UNSCALED = "With scale 1 they are RoPE's own frequencies"

EXERCISE = exercise(
    context.yarn_frequencies,
    __file__,
    requires(
        UNSCALED,
        shown("not scaled", **ALL_KINDS | {"scale": 1.0}),
        Case("not scaled, drawn", lambda draw: drawn(draw) | {"scale": 1.0}),
        advice="If the text gets no longer, slowed down or not is the same: base^(-2i / head_dim) in both parts.",
        fails="You do not get RoPE's own frequencies where the scale is 1.",
    ),
    requires(
        "Pairs that get round often keep their frequency",
        shown("only fast pairs", head_dim=4, base=100.0, scale=4.0, original_length=9000),
        Case("only fast pairs, drawn", drawn_fast),
        advice="All these pairs make more than `fast` turns within original_length: their share g is 1, and never "
        "more.",
        weight=2,
        fails="Your fast pairs do not keep their frequency.",
    ),
    requires(
        "Pairs that do not get round are interpolated",
        shown("only slow pairs", head_dim=4, base=100.0, scale=4.0, original_length=5),
        shown("one trained position", head_dim=4, base=100.0, scale=2.0, original_length=1),
        Case("only slow pairs, drawn", drawn_slow),
        advice="None of these pairs gets round once: g is 0, and never less, so f / scale is left.",
        weight=2,
        fails="Your slow pairs do not get their frequency divided by the scale.",
    ),
    requires(
        "Between the two, the mixture changes evenly with the turns",
        shown("fast, slow and between", **ALL_KINDS),
        shown("one pair", **ALL_KINDS | {"head_dim": 2, "original_length": 30}),
        shown("shorter than before", **ALL_KINDS | {"scale": 0.5}),
        shown("base below 1", **ALL_KINDS | {"base": 0.5}),
        Case("fast, slow and between, drawn", drawn),
        advice="Work out one pair by hand: r = original_length · f / 2π, then g = (r - slow) / (fast - slow), then (1 "
        "- g) f / scale + g f.",
        weight=3,
        fails="With pairs between slow and fast, your frequencies are not f / scale up to slow, f from fast on, evenly "
        "mixed between.",
    ),
    requires(
        "Without thresholds they are 1 and 32 turns",
        shown("default thresholds", head_dim=16, base=30000.0, scale=2.5, original_length=2000),
        Case("default thresholds, drawn", drawn_default_thresholds),
        advice="Keep the defaults of the signature, and use the two parameters wherever the thresholds are needed.",
        fails="Where slow and fast are left out, your frequencies are not those with thresholds of 1 and 32 turns.",
    ),
    requires(
        "A ramp that begins at 0 turns makes sense",
        shown("slow of zero", **ALL_KINDS | {"slow": 0.0}),
        Case("slow of zero, drawn", lambda draw: drawn(draw) | {"slow": 0.0}),
        advice="With slow = 0 a pair that gets round a little keeps a little of its frequency.",
        fails="With slow = 0, your frequencies are not f / scale at 0 turns and f from fast on, evenly mixed between.",
    ),
    requires(
        "They are float32",
        ("not scaled", "fast, slow and between"),
        advice="Return torch.float32, torch's default for floating-point numbers.",
        observe=observe.dtype,
        needs=UNSCALED,
        fails="Your frequencies are not float32.",
    ),
    refuses(
        ("fast, slow and between", "fast, slow and between, drawn", "one trained position"),
        shown("odd width", **ALL_KINDS | {"head_dim": 11}),
        shown("no columns", **ALL_KINDS | {"head_dim": 0}),
        shown("base of zero", **ALL_KINDS | {"base": 0.0}),
        shown("negative base", **ALL_KINDS | {"base": -1000.0}),
        shown("scale of zero", **ALL_KINDS | {"scale": 0.0}),
        shown("negative scale", **ALL_KINDS | {"scale": -1.0}),
        shown("no trained length", **ALL_KINDS | {"original_length": 0}),
        shown("negative trained length", **ALL_KINDS | {"original_length": -100}),
        shown("equal thresholds", **ALL_KINDS | {"fast": 1.5}),
        shown("thresholds the wrong way round", **ALL_KINDS | {"fast": 1.0}),
        Case("refused, drawn", drawn_refusal),
        advice="Raise ValueError where head_dim is odd or below 2, base or scale is not above 0, original_length is "
        "below 1, or fast is not above slow.",
        fails="You accept invalid arguments, refuse valid ones, or raise something other than ValueError.",
    ),
    points=4,
    shortcuts=("ROPE_INIT_FUNCTIONS", "LlamaRotaryEmbedding"),
)
