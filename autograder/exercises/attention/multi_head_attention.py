"""multi_head_attention: several heads, keys and values shared or not."""

import functools
import math

import torch
from torch import Generator, Tensor

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randn
from llm_course.checking import observe
from solutions import attention


def layer(
    draw: Generator, *, batch: int, time: int, n_heads: int, n_kv_heads: int, head_dim: int, d_model: int | None = None
) -> Arguments:
    width = n_heads * head_dim
    d_model = width if d_model is None else d_model
    return {
        "x": randn(draw, batch, time, d_model),
        "w_q": randn(draw, width, d_model) / math.sqrt(head_dim),
        "w_k": randn(draw, n_kv_heads * head_dim, d_model) / math.sqrt(head_dim),
        "w_v": randn(draw, n_kv_heads * head_dim, d_model),
        "w_o": randn(draw, d_model, width),
        "n_heads": n_heads,
    }


def mha(draw: Generator) -> Arguments:
    return layer(draw, batch=2, time=5, n_heads=3, n_kv_heads=3, head_dim=4)


def gqa(draw: Generator) -> Arguments:
    return {**layer(draw, batch=2, time=5, n_heads=4, n_kv_heads=2, head_dim=3), "n_kv_heads": 2}


def small_gqa(draw: Generator) -> Arguments:
    return {**layer(draw, batch=2, time=3, n_heads=2, n_kv_heads=1, head_dim=3), "n_kv_heads": 1}


def gqa_wide(draw: Generator) -> Arguments:
    return {**layer(draw, batch=3, time=7, n_heads=6, n_kv_heads=3, head_dim=2), "n_kv_heads": 3}


def mqa(draw: Generator) -> Arguments:
    return {**layer(draw, batch=2, time=6, n_heads=4, n_kv_heads=1, head_dim=3), "n_kv_heads": 1}


def heads_wider_than_model(draw: Generator) -> Arguments:
    return layer(draw, batch=2, time=4, n_heads=4, n_kv_heads=4, head_dim=2, d_model=6)


def one_token(draw: Generator) -> Arguments:
    return layer(draw, batch=1, time=1, n_heads=3, n_kv_heads=3, head_dim=4)


def with_other_token(draw: Generator, position: int | None) -> Arguments:
    arguments = layer(torch.Generator().manual_seed(5), batch=2, time=4, n_heads=2, n_kv_heads=2, head_dim=3)
    if position is not None:
        arguments["x"][:, position] = randn(draw, 2, 6)
    return arguments


def uneven_heads(draw: Generator) -> Arguments:
    return {**mha(draw), "n_heads": 5}


def uneven_rows(draw: Generator) -> Arguments:
    """Three heads divide the model's width of 6, and not the 10 rows of w_q."""
    return {**layer(draw, batch=2, time=3, n_heads=2, n_kv_heads=2, head_dim=5, d_model=6), "n_heads": 3}


def not_contiguous(draw: Generator) -> Arguments:
    arguments = mha(draw)
    views = {name: item.mT.contiguous().mT for name, item in arguments.items() if isinstance(item, Tensor)}
    return {**arguments, **views}


def uneven_groups(draw: Generator) -> Arguments:
    return {**gqa(draw), "n_kv_heads": 3}


def mha_in_float64(draw: Generator) -> Arguments:
    arguments = layer(draw, batch=2, time=3, n_heads=2, n_kv_heads=2, head_dim=2)
    return {name: value.double() if isinstance(value, Tensor) else value for name, value in arguments.items()}


def mha_in_bfloat16(draw: Generator) -> Arguments:
    arguments = layer(draw, batch=2, time=3, n_heads=2, n_kv_heads=2, head_dim=2)
    return {name: value.bfloat16() if isinstance(value, Tensor) else value for name, value in arguments.items()}


EXERCISE = Exercise(
    reference=attention.multi_head_attention,
    points=6,
    cases=(
        Case("original", functools.partial(with_other_token, position=None), visible=True),
        Case("last token changed", functools.partial(with_other_token, position=-1), visible=True),
        Case("first token changed", functools.partial(with_other_token, position=0), visible=True),
        Case("three heads", mha, visible=True),
        Case("one token", one_token, visible=True),
        Case("not contiguous", not_contiguous, visible=True),
        Case("four heads share two", gqa, visible=True),
        Case("six heads share three", gqa_wide),
        Case("all heads share one", mqa, visible=True),
        Case("heads wider than the model", heads_wider_than_model, visible=True),
        Case("heads that do not divide the width", uneven_heads, visible=True),
        Case("heads that divide the model only", uneven_rows, visible=True),
        Case("groups that do not divide the heads", uneven_groups, visible=True),
        Case("float64", mha_in_float64, visible=True),
        Case("bfloat16", mha_in_bfloat16, visible=True),
        Case("gradients", small_gqa, visible=True, gradients=("x", "w_q", "w_k", "w_v", "w_o")),
    ),
    properties=(
        Property(
            "An output depends on its own and earlier tokens, and on no later one",
            ("original", "last token changed", "first token changed"),
            "Change the last token: no earlier output may move. Change the first: the last output must. If you do hand "
            "over a causal mask, positions and heads get mixed where you split or join them.",
            observe=observe.causal_only,
            joint=True,
            needs="With one key and value head for each query head, the result is right",
        ),
        Property(
            "With one key and value head for each query head, the result is right",
            ("three heads", "one token", "not contiguous"),
            "Go through it step by step: each projection, x @ w.T, as [batch, time, heads x head_dim]; split and "
            "transposed to [batch, heads, time, head_dim]; attention in each head, scaled by its own width; back "
            "again, joined, and through w_o.",
            weight=3,
        ),
        Property(
            "Neighboring query heads share a key and value head",
            ("four heads share two", "six heads share three"),
            "Query head h is served by key head h // (n_heads // n_kv_heads): with four and two, heads 0 and 1 share "
            "the first.",
            weight=3,
        ),
        Property(
            "One key and value head serves all",
            ("all heads share one",),
            "With n_kv_heads = 1 (multi-query attention) all query heads meet the same keys and values.",
        ),
        Property(
            "The heads together need not be as wide as the model",
            ("heads wider than the model",),
            "head_dim is the rows of w_q divided by n_heads, and says how wide a head is and how it is scaled: nothing "
            "says that it is d_model / n_heads.",
        ),
        Property(
            "Heads that do not fit are refused with a ValueError",
            (
                "three heads",
                "heads that do not divide the width",
                "heads that divide the model only",
                "groups that do not divide the heads",
            ),
            "Raise ValueError where n_heads does not divide the rows of w_q, or n_kv_heads does not divide n_heads.",
            observe=observe.refusal,
            needs="An output depends on its own and earlier tokens, and on no later one",
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("three heads", "float64", "bfloat16"),
            "Inputs in float64 or bfloat16 must give the same dtype, and no argument may differ after the call.",
            observe=observe.dtype_and_changed,
            needs="An output depends on its own and earlier tokens, and on no later one",
        ),
        Property(
            "Gradients reach the input and all four weights",
            ("gradients",),
            "Each of x, w_q, w_k, w_v and w_o must have its gradient: none of them may be cut off or left out.",
            observe=observe.gradients,
        ),
    ),
    mistakes=misunderstandings(attention.multi_head_attention, __file__),
    shortcuts=("scaled_dot_product_attention", "multi_head_attention_forward", "MultiheadAttention"),
)
