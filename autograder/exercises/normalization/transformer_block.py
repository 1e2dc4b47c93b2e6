"""transformer_block: attention and feed-forward, each behind a norm and added to what came in."""

import functools

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.normalization.inputs import ATTENTION, FEED_FORWARD, block_weights, with_small_scores
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randn
from llm_course.checking import observe
from solutions import normalization

PLACEMENT = "normalization-placement"
STREAM = "normalization-stream"

known = Mistakes(normalization.transformer_block, section="normalization-block")

FIRST, SECOND = "input_layernorm", "post_attention_layernorm"
JOINED = "heads.transpose(1, 2).flatten(2)"
ATTENDED = f'project({JOINED}, "self_attn.o_proj")'
FED = 'project(hidden, "mlp.down_proj")'
GATED = 'functional.silu(project(rows, "mlp.gate_proj")) * project(rows, "mlp.up_proj")'
PAIRS = "torch.arange(0, head_dim, 2, device=x.device) / head_dim"
PAIRS_OF_ALL_COLUMNS = "torch.arange(0, heads.shape[-1], 2, device=x.device) / heads.shape[-1]"


def norm(rows: str, name: str) -> str:
    return f'rms_norm({rows}, weights["{name}.weight"], eps)'


known.edit(
    "post_norm",
    {
        norm("x", FIRST): "x",
        f"x + {ATTENDED}": norm(f"x + {ATTENDED}", FIRST),
        norm("x", SECOND): "x",
        f"x + {FED}": norm(f"x + {FED}", SECOND),
    },
    "You norm the sum after each half, as the first transformers did. Here each half reads normed rows, and the "
    "stream itself is never normed.",
    PLACEMENT,
)
known.edit(
    "norm_after_each_half",
    {
        norm("x", FIRST): "x",
        ATTENDED: norm(ATTENDED, FIRST),
        norm("x", SECOND): "x",
        FED: norm(FED, SECOND),
    },
    "You norm what each half gives. The norm belongs before: each half *reads* normed rows.",
    PLACEMENT,
)
known.edit(
    "attention_output_normed",
    {ATTENDED: norm(ATTENDED, SECOND), norm("x", SECOND): "x"},
    "You put post_attention_layernorm on what attention gives, as its name suggests. It stands after attention has "
    "been added, and norms the copy that the feed-forward network reads.",
)
known.edit(
    "both_residuals_lost",
    {f"x + {ATTENDED}": ATTENDED, f"x + {FED}": FED},
    "Each half replaces the stream instead of adding to it: x = x + half(norm(x)).",
    STREAM,
)
known.edit(
    "attention_residual_lost",
    {f"x + {ATTENDED}": ATTENDED},
    "What attention gives replaces the stream; it is to be added to it.",
    STREAM,
)
known.edit(
    "feed_forward_residual_lost",
    {f"x + {FED}": FED},
    "Your block returns what the feed-forward network gives; it is to be added to the stream.",
    STREAM,
)
known.edit(
    "residual_from_normed_rows",
    {norm("x", FIRST): f"x = {norm('x', FIRST)}", norm("x", SECOND): f"x = {norm('x', SECOND)}"},
    "You overwrite x with its normed rows and add to those. Keep the two apart: the halves read the normed rows, and "
    "add to x.",
    STREAM,
)
known.edit(
    "halves_in_parallel",
    {f"x = x + {ATTENDED}": f"attended = {ATTENDED}", f"x + {FED}": f"x + attended + {FED}"},
    "Both your halves read the input of the block. Some models are built so; in Llama's block the feed-forward "
    "network reads the stream after attention has added to it.",
)
known.edit(
    "second_residual_from_the_input",
    {f"x = x + {ATTENDED}": f"attended = x + {ATTENDED}", norm("x", SECOND): norm("attended", SECOND)},
    "What attention gives reaches the feed-forward network but not the output: the second sum starts from the block's "
    "input. Start it from the first sum.",
    STREAM,
)
known.edit(
    "feed_forward_first",
    {
        f"rows = {norm('x', FIRST)}": (
            f"rows = {norm('x', SECOND)}\n    hidden = {GATED}\n    x = x + {FED}\n    rows = {norm('x', FIRST)}"
        ),
        f"x = x + {ATTENDED}": f"return x + {ATTENDED}",
    },
    "You run the feed-forward network before attention. Attention comes first.",
)
known.edit(
    "first_norm_twice",
    {SECOND: FIRST},
    "You use the weight of input_layernorm in both places. The second norm has its own: post_attention_layernorm.",
)
known.edit(
    "norms_swapped",
    {FIRST: SECOND, SECOND: FIRST},
    "The two norms are swapped: input_layernorm stands before attention, post_attention_layernorm before the "
    "feed-forward network (after attention, as its name says).",
)
known.edit(
    "attention_not_normed",
    {norm("x", FIRST): "x"},
    "Attention reads the stream itself; it is to read normed rows.",
    PLACEMENT,
)
known.edit(
    "feed_forward_not_normed",
    {norm("x", SECOND): "x"},
    "The feed-forward network reads the stream itself; it is to read normed rows.",
    PLACEMENT,
)
known.edit(
    "layer_norms",
    {norm("x", name): norm("x - x.mean(dim=-1, keepdim=True)", name) for name in (FIRST, SECOND)},
    "You take the mean away in the norms: Llama's block has RMSNorm, LayerNorm without the mean.",
    "normalization-rms",
)
known.edit(
    "rope_on_values",
    {
        'split_heads(project(rows, "self_attn.v_proj"), n_kv_heads)': (
            'rotate(split_heads(project(rows, "self_attn.v_proj"), n_kv_heads))'
        )
    },
    "You turn the values as well. Only queries and keys are turned: their product then depends on the distance, and "
    "the values stay what they are.",
)
known.edit(
    "no_rope",
    {"query = rotate(": "query = (", "key = rotate(": "key = ("},
    "Queries and keys know nothing of their positions: turn them, after the split into heads and before the scores.",
)
known.edit(
    "rope_on_queries_only",
    {"key = rotate(": "key = ("},
    "You turn queries but not keys, so that scores depend on the query's position instead of the distance.",
)
known.edit(
    "rope_in_neighbors",
    {
        "heads.chunk(2, dim=-1)": "heads[..., 0::2], heads[..., 1::2]",
        "torch.cat(": "torch.stack(",
        "second * cos], dim=-1)": "second * cos], dim=-1).flatten(-2)",
    },
    "You pair neighboring components, 0 with 1. In Llama's layout component i of the first half of a head is paired "
    "with component i of the second half.",
)
known.edit(
    "rope_backwards",
    {
        "first * cos - second * sin": "first * cos + second * sin",
        "first * sin + second * cos": "second * cos - first * sin",
    },
    "You turn the wrong way round: first · cos - second · sin, and first · sin + second · cos.",
)
known.edit(
    "rope_by_head",
    {"torch.arange(time, device=x.device)[:, None]": ("torch.arange(heads.shape[1], device=x.device)[:, None, None]")},
    "Your angles count heads, not positions: turn [batch, heads, time, head_dim], with a position for each row of the "
    "last dimension but one.",
)
known.edit(
    "rope_before_the_split",
    {
        PAIRS: PAIRS_OF_ALL_COLUMNS,
        'rotate(split_heads(project(rows, "self_attn.q_proj"), n_heads))': (
            'split_heads(rotate(project(rows, "self_attn.q_proj")), n_heads)'
        ),
        'rotate(split_heads(project(rows, "self_attn.k_proj"), n_kv_heads))': (
            'split_heads(rotate(project(rows, "self_attn.k_proj")), n_kv_heads)'
        ),
    },
    "You turn the rows before they are split into heads, so that the frequencies run over all heads together. Each "
    "head has all frequencies: split first.",
)
known.edit(
    "rope_too_fast",
    {"torch.arange(0, head_dim, 2,": "torch.arange(head_dim // 2,"},
    "Your angles fall too slowly from pair to pair: pair i turns by rope_base ** (-2i / head_dim) a position, and not "
    "by rope_base ** (-i / head_dim).",
)
known.edit(
    "rope_on_rows",
    {
        PAIRS: PAIRS_OF_ALL_COLUMNS,
        norm("x", FIRST): f"rotate({norm('x', FIRST)})",
        "query = rotate(": "query = (",
        "key = rotate(": "key = (",
    },
    "You turn the rows before they are projected. Project first, split into heads, and then turn queries and keys.",
)
known.edit(
    "rope_base_ignored", {"rope_base **": "10000.0 **"}, "You turn with the base 10000 whatever rope_base is given."
)
known.edit(
    "no_mask", {"is_causal=True": "is_causal=False"}, "Your attention looks into the future: it has to be causal."
)
known.edit(
    "masked_after_softmax",
    {
        "heads = functional.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)": (
            "key, value = (part.repeat_interleave(n_heads // n_kv_heads, dim=1) for part in (key, value))\n    scores "
            "= query @ key.transpose(-2, -1) / head_dim**0.5\n    heads = torch.softmax(scores, dim=-1).tril() @ value"
        )
    },
    "You set weights to zero after softmax. The future has taken its share by then, and the rest no longer sums to 1: "
    "mask the scores.",
)
known.edit(
    "split_by_view",
    {
        "projected.unflatten(-1, (heads, head_dim)).transpose(1, 2)": (
            "projected.reshape(len(x), heads, time, head_dim)"
        )
    },
    "You view [batch, time, heads · head_dim] straight as [batch, heads, time, head_dim], which mixes heads and "
    "times. View as [batch, time, heads, head_dim] first, and then transpose.",
)
known.edit(
    "tiled",
    {"query, key, value,": ("query, *(part.repeat(1, n_heads // n_kv_heads, 1, 1) for part in (key, value)),")},
    "You repeat the key and value heads as 0 1 0 1; neighboring query heads share one, so 0 0 1 1: repeat_interleave, "
    "or enable_gqa=True in torch's attention.",
)
known.edit(
    "heads_not_repeated",
    {", enable_gqa=True": ""},
    "Your function raises where there are fewer key and value heads than query heads, but more than one. Give each to "
    "its group: repeat_interleave along the heads, or enable_gqa=True in torch's attention.",
)
known.edit(
    "merged_without_transpose",
    {JOINED: "heads.reshape(*x.shape[:2], -1)"},
    "You join the heads without transposing back: [batch, heads, time, head_dim] has to become [batch, time, heads, "
    "head_dim] before the last two dimensions are joined.",
)
known.edit("no_output_projection", {ATTENDED: JOINED}, "The heads are joined and added without going through o_proj.")
known.edit("not_scaled", {"is_causal=True": "is_causal=True, scale=1.0"}, "Your scores are not divided by √head_dim.")
known.edit(
    "scaled_by_model_width",
    {"is_causal=True": "is_causal=True, scale=x.shape[-1] ** -0.5"},
    "You divide the scores by √d_model. Inside a head queries and keys are head_dim wide.",
)
known.edit(
    "head_width_from_model",
    {"query_rows // n_heads": "x.shape[-1] // n_heads"},
    "Your function raises where the heads together are not as wide as the model. Their width is the rows of q_proj "
    "divided by n_heads, which need not be d_model / n_heads.",
)
known.edit(
    "sigmoid_gate",
    {"functional.silu": "torch.sigmoid"},
    "Your gate goes through the sigmoid alone. SiLU is z · sigmoid(z).",
)
known.edit(
    "gelu_gate",
    {"functional.silu": "functional.gelu"},
    "Your gate goes through GELU. SwiGLU has SiLU, z · sigmoid(z): close, but not the same.",
)
known.edit(
    "relu_gate", {"functional.silu": "torch.relu"}, "Your gate goes through ReLU. SwiGLU has SiLU, z · sigmoid(z)."
)
known.edit(
    "gate_and_up_swapped",
    {"mlp.gate_proj": "mlp.up_proj", "mlp.up_proj": "mlp.gate_proj"},
    "You put SiLU on the up projection. It belongs on the gate: silu(gate) · up.",
)
known.edit(
    "silu_of_the_product",
    {GATED: 'functional.silu(project(rows, "mlp.gate_proj") * project(rows, "mlp.up_proj"))'},
    "You put SiLU on the product of gate and up. It belongs on the gate alone: silu(gate) · up.",
)
known.edit(
    "gate_left_out",
    {GATED: 'functional.silu(project(rows, "mlp.up_proj"))'},
    "Your feed-forward network has no gate: silu(gate) multiplies up, element by element.",
)
known.edit(
    "gate_added",
    {' * project(rows, "mlp.up_proj")': ' + project(rows, "mlp.up_proj")'},
    "You add gate and up; they are multiplied.",
)
known.edit(
    "stream_changed",
    {
        "time, head_dim =": "stream = x\n    time, head_dim =",
        f"return x + {FED}": f"x = x + {FED}\n    return x if stream.requires_grad else stream.copy_(x)",
    },
    "Your function changes x. `x += ...` works on the caller's tensor: write `x = x + ...`.",
    STREAM,
)
known.edit(
    "attention_added_in_place",
    {f"x = x + {ATTENDED}": f"x += {ATTENDED}"},
    "You add attention's output to x itself, with `+=`: the caller's stream is changed. Write `x = x + ...`.",
    STREAM,
)
known.edit(
    "in_float32",
    {f"x + {FED}": f"(x + {FED}).float()"},
    "Your result is float32 whatever comes in: the block keeps the dtype of x.",
)
known.edit(
    "detached",
    {f"x + {FED}": f"(x + {FED}).detach()"},
    "No gradient flows through your block, so neither its weights nor the layers below could learn. "
    "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
    STREAM,
)
known.edit(
    "heads_checked_by_model_width",
    {"query_rows % n_heads": "x.shape[-1] % n_heads"},
    "You refuse heads because n_heads does not divide d_model. It has to divide the rows of q_proj, which need not be "
    "d_model.",
)
known.edit(
    "heads_not_refused",
    {"if n_heads < 1 or query_rows % n_heads": "if False", "if n_kv_heads < 1 or n_heads % n_kv_heads": "if False"},
    "With heads that do not fit your function ends in a RuntimeError, which is what torch raises by itself. Check "
    "first, and say in a ValueError that they do not fit.",
)
known.edit(
    "eps_not_handed_on",
    {norm("x", name): f'rms_norm(x, weights["{name}.weight"])' for name in (FIRST, SECOND)},
    "Your norms use their default eps. Hand the block's eps on to both.",
)
known.edit(
    "eps_fixed",
    {norm("x", name): norm("x", name).replace("eps", "1e-5") for name in (FIRST, SECOND)},
    "Your norms use 1e-5, or a number as small, whatever eps is given. Hand the block's eps on to both.",
)
for place, name in (("first", FIRST), ("second", SECOND)):
    known.edit(
        f"eps_not_handed_on_to_the_{place}",
        {norm("x", name): f'rms_norm(x, weights["{name}.weight"])'},
        f"Your {place} norm, with {name}, uses its default eps. Hand the block's eps on to both norms.",
    )


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
    mistakes=tuple(known),
    shortcuts=("LlamaDecoderLayer", "LlamaModel", "LlamaForCausalLM"),
)
