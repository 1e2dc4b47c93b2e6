"""Norms, and with them the whole decoder.

Contents, in the order of the chapter:
    layer_norm            rows with mean 0 and variance 1, then a gain and a bias
    rms_norm              rows of one length, then a gain
    transformer_block     attention and feed-forward, each behind a norm and added to what came in
    decoder_logits        from token ids to a score for every token
"""

import torch
from torch import Tensor
from torch.nn import functional


def layer_norm(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    eps: float = 1e-5,
) -> Tensor:
    """Give each row the mean 0 and the variance 1, then multiply by the weight
    and add the bias.

    The variance is the mean squared distance from the mean, divided by d and
    not by d - 1.

    Args:
        x: Tensor[..., d], with any number of leading dimensions. Rows may lie
            far from 0.
        weight: Tensor[d], what each column is multiplied by.
        bias: Tensor[d], what is added to each column.
        eps: added to the variance, so that a row of equal numbers does not
            divide by zero.

    Returns:
        Tensor[..., d] in the dtype of x.

    Raises:
        ValueError: if weight or bias does not hold one number for each column.

    Example:
        >>> layer_norm(
        ...     torch.tensor([[1.0, 3.0]]),
        ...     torch.tensor([1.0, 2.0]),
        ...     torch.tensor([0.0, 0.5]),
        ...     eps=0.0,
        ... )
        tensor([[-1.0000,  2.5000]])

    Source: Ba et al. 2016, section 3.
    """
    if weight.shape != x.shape[-1:] or bias.shape != x.shape[-1:]:
        raise ValueError(f"rows of {x.shape[-1]} numbers need a weight and a bias of as many")
    centered = x - x.mean(dim=-1, keepdim=True)
    variance = centered.pow(2).mean(dim=-1, keepdim=True)
    return centered * torch.rsqrt(variance + eps) * weight + bias


