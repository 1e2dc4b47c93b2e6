"""multi_head_attention: several heads, keys and values shared or not."""

import functools
import math

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randn
from llm_course.checking import observe
from solutions import attention

PROJECTIONS = "attention-projections"
SHARING = "attention-sharing"

known = Mistakes(attention.multi_head_attention, section="attention-heads")

REPEATED = ".repeat_interleave(n_heads // n_kv_heads, dim=1)"
SPLIT = "projected.unflatten(-1, (heads, -1)).transpose(1, 2)"
JOINED = "output.transpose(1, 2).flatten(2)"

known.edit(
    "viewed_without_transpose",
    {SPLIT: "projected.reshape(x.shape[0], heads, x.shape[1], -1)", JOINED: "output.reshape(*x.shape[:2], -1)"},
    "You split into heads by viewing [batch, time, width] as [batch, heads, time, head_dim]. That mixes positions and "
    "heads: view as [batch, time, heads, head_dim] first, then transpose time and heads.",
)
known.edit(
    "viewed_and_transposed_back",
    {SPLIT: "projected.reshape(x.shape[0], heads, x.shape[1], -1)"},
    "You split into heads with a view as [batch, heads, time, head_dim], which only reads the numbers on in memory "
    "order and mixes positions and heads. View as [batch, time, heads, head_dim], then transpose.",
)
known.edit(
    "heads_interleaved",
    {
        SPLIT: "projected.unflatten(-1, (-1, heads)).permute(0, 3, 1, 2)",
        JOINED: "output.permute(0, 2, 3, 1).flatten(2)",
    },
    "You deal the columns out to the heads in turn: view as [..., heads, head_dim], not [..., head_dim, heads], since "
    "the columns of one head lie side by side.",
)
known.edit(
    "across_heads",
    {
        "output, _ =": "query, key, value = (part.transpose(1, 2) for part in (query, key, value))\n    output, _ =",
        ", causal_mask(x.shape[1], x.shape[1])": "",
        JOINED: "output.flatten(2)",
    },
    "Your heads attend to each other at one position, and no position to another: transpose time and heads, so that "
    "the last two axes are [time, head_dim].",
)
known.edit(
    "projections_not_transposed",
    {"w_q.T": "w_q", "w_k.T": "w_k", "w_v.T": "w_v"},
    "You multiply by w_q, w_k and w_v themselves: weights are laid out [out, in] as in nn.Linear, so a projection is "
    "x @ w.T.",
    PROJECTIONS,
)
known.edit(
    "shared_heads_not_repeated",
    {f"w_k.T, n_kv_heads){REPEATED}": "w_k.T, n_kv_heads)", f"w_v.T, n_kv_heads){REPEATED}": "w_v.T, n_kv_heads)"},
    "Your function raises where there are fewer key and value heads than query heads, but more than one. Give each to "
    "its whole group before attention: repeat_interleave along the axis of heads.",
    SHARING,
)
known.edit(
    "shared_heads_ignored",
    {"def split_heads": "n_kv_heads = n_heads\n\n    def split_heads"},
    "Your function raises wherever n_kv_heads is below n_heads. w_k and w_v have n_kv_heads * head_dim rows then: "
    "split their projections into n_kv_heads heads, and repeat those for the query heads.",
    SHARING,
)
known.edit(
    "head_width_from_model",
    {"(heads, -1)": "(heads, x.shape[-1] // n_heads)"},
    "Your function raises where the heads together are not as wide as the model. Their width is the rows of w_q "
    "divided by n_heads, which need not be d_model / n_heads; w_o leads back to d_model.",
)
known.edit(
    "merged_without_transpose",
    {JOINED: "output.reshape(*x.shape[:2], -1)"},
    "You merge the heads without transposing back: [batch, heads, time, head_dim] has to become [batch, time, heads, "
    "head_dim] before the last two dimensions are joined.",
)
known.edit(
    "tiled",
    {
        f"w_k.T, n_kv_heads){REPEATED}": "w_k.T, n_kv_heads).repeat(1, n_heads // n_kv_heads, 1, 1)",
        f"w_v.T, n_kv_heads){REPEATED}": "w_v.T, n_kv_heads).repeat(1, n_heads // n_kv_heads, 1, 1)",
    },
    "You repeat the key and value heads as 0 1 0 1; neighboring query heads share one, so 0 0 1 1: repeat_interleave, "
    "not repeat.",
    SHARING,
)
known.edit(
    "no_output_projection",
    {" @ w_o.T": ""},
    "The heads are joined but never mixed: the result still has to go through w_o.",
)
known.edit(
    "input_added",
    {" @ w_o.T": " @ w_o.T + x"},
    "You add x to the result. That is the residual connection, which stands around attention, not in it.",
)
known.edit(
    "no_mask",
    {", causal_mask(x.shape[1], x.shape[1])": ""},
    "Your attention looks into the future: multi-head attention is causal here, so give it the causal mask.",
    "attention-masks",
)
known.edit(
    "strict_mask",
    {"causal_mask(x.shape[1], x.shape[1])": "causal_mask(x.shape[1], x.shape[1]).tril(-1)"},
    "Your queries do not see themselves: the diagonal of the mask belongs to what they may see, and the first token "
    "has nothing else.",
    "attention-masks",
)
known.edit(
    "mask_in_float32",
    {
        "output, _ = scaled_dot_product_attention(query, key, value, causal_mask(x.shape[1], x.shape[1]))": (
            "scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])\n"
            "    future = torch.full(scores.shape[-2:], -torch.inf).triu(1)\n"
            "    output = torch.softmax(scores + future, dim=-1) @ value"
        )
    },
    "You add a mask of float32 numbers, so that scores in half precision become float32 and no longer go with the "
    "values. Use a boolean mask and `masked_fill`, or make the mask in the dtype of x.",
    "attention-masks",
)
known.edit(
    "heads_not_scaled",
    {"scaled_dot_product_attention(query,": "scaled_dot_product_attention(query * query.shape[-1] ** 0.5,"},
    "Your scores are not divided by √head_dim. If you use your own scaled_dot_product_attention, look there.",
    "attention-scaling",
)
known.edit(
    "scaled_by_model_width",
    {
        "scaled_dot_product_attention(query,": (
            "scaled_dot_product_attention(query * (query.shape[-1] / x.shape[-1]) ** 0.5,"
        )
    },
    "You divide by √d_model. Inside a head queries and keys are head_dim wide, so √head_dim is the scale.",
    "attention-scaling",
)
known.edit(
    "output_projection_transposed",
    {"w_o.T": "w_o"},
    "You multiply by w_o where w_oᵀ is needed: weights are laid out [out, in] as in nn.Linear, so a layer is x @ w.T.",
    PROJECTIONS,
)
known.edit(
    "one_wide_head",
    {
        SPLIT: "projected.repeat(1, 1, n_heads // heads)",
        f"w_k.T, n_kv_heads){REPEATED}": "w_k.T, n_kv_heads)",
        f"w_v.T, n_kv_heads){REPEATED}": "w_v.T, n_kv_heads)",
        JOINED: "output",
    },
    "You compute one attention over the full width. Split queries, keys and values into heads first, so that each "
    "head has weights of its own.",
)
known.edit(
    "keys_as_values",
    {"w_v.T": "w_k.T"},
    "What your heads mix are the keys, not the values: project x with w_v for the values.",
    PROJECTIONS,
)
known.edit(
    "heads_not_checked",
    {"if n_heads < 1 or w_q.shape[0] % n_heads": "if False", "if n_kv_heads < 1 or n_heads % n_kv_heads": "if False"},
    "With heads that do not fit your function ends in a RuntimeError, which is what torch raises by itself. Compare "
    "the numbers first, and raise ValueError.",
)
known.edit(
    "attended_in_float32",
    {
        "def split_heads": (
            "x, w_q, w_k, w_v, w_o = (tensor.float() for tensor in (x, w_q, w_k, w_v, w_o))\n\n    def split_heads"
        )
    },
    "Inputs in float64 come out as float32: somewhere you make a float32 tensor. `new_zeros`, `new_empty` and "
    "`to(x.dtype)` keep the dtype.",
)


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
    mistakes=tuple(known),
    shortcuts=("scaled_dot_product_attention", "multi_head_attention_forward", "MultiheadAttention"),
)
