"""transformer_block: attention and feed-forward, each behind a norm and added to what came in."""

import functools

import torch
from torch import Generator

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.normalization.inputs import ATTENTION, FEED_FORWARD, block_weights, with_small_scores
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randn
from llm_course.checking import observe
from solutions import normalization

FIRST, SECOND = "input_layernorm", "post_attention_layernorm"


def block_arguments(
    draw: Generator,
    *,
    batch: int,
    time: int,
    n_heads: int,
    n_kv_heads: int,
    head_dim: int,
    d_model: int,
    silent: tuple[str, ...] = (),
) -> Arguments:
    """A block with random weights; the projections named in `silent` are zero."""
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


def feed_forward_only(draw: Generator) -> Arguments:
    return block_arguments(draw, batch=2, time=3, n_heads=2, n_kv_heads=2, head_dim=4, d_model=8, silent=(ATTENTION,))


def feed_forward_only_drawn(draw: Generator) -> Arguments:
    return block_arguments(draw, batch=1, time=5, n_heads=2, n_kv_heads=2, head_dim=6, d_model=12, silent=(ATTENTION,))


def single_token(draw: Generator) -> Arguments:
    """Rows so small that one small eps is told from another."""
    arguments = block_arguments(
        draw, batch=2, time=1, n_heads=2, n_kv_heads=2, head_dim=4, d_model=8, silent=(FEED_FORWARD,)
    )
    return {**arguments, "x": arguments["x"] / 256}


def attention_only(draw: Generator) -> Arguments:
    return block_arguments(
        draw, batch=2, time=5, n_heads=2, n_kv_heads=2, head_dim=4, d_model=8, silent=(FEED_FORWARD,)
    )


def attention_only_drawn(draw: Generator) -> Arguments:
    return block_arguments(
        draw, batch=3, time=7, n_heads=3, n_kv_heads=3, head_dim=4, d_model=12, silent=(FEED_FORWARD,)
    )


def four_heads_share_two(draw: Generator) -> Arguments:
    return block_arguments(
        draw, batch=2, time=4, n_heads=4, n_kv_heads=2, head_dim=2, d_model=8, silent=(FEED_FORWARD,)
    )


def all_heads_share_one(draw: Generator) -> Arguments:
    return block_arguments(
        draw, batch=2, time=6, n_heads=3, n_kv_heads=1, head_dim=4, d_model=12, silent=(FEED_FORWARD,)
    )


def wide_heads(draw: Generator) -> Arguments:
    return block_arguments(
        # n_heads divides the rows of q_proj and not d_model.
        draw,
        batch=2,
        time=4,
        n_heads=4,
        n_kv_heads=4,
        head_dim=4,
        d_model=10,
        silent=(FEED_FORWARD,),
    )


def both_halves(draw: Generator) -> Arguments:
    return block_arguments(draw, batch=2, time=3, n_heads=2, n_kv_heads=2, head_dim=4, d_model=8)


def both_halves_drawn(draw: Generator) -> Arguments:
    return block_arguments(draw, batch=1, time=6, n_heads=3, n_kv_heads=3, head_dim=4, d_model=12)


def silent_block(draw: Generator) -> Arguments:
    return block_arguments(
        draw, batch=2, time=3, n_heads=2, n_kv_heads=2, head_dim=4, d_model=8, silent=(ATTENTION, FEED_FORWARD)
    )


def with_other_token(draw: Generator, position: int | None) -> Arguments:
    arguments = both_halves(torch.Generator().manual_seed(5))
    if position is not None:
        arguments["x"][:, position] = randn(draw, 2, 8)
    return arguments


def uneven_heads(draw: Generator) -> Arguments:
    return {**both_halves(draw), "n_heads": 3, "n_kv_heads": 3}


def uneven_groups(draw: Generator) -> Arguments:
    return {**four_heads_share_two(draw), "n_kv_heads": 3}


def block_in_bfloat16(draw: Generator) -> Arguments:
    arguments = both_halves(draw)
    weights = {name: weight.bfloat16() for name, weight in arguments["weights"].items()}
    return {**arguments, "x": arguments["x"].bfloat16(), "weights": weights}


def small_block(draw: Generator) -> Arguments:
    arguments = block_arguments(draw, batch=1, time=3, n_heads=2, n_kv_heads=1, head_dim=2, d_model=4)
    return {**arguments, "weights": with_small_scores(arguments["weights"])}


