"""Right alternatives of 04_positions."""

import math

import torch
from torch import Tensor

from tests.banks.right import Alternatives


def waves_by_loops(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    if seq_len < 1 or d_model < 1 or base <= 0:
        raise ValueError("nothing to encode")
    rows = []
    for position in range(seq_len):
        row = []
        for column in range(d_model):
            angle = position / base ** ((column - column % 2) / d_model)
            row.append(math.cos(angle) if column % 2 else math.sin(angle))
        rows.append(row)
    return torch.tensor(rows)


def waves_by_phase(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    """A cosine is a sine a quarter of a turn ahead."""
    if min(seq_len, d_model) < 1 or not base > 0:
        raise ValueError("nothing to encode")
    column = torch.arange(d_model)
    exponent = 2 * torch.div(column, 2, rounding_mode="floor") / d_model
    angle = torch.arange(seq_len, dtype=torch.float64).unsqueeze(1) / torch.pow(base, exponent.double())
    return torch.sin(angle + math.pi / 2 * (column % 2)).float()


def waves_stacked(seq_len: int, d_model: int, base: float = 10000.0) -> Tensor:
    if seq_len <= 0 or d_model <= 0 or base <= 0:
        raise ValueError("nothing to encode")
    frequency = torch.exp(torch.arange(0, d_model, 2).float() * (-math.log(base) / d_model))
    angle = torch.outer(torch.arange(seq_len).float(), frequency)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :d_model]


def rope_by_rotate_half(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    width = x.size(-1)
    if width % 2 == 1 or len(positions) != x.size(-2) or base <= 0:
        raise ValueError("cannot turn this")
    frequency = 1.0 / (base ** (torch.arange(0, width, 2).float() / width))
    angle = torch.cat([torch.outer(positions.float(), frequency)] * 2, dim=-1)
    turned = torch.cat([-x[..., width // 2 :], x[..., : width // 2]], dim=-1)
    return (x * angle.cos() + turned * angle.sin()).to(x.dtype)


def rope_by_complex_numbers(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    half = x.shape[-1] // 2
    if x.shape[-1] != 2 * half or positions.numel() != x.shape[-2] or base <= 0:
        raise ValueError("cannot turn this")
    angle = positions.double()[:, None] * base ** (-torch.arange(half, dtype=torch.float64) / half)
    turned = torch.complex(x[..., :half].double(), x[..., half:].double()) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([turned.real, turned.imag], dim=-1).to(x.dtype)


def rope_by_matrices(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    """One rotation matrix for each position and pair."""
    if x.shape[-1] % 2 or positions.shape[0] != x.shape[2] or base <= 0:
        raise ValueError("cannot turn this")
    half = x.shape[-1] // 2
    angle = torch.outer(positions.float(), torch.tensor([base ** (-pair / half) for pair in range(half)]))
    rows = [torch.stack([angle.cos(), -angle.sin()], -1), torch.stack([angle.sin(), angle.cos()], -1)]
    pairs = torch.einsum("tpij,bhtjp->bhtip", torch.stack(rows, -2), x.float().unflatten(-1, (2, half)))
    return pairs.flatten(-2).to(x.dtype)


def rope_row_by_row(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    width = x.shape[3]
    if width % 2 or positions.shape != x.shape[2:3] or base <= 0:
        raise ValueError("cannot turn this")
    turned = torch.zeros_like(x)
    for row, position in enumerate(positions.tolist()):
        for i in range(width // 2):
            angle = position * base ** (-2 * i / width)
            a, b = x[:, :, row, i], x[:, :, row, i + width // 2]
            turned[:, :, row, i] = a * math.cos(angle) - b * math.sin(angle)
            turned[:, :, row, i + width // 2] = b * math.cos(angle) + a * math.sin(angle)
    return turned


def bias_by_loops(n_heads: int, seq_len: int) -> Tensor:
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


def bias_by_triangle(n_heads: int, seq_len: int) -> Tensor:
    if n_heads < 1 or seq_len < 1:
        raise ValueError("no heads or no positions")
    power = 1
    while 2 * power <= n_heads:
        power *= 2
    exponents = [8 * k / power for k in range(1, power + 1)] + [4 * k / power for k in range(1, 2 * power, 2)]
    slopes = torch.tensor([2.0**-exponent for exponent in exponents[:n_heads]])
    position = torch.arange(float(seq_len))
    return torch.einsum("h,ij->hij", slopes, (position[None, :] - position[:, None]).tril())


def bias_by_counting_steps(n_heads: int, seq_len: int) -> Tensor:
    """The distance as the number of keys from j + 1 to i."""
    if n_heads < 1 or seq_len < 1:
        raise ValueError("no heads or no positions")
    power = 2 ** int(math.log2(n_heads))
    slopes = [(2 ** (-8 / power)) ** (head + 1) for head in range(power)]
    slopes += [(2 ** (-4 / power)) ** (2 * extra + 1) for extra in range(n_heads - power)]
    steps = torch.ones(seq_len, seq_len).tril(-1).flip(1).cumsum(1).flip(1)
    return torch.stack([-slope * steps.tril() for slope in slopes])


ALTERNATIVES: Alternatives = {
    "sinusoidal_encoding": [waves_by_loops, waves_by_phase, waves_stacked],
    "apply_rope": [rope_by_rotate_half, rope_by_complex_numbers, rope_by_matrices, rope_row_by_row],
    "alibi_bias": [bias_by_loops, bias_by_triangle, bias_by_counting_steps],
}
