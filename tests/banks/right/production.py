"""Right alternatives of 15_production."""

import math

import numpy as np
import torch
from torch import Tensor

from solutions.production import NF4_LEVELS


def quantize_absmax_by_loop(weight: Tensor, bits: int = 8) -> tuple[Tensor, Tensor]:
    if weight.ndim != 2 or weight.shape[0] == 0 or weight.shape[1] == 0:
        raise ValueError("a matrix, please")
    if bits < 2 or bits > 16:
        raise ValueError("bits from 2 to 16")
    largest = 2 ** (bits - 1) - 1
    q = torch.zeros(weight.shape, dtype=torch.int32)
    scale = torch.ones(weight.shape[0], 1, dtype=weight.dtype, device=weight.device)
    for i, row in enumerate(weight):
        absmax = row.abs().max()
        if absmax > 0:
            scale[i] = absmax / largest
            q[i] = torch.round(row / scale[i]).int()
    return q, scale


def quantize_absmax_by_numpy(weight: Tensor, bits: int = 8) -> tuple[Tensor, Tensor]:
    if weight.dim() != 2 or weight.numel() < 1 or bits < 2 or bits > 16:
        raise ValueError("a matrix, and bits from 2 to 16")
    largest = 2 ** (bits - 1) - 1
    array = weight.detach().double().numpy()
    scale = np.abs(array).max(axis=1, keepdims=True) / largest
    with np.errstate(invalid="ignore"):
        q = np.nan_to_num(np.rint(array / scale), nan=0.0)
    return torch.from_numpy(q.astype(np.int16)), torch.from_numpy(scale).to(weight.dtype)


def dequantize_by_diagonal(q: Tensor, scale: Tensor) -> Tensor:
    if q.ndim != 2 or scale.shape != torch.Size([q.size(0), 1]):
        raise ValueError("one scale a row")
    return torch.diag(scale[:, 0]) @ q.to(scale.dtype)


def quantize_groups_by_loop(weight: Tensor, group_size: int, bits: int = 4) -> tuple[Tensor, Tensor]:
    if weight.dim() != 2 or weight.numel() == 0:
        raise ValueError("a matrix, please")
    if group_size <= 0:
        raise ValueError("at least one weight")
    if bits < 2 or bits > 16:
        raise ValueError("bits from 2 to 16")
    whole, scales = [], []
    for start in range(0, weight.shape[1], group_size):
        q, scale = quantize_absmax_by_loop(weight[:, start : start + group_size], bits)
        whole.append(q)
        scales.append(scale)
    return torch.cat(whole, dim=1), torch.cat(scales, dim=1)


def nf4_quantize_by_scaled_levels(x: Tensor, block_size: int = 64) -> tuple[Tensor, Tensor]:
    if x.dim() != 1 or x.shape[0] == 0 or block_size < 1:
        raise ValueError("a vector, and a block of at least one")
    n_blocks = math.ceil(len(x) / block_size)
    absmax = torch.stack([x[b * block_size : (b + 1) * block_size].abs().amax() for b in range(n_blocks)])
    each = absmax[torch.arange(len(x)) // block_size].float()
    distances = (x.float()[:, None] - each[:, None] * torch.tensor(NF4_LEVELS)).abs()
    codes = torch.where(each == 0, 7, distances.argmin(dim=-1))
    return codes.to(torch.uint8), absmax


def nf4_dequantize_by_loop(codes: Tensor, absmax: Tensor, block_size: int) -> Tensor:
    if codes.dim() != 1 or absmax.dim() != 1 or block_size < 1:
        raise ValueError("vectors, and a block of at least one")
    if math.ceil(len(codes) / block_size) != len(absmax):
        raise ValueError("one absmax a block")
    if any(code > 15 for code in codes.tolist()):
        raise ValueError("no such code")
    return torch.stack([NF4_LEVELS[code] * absmax[i // block_size] for i, code in enumerate(codes.tolist())])


def cost_per_million_tokens_by_seconds(hourly_cost: float, tokens_per_second: float, utilisation: float) -> float:
    if hourly_cost < 0 or tokens_per_second <= 0 or utilisation <= 0 or utilisation > 1:
        raise ValueError("out of range")
    seconds = 1_000_000 / tokens_per_second
    return hourly_cost * seconds / 3600 / utilisation


def break_even_tokens_by_whole_tokens(monthly_hosting: float, api_price_per_million: float) -> float:
    if api_price_per_million <= 0:
        raise ValueError("a free API is never dearer")
    if monthly_hosting < 0:
        raise ValueError("a price is not negative")
    return math.ceil(1e6 * monthly_hosting / api_price_per_million)


def model_bytes_by_difference(parameter_counts: dict[str, int], linear_bits: float, other_bits: float) -> float:
    if any(count < 0 for count in parameter_counts.values()) or not (linear_bits > 0 and other_bits > 0):
        raise ValueError("out of range")
    linear = parameter_counts["attention"] + parameter_counts["feed_forward"]
    return linear * linear_bits / 8 + (parameter_counts["total"] - linear) * other_bits / 8
