"""decoder_logits: from token ids to a score for every token."""

import functools
from typing import Any

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, each_tensor, randn
from autograder.exercises.normalization.inputs import ATTENTION, FEED_FORWARD, block_weights, gain, with_small_scores
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires
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


def decoder(**sizes: Any) -> ArgumentMaker:
    return functools.partial(decoder_arguments, **sizes)


SILENT = (ATTENTION, FEED_FORWARD)
one_layer = decoder(batch=2, time=4, n_layers=1)
one_token = decoder(batch=1, time=1, n_layers=1, head_dim=2)


def with_other_id(draw: Generator, position: int | None) -> Arguments:
    arguments = decoder_arguments(draw, batch=2, time=4, n_layers=1, head_dim=2)
    if position is not None:
        arguments["ids"][:, position] = (arguments["ids"][:, position] + 3) % 11
    return arguments


def small_decoder(draw: Generator) -> Arguments:
    arguments = decoder_arguments(draw, batch=2, time=3, n_layers=1, head_dim=2)
    return {**arguments, "weights": with_small_scores(arguments["weights"])}


EXERCISE = exercise(
    normalization.decoder_logits,
    __file__,
    requires(
        "Embedding, last norm and tied head are right",
        Case("layers that add nothing", decoder(batch=2, time=3, n_layers=2, silent=SILENT), visible=True),
        Case("layers that add nothing, drawn", decoder(batch=1, time=6, n_layers=3, n_heads=3, silent=SILENT)),
        # A table that can be multiplied with either way round, and a key head for each query head.
        Case(
            "as many tokens as columns",
            decoder(batch=2, time=4, n_layers=1, n_heads=3, n_kv_heads=3, head_dim=2, silent=SILENT, vocab=6),
            visible=True,
        ),
        advice="The layers of this case add nothing to the stream: what is left is the rows of the table, rms_norm "
        "with model.norm.weight, and the scores of all tokens, rows @ table.T.",
        weight=2,
        fails="With layers that add nothing, your logits are not rms_norm(rows of the ids) times the tied head.",
    ),
    requires(
        "One layer between embedding and last norm is right",
        Case("one layer", one_layer, visible=True),
        Case("one token", one_token, visible=True),
        advice="Hand your block the layer's nine weights, under the names without `model.layers.0.`, and what it needs "
        "from the configuration.",
        weight=2,
        fails="With one layer, your logits are not those of embedding, block, last norm and head, in this order.",
    ),
    requires(
        "Several layers follow each other, each with its own weights",
        Case("two layers", decoder(batch=2, time=3, n_layers=2), visible=True),
        Case("three layers", decoder(batch=3, time=5, n_layers=3, n_heads=4, n_kv_heads=2)),
        Case("eleven layers", decoder(batch=1, time=3, n_layers=11, head_dim=2), visible=True),
        advice="Layer 0 first. Each layer takes the stream that the one before has returned, and the weights with its "
        "own number.",
        weight=2,
        fails="With several layers, your logits are not those of blocks 0, 1, 2, ... in order, each with its own "
        "weights.",
    ),
    requires(
        "A head of its own is used where there is one",
        Case("a head of its own", decoder(batch=2, time=3, n_layers=1, tied=False, silent=SILENT), visible=True),
        Case("a head of its own, drawn", decoder(batch=1, time=4, n_layers=2, tied=False)),
        advice="If the weights have an lm_head.weight, it is the head; the embedding table is the head only without "
        "it.",
        fails="With an lm_head.weight, your logits are not the products of the last norm's rows with its rows.",
    ),
    requires(
        "The logits of a position depend on its own and earlier ids, and on no later one",
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
        advice="Change the last id: no earlier logits may move. Change the first: the last logits must.",
        observe=observe.causal_only,
        joint=True,
        needs="Embedding, last norm and tied head are right",
        fails="The logits of a position depend on later ids, or not on its own and earlier ones.",
    ),
    refuses(
        ("one token",),
        Case("id too large", lambda draw: {**one_token(draw), "ids": torch.tensor([[3, 11]])}, visible=True),
        Case("id below zero", lambda draw: {**one_token(draw), "ids": torch.tensor([[-1, 4]])}, visible=True),
        advice="Ids run from 0 to vocab - 1: test both ends before you look up, and raise ValueError.",
        name="An id without a row raises ValueError",
        fails="You accept an id that has no row, or raise something other than ValueError.",
    ),
    keeps_dtype(
        Case("bfloat16", each_tensor(Tensor.bfloat16, one_layer), visible=True),
        ("a head of its own",),
        advice="Weights in bfloat16 must give logits in bfloat16, and neither ids nor weights may differ after the "
        "call.",
        name="The dtype of the weights is kept and the arguments are left unchanged",
        fails="Your logits have another dtype than the weights, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach all weights",
        Case("gradients", small_decoder, visible=True, gradients=("weights",)),
        advice="The whole model learns through this function: every weight must have its gradient.",
        fails="The gradient of your logits with respect to some weight is missing, or is not their derivative.",
    ),
    points=6,
    shortcuts=("LlamaModel", "LlamaForCausalLM", "AutoModelForCausalLM"),
)
