"""scaled_dot_product_attention: one head, any mask."""

import math

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
from solutions import attention

SCALING = "attention-scaling"
SOFTMAX = "attention-softmax"

known = Mistakes(attention.scaled_dot_product_attention, section="attention-masks")

known.edit(
    "no_scale",
    {" / math.sqrt(query.shape[-1])": ""},
    "Your scores are not divided by √d_k. With wide keys their spread grows as √d_k, and the softmax puts nearly all "
    "its weight on one key.",
    SCALING,
)
known.edit(
    "scaled_by_value_width",
    {"query.shape[-1]": "value.shape[-1]"},
    "You divide by the root of the *values'* width. The scores are sums over d_k products, the width of queries and "
    "keys, so √d_k is the right scale.",
    SCALING,
)
known.edit(
    "scaled_by_number_of_keys",
    {"query.shape[-1]": "key.shape[-2]"},
    "You divide by the root of the number of keys. A score is a sum over the d_k components of one query and one key: "
    "its spread depends on d_k, not on how many keys there are.",
    SCALING,
)
known.edit(
    "scaled_without_root",
    {"math.sqrt(query.shape[-1])": "query.shape[-1]"},
    "You divide by d_k itself. The standard deviation of a sum of d_k products grows as √d_k: take the root.",
    SCALING,
)
known.edit("scaled_up", {"/ math.sqrt": "* math.sqrt"}, "You multiply by √d_k where you should divide by it.", SCALING)
known.edit(
    "scaled_after_softmax",
    {
        " / math.sqrt(query.shape[-1])": "",
        "    return": "\n    weights = weights / math.sqrt(query.shape[-1])\n    return",
    },
    "You scale after the softmax, so that the weights sum to 1/√d_k. The scores are what is to be scaled.",
    SCALING,
)
known.edit(
    "softmax_over_queries",
    {"scores, dim=-1": "scores, dim=-2", "hidden, dim=-1": "hidden, dim=-2"},
    "Your weights sum to 1 down each column: the softmax runs over the queries. Each query shares its attention out "
    "among the keys, the last dimension.",
    SOFTMAX,
)
known.edit(
    "softmax_over_axis_one",
    {"scores, dim=-1": "scores, dim=1", "hidden, dim=-1": "hidden, dim=1"},
    "Your softmax runs over axis 1, which is the keys only where there are two axes. Count from the end: the keys are "
    "the last axis, dim=-1.",
    SOFTMAX,
)
known.edit(
    "softmax_over_axis_zero",
    {"scores, dim=-1": "scores, dim=0", "hidden, dim=-1": "hidden, dim=0"},
    "Your softmax runs over axis 0: the queries, or in a batch the texts. Each query shares its attention out among "
    "the keys, which are the last axis, dim=-1.",
    SOFTMAX,
)
known.edit(
    "mask_after_softmax",
    {"torch.softmax(hidden": "torch.softmax(scores"},
    "You hide keys after the softmax: the hidden keys have taken their share by then, and the rest sum to less than "
    "1. Mask the scores, before the softmax.",
)
known.edit(
    "mask_inverted",
    {"~mask, torch.finfo": "mask, torch.finfo", "~mask, 0.0": "mask, 0.0"},
    "Your mask is read the wrong way round: True means that the query may attend to the key.",
)
known.edit("mask_ignored", {"if mask is None:": "if True:"}, "Your result does not depend on the mask.")
known.edit(
    "masked_with_zero",
    {"scores.masked_fill(~mask, torch.finfo(scores.dtype).min)": "scores * mask", ".masked_fill(~mask, 0.0)": ""},
    "You give a hidden key the score 0, but e⁰ = 1: it still has weight. Its score has to be so low that the "
    "exponential is 0.",
)
known.edit(
    "scored_with_zero",
    {"torch.finfo(scores.dtype).min": "0.0"},
    "You give a hidden key the score 0, and only after the softmax the weight 0: e⁰ = 1 has taken its share by then, "
    "and the rest sum to less than 1. Its score has to be so low that the exponential is 0.",
)
known.edit(
    "mask_added",
    {"scores.masked_fill(~mask, torch.finfo(scores.dtype).min)": "scores + mask", ".masked_fill(~mask, 0.0)": ""},
    "You add the mask to the scores, where True counts as 1 and False as 0: hidden keys keep their weight. Their "
    "scores have to become so low that the exponential is 0.",
)
known.edit(
    "always_causal",
    {
        "if mask is None:": (
            "causal = causal_mask(query.shape[-2], key.shape[-2])\n    mask = causal if mask is None else causal & "
            "mask\n    if mask is None:"
        )
    },
    "You hide the future even where the mask does not. Without a mask every query may attend to every key: who wants "
    "a causal mask hands it over.",
)
known.edit(
    "two_axes_only",
    {"query @ key.transpose(-2, -1)": "torch.mm(query, key.mT)"},
    "With axes in front, such as a batch and heads, your function raises. Swap only the last two axes of the keys, "
    "`key.transpose(-2, -1)` where `.T` turns all, and multiply with `@`.",
    "attention-formula",
)
known.edit(
    "mask_as_index",
    {
        "scores.masked_fill(~mask, torch.finfo(scores.dtype).min)": (
            "scores.clone()\n        hidden[~mask] = torch.finfo(scores.dtype).min"
        )
    },
    "A mask may have fewer axes than the scores, or axes of size 1, and cannot be used as an index then, as in "
    "`scores[~mask] = ...`. `masked_fill` and `torch.where` broadcast it.",
)
known.edit(
    "weights_of_empty_rows_kept",
    {
        ".masked_fill(~mask, 0.0)": "",
        "return weights @ value": ("return weights @ value * (1 if mask is None else mask.any(-1, keepdim=True))"),
    },
    "For a query with nothing to attend to your output is zero, but its weights are not: both are asked for.",
)
known.edit(
    "nan_rows",
    {"torch.finfo(scores.dtype).min": "-torch.inf", ".masked_fill(~mask, 0.0)": ""},
    "A query whose keys are all hidden gets NaN: the softmax of a row of -inf divides 0 by 0. Such rows are to give "
    "zeros: put 0 in the place of their weights with `masked_fill`, for NaN times 0 is NaN.",
)
known.edit(
    "infinity_added",
    {
        "scores.masked_fill(~mask, torch.finfo(scores.dtype).min)": (
            "scores + torch.zeros(mask.shape, dtype=scores.dtype).masked_fill(~mask, -torch.inf)"
        ),
        ".masked_fill(~mask, 0.0)": ".nan_to_num(0.0)",
    },
    "You add minus infinity to the scores of hidden keys, and make 0 of the NaN where all are hidden. The result is "
    "right, but the gradients of such a query are NaN: put a number in the place of the score with `masked_fill`, "
    "which lets no gradient through there.",
)
known.edit(
    "uniform_rows",
    {".masked_fill(~mask, 0.0)": ""},
    "A query whose keys are all hidden attends to all of them equally: with the same very low score everywhere the "
    "softmax is uniform. Set the weights of hidden keys to zero after the softmax as well.",
)
known.edit(
    "uniform_rows_of_infinities",
    {"scores.masked_fill(~mask, torch.finfo(scores.dtype).min)": "torch.where(mask, scores, -1e9)",
     ".masked_fill(~mask, 0.0)": ""},
    "A query whose keys are all hidden attends to all of them equally: with the same very low score everywhere, such "
    "as -1e9, the softmax is uniform, and in float16 -1e9 is minus infinity and the result NaN. Set the weights of "
    "hidden keys to zero after the softmax as well.",
)  # fmt: skip
known.edit(
    "low_number_added",
    {"scores.masked_fill(~mask, torch.finfo(scores.dtype).min)": "scores + (~mask).to(scores.dtype) * -1e9",
     ".masked_fill(~mask, 0.0)": ""},
    "You add a number such as -1e9 to the scores of hidden keys, which hides nothing from a query whose keys are all "
    "hidden: the softmax sees differences only. Set the weights of hidden keys to zero after the softmax as well.",
)  # fmt: skip
known.edit(
    "infinity_times_the_mask",
    {"scores.masked_fill(~mask, torch.finfo(scores.dtype).min)": "scores + (~mask).to(scores.dtype) * -torch.inf",
     ".masked_fill(~mask, 0.0)": ""},
    "You multiply the mask by infinity, and 0 times infinity is NaN: keys that are not hidden get it. Hide with "
    "`masked_fill`.",
)  # fmt: skip
known.edit(
    "hidden_not_low_enough",
    {"torch.finfo(scores.dtype).min": "-1e4"},
    "You hide keys with a score such as -10000, and the scores of the others may be lower still. Use the lowest number "
    "of the dtype, or minus infinity with care for empty rows.",
)
known.edit(
    "too_low_for_float16",
    {"torch.finfo(scores.dtype).min": "-1e9"},
    "You hide keys with a score such as -1e9, and float16 has no number so low: there your function raises. "
    "`torch.finfo(scores.dtype).min` is the lowest number of any dtype.",
)
known.edit(
    "uniform_rows_and_too_low_for_float16",
    {"torch.finfo(scores.dtype).min": "-1e9", ".masked_fill(~mask, 0.0)": ""},
    "A query whose keys are all hidden attends to all of them equally, since all have the score -1e9: set the weights "
    "of hidden keys to zero after the softmax as well. And float16 has no number so low: take "
    "`torch.finfo(scores.dtype).min`.",
)
known.edit(
    "mask_changed",
    {"~mask, torch.finfo": "mask.logical_not_(), torch.finfo", "~mask, 0.0": "mask, 0.0"},
    "Your function changes the mask it is given. The caller uses the same mask for every layer: work on a copy, "
    "`~mask` instead of `mask.logical_not_()`.",
)
known.edit(
    "detached",
    {"weights @ value, weights": "(weights @ value).detach(), weights.detach()"},
    "No gradient flows through your result, so nothing that stands before attention could learn. "
    "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
    SOFTMAX,
)


