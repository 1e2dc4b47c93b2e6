"""Right alternatives of 15_production."""

import bisect
import itertools
import math

import numpy as np
import torch
from torch import Tensor

from solutions.production import NF4_LEVELS
from tests.banks.right import Alternatives


def rows_by_loop(weight: Tensor, bits: int = 8) -> tuple[Tensor, Tensor]:
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


def rows_by_factor(weight: Tensor, bits: int = 8) -> tuple[Tensor, Tensor]:
    if weight.dim() != 2 or not weight.numel():
        raise ValueError("a matrix, please")
    if bits not in range(2, 17):
        raise ValueError("bits from 2 to 16")
    top = (1 << (bits - 1)) - 1
    exact = weight.detach().double()
    absmax = exact.abs().max(dim=1, keepdim=True).values
    factor = torch.where(absmax > 0, top / absmax, 0.0)
    return torch.round(exact * factor).long(), (absmax / top).to(weight.dtype)


def rows_by_share(weight: Tensor, bits: int = 8) -> tuple[Tensor, Tensor]:
    if len(weight.shape) != 2 or 0 in weight.shape:
        raise ValueError("a matrix, please")
    if not (bits >= 2 and bits <= 16):
        raise ValueError("bits from 2 to 16")
    qmax = 2 ** (bits - 1) - 1
    absmax = weight.abs().amax(-1, keepdim=True)
    absmax = absmax.masked_fill(absmax == 0, 1)
    q = torch.clamp(torch.round(weight / absmax * qmax), -qmax, qmax)
    return q.to(torch.int8 if bits <= 8 else torch.int32), absmax / qmax


def rows_by_numpy(weight: Tensor, bits: int = 8) -> tuple[Tensor, Tensor]:
    if weight.dim() != 2 or weight.numel() < 1 or bits < 2 or bits > 16:
        raise ValueError("a matrix, and bits from 2 to 16")
    largest = 2 ** (bits - 1) - 1
    array = weight.detach().double().numpy()
    scale = np.abs(array).max(axis=1, keepdims=True) / largest
    with np.errstate(invalid="ignore"):
        q = np.nan_to_num(np.rint(array / scale), nan=0.0)
    return torch.from_numpy(q.astype(np.int16)), torch.from_numpy(scale).to(weight.dtype)


def back_by_loop(q: Tensor, scale: Tensor) -> Tensor:
    if q.dim() != 2:
        raise ValueError("q is a matrix")
    if scale.dim() != 2 or scale.shape[1] != 1 or scale.shape[0] != q.shape[0]:
        raise ValueError("one scale a row")
    return torch.stack([row * factor for row, factor in zip(q, scale, strict=True)])


def back_by_product(q: Tensor, scale: Tensor) -> Tensor:
    if q.ndim != 2 or tuple(scale.shape) != (q.shape[0], 1):
        raise ValueError("one scale a row")
    return scale * q


def back_by_diagonal(q: Tensor, scale: Tensor) -> Tensor:
    if q.ndim != 2 or scale.shape != torch.Size([q.size(0), 1]):
        raise ValueError("one scale a row")
    return torch.diag(scale[:, 0]) @ q.to(scale.dtype)


def groups_by_loop(weight: Tensor, group_size: int, bits: int = 4) -> tuple[Tensor, Tensor]:
    if weight.dim() != 2 or weight.numel() == 0:
        raise ValueError("a matrix, please")
    if group_size <= 0:
        raise ValueError("at least one weight")
    if bits < 2 or bits > 16:
        raise ValueError("bits from 2 to 16")
    whole, scales = [], []
    for start in range(0, weight.shape[1], group_size):
        q, scale = rows_by_loop(weight[:, start : start + group_size], bits)
        whole.append(q)
        scales.append(scale)
    return torch.cat(whole, dim=1), torch.cat(scales, dim=1)


def groups_by_split(weight: Tensor, group_size: int, bits: int = 4) -> tuple[Tensor, Tensor]:
    if weight.dim() != 2 or weight.numel() == 0 or group_size < 1 or not 2 <= bits <= 16:
        raise ValueError("no matrix, no group or no bits")
    found = [rows_by_share(group, bits) for group in weight.split(group_size, dim=1)]
    return torch.hstack([q for q, _ in found]), torch.hstack([scale for _, scale in found])


