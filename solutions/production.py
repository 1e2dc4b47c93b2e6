"""Production: numbers in few bits, and what a token costs.

Contents, in the order of the exercises:
    quantize_absmax          whole numbers with one scale for each row
    dequantize               and back
    quantize_groups          one scale for each group of neighbors in a row
    nf4_quantize             four bits on levels that suit a normal distribution
    nf4_dequantize           and back
    cost_per_million_tokens  what a rented machine makes of an hour
    break_even_tokens        from how many tokens on a machine is cheaper than an API
    model_bytes              what a model takes up when its matrices have few bits
"""

import torch
from torch import Tensor
from torch.nn import functional

# The levels of NF4 as they were published with bitsandbytes (Dettmers et al. 2023): there are more of them near 0,
# where normally distributed weights are, and 0 itself is one of them.
NF4_LEVELS = (
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453,
    -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0,
    0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
)  # fmt: skip


def quantize_absmax(weight: Tensor, bits: int = 8) -> tuple[Tensor, Tensor]:
    """Round each row to whole multiples of a scale of its own.

    The scale takes the largest magnitude of the row to the largest whole
    number, 2^(bits - 1) - 1. So the range is symmetric: with 8 bits from -127
    to 127, never -128.

    Args:
        weight: Tensor[out, in], of a floating-point dtype.
        bits: bits of a whole number, from 2 to 8.

    Returns:
        q: Tensor[out, in] of any integer dtype. q times the scale is nearest to
            the weight; halves are rounded to the even neighbor, as torch.round
            does. A row of zeros gives zeros.
        scale: Tensor[out, 1], in the dtype of weight. For a row of zeros it may
            be any number.
        Gradients need not flow back to weight.

    Raises:
        ValueError: if weight does not have two dimensions or has nothing in it,
            or bits is below 2.

    Example:
        >>> quantize_absmax(
        ...     torch.tensor([[1.0, -2.0, 3.5], [0.0, 14.0, 7.0]]), bits=4
        ... )
        (tensor([[ 2, -4,  7],
                [ 0,  7,  4]], dtype=torch.int8), tensor([[0.5000],
                [2.0000]]))

    Source: Dettmers et al. 2022, section 2.
    """
    if weight.dim() != 2 or weight.numel() == 0:
        raise ValueError(f"weight of shape {tuple(weight.shape)} is no matrix with rows and columns")
    if bits < 2:
        raise ValueError(f"with {bits} bits there is no whole number beside 0")
    largest = 2 ** (bits - 1) - 1
    scale = weight.abs().amax(dim=1, keepdim=True) / largest
    # In a row of zeros 0 / 0 would be NaN; any other divisor leaves the zeros what they are.
    multiples = weight / torch.where(scale == 0, 1, scale)
    # Rounding in the division can lead past the range by one where the scale has lost digits.
    q = multiples.round().clamp(-largest, largest)
    return q.to(torch.int8 if bits <= 8 else torch.int32), scale


def dequantize(q: Tensor, scale: Tensor) -> Tensor:
    """Turn the result of quantize_absmax back into weights.

    Args:
        q: Tensor[out, in], of any integer dtype.
        scale: Tensor[out, 1], of a floating-point dtype.

    Returns:
        Tensor[out, in], in the dtype of scale. Gradients reach the scale.

    Raises:
        ValueError: if q does not have two dimensions, or scale is not one
            column with a number for each row of q.

    Example:
        >>> dequantize(
        ...     torch.tensor([[2, -4, 7], [0, 7, 4]]),
        ...     torch.tensor([[0.5], [2.0]]),
        ... )
        tensor([[ 1.0000, -2.0000,  3.5000],
                [ 0.0000, 14.0000,  8.0000]])
    """
    if q.dim() != 2 or scale.shape != (len(q), 1):
        raise ValueError(f"q of shape {tuple(q.shape)} needs one scale a row, not a tensor of {tuple(scale.shape)}")
    return q.to(scale.dtype) * scale