@known.function(
    "Your own softmax overflows: the exponential of a score above 88 is infinite in float32. Subtract the row's "
    "largest score first; the result is the same.",
    section=SOFTMAX,
)
def overflows(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    exponentials = torch.exp(query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1]))
    if mask is not None:
        exponentials = exponentials.masked_fill(~mask, 0.0)
    total = exponentials.sum(-1, keepdim=True)
    weights = exponentials / torch.where(total > 0, total, 1.0)
    return weights @ value, weights


known.edit(
    "exponentials_of_the_scores",
    {
        "torch.softmax(scores, dim=-1)": "scores.exp() / scores.exp().sum(-1, keepdim=True)",
        "torch.softmax(hidden, dim=-1)": "(hidden.exp() / hidden.exp().sum(-1, keepdim=True))",
    },
    "You take exponentials of the scores themselves: above 88 they are infinite, and where all scores are below -104 "
    "all are 0. Subtract the row's largest score first; the result is the same.",
    SOFTMAX,
)
known.edit(
    "one_maximum_for_all",
    {
        "torch.softmax(scores, dim=-1)": (
            "torch.exp(scores - scores.max())\n        weights = weights / weights.sum(-1, keepdim=True)"
        ),
        "torch.softmax(hidden, dim=-1)": (
            "torch.exp(hidden - hidden.max())\n        weights = (weights / weights.sum(-1, keepdim=True))"
        ),
    },
    "You subtract one largest score for all queries. A query whose scores are all far below it has only exponentials "
    "of 0, and 0 / 0 is NaN: subtract each row's own, with dim=-1 and keepdim=True.",
    SOFTMAX,
)
known.edit(
    "squeezed",
    {"weights @ value, weights": "(weights @ value).squeeze(), weights.squeeze()"},
    "You squeeze the result, which takes every axis of size 1 away, such as that of a single query or of a batch of "
    "one. Output and weights have all axes that the queries have.",
    "attention-formula",
)
known.edit(
    "first_axis_squeezed",
    {"weights @ value, weights": "(weights @ value).squeeze(0), weights.squeeze(0)"},
    "You take the first axis away where its size is 1: a batch of one is a batch. Output and weights have all axes "
    "that the queries have.",
    "attention-formula",
)
known.edit(
    "swapped",
    {"weights @ value, weights": "weights, weights @ value"},
    "You return the weights first: the order is output, then weights.",
    "attention-formula",
)


