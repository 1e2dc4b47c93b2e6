"""model_bytes: what a model takes up when its matrices have few bits."""

from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, given, randint
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires, shown
from solutions import production

MAIN = "Attention and feed-forward have linear_bits a parameter, the rest has other_bits"


def counts(embedding: int, attention: int, feed_forward: int, norm: int) -> dict[str, int]:
    """As chapter 6's parameter_counts returns them."""
    parts = {"embedding": embedding, "attention": attention, "feed_forward": feed_forward, "norm": norm}
    return {**parts, "total": sum(parts.values())}


SMALL = counts(4, 3, 5, 2)
LLAMA_2_7B = counts(262_144_000, 2_147_483_648, 4_328_521_728, 266_240)


def small(linear_bits: float = 4.5, other_bits: float = 16, **changed: int) -> ArgumentMaker:
    return given(parameter_counts=SMALL | changed, linear_bits=linear_bits, other_bits=other_bits)


def drawn_counts(draw: Generator) -> dict[str, int]:
    """Odd numbers of different sizes."""
    sizes = [randint(draw, 200, 300), randint(draw, 500, 700), randint(draw, 900, 1400), randint(draw, 20, 60)]
    return counts(*(2 * size + 1 for size in sizes))


def drawn(draw: Generator) -> Arguments:
    return {"parameter_counts": drawn_counts(draw), "linear_bits": 8, "other_bits": 16 * randint(draw, 1, 2)}


def drawn_fraction(draw: Generator, whole: int = 4, other_bits: int = 16) -> Arguments:
    bits = {"linear_bits": whole + randint(draw, 1, 7) / 8, "other_bits": other_bits}
    return {"parameter_counts": drawn_counts(draw), **bits}


def drawn_order(draw: Generator) -> Arguments:
    known_counts = drawn_counts(draw)
    order = ("total", "norm", "feed_forward", "attention", "embedding")
    return {"parameter_counts": {name: known_counts[name] for name in order}, "linear_bits": 4.5, "other_bits": 16}


EXERCISE = exercise(
    production.model_bytes,
    __file__,
    requires(
        MAIN,
        Case("8 bits", small(8, 32), visible=True),
        Case("drawn", drawn),
        shown("Llama-2-7B", parameter_counts=LLAMA_2_7B, linear_bits=4.127, other_bits=16),
        advice="Multiply the parameters of attention and feed_forward by linear_bits, those of embedding and norm by "
        "other_bits, add up, and divide by the 8 bits of a byte.",
        fails="Your bytes are not linear_bits for attention and feed_forward, and other_bits for the rest.",
        weight=3,
    ),
    requires(
        "Bits may be fractions",
        Case("4.5 bits", small(), visible=True),
        Case("fractions of bits, drawn", drawn_fraction),
        Case("fractions everywhere", small(4.5, 8.25), visible=True),
        Case("more for the linear layers", small(32), visible=True),
        Case("at most one bit", small(0.75, 1), visible=True),
        advice="4.5 bits a parameter are 4 for the number and its share of a scale. Multiply first, and divide by 8 at "
        "the end.",
        fails="For bits such as fractions, your bytes are not the sum of parameters times their bits, divided by 8.",
        needs=MAIN,
    ),
    requires(
        "The counts are read by their names, and may be 0",
        Case("in another order", drawn_order, visible=True),
        shown("no norms", parameter_counts=counts(4, 3, 5, 0), linear_bits=4.5, other_bits=16),
        advice="parameter_counts['attention'] finds the entry wherever it stands.",
        fails="With counts in another order, or one of 0, your bytes are not each named count times its bits, over 8.",
        needs=MAIN,
    ),
    leaves_arguments(
        ("8 bits", "drawn", "4.5 bits"),
        advice="Read the entries with parameter_counts['norm']; pop takes them out.",
        name="The counts are left unchanged",
        fails="You change the dict of counts that you were given.",
    ),
    refuses(
        ("at most one bit",),
        Case("a negative count", small(attention=-3), visible=True),
        Case("a negative embedding", small(embedding=-4), visible=True),
        Case("a negative feed_forward", small(feed_forward=-5), visible=True),
        Case("no linear bits", small(0), visible=True),
        Case("no other bits", small(other_bits=0), visible=True),
        Case("negative bits of both kinds", small(-4.5, -16), visible=True),
        Case("negative other bits, drawn", lambda draw: {**drawn(draw), "other_bits": -randint(draw, 1, 32)}),
        advice="Raise ValueError for a negative count, and for linear_bits or other_bits that is not above 0.",
    ),
    points=2,
)