def quantize_groups(
    weight: Tensor,
    group_size: int,
    bits: int = 4,
) -> tuple[Tensor, Tensor]:
    """Round each group of neighbors in a row to whole multiples of a scale of
    its own.

    Every group is treated as quantize_absmax treats a row.

    Args:
        weight: Tensor[out, in], of a floating-point dtype.
        group_size: columns in a group. The last group of each row has what is
            left, and may be shorter.
        bits: bits of a whole number, from 2 to 8.

    Returns:
        q: Tensor[out, in] of any integer dtype. A group of zeros gives zeros.
        scale: Tensor[out, groups], in the dtype of weight: entry (i, g) belongs
            to group g of row i. For a group of zeros it may be any number.
        Gradients need not flow back to weight.

    Raises:
        ValueError: if weight does not have two dimensions or has nothing in it,
            group_size is below 1, or bits is below 2.

    Example:
        >>> weight = torch.tensor([[1.0, -3.5, 14.0, 2.0, 0.7]])
        >>> q, scale = quantize_groups(weight, group_size=2)
        >>> q
        tensor([[ 2, -7,  7,  1,  7]], dtype=torch.int8)
        >>> scale
        tensor([[0.5000, 2.0000, 0.1000]])

    Source: Frantar et al. 2022.
    """
    if weight.dim() != 2 or weight.numel() == 0:
        raise ValueError(f"weight of shape {tuple(weight.shape)} is no matrix with rows and columns")
    if group_size < 1:
        raise ValueError(f"a group holds at least one weight, not {group_size}")
    rows, columns = weight.shape
    # Zeros fill up the last group: they change nobody's largest magnitude, and are cut off again.
    filled = functional.pad(weight, (0, -columns % group_size))
    q, scale = quantize_absmax(filled.reshape(-1, group_size), bits)
    return q.reshape(rows, -1)[:, :columns], scale.reshape(rows, -1)


def nf4_quantize(x: Tensor, block_size: int = 64) -> tuple[Tensor, Tensor]:
    """Give each number the nearest of the 16 levels of NF4, times the largest
    magnitude of its block.

    Args:
        x: Tensor[n], of a floating-point dtype.
        block_size: neighbors that share a largest magnitude. The last block has
            what is left, and may be shorter.

    Returns:
        codes: uint8 Tensor[n], the place in NF4_LEVELS, from 0 to 15, of the
            level nearest to x / absmax; of two that are equally near, the
            lower. A block of zeros has codes 7, the place of 0.
        absmax: Tensor[blocks], the largest magnitude in each block, in the
            dtype of x.
        Gradients need not flow back to x.

    Raises:
        ValueError: if x does not have one dimension or has nothing in it, or
            block_size is below 1.

    Example:
        >>> x = torch.tensor([0.5, -2.0, 0.0, 0.3, 0.1])
        >>> codes, absmax = nf4_quantize(x, block_size=3)
        >>> codes
        tensor([10,  0,  7, 15, 11], dtype=torch.uint8)
        >>> absmax
        tensor([2.0000, 0.3000])

    Source: Dettmers et al. 2023, section 3.
    """
    if x.dim() != 1 or x.numel() == 0:
        raise ValueError(f"x of shape {tuple(x.shape)} is no vector with numbers in it")
    if block_size < 1:
        raise ValueError(f"a block holds at least one number, not {block_size}")
    blocks = functional.pad(x, (0, -len(x) % block_size)).reshape(-1, block_size)
    absmax = blocks.abs().amax(dim=1)
    shares = blocks / torch.where(absmax == 0, 1, absmax)[:, None]
    levels = torch.tensor(NF4_LEVELS, dtype=x.dtype, device=x.device)
    # Of equal distances argmin takes the first, which is the lower code.
    codes = (shares[:, :, None] - levels).abs().argmin(dim=2)
    return codes.flatten()[: len(x)].to(torch.uint8), absmax


