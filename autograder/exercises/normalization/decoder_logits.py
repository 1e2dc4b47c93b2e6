"""decoder_logits: from token ids to a score for every token."""

import functools

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.normalization.inputs import ATTENTION, FEED_FORWARD, block_weights, gain, with_small_scores
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randn
from llm_course.checking import observe
from solutions import normalization

HEAD = "normalization-head"

known = Mistakes(normalization.decoder_logits, section="normalization-decoder")

LAST_NORM = 'rms_norm(x, weights["model.norm.weight"], config["eps"])'
HEAD_WEIGHT = 'weights.get("lm_head.weight", table)'

known.edit(
    "no_final_norm",
    {LAST_NORM: "x"},
    "The stream reaches the head as it is. Pre-norm blocks never norm the stream, so one last norm, model.norm, "
    "stands before the head.",
)
known.edit(
    "norm_at_the_entrance",
    {LAST_NORM: "x", "x = table[ids]": f"x = table[ids]\n    x = {LAST_NORM}"},
    "Your model.norm stands before the first layer. Its place is after the last, before the head.",
)
known.edit(
    "final_norm_without_weight",
    {'weights["model.norm.weight"]': 'torch.ones_like(weights["model.norm.weight"])'},
    "Your last norm has no weight: it is model.norm.weight.",
)
known.edit(
    "final_norm_with_default_eps",
    {LAST_NORM: 'rms_norm(x, weights["model.norm.weight"])'},
    "Your last norm uses its default eps. It is config['eps'], as in the blocks.",
)
known.edit(
    "final_layer_norm",
    {"rms_norm(x": "rms_norm(x - x.mean(dim=-1, keepdim=True)"},
    "Your last norm takes the mean away. It is an RMSNorm, as in the blocks.",
)
known.edit(
    "norm_after_every_layer",
    {"    x = rms_norm(x": "        x = rms_norm(x"},
    "You apply the last norm after every layer. It stands once, after the last one; the blocks have norms of their "
    "own.",
)
known.edit(
    "head_always_asked_for",
    {HEAD_WEIGHT: 'weights["lm_head.weight"]'},
    "Your function needs an lm_head.weight. A tied model stores none: its head is the embedding table.",
    HEAD,
)
known.edit(
    "head_always_tied",
    {HEAD_WEIGHT: "table"},
    "You use the embedding table as the head though the weights have an lm_head.weight of their own.",
    HEAD,
)
known.edit(
    "head_not_transposed",
    {f"{HEAD_WEIGHT}.T": HEAD_WEIGHT},
    "You multiply by the head as it is. It is laid out [vocab, d_model], with a row for each token: `rows @ head.T`, "
    "or `functional.linear(rows, head)`, which transposes by itself.",
    HEAD,
)
known.edit(
    "hidden_rows_returned",
    {f" @ {HEAD_WEIGHT}.T": ""},
    "You return rows of width d_model. The head is missing: a score for each token of the vocabulary.",
    HEAD,
)
known.edit(
    "probabilities",
    {f"x @ {HEAD_WEIGHT}.T": f"torch.softmax(x @ {HEAD_WEIGHT}.T, dim=-1)"},
    "You return probabilities. Logits are the scores before softmax.",
    HEAD,
)
known.edit(
    "log_probabilities",
    {f"x @ {HEAD_WEIGHT}.T": f"torch.log_softmax(x @ {HEAD_WEIGHT}.T, dim=-1)"},
    "You return log-probabilities. Logits are the scores before softmax.",
    HEAD,
)
known.edit(
    "last_position_only",
    {"return x": "return x[:, -1]"},
    "You return the logits of the last position only. All positions are asked for: training needs them.",
)
known.edit(
    "last_position_kept",
    {"return x": "return x[:, -1:]"},
    "You return one position of each text, the last. That is enough to write, but every position is asked for.",
)
known.edit(
    "last_position_dropped",
    {"return x": "return x[:, :-1]"},
    "You leave out the last position. Whoever computes a loss drops it, since its target is not known; the decoder "
    "scores all positions.",
)
known.edit(
    "embeddings_scaled",
    {"table[ids]": "table[ids] * table.shape[-1] ** 0.5"},
    "You multiply the embeddings by √d_model. Some models do; Llama does not.",
)
known.edit(
    "positions_added",
    {
        "x = table[ids]": (
            "x = table[ids]\n    frequency = 10000.0 ** (-torch.arange(0, x.shape[2], 2) / x.shape[2])\n    angle = "
            "torch.arange(x.shape[1])[:, None] * frequency\n    x = x + torch.stack([angle.sin(), angle.cos()], "
            "dim=-1).flatten(-2)"
        )
    },
    "You add sinusoids to the embeddings. This model's positions are rotary, inside the blocks.",
)
known.edit(
    "one_layer_only", {'range(config["n_layers"])': "range(1)"}, "Your stream goes through layer 0 and no further."
)
known.edit(
    "last_layer_left_out",
    {'range(config["n_layers"])': 'range(config["n_layers"] - 1)'},
    "Your stream never goes through the last layer: layers are numbered from 0 to n_layers - 1.",
)
known.edit(
    "first_layer_every_time",
    {"{layer}": "0"},
    "Every pass uses the weights of layer 0. Each layer has its own: put its number into the prefix.",
)
known.edit(
    "layers_backwards",
    {'range(config["n_layers"])': 'reversed(range(config["n_layers"]))'},
    "You run the layers from the last to the first.",
)
known.edit(
    "layers_side_by_side",
    {"x = table[ids]": "x = embedded = table[ids]", "transformer_block(x": "x - embedded + transformer_block(embedded"},
    "Every layer reads the embeddings. Each is to read the stream that the one before has left.",
)
known.edit(
    "stream_added_twice",
    {"transformer_block(x": "x + transformer_block(x"},
    "You add what a block returns to the stream. The block has done that itself: x = block(x).",
)
known.edit(
    "prefix_without_its_dot",
    {"{layer}.": "{layer}", "name.removeprefix(prefix)": 'name.split(".", 3)[3]'},
    "With eleven layers, `model.layers.1` is also the beginning of `model.layers.10.`: let the prefix end with its "
    "dot.",
)
known.edit(
    "base_not_handed_on",
    {'config["rope_base"]': "10000.0"},
    "Your blocks turn with the base 10000. It is config['rope_base'].",
)
known.edit(
    "eps_of_the_default",
    {
        'config["rope_base"], config["eps"]': 'config["rope_base"], 1e-6',
        LAST_NORM: 'rms_norm(x, weights["model.norm.weight"])',
    },
    "Your norms use their default eps. It is config['eps'], in the blocks and in the last norm.",
)
known.edit(
    "as_many_key_heads",
    {'config["n_kv_heads"]': 'config["n_heads"]'},
    "Your function raises where there are fewer key and value heads than query heads: hand config['n_kv_heads'] on to "
    "the block.",
)
known.edit(
    "detached",
    {f"x @ {HEAD_WEIGHT}.T": f"(x @ {HEAD_WEIGHT}.T).detach()"},
    "No gradient flows through your logits, so the model could not learn. "
    "They must keep their history: no detach, no no_grad, no way through NumPy or plain numbers.",
)
known.edit(
    "weights_used_up",
    {'weights["model.norm.weight"]': 'weights.pop("model.norm.weight")'},
    "Your function takes weights out of the dict that it is given, and the next call has them no more.",
)
known.edit(
    "logits_in_float32",
    {f"x @ {HEAD_WEIGHT}.T": f"(x @ {HEAD_WEIGHT}.T).float()"},
    "Your logits are float32 whatever the weights are: the dtype of the weights is kept.",
)
known.edit(
    "id_left_to_the_library",
    {"if ids.numel() and not 0 <= ids.min() <= ids.max() < table.shape[0]": "if False"},
    "You leave it to the library to refuse an id: too large an id gives an IndexError that does not say which ids "
    "there are, and -1 is taken for the last row. Test the ids, and raise ValueError.",
)
known.edit(
    "head_taken_out",
    {'weights.get("lm_head.weight", table)': 'weights.pop("lm_head.weight", table)'},
    "You take lm_head.weight out of the dict that you were given: pop changes it, and the next call finds a tied head. "
    "Use get.",
)
known.edit(
    "negative_id_accepted",
    {"not 0 <= ids.min() <= ids.max() < table.shape[0]": "ids.max() >= table.shape[0]"},
    "You refuse ids that are too large, but take -1 for the last row. Test the lower end too.",
)


