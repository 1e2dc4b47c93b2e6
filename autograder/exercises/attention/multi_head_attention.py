"""multi_head_attention: several heads, keys and values shared or not."""

import functools
import math

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, argument_maker, each_tensor, randn
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires
from llm_course.checking import observe
from solutions import attention


@argument_maker
def layer(
    draw: Generator,
    *,
    batch: int,
    time: int,
    n_heads: int,
    head_dim: int,
    n_kv_heads: int | None = None,
    d_model: int | None = None,
    dtype: torch.dtype = torch.float32,
) -> Arguments:
    kv_width, width = (n_kv_heads or n_heads) * head_dim, n_heads * head_dim
    d_model = d_model or width
    shared = {} if n_kv_heads is None else {"n_kv_heads": n_kv_heads}
    drawn = {
        "x": randn(draw, batch, time, d_model),
        "w_q": randn(draw, width, d_model) / math.sqrt(head_dim),
        "w_k": randn(draw, kv_width, d_model) / math.sqrt(head_dim),
        "w_v": randn(draw, kv_width, d_model),
        "w_o": randn(draw, d_model, width),
    }
    return {**{name: item.to(dtype) for name, item in drawn.items()}, "n_heads": n_heads, **shared}


whole = functools.partial(each_tensor, lambda numbers: (2 * numbers).round() + 0.0)
"""Small whole numbers, to be worked out by hand."""


def with_other_token(draw: Generator, position: int | None) -> Arguments:
    arguments = layer(batch=2, time=4, n_heads=2, head_dim=3)(torch.Generator().manual_seed(5))
    if position is not None:
        arguments["x"][:, position] = randn(draw, 2, 6)
    return arguments


def but(arguments: ArgumentMaker, **other: int) -> ArgumentMaker:
    return lambda draw: {**arguments(draw), **other}


three_heads = layer(batch=2, time=5, n_heads=3, head_dim=4)
four_share_two = layer(batch=2, time=5, n_heads=4, n_kv_heads=2, head_dim=3)
small = functools.partial(layer, batch=2, time=3, n_heads=2)


EXERCISE = exercise(
    attention.multi_head_attention,
    __file__,
    requires(
        "An output depends on its own and earlier tokens, and on no later one",
        Case("original", functools.partial(with_other_token, position=None), visible=True),
        Case("last token changed", functools.partial(with_other_token, position=-1), visible=True),
        Case("first token changed", functools.partial(with_other_token, position=0), visible=True),
        advice="Change the last token: no earlier output may move. Change the first: the last output must. If you do "
        "hand over a causal mask, positions and heads get mixed where you split or join.",
        observe=observe.causal_only,
        joint=True,
        needs="With one key and value head for each query head, the result is right",
        fails="An output depends on later tokens, or does not depend on its own and earlier ones.",
    ),
    requires(
        "With one key and value head for each query head, the result is right",
        Case("one token", whole(layer(batch=1, time=1, n_heads=2, head_dim=2)), visible=True),
        Case("one head", whole(layer(batch=1, time=2, n_heads=1, head_dim=2)), visible=True),
        Case("three heads", three_heads, visible=True),
        advice="Start with the single token: the result is w_o (w_v x), with no softmax to think of. Then go step by "
        "step: x @ w.T, split, transpose to [batch, heads, time, head_dim], attention in each head, back, join, w_o.",
        weight=3,
        fails="With n_kv_heads = n_heads, your result is not each head's causal attention, joined, times w_oᵀ.",
    ),
    requires(
        "Neighboring query heads share a key and value head",
        Case(
            "one token, four heads share two",
            whole(layer(batch=1, time=1, n_heads=4, n_kv_heads=2, head_dim=1)),
            visible=True,
        ),
        Case("four heads share two", four_share_two, visible=True),
        Case("six heads share three", layer(batch=3, time=7, n_heads=6, n_kv_heads=3, head_dim=2)),
        advice="Query head h is served by key head h // (n_heads // n_kv_heads): with four and two, heads 0 and 1 "
        "share the first.",
        weight=3,
        fails="With shared heads, your result is not that of query head h with key head h // (n_heads // n_kv_heads).",
    ),
    requires(
        "One key and value head serves all",
        Case(
            "one token, two heads share one",
            whole(layer(batch=1, time=1, n_heads=2, n_kv_heads=1, head_dim=1)),
            visible=True,
        ),
        Case("all heads share one", layer(batch=2, time=6, n_heads=4, n_kv_heads=1, head_dim=3), visible=True),
        advice="With n_kv_heads = 1 (multi-query attention) all query heads meet the same keys and values.",
        fails="With n_kv_heads = 1, your result is not that of all query heads with the same keys and values.",
    ),
    requires(
        "The heads together need not be as wide as the model",
        Case(
            "two heads wider than the model",
            whole(layer(batch=1, time=2, n_heads=2, head_dim=2, d_model=2)),
            visible=True,
        ),
        Case("heads wider than the model", layer(batch=2, time=4, n_heads=4, head_dim=2, d_model=6), visible=True),
        advice="head_dim is the rows of w_q divided by n_heads, whatever d_model is. It is the width to split by, and "
        "its root is the scale.",
        fails="Where n_heads · head_dim exceeds d_model, your result is not that of heads as wide as (rows of w_q) / "
        "n_heads.",
    ),
    refuses(
        ("three heads",),
        # Three heads divide the model's width of 6, and not the 10 rows of w_q.
        Case(
            "heads that divide the model only",
            but(layer(batch=2, time=3, n_heads=2, head_dim=5, d_model=6), n_heads=3),
            visible=True,
        ),
        Case("groups that do not divide the heads", but(four_share_two, n_kv_heads=3), visible=True),
        advice="Raise ValueError where n_heads does not divide the rows of w_q, or n_kv_heads does not divide n_heads.",
        name="Heads that do not divide evenly raise ValueError",
        fails="You accept heads that do not divide evenly, or raise something other than ValueError.",
    ),
    keeps_dtype(
        ("three heads",),
        Case("bfloat16", small(head_dim=2, dtype=torch.bfloat16), visible=True),
        advice="Inputs in float64 or bfloat16 must give the same dtype, and no argument may differ after the call.",
        fails="Your result has another dtype than x, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach the input and all four weights",
        Case("gradients", small(n_kv_heads=1, head_dim=3), visible=True, gradients=("x", "w_q", "w_k", "w_v", "w_o")),
        advice="Each of x, w_q, w_k, w_v and w_o must have its gradient: none of them may be cut off or left out.",
        fails="The gradient with respect to x, w_q, w_k, w_v or w_o is missing, or is not the result's derivative.",
    ),
    points=6,
    shortcuts=("scaled_dot_product_attention", "multi_head_attention_forward", "MultiheadAttention"),
)
