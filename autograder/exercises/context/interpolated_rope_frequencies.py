"""interpolated_rope_frequencies: rotary positions squeezed into the trained range."""

from torch import Generator

from autograder.exercises.drawing import Arguments, randint
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from llm_course.checking import observe
from solutions import context


def drawn(draw: Generator) -> Arguments:
    return {
        "head_dim": 2 * randint(draw, 5, 12),
        "base": float(randint(draw, 300, 90_000)),
        "scale": 1.5 + 0.25 * randint(draw, 0, 12),
    }


def drawn_refusal(draw: Generator) -> Arguments:
    wrong = ({"head_dim": 7}, {"base": -5.0}, {"scale": -2.0}, {"scale": 0.0})[randint(draw, 0, 3)]
    return drawn(draw) | wrong


UNSCALED = "With scale 1 they are RoPE's own frequencies"

EXERCISE = exercise(
    context.interpolated_rope_frequencies,
    __file__,
    requires(
        UNSCALED,
        shown("not scaled", head_dim=8, base=10000.0, scale=1.0),
        Case("not scaled, drawn", lambda draw: drawn(draw) | {"scale": 1.0}),
        advice="Pair i turns by base^(-2i / head_dim): for head_dim 8 and base 10000 these are 1, 0.1, 0.01 and 0.001.",
        weight=2,
        fails="You do not get RoPE's own frequencies where the scale is 1.",
    ),
    requires(
        "Every frequency is divided by the scale",
        shown("four times as long", head_dim=6, base=1000.0, scale=4.0),
        shown("a scale with a fraction", head_dim=10, base=50.0, scale=2.5),
        Case("drawn", drawn),
        shown("one pair", head_dim=2, base=700.0, scale=3.0),
        shown("shorter than before", head_dim=6, base=1000.0, scale=0.5),
        shown("base below 1", head_dim=6, base=0.5, scale=2.0),
        advice="Position 4 of a text four times as long is to turn each pair as far as position 1 did, the fastest "
        "pair too.",
        weight=3,
        fails="Your frequencies are not those of RoPE, each divided by the scale.",
    ),
    requires(
        "They are float32",
        ("not scaled", "not scaled, drawn"),
        advice="Return torch.float32, torch's default for floating-point numbers.",
        observe=observe.dtype,
        needs=UNSCALED,
        fails="Your frequencies are not float32.",
    ),
    refuses(
        ("four times as long", "drawn", "shorter than before", "base below 1"),
        shown("odd width", head_dim=7, base=1000.0, scale=4.0),
        shown("no columns", head_dim=0, base=1000.0, scale=4.0),
        shown("negative width", head_dim=-4, base=1000.0, scale=4.0),
        shown("negative base", head_dim=6, base=-1000.0, scale=4.0),
        shown("both negative", head_dim=6, base=-1000.0, scale=-4.0),
        shown("base of zero", head_dim=6, base=0.0, scale=4.0),
        shown("scale of zero", head_dim=6, base=1000.0, scale=0.0),
        Case("refused, drawn", drawn_refusal),
        advice="Raise ValueError where head_dim is odd or below 2, and where base or scale is not above 0.",
        fails="You accept invalid arguments, refuse valid ones, or raise something other than ValueError.",
    ),
    points=2,
    shortcuts=("ROPE_INIT_FUNCTIONS", "LlamaRotaryEmbedding"),
)
