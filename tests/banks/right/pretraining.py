"""Right alternatives of 08_pretraining."""

import cmath
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.banks.right import Alternatives

Step = tuple[Tensor, Tensor, Tensor]
Clipped = tuple[list[Tensor], float]


def loss_by_torch(logits: Tensor, ids: Tensor, ignore_index: int = -100) -> Tensor:
    if tuple(logits.shape[:-1]) != tuple(ids.shape):
        raise ValueError("logits and ids must have the same batch and time")
    targets = ids[:, 1:].reshape(-1)
    if bool((targets == ignore_index).all()):  # also if there are none
        return logits.sum() * 0
    return functional.cross_entropy(
        logits[:, :-1].reshape(len(targets), -1), targets, ignore_index=ignore_index, reduction="mean"
    )


def loss_with_labels_filled(logits: Tensor, ids: Tensor, ignore_index: int = -100) -> Tensor:
    # As transformers does it: all positions stay, and the last one has nothing to predict.
    if logits.size(0) != ids.size(0) or logits.size(1) != ids.size(1):
        raise ValueError("shapes")
    labels = torch.full_like(ids, ignore_index)
    labels[:, :-1] = ids[:, 1:]
    losses = functional.cross_entropy(logits.mT, labels, ignore_index=ignore_index, reduction="none")
    return losses.sum() / max(1, int((labels != ignore_index).sum()))


def loss_by_gather(logits: Tensor, ids: Tensor, ignore_index: int = -100) -> Tensor:
    if logits.shape[:2] != ids.shape:
        raise ValueError(f"{logits.shape} and {ids.shape}")
    mask = ids[:, 1:] != ignore_index
    if not mask.any():
        return logits.new_zeros(())
    targets = ids[:, 1:].masked_fill(~mask, 0)
    log_probs = torch.log_softmax(logits[:, :-1], dim=-1)
    return -log_probs.gather(2, targets.unsqueeze(2)).squeeze(2)[mask].mean()


def loss_token_by_token(logits: Tensor, ids: Tensor, ignore_index: int = -100) -> Tensor:
    if list(logits.shape[:2]) != list(ids.shape):
        raise ValueError("not the same places")
    losses = []
    for row, tokens in zip(logits, ids.tolist(), strict=True):
        for position in range(len(tokens) - 1):
            if tokens[position + 1] != ignore_index:
                scores = row[position]
                losses.append(torch.logsumexp(scores, 0) - scores[tokens[position + 1]])
    return torch.stack(losses).mean() if losses else torch.zeros((), dtype=logits.dtype)


