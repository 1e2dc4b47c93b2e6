"""Positions: how a model is told which token comes first.

Contents, in the order of the chapter:
    sinusoidal_encoding     waves of many lengths, added to the embeddings
    apply_rope              queries and keys turned by their position
    alibi_bias              scores lowered by distance
"""

import torch
from torch import Tensor


def sinusoidal_encoding(
    seq_len: int,
    d_model: int,
    base: float = 10000.0,
) -> Tensor:
    """Make one row of waves for each position: sines in the even columns,
    cosines in the odd ones.

    Columns 2i and 2i + 1 hold sine and cosine of the same angle,
    position / base^(2i / d_model). With an odd d_model the last sine stays
    without its cosine.

    Args:
        seq_len: number of positions, counted from 0.
        d_model: number of columns, even or odd.
        base: how far the angles spread, from 1 radian per position in column 0
            down to nearly 1 / base.

    Returns:
        Tensor[seq_len, d_model] in float32.

    Raises:
        ValueError: if seq_len or d_model is below 1, or base is not above 0.

    Example:
        >>> sinusoidal_encoding(2, 4, base=100.0)
        tensor([[0.0000, 1.0000, 0.0000, 1.0000],
                [0.8415, 0.5403, 0.0998, 0.9950]])

    Source: Vaswani et al. 2017, section 3.5.
    """
    if seq_len < 1 or d_model < 1:
        raise ValueError(f"an encoding has at least one position and one column, not {seq_len} and {d_model}")
    if base <= 0:
        raise ValueError(f"the base must be above 0, and is {base}")
    frequency = base ** (-torch.arange(0, d_model, 2) / d_model)
    angle = torch.arange(seq_len)[:, None] * frequency
    encoding = torch.zeros(seq_len, d_model)
    encoding[:, 0::2] = torch.sin(angle)
    # There are as many cosines as odd columns: with an odd width, one less than sines.
    encoding[:, 1::2] = torch.cos(angle[:, : d_model // 2])
    return encoding


def apply_rope(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    """Turn queries or keys by their position, so that their dot products depend
    on the distance only.

    Llama's layout: component i of the first half and component i of the second
    half are a pair, turned counter-clockwise by the angle
    position · base^(-2i / head_dim). Angles are computed in float32 or better,
    whatever the dtype of x.

    Args:
        x: Tensor[batch, heads, time, head_dim].
        positions: Tensor[time], integers or floating-point numbers in any
            order.
        base: how far the angles spread, from 1 radian per position for the
            first pair down to nearly 1 / base.

    Returns:
        Tensor[batch, heads, time, head_dim] in the dtype of x.

    Raises:
        ValueError: if head_dim is odd, positions does not hold one number for
            each row, or base is not above 0.

    Example:
        >>> x = torch.tensor([1.0, 0.0]).expand(1, 1, 2, 2)
        >>> apply_rope(x, torch.tensor([0, 1]))
        tensor([[[[1.0000, 0.0000],
                  [0.5403, 0.8415]]]])

    Source: Su et al. 2021, section 3.2; the layout is that of transformers'
    Llama.
    """
    time, head_dim = x.shape[-2:]
    if head_dim % 2:
        raise ValueError(f"a head of odd width {head_dim} cannot be split into pairs")
    if positions.shape != (time,):
        raise ValueError(f"{time} rows need positions of shape ({time},), not {tuple(positions.shape)}")
    if base <= 0:
        raise ValueError(f"the base must be above 0, and is {base}")
    frequency = base ** (-torch.arange(0, head_dim, 2, device=x.device) / head_dim)
    # In half precision a large position times a frequency would lose its fraction of a turn: cast afterwards.
    angle = positions[:, None] * frequency
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


def alibi_bias(n_heads: int, seq_len: int) -> Tensor:
    """Make what ALiBi adds to the scores: in head h, minus slope_h for each
    step from the query back to the key.

    For n heads, n a power of two, the slopes are 2^(-8/n), 2^(-16/n), ...,
    2^(-8). For another n they are those of the largest power of two m below n,
    then every second slope of 2m heads, from the first, until there are n.

    Args:
        n_heads: number of heads.
        seq_len: number of positions.

    Returns:
        Tensor[n_heads, seq_len, seq_len] in float32: entry (h, i, j) is
        -slope_h · (i - j) for j <= i, and 0 above the diagonal, where the
        causal mask hides the key anyway.

    Raises:
        ValueError: if n_heads or seq_len is below 1.

    Example:
        >>> alibi_bias(n_heads=4, seq_len=3)[0]
        tensor([[ 0.0000,  0.0000,  0.0000],
                [-0.2500,  0.0000,  0.0000],
                [-0.5000, -0.2500,  0.0000]])

    Source: Press et al. 2021, section 3; the other numbers of heads follow its
    code.
    """
    if n_heads < 1 or seq_len < 1:
        raise ValueError(f"a bias needs at least one head and one position, not {n_heads} and {seq_len}")

    def slopes_of(power_of_two: int) -> Tensor:
        return 2.0 ** (-8 * torch.arange(1, power_of_two + 1) / power_of_two)

    closest = 1 << (n_heads.bit_length() - 1)  # the largest power of two that is not above n_heads
    slopes = torch.cat([slopes_of(closest), slopes_of(2 * closest)[0::2]])[:n_heads]
    position = torch.arange(seq_len)
    steps = (position - position[:, None]).clamp_max(0)  # j - i, and 0 for keys ahead of the query
    return slopes[:, None, None] * steps