EXERCISE = Exercise(
    reference=normalization.transformer_block,
    points=8,
    cases=(
        Case("feed-forward only", feed_forward_only, visible=True),
        Case("feed-forward only, drawn", feed_forward_only_drawn),
        Case("a single token", single_token, visible=True),
        Case("attention only", attention_only, visible=True),
        Case("attention only, drawn", attention_only_drawn),
        Case("four heads share two", four_heads_share_two, visible=True),
        Case("all heads share one", all_heads_share_one),
        Case("wide heads", wide_heads, visible=True),
        Case("both halves", both_halves, visible=True),
        Case("both halves, drawn", both_halves_drawn),
        Case("original", functools.partial(with_other_token, position=None), visible=True),
        Case("last token changed", functools.partial(with_other_token, position=-1), visible=True),
        Case("first token changed", functools.partial(with_other_token, position=0), visible=True),
        Case("both projections zero", silent_block, visible=True),
        Case("heads that do not divide the rows", uneven_heads, visible=True),
        Case("groups that do not divide the heads", uneven_groups, visible=True),
        Case("bfloat16", block_in_bfloat16, visible=True),
        Case("gradients", small_block, visible=True, gradients=("x", "weights")),
    ),
    properties=(
        Property(
            "The feed-forward half adds its SwiGLU of the normed rows",
            ("feed-forward only", "feed-forward only, drawn"),
            "o_proj is zero in these cases, so attention adds nothing, and what is left is "
            "x + down(silu(gate(rows)) · up(rows)) with rows = rms_norm(x, post_attention_layernorm).",
            weight=2,
        ),
        Property(
            "Attention at a single token adds its value, projected",
            ("a single token",),
            "One token can only attend to itself, and position 0 turns nothing: what attention adds is "
            "o_proj(v_proj(rows)), with rows = rms_norm(x, input_layernorm).",
        ),
        Property(
            "Attention is causal, scaled, and turns queries and keys by their positions",
            ("attention only", "attention only, drawn"),
            "down_proj is zero in these cases. If a single token is right, what is left to look at: the split into "
            "heads, the rotation of queries and keys, the scale, the mask, the way back.",
            weight=3,
        ),
        Property(
            "Neighboring query heads share a key and value head",
            ("four heads share two", "all heads share one"),
            "Query head h is served by key and value head h // (n_heads // n_kv_heads).",
            weight=2,
        ),
        Property(
            "The heads together need not be as wide as the model",
            ("wide heads",),
            "The width of a head is the rows of q_proj divided by n_heads, whatever d_model is.",
        ),
        Property(
            "An output depends on its own and earlier tokens, and on no later one",
            ("original", "last token changed", "first token changed"),
            "Change the last token: no earlier output may move. Change the first: the last output must.",
            observe=observe.causal_only,
            joint=True,
            needs="Attention at a single token adds its value, projected",
        ),
        Property(
            "The feed-forward half reads the stream after attention has added to it",
            ("both halves", "both halves, drawn"),
            "Each half alone may be right. Together: x = x + attention(norm(x)), and then, from this new x, "
            "x + feed_forward(norm(x)), each with its own norm.",
            weight=2,
        ),
        Property(
            "A block whose halves add nothing hands on the stream",
            ("both projections zero",),
            "With o_proj and down_proj zero both halves give zero, and zero is added: the block returns x.",
            needs="The feed-forward half adds its SwiGLU of the normed rows",
        ),
        Property(
            "Heads that do not fit are refused with a ValueError",
            ("both halves", "heads that do not divide the rows", "groups that do not divide the heads"),
            "Raise ValueError where n_heads does not divide the rows of q_proj, or n_kv_heads does not divide n_heads.",
            observe=observe.refusal,
            needs="The feed-forward half adds its SwiGLU of the normed rows",
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("both halves", "bfloat16"),
            "Inputs in bfloat16 must give bfloat16, and neither x nor the weights may differ after the call.",
            observe=observe.dtype_and_changed,
            needs="The feed-forward half adds its SwiGLU of the normed rows",
        ),
        Property(
            "Gradients reach x and all nine weights",
            ("gradients",),
            "Each weight must have its gradient: none of them may be cut off or left out.",
            observe=observe.gradients,
        ),
    ),
    mistakes=misunderstandings(normalization.transformer_block, __file__),
    shortcuts=("LlamaDecoderLayer", "LlamaModel", "LlamaForCausalLM"),
)
