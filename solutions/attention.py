"""Attention: how a token chooses what to listen to.

Contents, in the order of the chapter:
    causal_mask                     who may be listened to: oneself and the past
    scaled_dot_product_attention    one head, any mask
    multi_head_attention            several heads, keys and values shared or not
    sliding_window_mask             the recent past only
    flash_attention                 the same result, block by block
"""

import math

import torch
from torch import Tensor


def causal_mask(n_queries: int, n_keys: int) -> Tensor:
    """Say which keys each query may attend to: those up to its own position.

    The queries are the last `n_queries` of `n_keys` positions, so the last
    query sees the last key. This also serves decoding with a cache, where one
    new query meets all keys so far.

    Args:
        n_queries: number of queries.
        n_keys: number of keys.

    Returns:
        BoolTensor[n_queries, n_keys]: True where the query may attend.

    Example:
        >>> causal_mask(2, 3)
        tensor([[ True,  True, False],
                [ True,  True,  True]])
    """
    return torch.ones(n_queries, n_keys, dtype=torch.bool).tril(diagonal=n_keys - n_queries)


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Mix the values, each query by its own weights:
    softmax(query keyᵀ / √d_k) value.

    Args:
        query: Tensor[..., n_q, d_k].
        key: Tensor[..., n_k, d_k].
        value: Tensor[..., n_k, d_v].
        mask: BoolTensor that broadcasts to [..., n_q, n_k], True where the
            query may attend; None allows all.

    Returns:
        output Tensor[..., n_q, d_v] and weights Tensor[..., n_q, n_k]. Both are
        zero for a query that may attend to nothing.

    Example:
        >>> output, weights = scaled_dot_product_attention(
        ...     torch.zeros(1, 4), torch.ones(2, 4), torch.eye(2)
        ... )
        >>> weights
        tensor([[0.5000, 0.5000]])

    Source: Vaswani et al. 2017, equation 1.
    """
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        # The lowest finite number, not -inf: a row of -inf alone has the softmax NaN.
        hidden = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(hidden, dim=-1).masked_fill(~mask, 0.0)
    return weights @ value, weights


def multi_head_attention(
    x: Tensor,
    w_q: Tensor,
    w_k: Tensor,
    w_v: Tensor,
    w_o: Tensor,
    n_heads: int,
    n_kv_heads: int | None = None,
) -> Tensor:
    """Causal self-attention in several heads, with keys and values shared
    between heads if `n_kv_heads` says so.

    Query head h is served by key and value head h // (n_heads // n_kv_heads).

    Args:
        x: Tensor[batch, time, d_model].
        w_q: Tensor[n_heads * head_dim, d_model], laid out [out, in] as in
            nn.Linear.
        w_k: Tensor[n_kv_heads * head_dim, d_model].
        w_v: Tensor[n_kv_heads * head_dim, d_model].
        w_o: Tensor[d_model, n_heads * head_dim].
        n_heads: number of query heads.
        n_kv_heads: number of key and value heads: n_heads is multi-head
            attention (the default), 1 is multi-query attention, between them
            grouped-query attention.

    Returns:
        Tensor[batch, time, d_model].

    Raises:
        ValueError: if n_heads does not divide the rows of w_q, or n_kv_heads
            does not divide n_heads.

    Example:
        >>> x, w = torch.randn(2, 3, 8), torch.eye(8)
        >>> multi_head_attention(x, w, w, w, w, n_heads=4).shape
        torch.Size([2, 3, 8])

    Source: Vaswani et al. 2017, section 3.2.2; Ainslie et al. 2023 for the
    groups.
    """
    n_kv_heads = n_heads if n_kv_heads is None else n_kv_heads
    if n_heads < 1 or w_q.shape[0] % n_heads:
        raise ValueError(f"{w_q.shape[0]} rows of w_q cannot be split into {n_heads} heads")
    if n_kv_heads < 1 or n_heads % n_kv_heads:
        raise ValueError(f"{n_heads} query heads cannot share {n_kv_heads} key and value heads evenly")

    def split_heads(projected: Tensor, heads: int) -> Tensor:
        return projected.unflatten(-1, (heads, -1)).transpose(1, 2)  # [batch, heads, time, head_dim]

    query = split_heads(x @ w_q.T, n_heads)
    # Neighboring query heads share a key head, so each is repeated in place: 0 0 1 1, not 0 1 0 1.
    key = split_heads(x @ w_k.T, n_kv_heads).repeat_interleave(n_heads // n_kv_heads, dim=1)
    value = split_heads(x @ w_v.T, n_kv_heads).repeat_interleave(n_heads // n_kv_heads, dim=1)
    output, _ = scaled_dot_product_attention(query, key, value, causal_mask(x.shape[1], x.shape[1]))
    return output.transpose(1, 2).flatten(2) @ w_o.T


def sliding_window_mask(seq_len: int, window: int) -> Tensor:
    """Say which keys each query may attend to: itself and the `window - 1`
    positions before it.

    Args:
        seq_len: number of positions.
        window: how many positions a query sees, itself included.

    Returns:
        BoolTensor[seq_len, seq_len]: True where the query may attend.

    Raises:
        ValueError: if window is below 1.

    Example:
        >>> sliding_window_mask(3, 2)
        tensor([[ True, False, False],
                [ True,  True, False],
                [False,  True,  True]])

    Source: Beltagy et al. 2020.
    """
    if window < 1:
        raise ValueError(f"a window of {window} leaves a query nothing to see, not even itself")
    position = torch.arange(seq_len)
    distance = position[:, None] - position
    return (distance >= 0) & (distance < window)


def flash_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    block_size: int,
) -> Tensor:
    """Attention without a mask, in blocks of keys, without ever holding the
    n_q x n_k matrix of scores.

    The softmax is kept up to date block by block (online softmax): for each
    query the largest score so far, the sum of the exponentials relative to it,
    and the output so far.

    Args:
        query: Tensor[n_q, d].
        key: Tensor[n_k, d].
        value: Tensor[n_k, d].
        block_size: number of keys in a block; the last block may be shorter.

    Returns:
        Tensor[n_q, d], equal to
        scaled_dot_product_attention(query, key, value)[0] up to rounding.

    Raises:
        ValueError: if block_size is below 1.

    Example:
        >>> flash_attention(
        ...     torch.zeros(1, 2),
        ...     torch.ones(3, 2),
        ...     torch.ones(3, 2),
        ...     block_size=2,
        ... )
        tensor([[1., 1.]])

    Source: Dao et al. 2022, algorithm 1, with blocks of keys only.
    """
    if block_size < 1:
        raise ValueError(f"a block holds at least one key, not {block_size}")
    n_queries, d_k = query.shape
    maximum = query.new_full((n_queries, 1), -torch.inf)
    total = query.new_zeros(n_queries, 1)
    output = query.new_zeros(n_queries, value.shape[-1])
    for start in range(0, key.shape[0], block_size):
        block = slice(start, start + block_size)
        scores = query @ key[block].T / math.sqrt(d_k)
        new_maximum = torch.maximum(maximum, scores.amax(dim=-1, keepdim=True))
        # What was summed so far is relative to the old maximum.
        rescale = torch.exp(maximum - new_maximum)
        weights = torch.exp(scores - new_maximum)
        total = total * rescale + weights.sum(dim=-1, keepdim=True)
        output = output * rescale + weights @ value[block]
        maximum = new_maximum
    return output / total