def nf4_dequantize(codes: Tensor, absmax: Tensor, block_size: int) -> Tensor:
    """The level of each code, times the largest magnitude of its block.

    Args:
        codes: uint8 Tensor[n], places in NF4_LEVELS.
        absmax: Tensor[blocks], of a floating-point dtype.
        block_size: codes in a block; the last block may be shorter.

    Returns:
        Tensor[n], in the dtype of absmax. Gradients reach absmax.

    Raises:
        ValueError: if codes or absmax does not have one dimension, block_size
            is below 1, there are more or fewer absmax than blocks, or a code is
            above 15.

    Example:
        >>> codes = torch.tensor([10, 0, 7, 15, 11], dtype=torch.uint8)
        >>> nf4_dequantize(codes, torch.tensor([2.0, 0.3]), block_size=3)
        tensor([ 0.4922, -2.0000,  0.0000,  0.3000,  0.1014])
    """
    if codes.dim() != 1 or absmax.dim() != 1:
        raise ValueError(f"codes and absmax are vectors, not of shapes {tuple(codes.shape)} and {tuple(absmax.shape)}")
    if block_size < 1:
        raise ValueError(f"a block holds at least one code, not {block_size}")
    if len(absmax) != -(-len(codes) // block_size):
        raise ValueError(f"{len(codes)} codes in blocks of {block_size} do not have {len(absmax)} largest magnitudes")
    if (codes > 15).any():
        raise ValueError("a code is from 0 to 15")
    levels = torch.tensor(NF4_LEVELS, dtype=absmax.dtype, device=absmax.device)
    # As an index, uint8 would be taken for a mask.
    return levels[codes.long()] * absmax.repeat_interleave(block_size)[: len(codes)]


def cost_per_million_tokens(
    hourly_cost: float,
    tokens_per_second: float,
    utilisation: float,
) -> float:
    """What a million tokens cost on a machine that is paid by the hour, busy or
    not.

    Args:
        hourly_cost: the price of an hour.
        tokens_per_second: what the machine makes while it is busy.
        utilisation: the share of the time in which it is busy, above 0, at most
            1.

    Returns:
        The cost of 1,000,000 tokens, in the currency of hourly_cost.

    Raises:
        ValueError: if hourly_cost is negative, tokens_per_second is not above
            0, or utilisation is not above 0 or is above 1.

    Example:
        >>> cost = cost_per_million_tokens(
        ...     hourly_cost=3.6, tokens_per_second=500, utilisation=0.25
        ... )
        >>> round(cost, 6)
        8.0
    """
    if hourly_cost < 0:
        raise ValueError(f"an hour does not cost {hourly_cost}")
    if tokens_per_second <= 0:
        raise ValueError(f"at {tokens_per_second} tokens per second there is never a million")
    if not 0 < utilisation <= 1:
        raise ValueError(f"utilisation is a share of the time, above 0 and at most 1, not {utilisation}")
    tokens_per_hour = tokens_per_second * 3600 * utilisation
    return hourly_cost / tokens_per_hour * 1e6


def break_even_tokens(
    monthly_hosting: float,
    api_price_per_million: float,
) -> float:
    """The tokens a month at which a machine of one's own and an API cost the
    same.

    Args:
        monthly_hosting: what the machine costs each month, whatever it does.
        api_price_per_million: the API's price of 1,000,000 tokens.

    Returns:
        Tokens a month. With fewer of them the API is cheaper.

    Raises:
        ValueError: if monthly_hosting is negative, or api_price_per_million is
            not above 0.

    Example:
        >>> break_even_tokens(monthly_hosting=1500.0, api_price_per_million=0.5)
        3000000000.0
    """
    if monthly_hosting < 0:
        raise ValueError(f"a month of hosting does not cost {monthly_hosting}")
    if api_price_per_million <= 0:
        raise ValueError(f"no number of tokens at {api_price_per_million} a million pays for a machine")
    return monthly_hosting / api_price_per_million * 1e6


def model_bytes(
    parameter_counts: dict[str, int],
    linear_bits: float,
    other_bits: float,
) -> float:
    """What the weights of a model take up when its linear layers have fewer
    bits than the rest.

    Args:
        parameter_counts: "embedding", "attention", "feed_forward", "norm" and
            their "total", as parameter_counts of chapter 6 returns them.
            Attention and feed_forward are the linear layers; the head is in the
            embedding.
        linear_bits: bits of a parameter of the linear layers, with its share of
            the scales: 4.5 is possible.
        other_bits: bits of any other parameter.

    Returns:
        Bytes, of 8 bits each.

    Raises:
        ValueError: if a count is negative, or linear_bits or other_bits is not
            above 0.

    Example:
        >>> counts = {
        ...     "embedding": 40,
        ...     "attention": 48,
        ...     "feed_forward": 72,
        ...     "norm": 12,
        ...     "total": 172,
        ... }
        >>> model_bytes(counts, linear_bits=4.5, other_bits=16)
        171.5
    """
    if min(parameter_counts.values()) < 0:
        raise ValueError("a part of a model does not have fewer than 0 parameters")
    if linear_bits <= 0 or other_bits <= 0:
        raise ValueError(f"a parameter takes more than 0 bits, not {min(linear_bits, other_bits)}")
    linear = parameter_counts["attention"] + parameter_counts["feed_forward"]
    other = parameter_counts["embedding"] + parameter_counts["norm"]
    return (linear * linear_bits + other * other_bits) / 8
