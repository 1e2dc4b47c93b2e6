"""parameter_counts: the parameters of a Llama-shaped decoder, part by part."""

import functools
from collections.abc import Callable
from typing import Any

from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, randint
from autograder.exercises.spec import Case, exercise, leaves_arguments, requires, shown
from llm_course.checking import observe
from solutions import feed_forward as networks


def drawn_config(draw: Generator, *, tied: bool, shared: int = 1, n_kv_heads: int | None = None) -> dict[str, Any]:
    """A small decoder of odd sizes, so that no two factors are equal by chance; `shared` query heads to a key head."""
    n_kv_heads = n_kv_heads or randint(draw, 2, 3) + shared  # never the number of query heads that share one
    n_heads = n_kv_heads * shared
    d_model = n_heads * randint(draw, 14, 18)
    return {
        "vocab_size": randint(draw, 1000, 1500),
        "d_model": d_model,
        "n_layers": randint(draw, 4, 9),
        "n_heads": n_heads,
        "n_kv_heads": n_kv_heads,
        "d_ff": 2 * d_model + randint(draw, 19, 41),
        "tied": tied,
    }


def config_for(**wanted: Any) -> ArgumentMaker:
    return lambda draw: {"config": drawn_config(draw, **wanted)}


def in_another_order(draw: Generator) -> Arguments:
    config = drawn_config(draw, tied=True, shared=2)
    order = ("d_ff", "n_kv_heads", "vocab_size", "d_model", "tied", "n_heads", "n_layers")
    return {"config": {name: config[name] for name in order}}


def large(draw: Generator) -> Arguments:
    """So large and odd that float32 does not hold the counts."""
    config = drawn_config(draw, tied=False, shared=2)
    n_heads = config["n_heads"]
    sizes = {"vocab_size": 100_001, "d_model": n_heads * (2 * randint(draw, 100, 150) + 1), "d_ff": 9_999}
    return {"config": {**config, **sizes}}


def with_more_entries(draw: Generator) -> Arguments:
    """A head_dim is among them, which other models have: here heads have the width d_model / n_heads."""
    return {
        "config": {
            "rope_base": 10_000.0,
            "head_dim": 7,
            **drawn_config(draw, tied=False, shared=2),
            "eps": 1e-6,
            "bias": False,
        }
    }


def uneven_width(draw: Generator) -> Arguments:
    config = drawn_config(draw, tied=True, shared=2)
    return {"config": {**config, "d_model": config["d_model"] + 1}}


def uneven_groups(draw: Generator) -> Arguments:
    return {"config": {**drawn_config(draw, tied=True), "d_model": 96, "n_heads": 8, "n_kv_heads": 3}}


SMALL = {
    "vocab_size": 100,
    "d_model": 6,
    "n_layers": 5,
    "n_heads": 3,
    "n_kv_heads": 3,
    "d_ff": 10,
    "tied": True,
}
LLAMA_2_7B = {
    "vocab_size": 32_000,
    "d_model": 4096,
    "n_layers": 32,
    "n_heads": 32,
    "n_kv_heads": 32,
    "d_ff": 11_008,
    "tied": False,
}
LLAMA_3_2_1B = {
    "vocab_size": 128_256,
    "d_model": 2048,
    "n_layers": 16,
    "n_heads": 32,
    "n_kv_heads": 8,
    "d_ff": 8192,
    "tied": True,
}


def entry(name: str) -> Callable[..., Any]:
    return functools.partial(observe.entry, name=name)


TOTAL = "The total is the sum of the four"
THREE_MATRICES = "The feed-forward networks have three matrices a layer"