def qkv(draw: Generator, *batch: int, n_q: int, n_k: int, d_k: int, d_v: int, scale: float = 1.0) -> Arguments:
    return {
        "query": randn(draw, *batch, n_q, d_k) * scale,
        # A transposed view: learners' code must not rely on contiguous memory.
        "key": (randn(draw, *batch, d_k, n_k) * scale).transpose(-2, -1),
        "value": randn(draw, *batch, n_k, d_v),
    }


def random_mask(draw: Generator, *shape: int) -> Tensor:
    """A mask in which every query may attend to at least one key."""
    mask = torch.rand(*shape, generator=draw) < 0.6
    mask[..., 0] = True
    return mask


def small(draw: Generator) -> Arguments:
    return qkv(draw, n_q=2, n_k=3, d_k=4, d_v=2)


def batched(draw: Generator) -> Arguments:
    return qkv(draw, 2, 3, n_q=4, n_k=6, d_k=5, d_v=7)


def many_keys(draw: Generator) -> Arguments:
    return qkv(draw, n_q=randint(draw, 2, 5), n_k=randint(draw, 8, 15), d_k=4, d_v=3)


def one_query(draw: Generator) -> Arguments:
    """A batch of one, in which one query meets two keys."""
    return qkv(draw, 1, 2, n_q=1, n_k=2, d_k=3, d_v=4)