def groups_by_index(weight: Tensor, group_size: int, bits: int = 4) -> tuple[Tensor, Tensor]:
    if weight.dim() != 2 or weight.numel() == 0 or group_size < 1 or not 2 <= bits <= 16:
        raise ValueError("no matrix, no group or no bits")
    largest = 2 ** (bits - 1) - 1
    group = torch.arange(weight.shape[1]) // group_size
    index = group.expand(weight.shape)
    absmax = torch.zeros(len(weight), int(group[-1]) + 1, dtype=weight.dtype)
    absmax = absmax.scatter_reduce(1, index, weight.abs(), "amax")
    scale = absmax / largest
    q = torch.round(weight / scale.gather(1, index))
    return torch.where(absmax.gather(1, index) == 0, 0, q).to(torch.int64), scale


def codes_by_loop(x: Tensor, block_size: int = 64) -> tuple[Tensor, Tensor]:
    if x.dim() != 1 or len(x) == 0 or block_size < 1:
        raise ValueError("a vector, and a block of at least one")
    codes, maxima = [], []
    for start in range(0, len(x), block_size):
        block = x[start : start + block_size].tolist()
        absmax = max(abs(number) for number in block)
        maxima.append(absmax)
        for number in block:
            share = number / absmax if absmax else 0.0
            codes.append(min(range(16), key=lambda code: abs(share - NF4_LEVELS[code])))
    return torch.tensor(codes, dtype=torch.uint8), torch.tensor(maxima, dtype=x.dtype)


def codes_by_thresholds(x: Tensor, block_size: int = 64) -> tuple[Tensor, Tensor]:
    if x.ndim != 1 or x.numel() < 1:
        raise ValueError("a vector, please")
    if block_size <= 0:
        raise ValueError("a block of at least one")
    levels = torch.tensor(NF4_LEVELS, dtype=torch.float64)
    middles = (levels[1:] + levels[:-1]) / 2
    blocks = x.split(block_size)
    absmax = torch.stack([block.abs().max() for block in blocks])
    shares = [block.double() / (top if top > 0 else 1) for block, top in zip(blocks, absmax, strict=True)]
    return torch.bucketize(torch.cat(shares), middles).to(torch.uint8), absmax


