"""model_bytes: what a model takes up when its matrices have few bits."""

from typing import Any

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import production

MAIN = "Attention and feed-forward have linear_bits a parameter, the rest has other_bits"
LINEAR = 'parameter_counts["attention"] + parameter_counts["feed_forward"]'
OTHER = 'parameter_counts["embedding"] + parameter_counts["norm"]'
RESULT = "(linear * linear_bits + other * other_bits) / 8"
NEGATIVE = "min(parameter_counts.values()) < 0"
BITS = "linear_bits <= 0 or other_bits <= 0"

known = Mistakes(production.model_bytes, section="production-memory")

known.edit(
    "all_in_few_bits",
    {RESULT: "(linear + other) * linear_bits / 8"},
    "You count all parameters in linear_bits. Embedding and norms stay as they were, in other_bits: that is why a "
    "4-bit model is not four times smaller than one of 16.",
)
known.edit(
    "nothing_quantized",
    {RESULT: "(linear + other) * other_bits / 8"},
    "You count all parameters in other_bits. Attention and feed_forward have linear_bits.",
)
known.edit(
    "sixteen_for_the_rest",
    {RESULT: "(linear * linear_bits + other * (16 if other_bits > 0 else other_bits)) / 8"},
    "You count 16 bits for embedding and norms whatever other_bits says: they may be kept in 32.",
)
known.edit(
    "embedding_quantized",
    {LINEAR: f'{LINEAR} + parameter_counts["embedding"]', OTHER: 'parameter_counts["norm"]'},
    "You count the embedding, and the head with it, in linear_bits. It is kept in other_bits.",
)
known.edit(
    "norms_quantized",
    {LINEAR: f'{LINEAR} + parameter_counts["norm"]', OTHER: 'parameter_counts["embedding"]'},
    "You count the norms in linear_bits. Only attention and feed_forward are matrices of linear layers.",
)
known.edit(
    "bits_swapped",
    {RESULT: "(linear * other_bits + other * linear_bits) / 8"},
    "You have swapped the bits: linear_bits are those of attention and feed_forward.",
)
known.edit(
    "attention_not_quantized",
    {LINEAR: 'parameter_counts["feed_forward"]', OTHER: f'{OTHER} + parameter_counts["attention"]'},
    "You count attention in other_bits. Its four projections are linear layers.",
)
known.edit(
    "feed_forward_not_quantized",
    {LINEAR: 'parameter_counts["attention"]', OTHER: f'{OTHER} + parameter_counts["feed_forward"]'},
    "You count feed_forward in other_bits. Its matrices are linear layers, and most of the parameters.",
)
known.edit(
    "total_counted_too",
    {OTHER: f'{OTHER} + parameter_counts["total"]'},
    "You add the total to its parts, so that everything counts twice.",
)
known.edit(
    "total_less_linear_and_more",
    {OTHER: 'parameter_counts["total"]'},
    "You count the whole total in other_bits, and the linear layers once more. Take them away from it first.",
)
known.edit(
    "norms_forgotten",
    {OTHER: 'parameter_counts["embedding"]'},
    "You forget the norms. They are few numbers, but an exact count has them.",
)
known.edit(
    "embedding_forgotten",
    {OTHER: 'parameter_counts["norm"]'},
    "You forget the embedding. It is not quantized, and takes up memory all the same.",
)
known.edit(
    "other_forgotten",
    {RESULT: "linear * linear_bits / 8"},
    "You count the linear layers only. Embedding and norms take up memory as well.",
)
known.edit(
    "attention_forgotten",
    {LINEAR: 'parameter_counts["feed_forward"]'},
    "You forget attention.",
)
known.edit(
    "feed_forward_forgotten",
    {LINEAR: 'parameter_counts["attention"]'},
    "You forget feed_forward.",
)
known.edit("in_bits", {RESULT: "linear * linear_bits + other * other_bits"}, "Those are bits. A byte has 8 of them.")
known.edit(
    "times_eight",
    {RESULT: "(linear * linear_bits + other * other_bits) * 8"},
    "You multiply by 8. A byte has 8 bits: divide.",
)
known.edit(
    "whole_bytes",
    {RESULT: "(linear * linear_bits + other * other_bits) // 8"},
    "You cut the result to whole bytes: // divides without a remainder. Use /.",
)
known.edit(
    "whole_bytes_a_parameter",
    {RESULT: "linear * max(linear_bits // 8, 1) + other * max(other_bits // 8, 1)"},
    "You cut each parameter to whole bytes. Two of 4 bits share a byte: multiply first, then divide by 8.",
)
known.edit(
    "whole_bits",
    {RESULT: "(linear * int(linear_bits) + other * int(other_bits)) / 8"},
    "You cut the bits to whole numbers. With their share of the scales, 4-bit weights take 4.5 bits.",
)
known.edit(
    "in_gigabytes",
    {RESULT: f"{RESULT} / 1e9"},
    "Your result is in GB. Return bytes; other units are for printing.",
)
known.edit(
    "in_gibibytes",
    {RESULT: f"{RESULT} / 2**30"},
    "Your result is in GiB. Return bytes; other units are for printing.",
)
known.edit(
    "in_megabytes",
    {RESULT: f"{RESULT} / 1e6"},
    "Your result is in MB. Return bytes; other units are for printing.",
)
known.edit(
    "share_of_sixteen_bits",
    {RESULT: f"{RESULT} / ((linear + other) * 2)"},
    "You return the size as a share of that in 16 bits. The task asks for bytes.",
)
known.edit(
    "read_by_position",
    {f"linear = {LINEAR}": "embedding, attention, feed_forward, norm, _ = parameter_counts.values()\n"
                           "    linear = attention + feed_forward", f"other = {OTHER}": "other = embedding + norm"},
    "You read the counts by their order. A dict is read by names: parameter_counts['attention'].",
)  # fmt: skip
known.edit(
    "taken_out",
    {
        LINEAR: 'parameter_counts.pop("attention") + parameter_counts.pop("feed_forward")',
        OTHER: 'parameter_counts.pop("embedding") + parameter_counts.pop("norm")',
    },
    "Your function changes the dict that it was given, as pop() does, and the next call finds another one.",
)
known.edit(
    "nothing_checked",
    {NEGATIVE: "False", BITS: "False"},
    "You check nothing that comes in: raise ValueError for a negative count, and for bits that are not above 0.",
)
known.edit(
    "counts_not_checked",
    {NEGATIVE: "False"},
    "You accept negative counts of parameters. Raise ValueError.",
)
known.edit(
    "linear_counts_checked_only",
    {NEGATIVE: 'parameter_counts["attention"] < 0 or parameter_counts["feed_forward"] < 0'},
    "You look for a negative count among the linear layers only. Check embedding and norm as well.",
)
known.edit(
    "first_count_checked_only",
    {NEGATIVE: 'parameter_counts["attention"] < 0'},
    "You check the count of attention only. Raise ValueError where any of the counts is negative.",
)
known.edit(
    "bits_checked_together",
    {BITS: "linear_bits * other_bits <= 0"},
    "You multiply linear_bits and other_bits to check them, and two negative ones make a positive product. Check each "
    "by itself.",
)
known.edit(
    "other_bits_cut",
    {RESULT: "(linear * linear_bits + other * int(other_bits)) / 8"},
    "You cut other_bits to a whole number. Both may have a fraction.",
)
known.edit(
    "bits_not_checked",
    {BITS: "False"},
    "You do not check the bits: raise ValueError where linear_bits or other_bits is not above 0.",
)
known.edit(
    "negative_bits_only",
    {BITS: "linear_bits < 0 or other_bits < 0"},
    "You accept 0 bits. Nothing can be kept in them: raise ValueError.",
)
known.edit(
    "other_bits_not_checked",
    {BITS: "linear_bits <= 0"},
    "You check linear_bits only. Raise ValueError where other_bits is not above 0, too.",
)
known.edit(
    "linear_bits_not_checked",
    {BITS: "other_bits <= 0"},
    "You check other_bits only. Raise ValueError where linear_bits is not above 0, too.",
)
known.edit(
    "empty_parts_refused",
    {NEGATIVE: "min(parameter_counts.values()) <= 0"},
    "You refuse a part with no parameters. A model without norms is a model: only a negative count makes no sense.",
)
known.edit(
    "one_bit_refused",
    {BITS: "linear_bits < 1 or other_bits < 1"},
    "You refuse less than 1 bit. Bits are an average, and anything above 0 makes sense.",
)
known.edit(
    "whole_bytes_up",
    {RESULT: "float(-(-(linear * linear_bits + other * other_bits) // 8))"},
    "You round up to whole bytes. Leave the fraction in: the sum is an average over many weights.",
)
known.edit(
    "head_counted_again",
    {RESULT: '(linear * linear_bits + (other + parameter_counts["embedding"]) * other_bits) / 8'},
    "You count the embedding twice, once more for the head. The head is in the embedding's count already.",
)
known.edit(
    "more_linear_bits_refused",
    {BITS: "linear_bits <= 0 or other_bits <= 0 or linear_bits > other_bits"},
    "You refuse linear_bits above other_bits. It is unusual, and makes sense.",
)
known.asserted()


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
    mistakes=tuple(known),
)  # fmt: skip