def rms_norm(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    """Divide each row by the root of its mean square, then multiply by the
    weight.

    The statistics are computed in float32 whatever the dtype of x: in float16
    the square of 256 is infinite.

    Args:
        x: Tensor[..., d], with any number of leading dimensions.
        weight: Tensor[d], what each column is multiplied by.
        eps: added to the mean square, so that a row of zeros does not divide by
            zero.

    Returns:
        Tensor[..., d] in the dtype of x.

    Raises:
        ValueError: if weight does not hold one number for each column.

    Example:
        >>> rms_norm(
        ...     torch.tensor([[1.0, 7.0]]), torch.tensor([1.0, 2.0]), eps=0.0
        ... )
        tensor([[0.2000, 2.8000]])

    Source: Zhang and Sennrich 2019, equation 4.
    """
    if weight.shape != x.shape[-1:]:
        raise ValueError(f"rows of {x.shape[-1]} numbers need a weight of as many, not {tuple(weight.shape)}")
    mean_square = x.float().pow(2).mean(dim=-1, keepdim=True)
    return (x * torch.rsqrt(mean_square + eps) * weight).to(x.dtype)


def transformer_block(
    x: Tensor,
    weights: dict[str, Tensor],
    n_heads: int,
    n_kv_heads: int,
    rope_base: float,
    eps: float,
) -> Tensor:
    """Apply one pre-norm Llama block: causal attention, then SwiGLU, each on
    normed rows and added to the stream.

    Queries and keys are turned by their positions 0 to time - 1 in Llama's
    layout: component i of the first half of a head is paired with component i
    of the second half. Query head h is served by key and value head
    h // (n_heads // n_kv_heads).

    Args:
        x: Tensor[batch, time, d_model], the residual stream.
        weights: by the names of transformers' Llama layer, matrices laid out
            [out, in]:
            input_layernorm.weight and post_attention_layernorm.weight
            Tensor[d_model],
            self_attn.q_proj.weight Tensor[n_heads * head_dim, d_model],
            self_attn.k_proj.weight and self_attn.v_proj.weight
            Tensor[n_kv_heads * head_dim, d_model],
            self_attn.o_proj.weight Tensor[d_model, n_heads * head_dim],
            mlp.gate_proj.weight and mlp.up_proj.weight Tensor[d_ff, d_model],
            mlp.down_proj.weight Tensor[d_model, d_ff].
        n_heads: number of query heads.
        n_kv_heads: number of key and value heads.
        rope_base: base of the rotary positions.
        eps: added to the mean square in both norms.

    Returns:
        Tensor[batch, time, d_model].

    Raises:
        ValueError: if n_heads does not divide the rows of q_proj, or n_kv_heads
            does not divide n_heads.

    Source: Touvron et al. 2023 (LLaMA), section 2.2; Ainslie et al. 2023 for
    the groups.
    """
    query_rows = weights["self_attn.q_proj.weight"].shape[0]
    if n_heads < 1 or query_rows % n_heads:
        raise ValueError(f"{query_rows} rows of q_proj cannot be split into {n_heads} heads")
    if n_kv_heads < 1 or n_heads % n_kv_heads:
        raise ValueError(f"{n_heads} query heads cannot share {n_kv_heads} key and value heads evenly")
    time, head_dim = x.shape[1], query_rows // n_heads

    def project(rows: Tensor, name: str) -> Tensor:
        return rows @ weights[f"{name}.weight"].T

    def split_heads(projected: Tensor, heads: int) -> Tensor:
        return projected.unflatten(-1, (heads, head_dim)).transpose(1, 2)  # [batch, heads, time, head_dim]

    def rotate(heads: Tensor) -> Tensor:
        frequency = rope_base ** (-torch.arange(0, head_dim, 2, device=x.device) / head_dim)
        angle = torch.arange(time, device=x.device)[:, None] * frequency
        cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
        first, second = heads.chunk(2, dim=-1)
        return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)

    rows = rms_norm(x, weights["input_layernorm.weight"], eps)
    query = rotate(split_heads(project(rows, "self_attn.q_proj"), n_heads))
    key = rotate(split_heads(project(rows, "self_attn.k_proj"), n_kv_heads))
    value = split_heads(project(rows, "self_attn.v_proj"), n_kv_heads)
    heads = functional.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
    x = x + project(heads.transpose(1, 2).flatten(2), "self_attn.o_proj")

    rows = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    hidden = functional.silu(project(rows, "mlp.gate_proj")) * project(rows, "mlp.up_proj")
    return x + project(hidden, "mlp.down_proj")


def decoder_logits(
    ids: Tensor,
    weights: dict[str, Tensor],
    config: dict,
) -> Tensor:
    """Compute a decoder's scores for the next token, at every position.

    Embeddings, blocks, a last norm, and the head. The head is `lm_head.weight`
    where the weights have it; otherwise it is tied, that is, the embedding
    table.

    Args:
        ids: LongTensor[batch, time].
        weights: by the names of transformers' Llama: model.embed_tokens.weight
            Tensor[vocab, d_model]; for layer i the weights of
            `transformer_block` with `model.layers.{i}.` before their names;
            model.norm.weight Tensor[d_model]; and, unless the head is tied,
            lm_head.weight Tensor[vocab, d_model].
        config: n_layers, n_heads, n_kv_heads (int), rope_base, eps (float);
            other entries are ignored.

    Returns:
        Tensor[batch, time, vocab]: at position t the logits of the token at
        t + 1.

    Raises:
        ValueError: if an id has no row in the embedding table.

    Source: Touvron et al. 2023 (LLaMA), section 2.2.
    """
    table = weights["model.embed_tokens.weight"]
    if ids.numel() and not 0 <= ids.min() <= ids.max() < table.shape[0]:
        raise ValueError(f"an id has no row: the table has the rows 0 to {table.shape[0] - 1}")
    x = table[ids]
    for layer in range(config["n_layers"]):
        prefix = f"model.layers.{layer}."
        own = {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}
        x = transformer_block(x, own, config["n_heads"], config["n_kv_heads"], config["rope_base"], config["eps"])
    x = rms_norm(x, weights["model.norm.weight"], config["eps"])
    return x @ weights.get("lm_head.weight", table).T