def decoder_arguments(
    draw: Generator,
    *,
    batch: int,
    time: int,
    n_layers: int,
    tied: bool = True,
    n_heads: int = 2,
    n_kv_heads: int = 1,
    head_dim: int = 4,
    silent: tuple[str, ...] = (),
    vocab: int = 11,
) -> Arguments:
    """A decoder with random weights; in all its layers the projections named in `silent` are zero."""
    d_model = n_heads * head_dim
    weights = {"model.embed_tokens.weight": randn(draw, vocab, d_model)}
    for layer in range(n_layers):
        block = block_weights(draw, n_heads, n_kv_heads, head_dim, d_model, silent)
        weights |= {f"model.layers.{layer}.{name}": weight for name, weight in block.items()}
    weights["model.norm.weight"] = gain(draw, d_model)
    if not tied:
        weights["lm_head.weight"] = randn(draw, vocab, d_model)
    config = {
        "vocab_size": vocab,
        "d_model": d_model,
        "n_layers": n_layers,
        "n_heads": n_heads,
        "n_kv_heads": n_kv_heads,
        "rope_base": 20.0,
        "eps": 0.5,
    }
    return {"ids": torch.randint(0, vocab, (batch, time), generator=draw), "weights": weights, "config": config}


def silent_layers(draw: Generator) -> Arguments:
    return decoder_arguments(draw, batch=2, time=3, n_layers=2, silent=(ATTENTION, FEED_FORWARD))


