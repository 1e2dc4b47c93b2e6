"""Pre-training: the loss, the schedule, the step, and the size of a run.

Contents, in the order of the chapter:
    next_token_loss       each position predicts the next token; the mean over the targets that count
    learning_rate         up in a line, down in half a cosine
    adamw_step            one step of AdamW on one tensor
    clip_gradients        shorten all gradients together where they are too long
    compute_optimal       how many parameters and tokens a budget of compute should buy
"""

import math

import torch
from torch import Tensor
from torch.nn import functional


def next_token_loss(
    logits: Tensor,
    ids: Tensor,
    ignore_index: int = -100,
) -> Tensor:
    """Compute the loss of a decoder: position t predicts the token at t + 1.

    It is the mean, over the targets that count, of minus the log probability
    that the logits give to the target. The first token is no target, and the
    last position predicts nothing.

    Args:
        logits: Tensor[batch, time, vocab].
        ids: LongTensor[batch, time], the tokens that the logits were computed
            from.
        ignore_index: a target of this value does not count.

    Returns:
        Tensor[] in the dtype of logits, in nats. Without a target that counts
        it is 0.

    Raises:
        ValueError: if logits and ids differ in batch or time.

    Example:
        >>> logits = torch.tensor(
        ...     [[[0.0, 0.0, 0.0, 0.0], [5.0, 5.0, 0.0, 0.0]]]
        ... )
        >>> next_token_loss(logits, torch.tensor([[0, 3]]))
        tensor(1.3863)

    Source: Radford et al. 2018, equation 1.
    """
    if logits.shape[:2] != ids.shape:
        raise ValueError(f"logits for {tuple(logits.shape[:2])} positions do not fit ids of shape {tuple(ids.shape)}")
    predictions, targets = logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten()
    total = functional.cross_entropy(predictions, targets, ignore_index=ignore_index, reduction="sum")
    return total / (targets != ignore_index).sum().clamp(min=1)


def learning_rate(
    step: int,
    warmup: int,
    total: int,
    peak: float,
    floor: float = 0.0,
) -> float:
    """Compute the learning rate of a step: a linear warm-up, then half a cosine
    down to the floor.

    The warm-up begins with peak / warmup at step 0 and has reached the peak at
    step warmup - 1. The cosine begins with the peak at step warmup and has
    reached the floor at step total, where it stays.

    Args:
        step: the step, counted from 0.
        warmup: number of steps of the warm-up, which may be 0.
        total: the step at which the floor is reached.
        peak: the largest learning rate.
        floor: the smallest rate after the warm-up. The warm-up may be below it.

    Returns:
        The learning rate.

    Raises:
        ValueError: if step or warmup is negative, or warmup is larger than
            total.

    Example:
        >>> [
        ...     learning_rate(step, warmup=2, total=6, peak=8.0)
        ...     for step in (0, 1, 2, 4, 6)
        ... ]
        [4.0, 8.0, 8.0, 4.0, 0.0]

    Source: Loshchilov and Hutter 2016, equation 5, without restarts; the
    warm-up is Goyal et al. 2017, section 2.2.
    """
    if step < 0 or not 0 <= warmup <= total:
        raise ValueError(f"there is no step {step} in a schedule of {total} steps with {warmup} of warm-up")
    if step < warmup:
        return peak * (step + 1) / warmup
    if step >= total:
        return floor
    progress = (step - warmup) / (total - warmup)
    return floor + (peak - floor) * (1 + math.cos(math.pi * progress)) / 2


