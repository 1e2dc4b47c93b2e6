"""The assignment 05_attention: what is asked, how it is weighed, and the known mistakes with their hints."""

import functools
import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.spec import Arguments, Assignment, Case, Exercise, Mistake, Property, given, randint, randn
from llm_course.checking import observe
from solutions import attention

FORMULA, SCALING, SOFTMAX, MASKS = "attention-formula", "attention-scaling", "attention-softmax", "attention-masks"
PROJECTIONS, HEADS, SHARING = "attention-projections", "attention-heads", "attention-sharing"
WINDOW, FLASH = "attention-sliding-window", "attention-flash"


# causal_mask


def _aligned_at_start(n_queries: int, n_keys: int) -> Tensor:
    return torch.ones(n_queries, n_keys, dtype=torch.bool).tril()


def _diagonal_left_out(n_queries: int, n_keys: int) -> Tensor:
    return torch.ones(n_queries, n_keys, dtype=torch.bool).tril(n_keys - n_queries - 1)


def _one_key_too_many(n_queries: int, n_keys: int) -> Tensor:
    return torch.ones(n_queries, n_keys, dtype=torch.bool).tril(n_keys - n_queries + 1)


def _inverted(n_queries: int, n_keys: int) -> Tensor:
    return ~attention.causal_mask(n_queries, n_keys)


def _future_only(n_queries: int, n_keys: int) -> Tensor:
    return torch.ones(n_queries, n_keys, dtype=torch.bool).triu(n_keys - n_queries)


def _upper_triangle(n_queries: int, n_keys: int) -> Tensor:
    return torch.ones(n_queries, n_keys, dtype=torch.bool).triu()


def _inverted_at_start(n_queries: int, n_keys: int) -> Tensor:
    return torch.ones(n_queries, n_keys, dtype=torch.bool).triu(1)


def _shifted_the_wrong_way(n_queries: int, n_keys: int) -> Tensor:
    return torch.ones(n_queries, n_keys, dtype=torch.bool).tril(n_queries - n_keys)


def _additive(n_queries: int, n_keys: int) -> Tensor:
    return torch.zeros(n_queries, n_keys).masked_fill(~attention.causal_mask(n_queries, n_keys), -torch.inf)


def _square(draw: Generator) -> Arguments:
    size = randint(draw, 6, 9)
    return {"n_queries": size, "n_keys": size}


def _more_keys(draw: Generator) -> Arguments:
    n_queries = randint(draw, 2, 5)
    return {"n_queries": n_queries, "n_keys": n_queries + randint(draw, 2, 6)}


CAUSAL_MASK = Exercise(
    reference=attention.causal_mask,
    points=2,
    cases=(
        Case("square", given(n_queries=4, n_keys=4), visible=True),
        Case("square drawn", _square),
        Case("two queries, five keys", given(n_queries=2, n_keys=5), visible=True),
        Case("more keys drawn", _more_keys),
        Case("one query", given(n_queries=1, n_keys=7)),
    ),
    properties=(
        Property(
            "With as many queries as keys, each position attends to itself and to all before it",
            ("square", "square drawn"),
            "Write the 4 x 4 mask on paper: row i has True in columns 0 to i, and nowhere else.",
        ),
        Property(
            "With more keys than queries, the last query sees the last key",
            ("two queries, five keys", "more keys drawn", "one query"),
            "The queries are the last positions: with one query and seven keys, all seven are in its past.",
        ),
    ),
    mistakes=(
        Mistake(
            "aligned_at_start",
            "Your first query is at position 0, but the queries are the *last* `n_queries` of the `n_keys` positions: "
            "shift the diagonal by n_keys - n_queries, so that the last query sees the last key.",
            MASKS,
            _aligned_at_start,
        ),
        Mistake(
            "diagonal_left_out",
            "Your queries do not see themselves: the diagonal belongs to the mask. Without it the first position has "
            "nothing to attend to, and its softmax is NaN.",
            MASKS,
            _diagonal_left_out,
        ),
        Mistake(
            "one_key_too_many",
            "Each of your queries sees one key of its future: the diagonal is off by one, and a model trained so "
            "reads the very token that it is to predict.",
            MASKS,
            _one_key_too_many,
        ),
        Mistake(
            "inverted",
            "Your mask is inverted: True means *may attend* here, and you marked the keys to hide.",
            MASKS,
            _inverted,
        ),
        Mistake(
            "future_only",
            "You kept the upper triangle: your queries see themselves and the future instead of the past. Rows are "
            "queries, columns are keys.",
            MASKS,
            _future_only,
        ),
        Mistake(
            "upper_triangle",
            "You kept the upper triangle: each query sees itself and what comes after it. It is to see what comes "
            "before: `tril`, shifted so that the last query sees the last key.",
            MASKS,
            _upper_triangle,
        ),
        Mistake(
            "inverted_at_start",
            "Your mask marks the keys to *hide*, as some code does; True means *may attend* here. Turn it around, and "
            "then see where the first query stands if there are more keys than queries.",
            MASKS,
            _inverted_at_start,
        ),
        Mistake(
            "shifted_the_wrong_way",
            "With more keys than queries your diagonal moves to the left, so that queries lose even their own past. It "
            "has to move right: n_keys - n_queries.",
            MASKS,
            _shifted_the_wrong_way,
        ),
        Mistake(
            "additive",
            "You return numbers to add to the scores (0 and -inf); a Boolean mask is asked for: True where the query "
            "may attend.",
            MASKS,
            _additive,
        ),
    ),
)


# scaled_dot_product_attention

Pair = tuple[Tensor, Tensor]


def _attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scale: float, dimension: int = -1) -> Pair:
    """Right attention but for its scale and the dimension of its softmax: most mistakes are one of the two."""
    scores = query @ key.transpose(-2, -1) * scale
    if mask is None:
        weights = torch.softmax(scores, dimension)
    else:
        lowest = torch.finfo(scores.dtype).min
        weights = torch.softmax(scores.masked_fill(~mask, lowest), dimension).masked_fill(~mask, 0.0)
    return weights @ value, weights