def silent_layers_drawn(draw: Generator) -> Arguments:
    return decoder_arguments(draw, batch=1, time=6, n_layers=3, n_heads=3, silent=(ATTENTION, FEED_FORWARD))


def as_many_tokens_as_columns(draw: Generator) -> Arguments:
    """A table that can be multiplied with either way round, and a key head for each query head."""
    silent = (ATTENTION, FEED_FORWARD)
    return decoder_arguments(
        draw, batch=2, time=4, n_layers=1, n_heads=3, n_kv_heads=3, head_dim=2, silent=silent, vocab=6
    )


def one_layer(draw: Generator) -> Arguments:
    return decoder_arguments(draw, batch=2, time=4, n_layers=1)


def two_layers(draw: Generator) -> Arguments:
    return decoder_arguments(draw, batch=2, time=3, n_layers=2)


def three_layers(draw: Generator) -> Arguments:
    return decoder_arguments(draw, batch=3, time=5, n_layers=3, n_heads=4, n_kv_heads=2)


def eleven_layers(draw: Generator) -> Arguments:
    return decoder_arguments(draw, batch=1, time=3, n_layers=11, n_heads=2, head_dim=2)


def own_head(draw: Generator) -> Arguments:
    return decoder_arguments(draw, batch=2, time=3, n_layers=1, tied=False, silent=(ATTENTION, FEED_FORWARD))


def own_head_drawn(draw: Generator) -> Arguments:
    return decoder_arguments(draw, batch=1, time=4, n_layers=2, tied=False)


def one_token(draw: Generator) -> Arguments:
    return decoder_arguments(draw, batch=1, time=1, n_layers=1, head_dim=2)


def with_other_id(draw: Generator, position: int | None) -> Arguments:
    arguments = decoder_arguments(draw, batch=2, time=4, n_layers=1, head_dim=2)
    if position is not None:
        arguments["ids"][:, position] = (arguments["ids"][:, position] + 3) % 11
    return arguments


def id_too_large(draw: Generator) -> Arguments:
    return {**one_token(draw), "ids": torch.tensor([[3, 11]])}


