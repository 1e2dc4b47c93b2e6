"""Right alternatives of 04_positions."""

import math

import torch
from torch import Tensor


def sinusoidal_encoding_stacked(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    if seq_len <= 0 or d_model <= 0 or base <= 0:
        raise ValueError("nothing to encode")
    frequency = torch.exp(torch.arange(0, d_model, 2).float() * (-math.log(base) / d_model))
    angle = torch.outer(torch.arange(seq_len).float(), frequency)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :d_model]


def apply_rope_by_rotate_half(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    width = x.size(-1)
    if width % 2 == 1 or len(positions) != x.size(-2) or base <= 0:
        raise ValueError("cannot turn this")
    frequency = 1.0 / (base ** (torch.arange(0, width, 2).float() / width))
    angle = torch.cat([torch.outer(positions.float(), frequency)] * 2, dim=-1)
    turned = torch.cat([-x[..., width // 2 :], x[..., : width // 2]], dim=-1)
    return (x * angle.cos() + turned * angle.sin()).to(x.dtype)


def apply_rope_by_complex_numbers(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    half = x.shape[-1] // 2
    if x.shape[-1] != 2 * half or positions.numel() != x.shape[-2] or base <= 0:
        raise ValueError("cannot turn this")
    angle = positions.double()[:, None] * base ** (-torch.arange(half, dtype=torch.float64) / half)
    turned = torch.complex(x[..., :half].double(), x[..., half:].double()) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([turned.real, turned.imag], dim=-1).to(x.dtype)


def alibi_bias_by_loops(n_heads: int, seq_len: int) -> Tensor:
    if n_heads <= 0 or seq_len <= 0:
        raise ValueError("no heads or no positions")

    def slopes(n: int) -> list[float]:
        if math.log2(n).is_integer():
            return [2 ** (-8 * (head + 1) / n) for head in range(n)]
        power = 2 ** math.floor(math.log2(n))
        return slopes(power) + slopes(2 * power)[::2][: n - power]

    bias = torch.zeros(n_heads, seq_len, seq_len)
    for head, slope in enumerate(slopes(n_heads)):
        for query in range(seq_len):
            for key in range(query + 1):
                bias[head, query, key] = -slope * (query - key)
    return bias