def small_masked(draw: Generator) -> Arguments:
    mask = torch.tensor([[True, False, True, False], [True, True, False, False], [False, True, True, True]])
    return {**qkv(draw, n_q=3, n_k=4, d_k=5, d_v=2), "mask": mask}


def masked_shared(draw: Generator) -> Arguments:
    return {**qkv(draw, 2, 3, n_q=2, n_k=4, d_k=5, d_v=3), "mask": random_mask(draw, 2, 4)}


def masked_each(draw: Generator) -> Arguments:
    return {**qkv(draw, 2, 3, n_q=4, n_k=6, d_k=5, d_v=7), "mask": random_mask(draw, 2, 1, 4, 6)}


def nothing_to_attend_to(draw: Generator) -> Arguments:
    mask = torch.tensor([[True, False, True], [False, False, False]])
    return {**qkv(draw, n_q=2, n_k=3, d_k=4, d_v=5), "mask": mask}


def padded(draw: Generator) -> Arguments:
    mask = random_mask(draw, 3, 1, 4, 4)
    mask[1, 0, 2] = mask[2, 0, 0] = False
    return {**qkv(draw, 3, 2, n_q=4, n_k=4, d_k=6, d_v=3), "mask": mask}


def mask_over_keys(draw: Generator) -> Arguments:
    return {**qkv(draw, 2, n_q=3, n_k=5, d_k=4, d_v=3), "mask": random_mask(draw, 5)}


def very_low_scores(draw: Generator) -> Arguments:
    """Every score is near -13,000, so that a hidden key must have a lower one.

    All are exact in binary: so large, they would else be rounded too much.
    """
    arguments = qkv(draw, n_q=3, n_k=4, d_k=4, d_v=2)
    small = {name: arguments[name].round().clamp(-2, 2) for name in ("query", "key")}
    mask = torch.tensor([[True, False, True, False], [True, True, False, False], [False, True, True, True]])
    return {**arguments, "query": small["query"] + 80, "key": small["key"] - 80, "mask": mask}


