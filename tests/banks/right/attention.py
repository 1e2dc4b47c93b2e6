"""Right alternatives of 05_attention."""

import torch
from torch import Tensor


def causal_mask_by_positions(n_queries: int, n_keys: int) -> Tensor:
    return torch.arange(n_keys - n_queries, n_keys).unsqueeze(1) >= torch.arange(n_keys).unsqueeze(0)


def scaled_dot_product_attention_with_its_own_softmax(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> list[Tensor]:
    scores = torch.matmul(query, key.mT) / query.size(-1) ** 0.5
    allowed = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask.expand_as(scores)
    scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    exponentials = torch.exp(scores - scores.max(dim=-1, keepdim=True).values) * allowed
    weights = exponentials / exponentials.sum(-1, keepdim=True).clamp_min(torch.finfo(scores.dtype).tiny)
    return [weights @ value, weights]


def scaled_dot_product_attention_by_torch(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    identity = torch.eye(key.shape[-2], dtype=key.dtype).expand(*key.shape[:-2], -1, -1)
    weights = torch.nn.functional.scaled_dot_product_attention(query, key, identity, attn_mask=mask)
    return weights @ value, weights


def multi_head_attention_by_torch(
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


def sliding_window_mask_by_loops(seq_len: int, window: int) -> Tensor:
    if window < 1:
        raise ValueError("the window must be positive")
    rows = [[0 <= query - key < window for key in range(seq_len)] for query in range(seq_len)]
    return torch.tensor(rows, dtype=torch.bool)


def flash_attention_by_log_sum_exp(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
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


def flash_attention_in_two_passes(query: Tensor, key: Tensor, value: Tensor, block_size: int) -> Tensor:
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