def id_below_zero(draw: Generator) -> Arguments:
    return {**one_token(draw), "ids": torch.tensor([[-1, 4]])}


def decoder_in_bfloat16(draw: Generator) -> Arguments:
    arguments = one_layer(draw)
    return {**arguments, "weights": {name: weight.bfloat16() for name, weight in arguments["weights"].items()}}


def small_decoder(draw: Generator) -> Arguments:
    arguments = decoder_arguments(draw, batch=2, time=3, n_layers=1, head_dim=2)
    return {**arguments, "weights": with_small_scores(arguments["weights"])}


EXERCISE = Exercise(
    reference=normalization.decoder_logits,
    points=6,
    cases=(
        Case("layers that add nothing", silent_layers, visible=True),
        Case("layers that add nothing, drawn", silent_layers_drawn),
        Case("as many tokens as columns", as_many_tokens_as_columns, visible=True),
        Case("one layer", one_layer, visible=True),
        Case("one token", one_token, visible=True),
        Case("two layers", two_layers, visible=True),
        Case("three layers", three_layers),
        Case("eleven layers", eleven_layers, visible=True),
        Case("a head of its own", own_head, visible=True),
        Case("a head of its own, drawn", own_head_drawn),
        Case("original", functools.partial(with_other_id, position=None), visible=True),
        Case(
            "last id changed",
            functools.partial(with_other_id, position=-1),
            visible=True,
            drawn_as="original",
        ),
        Case(
            "first id changed",
            functools.partial(with_other_id, position=0),
            visible=True,
            drawn_as="original",
        ),
        Case("id too large", id_too_large, visible=True),
        Case("id below zero", id_below_zero, visible=True),
        Case("bfloat16", decoder_in_bfloat16, visible=True),
        Case("gradients", small_decoder, visible=True, gradients=("weights",)),
    ),
    properties=(
        Property(
            "Embedding, last norm and tied head are right",
            ("layers that add nothing", "layers that add nothing, drawn", "as many tokens as columns"),
            "The layers of this case add nothing to the stream: what is left is the rows of the table, rms_norm with "
            "model.norm.weight, and the scores of all tokens, rows @ table.T.",
            weight=2,
        ),
        Property(
            "One layer does its work between them",
            ("one layer", "one token"),
            "Hand your block the layer's nine weights, under the names without `model.layers.0.`, and what it needs "
            "from the configuration.",
            weight=2,
        ),
        Property(
            "Several layers follow each other, each with its own weights",
            ("two layers", "three layers", "eleven layers"),
            "Layer 0 first. Each takes the stream that the one before has left, and the weights with its own number.",
            weight=2,
        ),
        Property(
            "A head of its own is used where there is one",
            ("a head of its own", "a head of its own, drawn"),
            "If the weights have an lm_head.weight, it is the head; the embedding table is the head only without it.",
        ),
        Property(
            "The logits of a position depend on its own and earlier ids, and on no later one",
            ("original", "last id changed", "first id changed"),
            "Change the last id: no earlier logits may move. Change the first: the last logits must.",
            observe=observe.causal_only,
            joint=True,
            needs="Embedding, last norm and tied head are right",
        ),
        Property(
            "An id without a row is refused with a ValueError",
            ("one token", "id too large", "id below zero"),
            "Ids run from 0 to vocab - 1: test both ends before you look up, and raise ValueError.",
            observe=observe.refusal,
            needs="Embedding, last norm and tied head are right",
        ),
        Property(
            "The dtype of the weights is kept and the arguments are left unchanged",
            ("bfloat16", "a head of its own"),
            "Weights in bfloat16 must give logits in bfloat16, and neither ids nor weights may differ after the call.",
            observe=observe.dtype_and_changed,
            needs="Embedding, last norm and tied head are right",
        ),
        Property(
            "Gradients reach all weights",
            ("gradients",),
            "The whole model learns through this function: every weight must have its gradient.",
            observe=observe.gradients,
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("LlamaModel", "LlamaForCausalLM", "AutoModelForCausalLM"),
)
