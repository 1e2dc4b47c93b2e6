"""Right alternatives of 07_normalization."""

import math

import torch
from torch import Tensor
from torch.nn import functional


def layer_norm_by_torch(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    if weight.shape != (x.shape[-1],) or bias.shape != (x.shape[-1],):
        raise ValueError("the widths differ")
    return functional.layer_norm(x, (x.shape[-1],), weight, bias, eps)


def rms_norm_by_torch(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    if weight.shape != (x.shape[-1],):
        raise ValueError("the widths differ")
    return functional.rms_norm(x.float(), (x.shape[-1],), weight.float(), eps).to(x.dtype)


def rms_norm_as_in_llama(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    if weight.shape != x.shape[-1:]:
        raise ValueError("the widths differ")
    hidden = x.to(torch.float32)
    hidden = hidden * torch.rsqrt(hidden.pow(2).mean(-1, keepdim=True) + eps)
    return weight * hidden.to(x.dtype)


def rms_norm_by_length(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    width = x.shape[-1]
    if tuple(weight.shape) != (width,):
        raise ValueError(f"the weight must have {width} numbers")
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
    return (weight * x / torch.sqrt(length**2 / width + eps)).to(x.dtype)


def transformer_block_by_torch(
    x: Tensor, weights: dict[str, Tensor], n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    batch, time, _ = x.shape
    width = weights["self_attn.q_proj.weight"].shape[0]
    if width % n_heads or n_heads % n_kv_heads:
        raise ValueError("the heads do not fit")
    head_dim = width // n_heads

    def linear(rows: Tensor, name: str) -> Tensor:
        return functional.linear(rows, weights[f"{name}.weight"])

    def norm(rows: Tensor, name: str) -> Tensor:
        return rms_norm_by_torch(rows, weights[f"{name}.weight"], eps)

    # Rotation as multiplication by a complex number of length 1.
    frequency = 1 / rope_base ** (torch.arange(head_dim // 2, dtype=torch.float64) * 2 / head_dim)
    turn = torch.polar(torch.ones(time, head_dim // 2, dtype=torch.float64), torch.outer(torch.arange(time), frequency))

    def rotate(heads: Tensor) -> Tensor:
        first, second = heads.double().chunk(2, dim=-1)
        turned = torch.complex(first, second) * turn
        return torch.cat([turned.real, turned.imag], dim=-1).to(heads.dtype)

    rows = norm(x, "input_layernorm")
    query = rotate(linear(rows, "self_attn.q_proj").view(batch, time, n_heads, head_dim).transpose(1, 2))
    key = rotate(linear(rows, "self_attn.k_proj").view(batch, time, n_kv_heads, head_dim).transpose(1, 2))
    value = linear(rows, "self_attn.v_proj").view(batch, time, n_kv_heads, head_dim).transpose(1, 2)
    heads = functional.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
    x = x + linear(heads.transpose(1, 2).reshape(batch, time, width), "self_attn.o_proj")
    rows = norm(x, "post_attention_layernorm")
    return x + linear(functional.silu(linear(rows, "mlp.gate_proj")) * linear(rows, "mlp.up_proj"), "mlp.down_proj")


def transformer_block_as_in_llama(
    x: Tensor, weights: dict[str, Tensor], n_heads: int, n_kv_heads: int, rope_base: float, eps: float
) -> Tensor:
    if weights["self_attn.q_proj.weight"].shape[0] % n_heads != 0:
        raise ValueError("n_heads does not divide the rows of q_proj")
    if n_heads % n_kv_heads != 0:
        raise ValueError("n_kv_heads does not divide n_heads")
    head_dim = weights["self_attn.q_proj.weight"].shape[0] // n_heads
    inverse = 1.0 / (rope_base ** (torch.arange(0, head_dim, 2).float() / head_dim))
    angles = torch.outer(torch.arange(x.shape[1]).float(), inverse)
    cos, sin = torch.cat([angles, angles], -1).cos().to(x.dtype), torch.cat([angles, angles], -1).sin().to(x.dtype)

    def rotate_half(heads: Tensor) -> Tensor:
        half = heads.shape[-1] // 2
        return torch.cat([-heads[..., half:], heads[..., :half]], dim=-1)

    def heads_of(rows: Tensor, part: str, count: int) -> Tensor:
        return (rows @ weights[f"self_attn.{part}_proj.weight"].mT).unflatten(-1, (count, head_dim)).permute(0, 2, 1, 3)

    residual = x
    rows = rms_norm_as_in_llama(x, weights["input_layernorm.weight"], eps)
    query, key, value = heads_of(rows, "q", n_heads), heads_of(rows, "k", n_kv_heads), heads_of(rows, "v", n_kv_heads)
    query, key = query * cos + rotate_half(query) * sin, key * cos + rotate_half(key) * sin
    key, value = key.repeat_interleave(n_heads // n_kv_heads, 1), value.repeat_interleave(n_heads // n_kv_heads, 1)
    scores = torch.matmul(query, key.mT) / math.sqrt(head_dim)
    mask = torch.full((x.shape[1], x.shape[1]), float("-inf"), dtype=x.dtype).triu(1)
    weighted = torch.softmax((scores + mask).float(), dim=-1).to(x.dtype) @ value
    hidden = residual + weighted.permute(0, 2, 1, 3).flatten(2) @ weights["self_attn.o_proj.weight"].mT
    rows = rms_norm_as_in_llama(hidden, weights["post_attention_layernorm.weight"], eps)
    gate, up = rows @ weights["mlp.gate_proj.weight"].mT, rows @ weights["mlp.up_proj.weight"].mT
    return hidden + (gate * torch.sigmoid(gate) * up) @ weights["mlp.down_proj.weight"].mT


def decoder_logits_by_sorted_layers(ids: Tensor, weights: dict[str, Tensor], config: dict) -> Tensor:
    vocab = weights["model.embed_tokens.weight"].shape[0]
    if ids.numel() and (int(ids.min()) < 0 or int(ids.max()) >= vocab):
        raise ValueError(f"ids run from 0 to {vocab - 1}")
    layers: list[dict[str, Tensor]] = [{} for _ in range(config["n_layers"])]
    for name, weight in weights.items():
        parts = name.split(".")
        if parts[1] == "layers":
            layers[int(parts[2])][".".join(parts[3:])] = weight
    stream = weights["model.embed_tokens.weight"].index_select(0, ids.flatten()).unflatten(0, ids.shape)
    for layer in layers:
        stream = transformer_block_as_in_llama(
            stream,
            layer,
            n_heads=config["n_heads"],
            n_kv_heads=config["n_kv_heads"],
            rope_base=config["rope_base"],
            eps=config["eps"],
        )
    stream = rms_norm_as_in_llama(stream, weights["model.norm.weight"], config["eps"])
    return stream @ weights.get("lm_head.weight", weights["model.embed_tokens.weight"]).mT
