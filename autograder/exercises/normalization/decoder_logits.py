"""decoder_logits: from token ids to a score for every token."""

import functools

import torch
from torch import Generator

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.normalization.inputs import ATTENTION, FEED_FORWARD, block_weights, gain, with_small_scores
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randn
from llm_course.checking import observe
from solutions import normalization


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
    mistakes=misunderstandings(normalization.decoder_logits, __file__),
    shortcuts=("LlamaModel", "LlamaForCausalLM", "AutoModelForCausalLM"),
)