def _no_scale(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    return _attend(query, key, value, mask, 1.0)


def _scaled_by_value_width(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    return _attend(query, key, value, mask, value.shape[-1] ** -0.5)


def _scaled_by_number_of_keys(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    return _attend(query, key, value, mask, key.shape[-2] ** -0.5)


def _scaled_without_root(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    return _attend(query, key, value, mask, 1 / query.shape[-1])


def _scaled_up(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    return _attend(query, key, value, mask, query.shape[-1] ** 0.5)


def _scaled_after_softmax(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    output, weights = _attend(query, key, value, mask, 1.0)
    return output / math.sqrt(query.shape[-1]), weights / math.sqrt(query.shape[-1])


def _softmax_over_queries(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    return _attend(query, key, value, mask, query.shape[-1] ** -0.5, dimension=-2)


def _mask_after_softmax(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    _, weights = attention.scaled_dot_product_attention(query, key, value)
    weights = weights if mask is None else weights.masked_fill(~mask, 0.0)
    return weights @ value, weights


def _mask_inverted(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    return attention.scaled_dot_product_attention(query, key, value, None if mask is None else ~mask)


def _mask_ignored(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    return attention.scaled_dot_product_attention(query, key, value)


def _masked_with_zero(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    weights = torch.softmax(scores if mask is None else scores * mask, dim=-1)
    return weights @ value, weights


def _mask_added(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    weights = torch.softmax(scores if mask is None else scores + mask, dim=-1)
    return weights @ value, weights


def _always_causal(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    causal = attention.causal_mask(query.shape[-2], key.shape[-2])
    return attention.scaled_dot_product_attention(query, key, value, causal if mask is None else causal & mask)


def _two_axes_only(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    torch.mm(query, key.mT)  # raises with more axes, as does any use of mm
    return attention.scaled_dot_product_attention(query, key, value, mask)


def _mask_as_index(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is None:
        return attention.scaled_dot_product_attention(query, key, value)
    scores[~mask] = torch.finfo(scores.dtype).min
    weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ value, weights


def _weights_of_empty_rows_kept(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    output, weights = _uniform_rows(query, key, value, mask)
    return (output if mask is None else output * mask.any(-1, keepdim=True)), weights


def _nan_rows(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    weights = torch.softmax(scores if mask is None else scores.masked_fill(~mask, -torch.inf), dim=-1)
    return weights @ value, weights


def _uniform_rows(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    weights = torch.softmax(scores if mask is None else scores.masked_fill(~mask, -1e9), dim=-1)
    return weights @ value, weights


def _mask_changed(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    result = attention.scaled_dot_product_attention(query, key, value, mask)
    if mask is not None:
        mask.logical_not_()
    return result


def _detached(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    output, weights = attention.scaled_dot_product_attention(query, key, value, mask)
    return output.detach(), weights.detach()


def _overflows(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    exponentials = torch.exp(query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1]))
    if mask is not None:
        exponentials = exponentials.masked_fill(~mask, 0.0)
    total = exponentials.sum(-1, keepdim=True)
    weights = exponentials / torch.where(total > 0, total, 1.0)
    return weights @ value, weights


def _swapped(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Pair:
    output, weights = attention.scaled_dot_product_attention(query, key, value, mask)
    return weights, output


def _qkv(draw: Generator, *batch: int, n_q: int, n_k: int, d_k: int, d_v: int, scale: float = 1.0) -> Arguments:
    return {
        "query": randn(draw, *batch, n_q, d_k) * scale,
        # A transposed view: learners' code must not rely on contiguous memory.
        "key": (randn(draw, *batch, d_k, n_k) * scale).transpose(-2, -1),
        "value": randn(draw, *batch, n_k, d_v),
    }


def _random_mask(draw: Generator, *shape: int) -> Tensor:
    """A mask in which every query may attend to at least one key."""
    mask = torch.rand(*shape, generator=draw) < 0.6
    mask[..., 0] = True
    return mask


def _small(draw: Generator) -> Arguments:
    return _qkv(draw, n_q=2, n_k=3, d_k=4, d_v=2)


def _batched(draw: Generator) -> Arguments:
    return _qkv(draw, 2, 3, n_q=4, n_k=6, d_k=5, d_v=7)


def _small_masked(draw: Generator) -> Arguments:
    mask = torch.tensor([[True, False, True, False], [True, True, False, False], [False, True, True, True]])
    return {**_qkv(draw, n_q=3, n_k=4, d_k=5, d_v=2), "mask": mask}


def _masked_shared(draw: Generator) -> Arguments:
    return {**_qkv(draw, 2, 3, n_q=2, n_k=4, d_k=5, d_v=3), "mask": _random_mask(draw, 2, 4)}


def _masked_each(draw: Generator) -> Arguments:
    return {**_qkv(draw, 2, 3, n_q=4, n_k=6, d_k=5, d_v=7), "mask": _random_mask(draw, 2, 1, 4, 6)}


def _nothing_to_attend_to(draw: Generator) -> Arguments:
    mask = torch.tensor([[True, False, True], [False, False, False]])
    return {**_qkv(draw, n_q=2, n_k=3, d_k=4, d_v=5), "mask": mask}


def _padded(draw: Generator) -> Arguments:
    mask = _random_mask(draw, 3, 1, 4, 4)
    mask[1, 0, 2] = mask[2, 0, 0] = False
    return {**_qkv(draw, 3, 2, n_q=4, n_k=4, d_k=6, d_v=3), "mask": mask}


def _huge(draw: Generator) -> Arguments:
    return _qkv(draw, 2, n_q=3, n_k=5, d_k=4, d_v=3, scale=40.0)


def _in_float64(draw: Generator) -> Arguments:
    return {name: tensor.double() for name, tensor in _small(draw).items()}


def _in_bfloat16(draw: Generator) -> Arguments:
    return {name: tensor.bfloat16() for name, tensor in _batched(draw).items()}


SCALED_DOT_PRODUCT_ATTENTION = Exercise(
    reference=attention.scaled_dot_product_attention,
    points=6,
    cases=(
        Case("small", _small, visible=True),
        Case("batched", _batched),
        Case("small masked", _small_masked, visible=True),
        Case("mask shared by the batch", _masked_shared, visible=True),
        Case("mask for each sequence", _masked_each),
        Case("nothing to attend to", _nothing_to_attend_to, visible=True),
        Case("padded batch", _padded),
        Case("huge scores", _huge, visible=True),
        Case("float64", _in_float64, visible=True),
        Case("bfloat16", _in_bfloat16),
        Case("gradients", _batched, visible=True, gradients=("query", "key", "value")),
    ),
    properties=(
        Property(
            "The weights of each query sum to 1",
            ("small", "batched", "huge scores"),
            "For each query the weights are a distribution over the keys: sum them over the last dimension.",
            observe=observe.row_sums,
        ),
        Property(
            "Without a mask, output and weights follow the formula",
            ("small", "batched"),
            "Compare with softmax(query keyᵀ / √d_k) value, one factor after the other: the product, the scale, the "
            "dimension of the softmax.",
            weight=3,
        ),
        Property(
            "A hidden key has weight 0, and the weights of the others sum to 1",
            ("small masked", "mask shared by the batch", "mask for each sequence"),
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
            ("float64", "bfloat16"),
            "Inputs in float64 or bfloat16 must give outputs in the same dtype: do not convert on the way.",
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
            ("gradients",),
            "The model learns through this function: its result must keep its history, so no detach, no no_grad, no "
            "way through NumPy or plain numbers.",
            observe=observe.gradients,
        ),
    ),
    mistakes=(
        Mistake(
            "no_scale",
            "Your scores are not divided by √d_k. With wide keys their spread grows as √d_k, and the softmax puts "
            "nearly all its weight on one key.",
            SCALING,
            _no_scale,
        ),
        Mistake(
            "scaled_by_value_width",
            "You divide by the root of the *values'* width. The scores are sums over d_k products, the width of "
            "queries and keys, so √d_k is the right scale.",
            SCALING,
            _scaled_by_value_width,
        ),
        Mistake(
            "scaled_by_number_of_keys",
            "You divide by the root of the number of keys. A score is a sum over the d_k components of one query and "
            "one key: its spread depends on d_k, not on how many keys there are.",
            SCALING,
            _scaled_by_number_of_keys,
        ),
        Mistake(
            "scaled_without_root",
            "You divide by d_k itself. The standard deviation of a sum of d_k products grows as √d_k: take the root.",
            SCALING,
            _scaled_without_root,
        ),
        Mistake(
            "scaled_up",
            "You multiply by √d_k where you should divide by it.",
            SCALING,
            _scaled_up,
        ),
        Mistake(
            "scaled_after_softmax",
            "You scale after the softmax, so that the weights sum to 1/√d_k. The scores are what is to be scaled.",
            SCALING,
            _scaled_after_softmax,
        ),
        Mistake(
            "softmax_over_queries",
            "Your weights sum to 1 down each column: the softmax runs over the queries. Each query shares its "
            "attention out among the keys, the last dimension.",
            SOFTMAX,
            _softmax_over_queries,
        ),
        Mistake(
            "mask_after_softmax",
            "You hide keys after the softmax: the hidden keys have taken their share by then, and the rest sum to "
            "less than 1. Mask the scores, before the softmax.",
            MASKS,
            _mask_after_softmax,
        ),
        Mistake(
            "mask_inverted",
            "Your mask is read the wrong way round: True means that the query may attend to the key.",
            MASKS,
            _mask_inverted,
        ),
        Mistake(
            "mask_ignored",
            "Your result does not depend on the mask.",
            MASKS,
            _mask_ignored,
        ),
        Mistake(
            "masked_with_zero",
            "You give a hidden key the score 0, but e⁰ = 1: it still has weight. Its score has to be so low that the "
            "exponential is 0.",
            MASKS,
            _masked_with_zero,
        ),
        Mistake(
            "mask_added",
            "You add the mask to the scores, where True counts as 1 and False as 0: hidden keys keep their weight. "
            "Their scores have to become so low that the exponential is 0.",
            MASKS,
            _mask_added,
        ),
        Mistake(
            "always_causal",
            "You hide the future even where the mask does not. Without a mask every query may attend to every key: who "
            "wants a causal mask hands it over.",
            MASKS,
            _always_causal,
        ),
        Mistake(
            "two_axes_only",
            "With axes in front, such as a batch and heads, your function raises. Swap only the last two axes of the "
            "keys, `key.transpose(-2, -1)` where `.T` turns all, and multiply with `@`.",
            FORMULA,
            _two_axes_only,
        ),
        Mistake(
            "mask_as_index",
            "A mask may have fewer axes than the scores, or axes of size 1, and cannot be used as an index then, as in "
            "`scores[~mask] = ...`. `masked_fill` and `torch.where` broadcast it.",
            MASKS,
            _mask_as_index,
        ),
        Mistake(
            "weights_of_empty_rows_kept",
            "For a query with nothing to attend to your output is zero, but its weights are not: both are asked for.",
            MASKS,
            _weights_of_empty_rows_kept,
        ),
        Mistake(
            "nan_rows",
            "A query whose keys are all hidden gets NaN: the softmax of a row of -inf divides 0 by 0. Such rows are to "
            "give zeros.",
            MASKS,
            _nan_rows,
        ),
        Mistake(
            "uniform_rows",
            "A query whose keys are all hidden attends to all of them equally: with the same very low score "
            "everywhere the softmax is uniform. Set the weights of hidden keys to zero after the softmax as well.",
            MASKS,
            _uniform_rows,
        ),
        Mistake(
            "mask_changed",
            "Your function changes the mask it is given. The caller uses the same mask for every layer: work on a "
            "copy, `~mask` instead of `mask.logical_not_()`.",
            MASKS,
            _mask_changed,
        ),
        Mistake(
            "detached",
            "No gradient flows through your result, so nothing that stands before attention could learn.",
            SOFTMAX,
            _detached,
        ),
        Mistake(
            "overflows",
            "Your own softmax overflows: the exponential of a score above 88 is infinite in float32. Subtract the "
            "row's largest score first; the result is the same.",
            SOFTMAX,
            _overflows,
        ),
        Mistake(
            "swapped",
            "You return the weights first: the order is output, then weights.",
            FORMULA,
            _swapped,
        ),
    ),
    shortcuts=("scaled_dot_product_attention", "multi_head_attention_forward", "MultiheadAttention"),
)


# multi_head_attention


def _fitting(w_q: Tensor, n_heads: int, n_kv_heads: int | None) -> int:
    """The number of key and value heads. Raises ValueError if the heads do not fit."""
    n_kv_heads = n_heads if n_kv_heads is None else n_kv_heads
    if n_heads < 1 or w_q.shape[0] % n_heads or n_kv_heads < 1 or n_heads % n_kv_heads:
        raise ValueError("the heads do not fit")
    return n_kv_heads


def _heads(
    x: Tensor,
    w_q: Tensor,
    w_k: Tensor,
    w_v: Tensor,
    n_heads: int,
    n_kv_heads: int | None,
    *,
    tiled: bool = False,
    causal: bool = True,
    scale: float | None = None,
    repeated: bool = True,
    viewed: bool = False,
    interleaved: bool = False,
    across: bool = False,
) -> Tensor:
    """The heads' outputs [batch, heads, time, head_dim], right but for what the keywords say."""
    n_kv_heads = _fitting(w_q, n_heads, n_kv_heads)
    repeats = n_heads // n_kv_heads

    def split(projected: Tensor, heads: int) -> Tensor:
        if viewed:
            return projected.reshape(projected.shape[0], heads, projected.shape[1], -1)
        if interleaved:
            return projected.unflatten(-1, (-1, heads)).permute(0, 3, 1, 2)
        return projected.unflatten(-1, (heads, -1)).transpose(1, 2)

    def share(heads: Tensor) -> Tensor:
        if not repeated:
            return heads
        return heads.repeat(1, repeats, 1, 1) if tiled else heads.repeat_interleave(repeats, 1)

    mask = attention.causal_mask(x.shape[1], x.shape[1]) if causal else None
    query, key, value = split(x @ w_q.T, n_heads), split(x @ w_k.T, n_kv_heads), split(x @ w_v.T, n_kv_heads)
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    key, value = share(key), share(value)
    if across:
        query, key, value = (part.transpose(1, 2) for part in (query, key, value))
        return _attend(query, key, value, None, scale)[0].transpose(1, 2)
    return _attend(query, key, value, mask, scale)[0]


def _merge(heads: Tensor) -> Tensor:
    return heads.transpose(1, 2).flatten(2)


def _viewed_without_transpose(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    n_kv_heads = _fitting(w_q, n_heads, n_kv_heads)
    batch, time, _ = x.shape

    def view(projected: Tensor, heads: int) -> Tensor:
        return projected.reshape(batch, heads, time, -1).repeat_interleave(n_heads // heads, 1)

    query, key, value = view(x @ w_q.T, n_heads), view(x @ w_k.T, n_kv_heads), view(x @ w_v.T, n_kv_heads)
    output, _ = attention.scaled_dot_product_attention(query, key, value, attention.causal_mask(time, time))
    return output.reshape(batch, time, -1) @ w_o.T


def _viewed_and_transposed_back(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    return _merge(_heads(x, w_q, w_k, w_v, n_heads, n_kv_heads, viewed=True)) @ w_o.T


def _heads_interleaved(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    heads = _heads(x, w_q, w_k, w_v, n_heads, n_kv_heads, interleaved=True)
    return heads.permute(0, 2, 3, 1).flatten(2) @ w_o.T


def _across_heads(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    return _merge(_heads(x, w_q, w_k, w_v, n_heads, n_kv_heads, across=True)) @ w_o.T


def _projections_not_transposed(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    return _merge(_heads(x, w_q.T, w_k.T, w_v.T, n_heads, n_kv_heads)) @ w_o.T


def _shared_heads_not_repeated(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    return _merge(_heads(x, w_q, w_k, w_v, n_heads, n_kv_heads, repeated=False)) @ w_o.T


def _shared_heads_ignored(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    _fitting(w_q, n_heads, n_kv_heads)
    return _merge(_heads(x, w_q, w_k, w_v, n_heads, None)) @ w_o.T


def _head_width_from_model(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    _fitting(w_q, n_heads, n_kv_heads)
    (x @ w_q.T).view(*x.shape[:2], n_heads, x.shape[-1] // n_heads)  # raises where the heads are not so wide
    return attention.multi_head_attention(x, w_q, w_k, w_v, w_o, n_heads, n_kv_heads)


def _merged_without_transpose(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    return _heads(x, w_q, w_k, w_v, n_heads, n_kv_heads).reshape(*x.shape[:2], -1) @ w_o.T


def _tiled(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    return _merge(_heads(x, w_q, w_k, w_v, n_heads, n_kv_heads, tiled=True)) @ w_o.T


def _no_output_projection(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    return _merge(_heads(x, w_q, w_k, w_v, n_heads, n_kv_heads))


def _no_mask(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    return _merge(_heads(x, w_q, w_k, w_v, n_heads, n_kv_heads, causal=False)) @ w_o.T


def _heads_not_scaled(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    return _merge(_heads(x, w_q, w_k, w_v, n_heads, n_kv_heads, scale=1.0)) @ w_o.T


def _scaled_by_model_width(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    return _merge(_heads(x, w_q, w_k, w_v, n_heads, n_kv_heads, scale=x.shape[-1] ** -0.5)) @ w_o.T


def _output_projection_transposed(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    return _merge(_heads(x, w_q, w_k, w_v, n_heads, n_kv_heads)) @ w_o


def _one_wide_head(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    _fitting(w_q, n_heads, n_kv_heads)
    repeats = w_q.shape[0] // w_k.shape[0]
    key, value = (x @ w_k.T).repeat(1, 1, repeats), (x @ w_v.T).repeat(1, 1, repeats)
    mask = attention.causal_mask(x.shape[1], x.shape[1])
    return attention.scaled_dot_product_attention(x @ w_q.T, key, value, mask)[0] @ w_o.T


def _keys_as_values(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    return _merge(_heads(x, w_q, w_k, w_k, n_heads, n_kv_heads)) @ w_o.T


def _heads_not_checked(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    try:
        return attention.multi_head_attention(x, w_q, w_k, w_v, w_o, n_heads, n_kv_heads)
    except ValueError as error:
        raise RuntimeError("a view or a product does not fit") from error


def _attended_in_float32(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    return attention.multi_head_attention(
        x.float(), w_q.float(), w_k.float(), w_v.float(), w_o.float(), n_heads, n_kv_heads
    )


def _layer(
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


def _mha(draw: Generator) -> Arguments:
    return _layer(draw, batch=2, time=5, n_heads=3, n_kv_heads=3, head_dim=4)


def _gqa(draw: Generator) -> Arguments:
    return {**_layer(draw, batch=2, time=5, n_heads=4, n_kv_heads=2, head_dim=3), "n_kv_heads": 2}


def _small_gqa(draw: Generator) -> Arguments:
    return {**_layer(draw, batch=2, time=3, n_heads=2, n_kv_heads=1, head_dim=3), "n_kv_heads": 1}


def _gqa_wide(draw: Generator) -> Arguments:
    return {**_layer(draw, batch=3, time=7, n_heads=6, n_kv_heads=3, head_dim=2), "n_kv_heads": 3}


def _mqa(draw: Generator) -> Arguments:
    return {**_layer(draw, batch=2, time=6, n_heads=4, n_kv_heads=1, head_dim=3), "n_kv_heads": 1}


def _heads_wider_than_model(draw: Generator) -> Arguments:
    return _layer(draw, batch=2, time=4, n_heads=2, n_kv_heads=2, head_dim=5, d_model=6)


def _one_token(draw: Generator) -> Arguments:
    return _layer(draw, batch=1, time=1, n_heads=3, n_kv_heads=3, head_dim=4)


def _with_other_token(draw: Generator, position: int | None) -> Arguments:
    arguments = _layer(torch.Generator().manual_seed(5), batch=2, time=4, n_heads=2, n_kv_heads=2, head_dim=3)
    if position is not None:
        arguments["x"][:, position] = randn(draw, 2, 6)
    return arguments


def _uneven_heads(draw: Generator) -> Arguments:
    return {**_mha(draw), "n_heads": 5}


def _uneven_groups(draw: Generator) -> Arguments:
    return {**_gqa(draw), "n_kv_heads": 3}


def _mha_in_float64(draw: Generator) -> Arguments:
    arguments = _layer(draw, batch=2, time=3, n_heads=2, n_kv_heads=2, head_dim=2)
    return {name: value.double() if isinstance(value, Tensor) else value for name, value in arguments.items()}


MULTI_HEAD_ATTENTION = Exercise(
    reference=attention.multi_head_attention,
    points=6,
    cases=(
        Case("original", functools.partial(_with_other_token, position=None), visible=True),
        Case("last token changed", functools.partial(_with_other_token, position=-1), visible=True),
        Case("first token changed", functools.partial(_with_other_token, position=0), visible=True),
        Case("three heads", _mha, visible=True),
        Case("one token", _one_token),
        Case("four heads share two", _gqa, visible=True),
        Case("six heads share three", _gqa_wide),
        Case("all heads share one", _mqa, visible=True),
        Case("heads wider than the model", _heads_wider_than_model, visible=True),
        Case("heads that do not divide the width", _uneven_heads, visible=True),
        Case("groups that do not divide the heads", _uneven_groups, visible=True),
        Case("float64", _mha_in_float64, visible=True),
        Case("gradients", _small_gqa, visible=True, gradients=("x", "w_q", "w_k", "w_v", "w_o")),
    ),
    properties=(
        Property(
            "An output depends on its own and earlier tokens, and on no later one",
            ("original", "last token changed", "first token changed"),
            "Change the last token: no earlier output may move. Change the first: the last output must. If you do hand "
            "over a causal mask, positions and heads get mixed where you split or join them.",
            observe=observe.causal_only,
            joint=True,
        ),
        Property(
            "With one key and value head for each query head, the result is right",
            ("three heads", "one token"),
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
            ("three heads", "heads that do not divide the width", "groups that do not divide the heads"),
            "Raise ValueError where n_heads does not divide the rows of w_q, or n_kv_heads does not divide n_heads.",
            observe=observe.refusal,
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("float64",),
            "Inputs in float64 must give outputs in float64, and no argument may differ after the call.",
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
    mistakes=(
        Mistake(
            "viewed_without_transpose",
            "You split into heads by viewing [batch, time, width] as [batch, heads, time, head_dim]. That mixes "
            "positions and heads: view as [batch, time, heads, head_dim] first, then transpose time and heads.",
            HEADS,
            _viewed_without_transpose,
        ),
        Mistake(
            "viewed_and_transposed_back",
            "You split into heads with a view as [batch, heads, time, head_dim], which only reads the numbers on in "
            "memory order and mixes positions and heads. View as [batch, time, heads, head_dim], then transpose.",
            HEADS,
            _viewed_and_transposed_back,
        ),
        Mistake(
            "heads_interleaved",
            "You deal the columns out to the heads in turn: view as [..., heads, head_dim], not [..., head_dim, "
            "heads], since the columns of one head lie side by side.",
            HEADS,
            _heads_interleaved,
        ),
        Mistake(
            "across_heads",
            "Your heads attend to each other at one position, and no position to another: transpose time and heads, so "
            "that the last two axes are [time, head_dim].",
            HEADS,
            _across_heads,
        ),
        Mistake(
            "projections_not_transposed",
            "You multiply by w_q, w_k and w_v themselves: weights are laid out [out, in] as in nn.Linear, so a "
            "projection is x @ w.T.",
            PROJECTIONS,
            _projections_not_transposed,
        ),
        Mistake(
            "shared_heads_not_repeated",
            "Your function raises where there are fewer key and value heads than query heads, but more than one. Give "
            "each to its whole group before attention: repeat_interleave along the axis of heads.",
            SHARING,
            _shared_heads_not_repeated,
        ),
        Mistake(
            "shared_heads_ignored",
            "Your function raises wherever n_kv_heads is below n_heads. w_k and w_v have n_kv_heads * head_dim rows "
            "then: split their projections into n_kv_heads heads, and repeat those for the query heads.",
            SHARING,
            _shared_heads_ignored,
        ),
        Mistake(
            "head_width_from_model",
            "Your function raises where the heads together are not as wide as the model. Their width is the rows of "
            "w_q divided by n_heads, which need not be d_model / n_heads; w_o leads back to d_model.",
            HEADS,
            _head_width_from_model,
        ),
        Mistake(
            "merged_without_transpose",
            "You merge the heads without transposing back: [batch, heads, time, head_dim] has to become [batch, time, "
            "heads, head_dim] before the last two dimensions are joined.",
            HEADS,
            _merged_without_transpose,
        ),
        Mistake(
            "tiled",
            "You repeat the key and value heads as 0 1 0 1; neighboring query heads share one, so 0 0 1 1: "
            "repeat_interleave, not repeat.",
            SHARING,
            _tiled,
        ),
        Mistake(
            "no_output_projection",
            "The heads are joined but never mixed: the result still has to go through w_o.",
            HEADS,
            _no_output_projection,
        ),
        Mistake(
            "no_mask",
            "Your attention looks into the future: multi-head attention is causal here, so give it the causal mask.",
            MASKS,
            _no_mask,
        ),
        Mistake(
            "heads_not_scaled",
            "Your scores are not divided by √head_dim. If you use your own scaled_dot_product_attention, look there.",
            SCALING,
            _heads_not_scaled,
        ),
        Mistake(
            "scaled_by_model_width",
            "You divide by √d_model. Inside a head queries and keys are head_dim wide, so √head_dim is the scale.",
            SCALING,
            _scaled_by_model_width,
        ),
        Mistake(
            "output_projection_transposed",
            "You multiply by w_o where w_oᵀ is needed: weights are laid out [out, in] as in nn.Linear, so a layer is "
            "x @ w.T.",
            PROJECTIONS,
            _output_projection_transposed,
        ),
        Mistake(
            "one_wide_head",
            "You compute one attention over the full width. Split queries, keys and values into heads first, so that "
            "each head has weights of its own.",
            HEADS,
            _one_wide_head,
        ),
        Mistake(
            "keys_as_values",
            "What your heads mix are the keys, not the values: project x with w_v for the values.",
            PROJECTIONS,
            _keys_as_values,
        ),
        Mistake(
            "heads_not_checked",
            "You leave it to torch to refuse heads that do not fit, and its RuntimeError speaks of shapes. Compare the "
            "numbers first, and raise ValueError.",
            HEADS,
            _heads_not_checked,
        ),
        Mistake(
            "attended_in_float32",
            "Inputs in float64 come out as float32: somewhere you make a float32 tensor. `new_zeros`, `new_empty` and "
            "`to(x.dtype)` keep the dtype.",
            HEADS,
            _attended_in_float32,
        ),
    ),
    shortcuts=("scaled_dot_product_attention", "multi_head_attention_forward", "MultiheadAttention"),
)


# sliding_window_mask


def _window_one_wider(seq_len: int, window: int) -> Tensor:
    return _windowed(seq_len, window, lambda distance: (distance >= 0) & (distance <= window))


def _symmetric_window(seq_len: int, window: int) -> Tensor:
    return _windowed(seq_len, window, lambda distance: distance.abs() < window)


def _without_itself(seq_len: int, window: int) -> Tensor:
    return _windowed(seq_len, window, lambda distance: (distance > 0) & (distance <= window))


def _whole_past(seq_len: int, window: int) -> Tensor:
    return _windowed(seq_len, window, lambda distance: distance >= 0)


def _window_inverted(seq_len: int, window: int) -> Tensor:
    return _windowed(seq_len, window, lambda distance: (distance < 0) | (distance >= window))


def _window_ahead(seq_len: int, window: int) -> Tensor:
    return _windowed(seq_len, window, lambda distance: (distance <= 0) & (distance > -window))


def _window_one_narrower(seq_len: int, window: int) -> Tensor:
    return _windowed(seq_len, window, lambda distance: (distance >= 0) & (distance < window - 1))


def _only_before_itself(seq_len: int, window: int) -> Tensor:
    return _windowed(seq_len, window, lambda distance: (distance > 0) & (distance < window))


def _future_open(seq_len: int, window: int) -> Tensor:
    return _windowed(seq_len, window, lambda distance: distance < window)


def _in_chunks(seq_len: int, window: int) -> Tensor:
    chunk = torch.arange(seq_len) // max(window, 1)
    return _windowed(seq_len, window, lambda distance: (distance >= 0) & (chunk[:, None] == chunk))


def _any_window_taken(seq_len: int, window: int) -> Tensor:
    position = torch.arange(seq_len)
    distance = position[:, None] - position
    return (distance >= 0) & (distance < window)


def _windowed(seq_len: int, window: int, allowed: Callable[[Tensor], Tensor]) -> Tensor:
    if window < 1:
        raise ValueError("a window is at least 1")
    position = torch.arange(seq_len)
    return allowed(position[:, None] - position)


def _drawn_window(draw: Generator) -> Arguments:
    return {"seq_len": randint(draw, 8, 12), "window": randint(draw, 3, 6)}


def _negative_window(draw: Generator) -> Arguments:
    return {"seq_len": randint(draw, 5, 12), "window": -randint(draw, 1, 5)}


def _drawn_diagonal(draw: Generator) -> Arguments:
    return {"seq_len": randint(draw, 7, 20), "window": 1}


SLIDING_WINDOW_MASK = Exercise(
    reference=attention.sliding_window_mask,
    points=2,
    cases=(
        Case("five positions, window 2", given(seq_len=5, window=2), visible=True),
        Case("drawn", _drawn_window),
        Case("window 1", given(seq_len=6, window=1), visible=True),
        Case("window 1, drawn", _drawn_diagonal),
        Case("window longer than the sequence", given(seq_len=4, window=9), visible=True),
        Case("no window", given(seq_len=4, window=0), visible=True),
        Case("negative window", _negative_window),
    ),
    properties=(
        Property(
            "A query sees itself and the window - 1 positions before it",
            ("five positions, window 2", "drawn"),
            "Take window = 2 and five positions: each row has at most two True, on the diagonal and just left of it.",
            weight=2,
        ),
        Property(
            "Window 1 is the diagonal, and a long window is the causal mask",
            ("window 1", "window 1, drawn", "window longer than the sequence"),
            "Try the extremes: with window = 1 a query sees itself only; with a window beyond the "
            "sequence, all its past.",
        ),
        Property(
            "A window below 1 is refused with a ValueError",
            ("five positions, window 2", "drawn", "no window", "negative window"),
            "Raise ValueError for a window below 1: such a query could attend to nothing.",
            observe=observe.refusal,
        ),
    ),
    mistakes=(
        Mistake(
            "window_one_wider",
            "Your window is one too wide: `window` counts the query itself, so `window - 1` positions before it.",
            WINDOW,
            _window_one_wider,
        ),
        Mistake(
            "symmetric_window",
            "Your window reaches to both sides: it must not show the future.",
            WINDOW,
            _symmetric_window,
        ),
        Mistake(
            "without_itself",
            "Your queries do not see themselves: the window starts at the query's own position.",
            WINDOW,
            _without_itself,
        ),
        Mistake(
            "whole_past",
            "Your queries see their whole past: nothing cuts off what is `window` positions or more away.",
            WINDOW,
            _whole_past,
        ),
        Mistake(
            "window_one_narrower",
            "Your window is one too narrow: with the query itself it holds only `window - 1` positions.",
            WINDOW,
            _window_one_narrower,
        ),
        Mistake(
            "only_before_itself",
            "Your queries see the `window - 1` positions before them, but not themselves: the distance 0 belongs to "
            "the window.",
            WINDOW,
            _only_before_itself,
        ),
        Mistake(
            "future_open",
            "Your window has an end in the past but none in the future: a key after the query has a negative distance, "
            "which is below `window` too.",
            WINDOW,
            _future_open,
        ),
        Mistake(
            "in_chunks",
            "You cut the sequence into chunks that do not see each other. A window slides: each query has its own, "
            "which ends at the query.",
            WINDOW,
            _in_chunks,
        ),
        Mistake(
            "any_window_taken",
            "You take a window below 1: its mask is False everywhere, and no query sees even itself. Raise ValueError.",
            WINDOW,
            _any_window_taken,
        ),
        Mistake(
            "window_inverted",
            "Your mask is inverted: True means *may attend*.",
            WINDOW,
            _window_inverted,
        ),
        Mistake(
            "window_ahead",
            "Your window looks ahead instead of back: rows are queries, columns are keys, and the distance query "
            "minus key has to be 0 or more.",
            WINDOW,
            _window_ahead,
        ),
    ),
)


# flash_attention


def _check_block(block_size: int) -> None:
    if block_size < 1:
        raise ValueError("a block holds at least one key")


def _blocks(key: Tensor, block_size: int) -> list[slice]:
    return [slice(start, start + block_size) for start in range(0, key.shape[0], block_size)]


def _online(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    block_size: int,
    *,
    rescale_total: bool = True,
    rescale_output: bool = True,
    scale: float | None = None,
    first_maximum: float = -torch.inf,
    highest: Callable[[Tensor, Tensor], Tensor] = lambda old, scores: torch.maximum(old, scores.amax(-1, keepdim=True)),
) -> Tensor:
    """Online softmax, right but for what the keywords say."""
    _check_block(block_size)
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    maximum = query.new_full((query.shape[0], 1), first_maximum)
    total, output = query.new_zeros(query.shape[0], 1), query.new_zeros(query.shape[0], value.shape[-1])
    for block in _blocks(key, block_size):
        scores = query @ key[block].T * scale
        new_maximum = highest(maximum, scores)
        weights, rescale = torch.exp(scores - new_maximum), torch.exp(maximum - new_maximum)
        total = total * (rescale if rescale_total else 1) + weights.sum(-1, keepdim=True)
        output = output * (rescale if rescale_output else 1) + weights @ value[block]
        maximum = new_maximum
    return output / total


def _never_rescaled(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    return _online(query, key, value, block_size, rescale_total=False, rescale_output=False)


def _total_not_rescaled(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    return _online(query, key, value, block_size, rescale_total=False)


def _output_not_rescaled(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    return _online(query, key, value, block_size, rescale_output=False)


def _blocks_not_scaled(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    return _online(query, key, value, block_size, scale=1.0)


def _last_block_lost(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    _check_block(block_size)
    whole = key.shape[0] // block_size * block_size
    return _online(query, key[:whole], value[:whole], block_size)


def _softmax_in_each_block(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    _check_block(block_size)
    outputs = [
        attention.scaled_dot_product_attention(query, key[block], value[block])[0] for block in _blocks(key, block_size)
    ]
    return torch.stack(outputs).mean(0)


def _no_maximum(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    _check_block(block_size)
    total, output = query.new_zeros(query.shape[0], 1), query.new_zeros(query.shape[0], value.shape[-1])
    for block in _blocks(key, block_size):
        weights = torch.exp(query @ key[block].T / math.sqrt(query.shape[-1]))
        total, output = total + weights.sum(-1, keepdim=True), output + weights @ value[block]
    return output / total


def _starts_at_zero(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    return _online(query, key, value, block_size, first_maximum=0.0)


def _only_the_block_maximum(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    return _online(query, key, value, block_size, highest=lambda old, scores: scores.amax(-1, keepdim=True))


def _one_maximum_for_all(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    return _online(query, key, value, block_size, highest=lambda old, scores: torch.maximum(old, scores.amax()))


def _never_divided(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    _check_block(block_size)
    scores = query @ key.T / math.sqrt(query.shape[-1])
    weights = torch.exp(scores - scores.amax(-1, keepdim=True))
    return sum((weights[:, block] @ value[block] for block in _blocks(key, block_size)), torch.zeros(()))


def _divided_in_each_block(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    _check_block(block_size)
    maximum, total, output = query.new_full((query.shape[0], 1), -torch.inf), torch.zeros(()), torch.zeros(())
    for block in _blocks(key, block_size):
        scores = query @ key[block].T / math.sqrt(query.shape[-1])
        new_maximum = torch.maximum(maximum, scores.amax(-1, keepdim=True))
        weights, rescale = torch.exp(scores - new_maximum), torch.exp(maximum - new_maximum)
        total = total * rescale + weights.sum(-1, keepdim=True)
        output = (output * rescale + weights @ value[block]) / total
        maximum = new_maximum
    return output


def _nothing_but_nan(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    return _online(query, key, value, block_size) * torch.nan


def _block_outputs_summed(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    return _softmax_in_each_block(query, key, value, block_size) * len(_blocks(key, block_size))


def _whole_matrix(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    _check_block(block_size)
    return attention.scaled_dot_product_attention(query, key, value)[0]


def _negative_block_taken(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    if block_size < 0:
        return torch.full((query.shape[0], value.shape[-1]), torch.nan)  # 0 / 0, after no turn of the loop
    return attention.flash_attention(query, key, value, block_size)


def _blocks_detached(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    return attention.flash_attention(query, key, value, block_size).detach()


def _rows(draw: Generator, *, n_q: int, n_k: int, d: int, block_size: int, scale: float = 1.0) -> Arguments:
    return {
        "query": randn(draw, n_q, d) * scale,
        "key": randn(draw, n_k, d) * scale,
        "value": randn(draw, n_k, d),
        "block_size": block_size,
    }


def _short_last_block(draw: Generator) -> Arguments:
    return _rows(draw, n_q=3, n_k=7, d=4, block_size=3, scale=1.5)


def _drawn_blocks(draw: Generator) -> Arguments:
    return _rows(draw, n_q=5, n_k=randint(draw, 17, 19), d=6, block_size=5, scale=1.5)


def _whole_blocks(draw: Generator) -> Arguments:
    return _rows(draw, n_q=4, n_k=8, d=5, block_size=4, scale=1.5)


def _rising_scores(draw: Generator) -> Arguments:
    arguments = _rows(draw, n_q=4, n_k=12, d=5, block_size=3)
    arguments["key"] = arguments["key"] + torch.arange(12.0)[:, None] * arguments["query"].mean(0)
    return arguments


def _one_block(draw: Generator) -> Arguments:
    return _rows(draw, n_q=3, n_k=5, d=4, block_size=8)


def _single_keys(draw: Generator) -> Arguments:
    return _rows(draw, n_q=3, n_k=5, d=4, block_size=1)


def _huge_blocks(draw: Generator) -> Arguments:
    # Far above 88, where exponentials end; much larger ones would cost a logarithm of the sum too many digits.
    return _rows(draw, n_q=3, n_k=9, d=4, block_size=4, scale=12.0)


def _falling_scores(draw: Generator) -> Arguments:
    arguments = _rows(draw, n_q=3, n_k=9, d=4, block_size=4)
    direction = arguments["query"][0] / arguments["query"][0].norm()
    # From each block to the next, the first query's scores fall by 160, far more than an exponential can make up for.
    arguments["query"][0] = direction * 2
    arguments["key"] -= 40 * torch.arange(9.0)[:, None] * direction
    return arguments


def _very_low_scores(draw: Generator) -> Arguments:
    arguments = _rows(draw, n_q=3, n_k=9, d=4, block_size=4, scale=0.3)
    return {**arguments, "query": arguments["query"] + 10, "key": arguments["key"] - 10}


def _low_beside_high_scores(draw: Generator) -> Arguments:
    arguments = _very_low_scores(draw)
    # The first query's scores are near +200, those of the others near -200.
    return {**arguments, "query": arguments["query"] * torch.tensor([[-1.0], [1.0], [1.0]])}


def _many_keys(draw: Generator) -> Arguments:
    # No more queries than a block has keys: blocks of queries would not help, and are not what is asked.
    return _rows(draw, n_q=8, n_k=96, d=4, block_size=8)


def _no_block(draw: Generator) -> Arguments:
    return _rows(draw, n_q=2, n_k=3, d=4, block_size=0)


def _negative_block(draw: Generator) -> Arguments:
    return _rows(draw, n_q=2, n_k=3, d=4, block_size=-2)


FLASH_ATTENTION = Exercise(
    reference=attention.flash_attention,
    points=4,
    cases=(
        Case("short last block", _short_last_block, visible=True),
        Case("drawn", _drawn_blocks),
        Case("whole blocks", _whole_blocks, visible=True),
        Case("rising scores", _rising_scores),
        Case("one block", _one_block, visible=True),
        Case("blocks of one key", _single_keys),
        # A score of 200 is rounded by 0.00001, and its exponential as much: a hundred units.
        Case("huge scores", _huge_blocks, visible=True, slack=1000.0),
        Case("falling scores", _falling_scores, slack=1000.0),
        Case("very low scores", _very_low_scores, visible=True, slack=1000.0),
        Case("low beside high scores", _low_beside_high_scores, visible=True, slack=1000.0),
        Case("many keys", _many_keys, visible=True, measure=True),
        Case("no block", _no_block, visible=True),
        Case("a negative block", _negative_block, visible=True),
        # A gradient through the logarithm of the sum loses more digits where scores nearly cancel.
        Case("gradients", _short_last_block, visible=True, gradients=("query", "key", "value"), slack=256.0),
    ),
    properties=(
        Property(
            "With one block, the result is plain attention",
            ("one block",),
            "Start with a block that holds all keys: the result has to be softmax(query keyᵀ / √d) value.",
        ),
        Property(
            "With several blocks, the result is the same",
            ("whole blocks", "rising scores", "blocks of one key"),
            "Follow one query through two blocks by hand: largest score, sum and output so far, before and after.",
            weight=3,
        ),
        Property(
            "A short last block counts too",
            ("short last block", "drawn"),
            "Seven keys in blocks of three are three blocks: 3, 3 and 1.",
        ),
        Property(
            "Huge scores do not overflow, very low ones do not vanish",
            ("huge scores", "falling scores", "very low scores", "low beside high scores"),
            "Take exponentials relative to the largest score so far of the same query, never of a score itself.",
        ),
        Property(
            "No tensor holds all scores at once",
            ("many keys",),
            "With 8 queries, 96 keys and blocks of 8 keys, no tensor on the way needs 8 x 96 numbers.",
            weight=2,
            observe=functools.partial(observe.stays_below, limit=8 * 96),
            needs="With several blocks, the result is the same",
        ),
        Property(
            "A block size below 1 is refused with a ValueError",
            ("whole blocks", "no block", "a negative block"),
            "Raise ValueError for a block size below 1.",
            observe=observe.refusal,
        ),
        Property(
            "Gradients reach query, key and value",
            ("gradients",),
            "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
            observe=observe.gradients,
        ),
    ),
    mistakes=(
        Mistake(
            "never_rescaled",
            "Your sums from earlier blocks are relative to an older maximum. When the maximum rises, multiply what you "
            "have so far by exp(old maximum - new maximum).",
            FLASH,
            _never_rescaled,
        ),
        Mistake(
            "total_not_rescaled",
            "You rescale the output when the maximum rises, but not the sum of exponentials that you divide by.",
            FLASH,
            _total_not_rescaled,
        ),
        Mistake(
            "output_not_rescaled",
            "You rescale the sum of exponentials when the maximum rises, but not the output so far.",
            FLASH,
            _output_not_rescaled,
        ),
        Mistake(
            "last_block_lost",
            "The last, shorter block of keys is lost: the number of blocks is n_k / block_size rounded *up*.",
            FLASH,
            _last_block_lost,
        ),
        Mistake(
            "blocks_not_scaled",
            "Your scores are not divided by √d.",
            SCALING,
            _blocks_not_scaled,
        ),
        Mistake(
            "softmax_in_each_block",
            "You take a softmax in each block and average: a block with low scores then counts as much as one with "
            "high scores. The blocks share one denominator.",
            FLASH,
            _softmax_in_each_block,
        ),
        Mistake(
            "no_maximum",
            "You sum plain exponentials, which is right on paper. In float32 those of large scores are infinite and "
            "those of very low ones all 0: subtract the largest score so far.",
            FLASH,
            _no_maximum,
        ),
        Mistake(
            "starts_at_zero",
            "Your largest score starts at 0, so a query whose scores are all far below 0 has only exponentials that "
            "round to 0. Start at minus infinity.",
            FLASH,
            _starts_at_zero,
        ),
        Mistake(
            "only_the_block_maximum",
            "You go on with the largest score of the new block alone. Where it is far below that of an earlier block, "
            "the factor for the old sums overflows: keep the larger of the two.",
            FLASH,
            _only_the_block_maximum,
        ),
        Mistake(
            "one_maximum_for_all",
            "You keep one largest score for all queries. A query whose own scores are far below it has only "
            "exponentials that round to 0: keep one for each query, over the keys.",
            FLASH,
            _one_maximum_for_all,
        ),
        Mistake(
            "never_divided",
            "You sum the weighted values, but never divide by the sum of the exponentials.",
            FLASH,
            _never_divided,
        ),
        Mistake(
            "divided_in_each_block",
            "You divide by the sum in each block, and carry the divided output on: the earlier blocks are divided "
            "again and again. Divide once, at the end.",
            FLASH,
            _divided_in_each_block,
        ),
        Mistake(
            "nothing_but_nan",
            "Your result is NaN throughout. Look at the first block, where the old maximum is -inf: exp(old - new) is "
            "0, but exp(new - old), or any exponential relative to -inf, is infinite, and infinity times 0 is NaN.",
            FLASH,
            _nothing_but_nan,
        ),
        Mistake(
            "block_outputs_summed",
            "You take a softmax in each block and add the results: the weights of a query then sum to the number of "
            "blocks. The blocks share one denominator.",
            FLASH,
            _block_outputs_summed,
        ),
        Mistake(
            "whole_matrix",
            "Your result is right, but somewhere all queries meet all keys: you form the whole n_q x n_k matrix of "
            "scores. Blocks are blocks of *keys*, and what one block gives has to be summed up before the next.",
            FLASH,
            _whole_matrix,
        ),
        Mistake(
            "negative_block_taken",
            "`range` refuses a step of 0 by itself, but with a negative one your loop makes no turn at all, and the "
            "result is 0 / 0. Raise ValueError for both.",
            FLASH,
            _negative_block_taken,
        ),
        Mistake(
            "blocks_detached",
            "No gradient flows through your result: the sums of the blocks are part of the graph, as attention's are.",
            FLASH,
            _blocks_detached,
        ),
    ),
    shortcuts=("scaled_dot_product_attention", "softmax"),
)


ASSIGNMENT = Assignment(
    "05_attention",
    (CAUSAL_MASK, SCALED_DOT_PRODUCT_ATTENTION, MULTI_HEAD_ATTENTION, SLIDING_WINDOW_MASK, FLASH_ATTENTION),
)
