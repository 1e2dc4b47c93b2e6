"""Right alternatives of 08_pretraining."""

import math

import torch
from torch import Tensor, nn

Step = tuple[Tensor, Tensor, Tensor]
Clipped = tuple[list[Tensor], float]


def next_token_loss_token_by_token(logits: Tensor, ids: Tensor, ignore_index: int = -100) -> Tensor:
    if list(logits.shape[:2]) != list(ids.shape):
        raise ValueError("not the same places")
    losses = []
    for row, tokens in zip(logits, ids.tolist(), strict=True):
        for position in range(len(tokens) - 1):
            if tokens[position + 1] != ignore_index:
                scores = row[position]
                losses.append(torch.logsumexp(scores, 0) - scores[tokens[position + 1]])
    return torch.stack(losses).mean() if losses else torch.zeros((), dtype=logits.dtype)


def learning_rate_by_minimum(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
    if step < 0 or warmup < 0 or warmup > total:
        raise ValueError("step, warmup or total")
    if step < warmup:
        return (step + 1) * (peak / warmup)
    progress = min(1.0, (step - warmup) / max(1, total - warmup)) if step < total else 1.0
    return floor + 0.5 * (peak - floor) * (1.0 + math.cos(progress * math.pi))


def adamw_step_by_lerp(
    param: Tensor,
    grad: Tensor,
    m: Tensor,
    v: Tensor,
    step: int,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> Step:
    if step < 1 or len({param.shape, grad.shape, m.shape, v.shape}) != 1:
        raise ValueError("wrong arguments")
    m = torch.lerp(grad, m, betas[0])
    v = torch.lerp(grad.square(), v, betas[1])
    direction = m.div(1 - betas[0] ** step).div((v / (1 - betas[1] ** step)) ** 0.5 + eps)
    return param - lr * direction - lr * weight_decay * param, m, v


def clip_gradients_by_torch(grads: list[Tensor], max_norm: float) -> Clipped:
    if not max_norm > 0:
        raise ValueError("max_norm must be positive")
    weights = [nn.Parameter(torch.zeros_like(grad)) for grad in grads]
    for weight, grad in zip(weights, grads, strict=True):
        weight.grad = grad.clone()
    norm = nn.utils.clip_grad_norm_(weights, max_norm)
    return [weight.grad for weight in weights if weight.grad is not None], float(norm)


def compute_optimal_by_power(flops: float, tokens_per_param: float = 20.0) -> tuple[float, float]:
    if not (flops > 0 and tokens_per_param > 0):
        raise ValueError("both must be positive")
    parameters = (flops / 6 / tokens_per_param) ** 0.5
    return parameters, flops / (6 * parameters)
