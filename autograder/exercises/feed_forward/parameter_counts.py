"""parameter_counts: the parameters of a Llama-shaped decoder, part by part."""

import functools
from collections.abc import Callable
from typing import Any

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint
from llm_course.checking import observe
from solutions import feed_forward as networks

SHARING = "feed-forward-counting-heads"

known = Mistakes(networks.parameter_counts, section="feed-forward-counting")

NAMES = ("vocab_size", "d_model", "n_layers", "n_heads", "n_kv_heads", "d_ff", "tied")
READ = "d_model, n_layers, n_heads, n_kv_heads = "
CHECK = "d_model % n_heads or n_heads % n_kv_heads"
D_KV = "n_kv_heads * (d_model // n_heads)"
TABLES = '(1 if config["tied"] else 2)'
PROJECTIONS = "(2 * d_model * d_model + 2 * d_model * d_kv)"
MATRICES = '3 * d_model * config["d_ff"]'
NORMS = "(2 * n_layers + 1) * d_model"
SUM = "sum(counts.values())"
RESULT = f'{{**counts, "total": {SUM}}}'

BY_POSITION = {READ: f"config = dict(zip({NAMES}, config.values()))\n    {READ}"}
ATTENTION_BIASES = {PROJECTIONS: f"({PROJECTIONS} + 2 * d_model + 2 * d_kv)"}
FEED_FORWARD_BIASES = {MATRICES: f'({MATRICES} + 2 * config["d_ff"] + d_model)'}