def rate_by_minimum(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
    if step < 0 or warmup < 0 or warmup > total:
        raise ValueError("step, warmup or total")
    if step < warmup:
        return (step + 1) * (peak / warmup)
    progress = min(1.0, (step - warmup) / max(1, total - warmup)) if step < total else 1.0
    return floor + 0.5 * (peak - floor) * (1.0 + math.cos(progress * math.pi))


def rate_by_sine(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
    if step < 0:
        raise ValueError("step")
    if not (0 <= warmup <= total):
        raise ValueError("warmup")
    if step in range(warmup):
        return peak / warmup + step * peak / warmup
    if step > total or warmup == total:
        return floor
    share = math.sin(math.pi / 2 * (total - step) / (total - warmup)) ** 2
    return peak * share + floor * (1 - share)


def rate_on_a_circle(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
    if min(step, warmup, total - warmup) < 0:
        raise ValueError("no such schedule")
    if step < warmup:
        return peak - peak * (warmup - step - 1) / warmup
    if step >= total:
        return floor
    turn = cmath.exp(1j * math.pi * (step - warmup) / (total - warmup)).real
    return (peak + floor) / 2 + (peak - floor) / 2 * turn


def step_by_torch(
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
    if step < 1:
        raise ValueError("steps count from 1")
    if any(tensor.shape != param.shape for tensor in (grad, m, v)):
        raise ValueError("the shapes differ")
    weights = nn.Parameter(param.clone())
    weights.grad = grad.clone()
    optimizer = torch.optim.AdamW([weights], lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
    optimizer.state[weights] = {"step": torch.tensor(step - 1.0), "exp_avg": m.clone(), "exp_avg_sq": v.clone()}
    optimizer.step()
    state = optimizer.state[weights]
    return weights.detach(), state["exp_avg"], state["exp_avg_sq"]


def step_on_copies(
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
    if step <= 0 or not (param.size() == grad.size() == m.size() == v.size()):
        raise ValueError("step or shapes")
    beta1, beta2 = betas
    with torch.no_grad():
        param, m, v = param.clone(), m.clone(), v.clone()
        m.mul_(beta1).add_(grad, alpha=1 - beta1)
        v.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        param.mul_(1 - lr * weight_decay)
        root = (v.sqrt() / math.sqrt(1 - beta2**step)).add_(eps)
        param.addcdiv_(m, root, value=-lr / (1 - beta1**step))
    return param, m, v


def step_by_lerp(
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


def clip_by_torch(grads: list[Tensor], max_norm: float) -> Clipped:
    if not max_norm > 0:
        raise ValueError("max_norm must be positive")
    weights = [nn.Parameter(torch.zeros_like(grad)) for grad in grads]
    for weight, grad in zip(weights, grads, strict=True):
        weight.grad = grad.clone()
    norm = nn.utils.clip_grad_norm_(weights, max_norm)
    return [weight.grad for weight in weights if weight.grad is not None], float(norm)


def clip_by_one_vector(grads: list[Tensor], max_norm: float) -> Clipped:
    if max_norm <= 0.0:
        raise ValueError("max_norm")
    if len(grads) == 0:
        return [], 0.0
    norm = torch.cat([grad.reshape(-1).float() for grad in grads]).norm().item()
    if norm <= max_norm:
        return [grad.clone() for grad in grads], norm
    return [grad / (norm / max_norm) for grad in grads], norm


def clip_by_norms_of_norms(grads: list[Tensor], max_norm: float) -> Clipped:
    if max_norm <= 0:
        raise ValueError("max_norm")
    norm = math.hypot(*(torch.linalg.vector_norm(grad.double()).item() for grad in grads))
    factor = min(1.0, max_norm / (norm + 1e-12))
    return [(grad * factor).to(grad.dtype) for grad in grads], norm


def clip_number_by_number(grads: list[Tensor], max_norm: float) -> Clipped:
    if max_norm <= 0:
        raise ValueError("a limit is positive")
    squares = 0.0
    for grad in grads:
        for number in grad.flatten().tolist():
            squares += number * number
    norm = squares**0.5
    clipped = []
    for grad in grads:
        clipped.append(grad * (max_norm / norm) if norm > max_norm else grad.clone())
    return clipped, norm


def optimal_by_power(flops: float, tokens_per_param: float = 20.0) -> tuple[float, float]:
    if not (flops > 0 and tokens_per_param > 0):
        raise ValueError("both must be positive")
    parameters = (flops / 6 / tokens_per_param) ** 0.5
    return parameters, flops / (6 * parameters)


def optimal_tokens_first(flops: float, tokens_per_param: float = 20) -> tuple[float, float]:
    if min(flops, tokens_per_param) <= 0:
        raise ValueError("flops or tokens_per_param")
    tokens = math.sqrt(flops * tokens_per_param / 6)
    return tokens / tokens_per_param, tokens


def optimal_by_logarithms(flops: float, tokens_per_param: float = 20.0) -> tuple[float, float]:
    if flops <= 0:
        raise ValueError("flops")
    if tokens_per_param <= 0:
        raise ValueError("tokens_per_param")
    half = (math.log(flops) - math.log(6)) / 2
    return math.exp(half - math.log(tokens_per_param) / 2), math.exp(half + math.log(tokens_per_param) / 2)


ALTERNATIVES: Alternatives = {
    "next_token_loss": [loss_by_torch, loss_with_labels_filled, loss_by_gather, loss_token_by_token],
    "learning_rate": [rate_by_minimum, rate_by_sine, rate_on_a_circle],
    "adamw_step": [step_by_torch, step_on_copies, step_by_lerp],
    "clip_gradients": [clip_by_torch, clip_by_one_vector, clip_by_norms_of_norms, clip_number_by_number],
    "compute_optimal": [optimal_by_power, optimal_tokens_first, optimal_by_logarithms],
}