EXERCISE = exercise(
    networks.parameter_counts,
    __file__,
    requires(
        "The embedding table counts once",
        shown("tied", config=SMALL),
        Case("tied, drawn", config_for(tied=True)),
        shown("Llama-3.2-1B", config=LLAMA_3_2_1B),
        advice="The table has vocab_size rows of d_model numbers, whatever the number of layers. A tied head is this "
        "table.",
        observe=entry("embedding"),
        fails="With a tied head, your count of the embedding is not vocab_size × d_model.",
    ),
    requires(
        "A head of its own is counted with the embedding",
        shown("a head of its own", config={**SMALL, "tied": False}),
        Case("a head of its own, drawn", config_for(tied=False)),
        shown("Llama-2-7B", config=LLAMA_2_7B),
        Case("large", large, visible=True),
        advice="Where tied is False, the head is a second matrix of the same shape.",
        observe=entry("embedding"),
        fails="With a head of its own, your count of the embedding is not twice vocab_size × d_model.",
    ),
    requires(
        "Attention has four projections a layer",
        ("tied", "a head of its own", "tied, drawn", "Llama-2-7B"),
        advice="As many key heads as query heads: queries, keys, values and output are d_model × d_model each, in "
        "every layer, without biases.",
        observe=entry("attention"),
        fails="With a key head for each query head, your count of attention is not n_layers × 4 × d_model × d_model.",
    ),
    requires(
        "Shared keys and values are narrower",
        shown("shared keys and values", config={**SMALL, "d_model": 24, "n_heads": 6}),
        Case("shared keys and values, drawn", config_for(tied=False, shared=4)),
        Case("one key head for all", config_for(tied=True, shared=6, n_kv_heads=1), visible=True),
        ("Llama-3.2-1B", "large"),
        Case("with more entries", with_more_entries, visible=True),
        advice="A head has d_model / n_heads numbers. Keys and values have n_kv_heads such heads; queries and output "
        "have all.",
        observe=entry("attention"),
        weight=2,
        fails="With shared keys and values, your attention is not n_layers × 2 × d_model × (d_model + n_kv_heads × "
        "head width).",
    ),
    requires(
        THREE_MATRICES,
        ("tied", "a head of its own, drawn", "Llama-3.2-1B"),
        advice="SwiGLU: gate and up are d_ff × d_model, down is d_model × d_ff, without biases, in every layer.",
        observe=entry("feed_forward"),
        weight=2,
        fails="Your count of the feed-forward networks is not n_layers × 3 × d_model × d_ff.",
    ),
    requires(
        "Norms have one number a column: two a layer, and one at the end",
        ("tied", "a head of its own, drawn", "Llama-3.2-1B"),
        advice="RMSNorm has a gain and no bias. One stands before attention, one before the feed-forward network, one "
        "before the head.",
        observe=entry("norm"),
        fails="Your count of the norms is not (2 × n_layers + 1) × d_model.",
    ),
    requires(
        TOTAL,
        ("tied", "a head of its own", "shared keys and values", "shared keys and values, drawn"),
        advice="Add the four entries up, each once.",
        observe=observe.total_beyond_parts,
        needs="The embedding table counts once",
        fails="Your total is not the sum of your four entries.",
    ),
    requires(
        "Entries are read by their names, and others ignored",
        Case("in another order", in_another_order, visible=True),
        ("with more entries",),
        advice="config['d_ff'] finds the entry wherever it stands. A configuration may hold more than you need.",
        observe=entry("feed_forward"),
        needs=THREE_MATRICES,
        fails="With the entries in another order, or with more of them, your counts change.",
    ),
    requires(
        "Heads that do not divide evenly raise ValueError",
        ("tied", "tied, drawn"),
        Case("width that the heads do not divide", uneven_width, visible=True),
        Case("heads that cannot share evenly", uneven_groups, visible=True),
        advice="n_heads must divide d_model, and n_kv_heads must divide n_heads: look at the remainders, %.",
        observe=observe.refusal,
        needs=TOTAL,
        fails="You accept heads that do not divide evenly, or raise something other than ValueError.",
    ),
    leaves_arguments(
        ("tied", "shared keys and values, drawn"),
        advice="Read the entries with config['tied']; pop takes them out.",
        name="The configuration is left unchanged",
        needs=TOTAL,
        fails="You change the configuration that you are given.",
    ),
    points=4,
)
