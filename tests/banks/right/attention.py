"""Right alternatives of 05_attention."""

import math

import torch
from torch import Tensor

from tests.banks.right import Alternatives


def mask_by_loops(n_queries: int, n_keys: int) -> Tensor:
    mask = torch.zeros(n_queries, n_keys, dtype=torch.bool)
    for query in range(n_queries):
        for key in range(n_keys):
            mask[query, key] = key <= query + n_keys - n_queries
    return mask


def mask_by_positions(n_queries: int, n_keys: int) -> Tensor:
    return torch.arange(n_keys - n_queries, n_keys).unsqueeze(1) >= torch.arange(n_keys).unsqueeze(0)


def mask_from_the_full_square(n_queries: int, n_keys: int) -> Tensor:
    full = ~torch.triu(torch.ones(n_keys, n_keys), diagonal=1).bool()
    return full[n_keys - n_queries :]


def attention_by_einsum(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    scores = torch.einsum("...qd,...kd->...qk", query * query.shape[-1] ** -0.5, key)
    if mask is not None:
        scores = torch.where(mask, scores, torch.tensor(-torch.inf, dtype=scores.dtype))
    weights = torch.nan_to_num(torch.softmax(scores, -1), nan=0.0)
    return torch.einsum("...qk,...kv->...qv", weights, value), weights


def attention_with_its_own_softmax(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> list[Tensor]:
    scores = torch.matmul(query, key.mT) / query.size(-1) ** 0.5
    allowed = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask.expand_as(scores)
    scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    exponentials = torch.exp(scores - scores.max(dim=-1, keepdim=True).values) * allowed
    weights = exponentials / exponentials.sum(-1, keepdim=True).clamp_min(torch.finfo(scores.dtype).tiny)
    return [weights @ value, weights]


def attention_in_float64(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    scores = query.double() @ key.double().transpose(-1, -2) / math.sqrt(key.shape[-1])
    if mask is not None:
        scores = scores + torch.zeros(mask.shape, dtype=scores.dtype).masked_fill(~mask, -1e300)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = weights * mask.any(-1, keepdim=True)
    return (weights @ value.double()).to(query.dtype), weights.to(query.dtype)


def attention_by_torch(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    identity = torch.eye(key.shape[-2], dtype=key.dtype).expand(*key.shape[:-2], -1, -1)
    weights = torch.nn.functional.scaled_dot_product_attention(query, key, identity, attn_mask=mask)
    return weights @ value, weights


def heads_by_loop(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    n_kv_heads = n_kv_heads or n_heads
    if w_q.shape[0] % n_heads != 0 or n_heads % n_kv_heads != 0:
        raise ValueError("the heads do not fit")
    head_dim, time = w_q.shape[0] // n_heads, x.shape[1]
    outputs = []
    for head in range(n_heads):
        shared = head // (n_heads // n_kv_heads)
        query = x @ w_q[head * head_dim : (head + 1) * head_dim].T
        key = x @ w_k[shared * head_dim : (shared + 1) * head_dim].T
        value = x @ w_v[shared * head_dim : (shared + 1) * head_dim].T
        scores = query @ key.transpose(1, 2) / math.sqrt(head_dim)
        scores = scores.masked_fill(torch.triu(torch.ones(time, time, dtype=torch.bool), 1), -torch.inf)
        outputs.append(torch.softmax(scores, -1) @ value)
    return torch.cat(outputs, -1) @ w_o.T


def heads_grouped_by_einsum(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    groups = n_heads if n_kv_heads is None else n_kv_heads
    if n_heads % groups or w_q.shape[0] % n_heads:
        raise ValueError(f"{n_heads} heads do not fit")
    batch, time, _ = x.shape
    query = torch.einsum("btm,om->bto", x, w_q).reshape(batch, time, groups, n_heads // groups, -1)
    key = torch.einsum("btm,om->bto", x, w_k).reshape(batch, time, groups, -1)
    value = torch.einsum("btm,om->bto", x, w_v).reshape(batch, time, groups, -1)
    scores = torch.einsum("bqgrd,bkgd->bgrqk", query, key) / query.shape[-1] ** 0.5
    weights = scores.masked_fill(~torch.ones(time, time).tril().bool(), -torch.inf).softmax(-1)
    return torch.einsum("bgrqk,bkgd->bqgrd", weights, value).reshape(batch, time, -1) @ w_o.T


def heads_by_torch(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, n_heads: int, n_kv_heads: int | None = None
) -> Tensor:
    if n_kv_heads is None:
        n_kv_heads = n_heads
    if w_q.shape[0] % n_heads or n_heads % n_kv_heads:
        raise ValueError("uneven heads")

    def split(weight: Tensor, heads: int) -> Tensor:
        return torch.nn.functional.linear(x, weight).view(*x.shape[:2], heads, -1).transpose(1, 2)

    output = torch.nn.functional.scaled_dot_product_attention(
        split(w_q, n_heads), split(w_k, n_kv_heads), split(w_v, n_kv_heads), is_causal=True, enable_gqa=True
    )
    return torch.nn.functional.linear(output.transpose(1, 2).reshape(*x.shape[:2], -1), w_o)


def window_by_loops(seq_len: int, window: int) -> Tensor:
    if window < 1:
        raise ValueError("the window must be positive")
    rows = [[0 <= query - key < window for key in range(seq_len)] for query in range(seq_len)]
    return torch.tensor(rows, dtype=torch.bool)


def window_by_two_triangles(seq_len: int, window: int) -> Tensor:
    if window <= 0:
        raise ValueError("no window")
    ones = torch.ones(seq_len, seq_len)
    return (ones.tril() - ones.tril(-window)).bool()


def window_by_xor(seq_len: int, window: int) -> Tensor:
    if window < 1:
        raise ValueError("no window")
    causal = torch.ones(seq_len, seq_len, dtype=torch.bool).tril()
    return causal ^ causal.tril(diagonal=-window)


def flash_by_log_sum_exp(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    if block_size < 1:
        raise ValueError("empty blocks")
    output, log_total = torch.zeros_like(query), None
    for keys, values in zip(key.split(block_size), value.split(block_size), strict=True):
        scores = query @ keys.T / query.shape[1] ** 0.5
        block_total = torch.logsumexp(scores, 1, keepdim=True)
        block_output = torch.exp(scores - block_total) @ values
        new_total = block_total if log_total is None else torch.logaddexp(log_total, block_total)
        old = 0.0 if log_total is None else torch.exp(log_total - new_total) * output
        output, log_total = old + torch.exp(block_total - new_total) * block_output, new_total
    return output


def flash_query_by_query(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    if block_size <= 0:
        raise ValueError("block_size must be positive")
    rows = []
    for row in query:
        top, total, output = torch.tensor(-torch.inf, dtype=query.dtype), 0.0, 0.0
        for start in range(0, len(key), block_size):
            scores = key[start : start + block_size] @ row / math.sqrt(len(row))
            new_top = torch.max(top, scores.max())
            weights = torch.exp(scores - new_top)
            total = total * torch.exp(top - new_top) + weights.sum()
            output = output * torch.exp(top - new_top) + weights @ value[start : start + block_size]
            top = new_top
        rows.append(output / total)
    return torch.stack(rows)


def flash_in_two_passes(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
    if block_size < 1:
        raise ValueError("block_size must be positive")
    blocks = range(0, key.shape[0], block_size)
    scale = query.shape[-1] ** -0.5
    tops = [(query @ key[i : i + block_size].T * scale).amax(1, keepdim=True) for i in blocks]
    top = torch.stack(tops).amax(0)
    weights_and_values = [
        (torch.exp(query @ key[i : i + block_size].T * scale - top), value[i : i + block_size]) for i in blocks
    ]
    total = sum(weights.sum(1, keepdim=True) for weights, _ in weights_and_values)
    return sum(weights @ values for weights, values in weights_and_values) / total


ALTERNATIVES: Alternatives = {
    "causal_mask": [mask_by_loops, mask_by_positions, mask_from_the_full_square],
    "scaled_dot_product_attention": [
        attention_by_einsum,
        attention_with_its_own_softmax,
        attention_in_float64,
        attention_by_torch,
    ],
    "multi_head_attention": [heads_by_loop, heads_grouped_by_einsum, heads_by_torch],
    "sliding_window_mask": [window_by_loops, window_by_two_triangles, window_by_xor],
    "flash_attention": [flash_by_log_sum_exp, flash_query_by_query, flash_in_two_passes],
}