known.edit(
    "tied_head_counted_twice",
    {TABLES: "2"},
    "You count the head even where it is tied. A tied head is the embedding table: the same numbers, stored once.",
)
known.edit(
    "head_never_counted",
    {TABLES: "1"},
    "You leave out the head where it has weights of its own: a second matrix of vocab_size × d_model.",
)
known.edit(
    "tied_inverted",
    {TABLES: '(2 if config["tied"] else 1)'},
    "You count the head where it is tied, and leave it out where it is not.",
)
known.edit(
    "head_in_the_total_only",
    {TABLES: "1", SUM: f'{SUM} + (0 if config["tied"] else counts["embedding"])'},
    "Your total has the head, and your embedding has not: where the head has its own weights, count both there.",
)
known.edit(
    "tied_head_in_the_total_again",
    {SUM: f'{SUM} + (counts["embedding"] if config["tied"] else 0)'},
    "Your total counts a tied head once more than your embedding does. A tied head is the embedding table: the same "
    "numbers, stored once.",
)
known.edit(
    "head_not_in_the_total",
    {SUM: f'{SUM} - (0 if config["tied"] else counts["embedding"] // 2)'},
    "Your embedding has the head that has weights of its own, and your total has not. Add the four entries up as they "
    "are.",
)
known.edit(
    "embedding_in_every_layer",
    {TABLES: f"{TABLES} * n_layers"},
    "You count the embedding once for each layer. It stands before the first, once.",
)
known.edit(
    "full_width_keys_and_values",
    {D_KV: "d_model"},
    "Your keys and values are as wide as the queries. They have n_kv_heads heads only.",
    SHARING,
)
known.edit(
    "all_projections_narrow",
    {PROJECTIONS: "4 * d_model * d_kv"},
    "You give all four projections the width of the shared heads. Queries and output keep n_heads.",
    SHARING,
)
known.edit(
    "narrow_queries",
    {PROJECTIONS: "(d_model * d_model + 3 * d_model * d_kv)"},
    "One projection too many is narrow. Only keys and values are; queries and output keep all heads.",
    SHARING,
)
known.edit(
    "keys_or_values_only",
    {PROJECTIONS: "(2 * d_model * d_model + d_model * d_kv)"},
    "You count keys and values once. They are two matrices.",
)
known.edit(
    "narrow_keys_only",
    {PROJECTIONS: "(3 * d_model * d_model + d_model * d_kv)"},
    "Your keys are shared, and your values are not. Both have n_kv_heads heads.",
    SHARING,
)
known.edit(
    "output_projection_left_out",
    {PROJECTIONS: "(d_model * d_model + 2 * d_model * d_kv)"},
    "You count three projections. The fourth, of the output, is d_model × d_model.",
)
known.edit(
    "number_of_heads_for_width",
    {D_KV: "n_kv_heads"},
    "You take the number of key heads for the width of a key. Each head has d_model / n_heads numbers.",
    SHARING,
)
known.edit(
    "one_key_head",
    {D_KV: "d_model // n_heads"},
    "You count the keys and values of one head. There are n_kv_heads of them.",
    SHARING,
)
known.edit(
    "group_for_heads",
    {D_KV: "(n_heads // n_kv_heads) * (d_model // n_heads)"},
    "Your keys have d_model / n_kv_heads columns. It is n_kv_heads heads of d_model / n_heads each. (n_heads / "
    "n_kv_heads is how many query heads share one.)",
    SHARING,
)
known.edit(
    "every_head_full",
    {PROJECTIONS: "d_model * d_model * (2 * n_heads + 2 * n_kv_heads)"},
    "You give every head a projection of d_model × d_model. A head has d_model / n_heads rows; all together make one "
    "matrix.",
)
known.edit("attention_biases", ATTENTION_BIASES, "You count biases in attention. A Llama-shaped model has none.")
known.edit(
    "feed_forward_biases",
    FEED_FORWARD_BIASES,
    "You count biases in the feed-forward networks. A Llama-shaped model has none.",
)
known.edit(
    "all_biases",
    {**ATTENTION_BIASES, **FEED_FORWARD_BIASES},
    "You count biases in attention and in the feed-forward networks. A Llama-shaped model has none.",
)
known.edit(
    "two_matrices",
    {MATRICES: '2 * d_model * config["d_ff"]'},
    "Your feed-forward network has two matrices, as one with GELU. SwiGLU has three: gate, up and down.",
    "feed-forward-gated",
)
known.edit(
    "one_matrix",
    {MATRICES: 'd_model * config["d_ff"]'},
    "Your feed-forward network has one matrix. SwiGLU has three: gate, up and down.",
    "feed-forward-gated",
)
known.edit(
    "square_feed_forward",
    {MATRICES: '3 * config["d_ff"] * config["d_ff"]'},
    "Your feed-forward matrices are d_ff × d_ff. They lead from d_model to d_ff, and back.",
)
known.edit(
    "one_norm_a_layer",
    {NORMS: "(n_layers + 1) * d_model"},
    "You count one norm in each layer. There are two: before attention, and before the feed-forward network.",
)
known.edit("last_norm_forgotten", {NORMS: "2 * n_layers * d_model"}, "You forget the norm after the last layer.")
known.edit(
    "three_norms_a_layer",
    {NORMS: "3 * n_layers * d_model"},
    "You count three norms in each layer. The last one stands once, after all layers.",
)
known.edit(
    "norms_with_biases",
    {NORMS: f"2 * {NORMS}"},
    "Your norms have a gain and a bias, as LayerNorm has. RMSNorm has a gain only.",
)
known.edit(
    "norms_of_one_number",
    {NORMS: "2 * n_layers + 1"},
    "You count one number for each norm. A norm has a gain for each of the d_model columns.",
)
known.edit("norms_left_out", {NORMS: "0"}, "You count no norms. They are few numbers, but an exact count has them.")
known.edit(
    "one_layer",
    {f"if {CHECK}": f"n_layers = 1\n    if {CHECK}"},
    "You count one layer. Attention, feed-forward networks and norms are there in each of the n_layers.",
)
known.edit(
    "attention_of_one_layer",
    {f"n_layers * {PROJECTIONS}": PROJECTIONS},
    "Your attention is that of one layer: multiply by n_layers.",
)
known.edit(
    "feed_forward_of_one_layer",
    {f"n_layers * {MATRICES}": MATRICES},
    "Your feed-forward network is that of one layer: multiply by n_layers.",
)
known.edit(
    "layers_shown_one_by_one",
    {
        f"return {RESULT}": (
            f"total = {SUM}\n"
            '    one_layer = {name: counts[name] // n_layers for name in ("attention", "feed_forward")}\n'
            '    return {**counts, **one_layer, "total": total}'
        )
    },
    "Your total is right, but attention and feed_forward are those of one layer. Asked for is the whole model.",
)
known.edit("total_without_norms", {SUM: f'{SUM} - counts["norm"]'}, "Your total leaves the norms out.")
known.edit(
    "total_without_embedding",
    {SUM: f'{SUM} - counts["embedding"]'},
    "Your total leaves the embedding out. Some papers count so, and say it; here everything counts.",
)
known.edit(
    "layers_counted_twice",
    {SUM: f'counts["embedding"] + n_layers * ({SUM} - counts["embedding"])'},
    "Your parts are those of all layers already, and your total multiplies them by n_layers once more.",
)
known.edit(
    "floats",
    {RESULT: f"{{name: float(count) for name, count in {RESULT}.items()}}"},
    "Your counts are floats. dict[str, int] are whole numbers: divide with //, and test the remainder with %.",
)
known.edit(
    "tied_taken_out",
    {TABLES: '(1 if config.pop("tied") else 2)'},
    "Your function takes an entry out of the dict that it is given, and the next call has it no more.",
)
known.edit(
    "read_by_position",
    {**BY_POSITION, CHECK: "False"},
    "You read the entries by their order, and the heads are not tested. Read them by their names.",
)
known.edit(
    "checked_by_position", BY_POSITION, "You read the entries by their order. A dict is read by names: config['d_ff']."
)
known.edit(
    "heads_not_checked",
    {CHECK: "False"},
    "You do not test the heads: n_heads must divide d_model, and n_kv_heads must divide n_heads.",
)
known.edit("width_not_checked", {CHECK: "n_heads % n_kv_heads"}, "You do not test that n_heads divides d_model.")
known.edit(
    "groups_not_checked", {CHECK: "d_model % n_heads"}, "You do not test that n_kv_heads divides n_heads.", SHARING
)


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


