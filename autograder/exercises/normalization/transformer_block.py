"""transformer_block: attention and feed-forward, each behind a norm and added to what came in."""

import functools
from typing import Any

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, each_tensor, randn
from autograder.exercises.normalization.inputs import ATTENTION, FEED_FORWARD, block_weights, with_small_scores
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires
from llm_course.checking import observe
from solutions import normalization


def block_arguments(
    draw: Generator,
    *,
    time: int,
    batch: int = 2,
    n_heads: int = 2,
    n_kv_heads: int | None = None,
    head_dim: int = 4,
    d_model: int | None = None,
    silent: tuple[str, ...] = (),
) -> Arguments:
    """A block with random weights; the projections named in `silent` are zero."""
    n_kv_heads, d_model = n_kv_heads or n_heads, d_model or n_heads * head_dim
    x = (randn(draw, batch, d_model, time) + 0.5).transpose(1, 2)  # not contiguous
    weights = block_weights(draw, n_heads, n_kv_heads, head_dim, d_model, silent)
    return {
        "x": x,
        "weights": weights,
        "n_heads": n_heads,
        "n_kv_heads": n_kv_heads,
        "rope_base": 20.0,
        "eps": 0.5,
    }


def block(**sizes: Any) -> ArgumentMaker:
    return functools.partial(block_arguments, **sizes)


def attention_only(**sizes: Any) -> ArgumentMaker:
    return block(silent=(FEED_FORWARD,), **sizes)


both_halves = block(time=3)
four_share_two = attention_only(time=4, n_heads=4, n_kv_heads=2, head_dim=2)


def single_token(draw: Generator) -> Arguments:
    """Rows so small that one small eps is told from another, and a single head."""
    arguments = attention_only(time=1, n_heads=1, head_dim=8)(draw)
    return {**arguments, "x": arguments["x"] / 256}


def with_other_token(draw: Generator, position: int | None) -> Arguments:
    arguments = both_halves(torch.Generator().manual_seed(5))
    if position is not None:
        arguments["x"][:, position] = randn(draw, 2, 8)
    return arguments


def small_block(draw: Generator) -> Arguments:
    arguments = block_arguments(draw, batch=1, time=3, n_kv_heads=1, head_dim=2)
    return {**arguments, "weights": with_small_scores(arguments["weights"])}


EXERCISE = exercise(
    normalization.transformer_block,
    __file__,
    requires(
        "The feed-forward half adds its SwiGLU of the normed rows",
        Case("feed-forward only", block(time=3, silent=(ATTENTION,)), visible=True),
        Case("feed-forward only, drawn", block(batch=1, time=5, head_dim=6, silent=(ATTENTION,))),
        advice="o_proj is zero in these cases, so attention adds nothing, and what is left is x + "
        "down(silu(gate(rows)) · up(rows)) with rows = rms_norm(x, post_attention_layernorm).",
        weight=2,
        fails="With o_proj zero, your result is not x + SwiGLU(rms_norm(x)), with post_attention_layernorm.",
    ),
    requires(
        "Attention at a single token adds its value, projected",
        Case("a single token", single_token, visible=True),
        advice="One token can only attend to itself, and position 0 rotates nothing: what attention adds is "
        "o_proj(v_proj(rows)), with rows = rms_norm(x, input_layernorm).",
        fails="At a single token, with down_proj zero, your result is not x + o_proj(v_proj(rms_norm(x))).",
    ),
    requires(
        "Attention is causal, scaled, and rotates queries and keys by their positions",
        Case("attention only", attention_only(time=5), visible=True),
        Case("attention only, drawn", attention_only(batch=3, time=7, n_heads=3)),
        advice="down_proj is zero in these cases. If a single token is right, what is left to look at: the split into "
        "heads, the rotation of queries and keys, the scale, the mask, the way back.",
        weight=3,
        fails="With down_proj zero, your result is not x plus causal, scaled attention of rotated queries and keys.",
    ),
    requires(
        "Neighboring query heads share a key and value head",
        Case("four heads share two", four_share_two, visible=True),
        Case("all heads share one", attention_only(time=6, n_heads=3, n_kv_heads=1)),
        advice="Query head h is served by key and value head h // (n_heads // n_kv_heads).",
        weight=2,
        fails="With shared heads, your result is not that of query head h with key head h // (n_heads // n_kv_heads).",
    ),
    requires(
        "The heads together need not be as wide as the model",
        # n_heads divides the rows of q_proj and not d_model.
        Case("wide heads", attention_only(time=4, n_heads=4, d_model=10), visible=True),
        advice="The width of a head is the rows of q_proj divided by n_heads, whatever d_model is.",
        fails="With heads wider than d_model together, your result is not that of heads as wide as (rows of q_proj) / "
        "n_heads.",
    ),
    requires(
        "An output depends on its own and earlier tokens, and on no later one",
        Case("original", functools.partial(with_other_token, position=None), visible=True),
        Case("last token changed", functools.partial(with_other_token, position=-1), visible=True),
        Case("first token changed", functools.partial(with_other_token, position=0), visible=True),
        advice="Change the last token: no earlier output may move. Change the first: the last output must.",
        observe=observe.causal_only,
        joint=True,
        needs="Attention at a single token adds its value, projected",
        fails="An output depends on later tokens, or does not depend on its own and earlier ones.",
    ),
    requires(
        "The feed-forward half reads the stream after attention has added to it",
        Case("both halves", both_halves, visible=True),
        Case("both halves, drawn", block(batch=1, time=6, n_heads=3)),
        advice="Each half alone may be right. Together: x = x + attention(norm(x)), and then, from this new x, x + "
        "feed_forward(norm(x)), each with its own norm.",
        weight=2,
        fails="With both halves at work, your result is not h + SwiGLU(norm(h)), where h = x + attention(norm(x)).",
    ),
    requires(
        "A block whose halves add nothing returns its input",
        Case("both projections zero", block(time=3, silent=(ATTENTION, FEED_FORWARD)), visible=True),
        advice="With o_proj and down_proj zero both halves give zero, and zero is added: the block returns x.",
        needs="The feed-forward half adds its SwiGLU of the normed rows",
        fails="With o_proj and down_proj zero, your block does not return x.",
    ),
    refuses(
        ("both halves",),
        Case(
            "heads that do not divide the rows",
            lambda draw: {**both_halves(draw), "n_heads": 3, "n_kv_heads": 3},
            visible=True,
        ),
        Case(
            "groups that do not divide the heads", lambda draw: {**four_share_two(draw), "n_kv_heads": 3}, visible=True
        ),
        advice="Raise ValueError where n_heads does not divide the rows of q_proj, or n_kv_heads does not divide "
        "n_heads.",
        name="Heads that do not divide evenly raise ValueError",
        fails="You accept heads that do not divide evenly, or raise something other than ValueError.",
    ),
    keeps_dtype(
        ("both halves",),
        Case("bfloat16", each_tensor(Tensor.bfloat16, both_halves), visible=True),
        advice="Inputs in bfloat16 must give bfloat16, and neither x nor the weights may differ after the call.",
        fails="Your result has another dtype than x, or you change x or the weights.",
    ),
    passes_gradients(
        "Gradients reach x and all nine weights",
        Case("gradients", small_block, visible=True, gradients=("x", "weights")),
        advice="Each weight must have its gradient: none of them may be cut off or left out.",
        fails="The gradient with respect to x or one of the nine weights is missing, or is not the result's "
        "derivative.",
    ),
    points=8,
    shortcuts=("LlamaDecoderLayer", "LlamaModel", "LlamaForCausalLM"),
)