def codes_by_scaled_levels(x: Tensor, block_size: int = 64) -> tuple[Tensor, Tensor]:
    if x.dim() != 1 or x.shape[0] == 0 or block_size < 1:
        raise ValueError("a vector, and a block of at least one")
    n_blocks = math.ceil(len(x) / block_size)
    absmax = torch.stack([x[b * block_size : (b + 1) * block_size].abs().amax() for b in range(n_blocks)])
    each = absmax[torch.arange(len(x)) // block_size].float()
    distances = (x.float()[:, None] - each[:, None] * torch.tensor(NF4_LEVELS)).abs()
    codes = torch.where(each == 0, 7, distances.argmin(dim=-1))
    return codes.to(torch.uint8), absmax


def codes_by_bisection(x: Tensor, block_size: int = 64) -> tuple[Tensor, Tensor]:
    if x.dim() != 1 or not len(x) or block_size < 1:
        raise ValueError("a vector, and a block of at least one")
    middles = [(low + high) / 2 for low, high in itertools.pairwise(NF4_LEVELS)]
    filled = torch.cat([x, x.new_zeros(-len(x) % block_size)]).view(-1, block_size)
    absmax = filled.abs().max(1).values
    safe = absmax.double().clamp(min=1e-300)
    shares = (filled.double() / safe[:, None]).flatten()[: len(x)].tolist()
    return torch.tensor([bisect.bisect_left(middles, share) for share in shares], dtype=torch.uint8), absmax


def numbers_by_loop(codes: Tensor, absmax: Tensor, block_size: int) -> Tensor:
    if codes.dim() != 1 or absmax.dim() != 1 or block_size < 1:
        raise ValueError("vectors, and a block of at least one")
    if math.ceil(len(codes) / block_size) != len(absmax):
        raise ValueError("one absmax a block")
    if any(code > 15 for code in codes.tolist()):
        raise ValueError("no such code")
    return torch.stack([NF4_LEVELS[code] * absmax[i // block_size] for i, code in enumerate(codes.tolist())])


def numbers_by_index(codes: Tensor, absmax: Tensor, block_size: int) -> Tensor:
    if codes.ndim != 1 or absmax.ndim != 1:
        raise ValueError("vectors, please")
    if block_size <= 0 or (len(codes) + block_size - 1) // block_size != len(absmax):
        raise ValueError("one absmax a block")
    if len(codes) and codes.max() >= 16:
        raise ValueError("no such code")
    levels = absmax.new_tensor(NF4_LEVELS)
    blocks = torch.arange(len(codes)) // block_size
    return levels[codes.int()] * absmax[blocks]


def numbers_by_outer_product(codes: Tensor, absmax: Tensor, block_size: int) -> Tensor:
    if codes.dim() != 1 or absmax.dim() != 1 or block_size < 1 or not (codes < 16).all():
        raise ValueError("no codes")
    blocks = codes.long().split(block_size)
    if len(blocks) != len(absmax):
        raise ValueError("one absmax a block")
    table = torch.outer(absmax, torch.tensor(NF4_LEVELS).to(absmax.dtype))
    return torch.cat([row[block] for row, block in zip(table, blocks, strict=True)])


def cost_by_seconds(hourly_cost: float, tokens_per_second: float, utilisation: float) -> float:
    if hourly_cost < 0 or tokens_per_second <= 0 or utilisation <= 0 or utilisation > 1:
        raise ValueError("out of range")
    seconds = 1_000_000 / tokens_per_second
    return hourly_cost * seconds / 3600 / utilisation


def cost_by_millions(hourly_cost: float, tokens_per_second: float, utilisation: float) -> float:
    if not (hourly_cost >= 0 and tokens_per_second > 0 and 0 < utilisation <= 1):
        raise ValueError("out of range")
    return hourly_cost / (tokens_per_second * utilisation * 60 * 60 / 10**6)


def cost_by_second(hourly_cost: float, tokens_per_second: float, utilisation: float) -> float:
    if hourly_cost < 0:
        raise ValueError("a price is not negative")
    if not tokens_per_second > 0 or not 0 < utilisation <= 1:
        raise ValueError("no tokens")
    a_second = hourly_cost / 3600
    return 1e6 * a_second / (utilisation * tokens_per_second)


def even_by_token_price(monthly_hosting: float, api_price_per_million: float) -> float:
    if monthly_hosting < 0 or api_price_per_million <= 0:
        raise ValueError("out of range")
    return monthly_hosting / (api_price_per_million / 1_000_000)


def even_by_million(monthly_hosting: float, api_price_per_million: float) -> float:
    if not (monthly_hosting >= 0 and api_price_per_million > 0):
        raise ValueError("out of range")
    return monthly_hosting * 10**6 / api_price_per_million


def even_by_whole_tokens(monthly_hosting: float, api_price_per_million: float) -> float:
    if api_price_per_million <= 0:
        raise ValueError("a free API is never dearer")
    if monthly_hosting < 0:
        raise ValueError("a price is not negative")
    return math.ceil(1e6 * monthly_hosting / api_price_per_million)


def bytes_by_sum(parameter_counts: dict[str, int], linear_bits: float, other_bits: float) -> float:
    if linear_bits <= 0 or other_bits <= 0:
        raise ValueError("bits")
    bits = {"attention": linear_bits, "feed_forward": linear_bits, "embedding": other_bits, "norm": other_bits}
    if any(parameter_counts[name] < 0 for name in bits):
        raise ValueError("counts")
    return sum(parameter_counts[name] * bits[name] / 8 for name in bits)


def bytes_by_difference(parameter_counts: dict[str, int], linear_bits: float, other_bits: float) -> float:
    if any(count < 0 for count in parameter_counts.values()) or not (linear_bits > 0 and other_bits > 0):
        raise ValueError("out of range")
    linear = parameter_counts["attention"] + parameter_counts["feed_forward"]
    return linear * linear_bits / 8 + (parameter_counts["total"] - linear) * other_bits / 8


def bytes_by_loop(parameter_counts: dict[str, int], linear_bits: float, other_bits: float) -> float:
    if min(linear_bits, other_bits) <= 0:
        raise ValueError("bits")
    total = 0.0
    for name, count in parameter_counts.items():
        if count < 0:
            raise ValueError("counts")
        if name == "total":
            continue
        total += count * (linear_bits if name in ("attention", "feed_forward") else other_bits)
    return 0.125 * total


ALTERNATIVES: Alternatives = {
    "quantize_absmax": [rows_by_loop, rows_by_factor, rows_by_share, rows_by_numpy],
    "dequantize": [back_by_loop, back_by_product, back_by_diagonal],
    "quantize_groups": [groups_by_loop, groups_by_split, groups_by_index],
    "nf4_quantize": [codes_by_loop, codes_by_thresholds, codes_by_scaled_levels, codes_by_bisection],
    "nf4_dequantize": [numbers_by_loop, numbers_by_index, numbers_by_outer_product],
    "cost_per_million_tokens": [cost_by_seconds, cost_by_millions, cost_by_second],
    "break_even_tokens": [even_by_token_price, even_by_million, even_by_whole_tokens],
    "model_bytes": [bytes_by_sum, bytes_by_difference, bytes_by_loop],
}