def adamw_step(
    param: Tensor,
    grad: Tensor,
    m: Tensor,
    v: Tensor,
    step: int,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> tuple[Tensor, Tensor, Tensor]:
    """Take one step of AdamW on one tensor.

    The averages m and v are updated first. Divided by 1 - beta ** step, they no
    longer lean toward the zeros that they began with. The parameters then
    move against m / (sqrt(v) + eps), and shrink by lr * weight_decay of what
    they were.

    Args:
        param: Tensor[...], the parameters.
        grad: their gradient, in the shape of param.
        m: running mean of the gradients, in the shape of param.
        v: running mean of their squares, in the shape of param.
        step: the number of this step, counted from 1.
        lr: the learning rate.
        betas: how much of m and of v is kept in each step.
        eps: added to the root of v.
        weight_decay: the share of the parameters, times lr, that is taken away.

    Returns:
        (param, m, v) after the step: new tensors in the dtype of param. m and v
        are those of the next step, not divided by anything. No gradient needs
        to flow through the step.

    Raises:
        ValueError: if step is below 1, or the four tensors differ in shape.

    Example:
        >>> zero = torch.zeros(1)
        >>> adamw_step(
        ...     torch.tensor([2.0]),
        ...     torch.tensor([4.0]),
        ...     zero,
        ...     zero,
        ...     step=1,
        ...     lr=0.5,
        ...     weight_decay=0.1,
        ... )
        (tensor([1.4000]), tensor([0.4000]), tensor([0.0160]))

    Source: Loshchilov and Hutter 2017, algorithm 2, as torch has it; Kingma and
    Ba 2014, algorithm 1.
    """
    if step < 1:
        raise ValueError(f"steps count from 1, so there is no step {step}")
    if not param.shape == grad.shape == m.shape == v.shape:
        raise ValueError("param, grad, m and v must have the same shape")
    m = betas[0] * m + (1 - betas[0]) * grad
    v = betas[1] * v + (1 - betas[1]) * grad**2
    m_corrected = m / (1 - betas[0] ** step)
    v_corrected = v / (1 - betas[1] ** step)
    return param - lr * (m_corrected / (torch.sqrt(v_corrected) + eps) + weight_decay * param), m, v


def clip_gradients(
    grads: list[Tensor],
    max_norm: float,
) -> tuple[list[Tensor], float]:
    """Shorten the gradients, all by one factor, if their common norm is above
    max_norm.

    Their norm is the root of the sum of the squares of all numbers in all
    tensors, each turned into float32 or float64 before it is squared: in
    float16 the square of 256 is infinite.

    Args:
        grads: the gradients of a model, a tensor for each of its parameters.
        max_norm: the largest norm that is left as it is.

    Returns:
        The gradients, new tensors in the dtypes they had, and the norm before
        clipping. Without gradients it is 0.0.

    Raises:
        ValueError: if max_norm is not positive.

    Example:
        >>> clip_gradients(
        ...     [torch.tensor([3.0]), torch.tensor([[0.0, 4.0]])], max_norm=1.0
        ... )
        ([tensor([0.6000]), tensor([[0.0000, 0.8000]])], 5.0)

    Source: Pascanu et al. 2012, section 3.2.
    """
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    norm = math.sqrt(sum(float(grad.double().pow(2).sum()) for grad in grads))
    factor = max_norm / norm if norm > max_norm else 1.0
    return [grad * factor for grad in grads], norm


def compute_optimal(
    flops: float,
    tokens_per_param: float = 20.0,
) -> tuple[float, float]:
    """Compute how large a model, on how many tokens, a budget of compute should
    buy.

    Training N parameters on D tokens costs 6 N D operations, and the best D is
    taken to be a fixed multiple of N.

    Args:
        flops: the budget, in floating-point operations.
        tokens_per_param: tokens for each parameter, about 20 by Hoffmann et al.

    Returns:
        (parameters, tokens), not rounded.

    Raises:
        ValueError: if flops or tokens_per_param is not positive.

    Example:
        >>> compute_optimal(480.0, tokens_per_param=5.0)
        (4.0, 20.0)

    Source: Hoffmann et al. 2022, section 3; Kaplan et al. 2020, section 2.1,
    for 6 N D.
    """
    if flops <= 0 or tokens_per_param <= 0:
        raise ValueError(f"a budget of {flops} and {tokens_per_param} tokens per parameter must both be positive")
    parameters = math.sqrt(flops / (6 * tokens_per_param))
    return parameters, tokens_per_param * parameters
