"""model_bytes: what a model takes up when its matrices have few bits."""

from typing import Any

from torch import Generator

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import production

MAIN = "Attention and feed-forward have linear_bits a parameter, the rest has other_bits"


def counts(embedding: int, attention: int, feed_forward: int, norm: int) -> dict[str, int]:
    """As chapter 6's parameter_counts returns them."""
    parts = {"embedding": embedding, "attention": attention, "feed_forward": feed_forward, "norm": norm}
    return {**parts, "total": sum(parts.values())}


def drawn_counts(draw: Generator) -> dict[str, int]:
    """Odd numbers of different sizes."""
    sizes = [randint(draw, 200, 300), randint(draw, 500, 700), randint(draw, 900, 1400), randint(draw, 20, 60)]
    return counts(*(2 * size + 1 for size in sizes))


def drawn(draw: Generator) -> Arguments:
    return {"parameter_counts": drawn_counts(draw), "linear_bits": 8, "other_bits": 16 * randint(draw, 1, 2)}


def drawn_fraction(draw: Generator) -> Arguments:
    return {"parameter_counts": drawn_counts(draw), "linear_bits": 4 + randint(draw, 1, 7) / 8, "other_bits": 16}


def drawn_unusual(draw: Generator) -> Arguments:
    """More bits for the linear layers than for the rest."""
    return {"parameter_counts": drawn_counts(draw), "linear_bits": 16 + randint(draw, 1, 7) / 8, "other_bits": 8}


def drawn_order(draw: Generator) -> Arguments:
    known_counts = drawn_counts(draw)
    order = ("total", "norm", "feed_forward", "attention", "embedding")
    return {"parameter_counts": {name: known_counts[name] for name in order}, "linear_bits": 4.5, "other_bits": 16}


def drawn_negative(draw: Generator) -> Arguments:
    names = ("embedding", "attention", "feed_forward", "norm")
    found = drawn_counts(draw)
    return {
        "parameter_counts": {**found, names[randint(draw, 0, 3)]: -randint(draw, 1, 99)},
        "linear_bits": 4,
        "other_bits": 16,
    }


def drawn_negative_bits(draw: Generator) -> Arguments:
    return {**drawn(draw), "other_bits": -randint(draw, 1, 32)}


SMALL = counts(45, 48, 75, 13)
LLAMA_2_7B = counts(262_144_000, 2_147_483_648, 4_328_521_728, 266_240)


def small(**changes: Any) -> Arguments:
    return {"parameter_counts": dict(SMALL), "linear_bits": 4.5, "other_bits": 16} | changes


EXERCISE = Exercise(
    reference=production.model_bytes,
    points=2,
    cases=(
        Case("8 bits", given(parameter_counts=SMALL, linear_bits=8, other_bits=32), visible=True),
        Case("drawn", drawn),
        Case("Llama-2-7B", given(parameter_counts=LLAMA_2_7B, linear_bits=4.127, other_bits=16), visible=True),
        Case("4.5 bits", given(**small()), visible=True),
        Case("fractions of bits, drawn", drawn_fraction),
        Case("more for the linear layers, drawn", drawn_unusual),
        Case("1.58 bits", given(**small(linear_bits=1.58)), visible=True),
        Case("fractions everywhere", given(**small(other_bits=8.25)), visible=True),
        Case("more for the linear layers", given(**small(linear_bits=32)), visible=True),
        Case("less than a bit", given(**small(linear_bits=0.75)), visible=True),
        Case("in another order", drawn_order, visible=True),
        Case("no norms", given(**small(parameter_counts=counts(45, 48, 75, 0))), visible=True),
        Case("a negative count", given(**small(parameter_counts=SMALL | {"attention": -48})), visible=True),
        Case("a negative embedding", given(**small(parameter_counts=SMALL | {"embedding": -45})), visible=True),
        Case("a negative feed_forward", given(**small(parameter_counts=SMALL | {"feed_forward": -75})), visible=True),
        Case("a negative count, drawn", drawn_negative),
        Case("no linear bits", given(**small(linear_bits=0)), visible=True),
        Case("no other bits", given(**small(other_bits=0)), visible=True),
        Case("negative linear bits", given(**small(linear_bits=-4.5)), visible=True),
        Case("negative bits of both kinds", given(**small(linear_bits=-4.5, other_bits=-16)), visible=True),
        Case("negative other bits, drawn", drawn_negative_bits),
    ),
    properties=(
        Property(
            MAIN,
            ("8 bits", "drawn", "Llama-2-7B"),
            "Multiply the parameters of attention and feed_forward by linear_bits, those of embedding and norm by "
            "other_bits, add up, and divide by the 8 bits of a byte.",
            weight=3,
        ),
        Property(
            "Bits may be fractions",
            (
                "4.5 bits", "fractions of bits, drawn", "more for the linear layers, drawn", "1.58 bits",
                "fractions everywhere", "more for the linear layers", "less than a bit",
            ),
            "4.5 bits a parameter are 4 for the number and its share of a scale. Multiply first, and divide by 8 at "
            "the end.",
            needs=MAIN,
        ),
        Property(
            "The counts are read by their names, and may be 0",
            ("in another order", "no norms"),
            "parameter_counts['attention'] finds the entry wherever it stands.",
            needs=MAIN,
        ),
        Property(
            "The counts are left unchanged",
            ("8 bits", "drawn", "4.5 bits"),
            "Read the entries with parameter_counts['norm']; pop takes them out.",
            observe=observe.changed,
            needs=MAIN,
        ),
        Property(
            "What makes no sense is refused with a ValueError",
            (
                "8 bits", "drawn", "less than a bit", "a negative count", "a negative embedding",
                "a negative feed_forward", "a negative count, drawn", "no linear bits", "no other bits",
                "negative linear bits", "negative bits of both kinds", "negative other bits, drawn",
            ),
            "Raise ValueError for a negative count, and for linear_bits or other_bits that is not above 0.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=misunderstandings(production.model_bytes, __file__),
)  # fmt: skip