def in_float16(draw: Generator) -> Arguments:
    arguments = nothing_to_attend_to(draw)
    return {name: value if name == "mask" else value.half() for name, value in arguments.items()}


def huge(draw: Generator) -> Arguments:
    return qkv(draw, 2, n_q=3, n_k=5, d_k=4, d_v=3, scale=40.0)


def in_float64(draw: Generator) -> Arguments:
    return {name: tensor.double() for name, tensor in small(draw).items()}


def in_bfloat16(draw: Generator) -> Arguments:
    return {name: tensor.bfloat16() for name, tensor in batched(draw).items()}


EXERCISE = Exercise(
    reference=attention.scaled_dot_product_attention,
    points=6,
    cases=(
        Case("small", small, visible=True),
        Case("batched", batched, visible=True),
        Case("many keys", many_keys),
        Case("one query in a batch of one", one_query, visible=True),
        Case("small masked", small_masked, visible=True),
        Case("mask shared by the batch", masked_shared, visible=True),
        Case("mask for each sequence", masked_each),
        Case("mask over keys", mask_over_keys, visible=True),
        Case("very low scores", very_low_scores, visible=True),
        Case("nothing to attend to", nothing_to_attend_to, visible=True),
        Case("padded batch", padded),
        Case("huge scores", huge, visible=True),
        Case("float64", in_float64, visible=True),
        Case("bfloat16", in_bfloat16, visible=True),
        Case("float16 with a mask", in_float16, visible=True),
        Case("gradients", batched, visible=True, gradients=("query", "key", "value")),
        Case("gradients in padding", nothing_to_attend_to, visible=True, gradients=("query", "key", "value")),
    ),
    properties=(
        Property(
            "The weights of each query sum to 1",
            ("small", "batched", "many keys"),
            "For each query the weights are a distribution over the keys: sum them over the last dimension.",
            observe=observe.row_sums,
        ),
        Property(
            "Without a mask, output and weights follow the formula",
            ("small", "batched", "one query in a batch of one"),
            "Compare with softmax(query keyᵀ / √d_k) value, one factor after the other: the product, the scale, the "
            "dimension of the softmax.",
            weight=3,
        ),
        Property(
            "A hidden key has weight 0, and the weights of the others sum to 1",
            ("small masked", "mask shared by the batch", "mask for each sequence", "mask over keys", "very low scores"),
            "Hide a key before the softmax, by a score so low that its exponential is 0; then the others share all.",
            weight=2,
            observe=observe.second,
        ),
        Property(
            "A query with nothing to attend to gets zeros",
            ("nothing to attend to", "padded batch"),
            "Look at a row of the mask that is all False: its weights and its output are zero, not NaN and not "
            "uniform. Such rows are the padding of every batch.",
            observe=observe.empty_rows,
            needs="The weights of each query sum to 1",
        ),
        Property(
            "Huge scores do not overflow",
            ("huge scores",),
            "The exponential of a large score is infinite: torch.softmax subtracts the largest score first.",
        ),
        Property(
            "The dtype of the inputs is kept",
            ("float64", "bfloat16", "float16 with a mask"),
            "Inputs in float64, bfloat16 or float16 must give outputs in the same dtype: do not convert on the way. In "
            "float16 no number is below -65504.",
            observe=observe.dtype,
            needs="The weights of each query sum to 1",
        ),
        Property(
            "The arguments are left unchanged",
            ("small masked", "mask for each sequence", "padded batch"),
            "An argument differs after your call: operations that end in an underscore change a tensor in place.",
            observe=observe.changed,
            needs="The weights of each query sum to 1",
        ),
        Property(
            "Gradients reach query, key and value",
            ("gradients", "gradients in padding"),
            "The model learns through this function: its result must keep its history, so no detach, no no_grad, no "
            "way through NumPy or plain numbers. Where a query attends to nothing its gradient is 0, not NaN.",
            observe=observe.gradients,
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("scaled_dot_product_attention", "multi_head_attention_forward", "MultiheadAttention"),
)