def config_for(**wanted: Any) -> Callable[[Generator], Arguments]:
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


def published(config: dict[str, Any]) -> Callable[[Generator], Arguments]:
    return lambda draw: {"config": dict(config)}


def entry(name: str) -> Callable[..., Any]:
    return functools.partial(observe.entry, name=name)


TOTAL = "The total is the sum of the four"
THREE_MATRICES = "The feed-forward networks have three matrices a layer"

EXERCISE = Exercise(
    reference=networks.parameter_counts,
    points=4,
    cases=(
        Case("tied", config_for(tied=True), visible=True),
        Case("tied, drawn", config_for(tied=True)),
        Case("a head of its own", config_for(tied=False), visible=True),
        Case("a head of its own, drawn", config_for(tied=False)),
        Case("shared keys and values", config_for(tied=True, shared=2), visible=True),
        Case("shared keys and values, drawn", config_for(tied=False, shared=4)),
        Case("one key head for all", config_for(tied=True, shared=6, n_kv_heads=1), visible=True),
        Case("Llama-2-7B", published(LLAMA_2_7B), visible=True),
        Case("Llama-3.2-1B", published(LLAMA_3_2_1B), visible=True),
        Case("large", large, visible=True),
        Case("in another order", in_another_order, visible=True),
        Case("with more entries", with_more_entries, visible=True),
        Case("width that the heads do not divide", uneven_width, visible=True),
        Case("heads that cannot share evenly", uneven_groups, visible=True),
    ),
    properties=(
        Property(
            "The embedding table counts once",
            ("tied", "tied, drawn", "Llama-3.2-1B"),
            "The table has vocab_size rows of d_model numbers, whatever the number of layers. A tied head is this "
            "table.",
            observe=entry("embedding"),
        ),
        Property(
            "A head of its own is counted with the embedding",
            ("a head of its own", "a head of its own, drawn", "Llama-2-7B", "large"),
            "Where tied is False, the head is a second matrix of the same shape.",
            observe=entry("embedding"),
        ),
        Property(
            "Attention has four projections a layer",
            ("tied", "a head of its own", "Llama-2-7B"),
            "As many key heads as query heads: queries, keys, values and output are d_model × d_model each, in every "
            "layer, without biases.",
            observe=entry("attention"),
        ),
        Property(
            "Shared keys and values are narrower",
            (
                "shared keys and values",
                "shared keys and values, drawn",
                "one key head for all",
                "Llama-3.2-1B",
                "large",
                "with more entries",
            ),
            "A head has d_model / n_heads numbers. Keys and values have n_kv_heads such heads; queries and output have "
            "all.",
            observe=entry("attention"),
            weight=2,
        ),
        Property(
            THREE_MATRICES,
            ("tied", "a head of its own, drawn", "Llama-3.2-1B"),
            "SwiGLU: gate and up are d_ff × d_model, down is d_model × d_ff, without biases, in every layer.",
            observe=entry("feed_forward"),
            weight=2,
        ),
        Property(
            "Norms have one number a column: two a layer, and one at the end",
            ("tied", "a head of its own, drawn", "Llama-3.2-1B"),
            "RMSNorm has a gain and no bias. One stands before attention, one before the feed-forward network, one "
            "before the head.",
            observe=entry("norm"),
        ),
        Property(
            TOTAL,
            ("tied", "a head of its own", "shared keys and values"),
            "Add the four entries up, each once.",
            observe=observe.total_beyond_parts,
            needs="The embedding table counts once",
        ),
        Property(
            "Entries are read by their names, and others ignored",
            ("in another order", "with more entries"),
            "config['d_ff'] finds the entry wherever it stands. A configuration may hold more than you need.",
            observe=entry("feed_forward"),
            needs=THREE_MATRICES,
        ),
        Property(
            "Heads that do not fit are refused with a ValueError",
            ("tied", "width that the heads do not divide", "heads that cannot share evenly"),
            "n_heads must divide d_model, and n_kv_heads must divide n_heads: look at the remainders, %.",
            observe=observe.refusal,
            needs=TOTAL,
        ),
        Property(
            "The configuration is left unchanged",
            ("tied", "shared keys and values, drawn"),
            "Read the entries with config['tied']; pop takes them out.",
            observe=observe.changed,
            needs=TOTAL,
        ),
    ),
    mistakes=tuple(known),
)
