"""Right alternatives of 09_post_training."""

import torch
from torch import Tensor
from torch.nn import functional


def sft_labels_by_sets(ids: list[int], spans: list[tuple[int, int]]) -> list[int]:
    inside: set[int] = set()
    for start, end in spans:
        places = set(range(start, end))
        if not places or places & inside or not places <= set(range(len(ids))):
            raise ValueError("bad span")
        inside |= places
    return [ids[place] if place in inside else -100 for place in range(len(ids))]


def sequence_log_probs_token_by_token(logits: Tensor, labels: Tensor) -> Tensor:
    if logits.shape[:2] != labels.shape:
        raise ValueError("logits and labels do not fit")
    sums = []
    for row, targets in zip(logits, labels, strict=True):
        total = 0 * row.sum()
        for place in range(len(targets) - 1):
            if targets[place + 1] != -100:
                total = total + row[place, targets[place + 1]] - torch.logsumexp(row[place], dim=0)
        sums.append(total)
    return torch.stack(sums)


def reward_loss_by_logaddexp(chosen: Tensor, rejected: Tensor) -> Tensor:
    if chosen.size() != rejected.size():
        raise ValueError("shapes differ")
    return (torch.logaddexp(chosen, rejected) - chosen).sum() / len(chosen)


def dpo_loss_by_ratios(
    policy_chosen: Tensor, policy_rejected: Tensor, reference_chosen: Tensor, reference_rejected: Tensor, beta: float
) -> Tensor:
    shapes = {x.shape for x in (policy_chosen, policy_rejected, reference_chosen, reference_rejected)}
    if len(shapes) > 1 or not beta > 0:
        raise ValueError("shapes differ, or beta is not positive")
    with torch.no_grad():
        reference = reference_chosen - reference_rejected
    return functional.softplus(-beta * (policy_chosen - policy_rejected - reference)).mean()


def group_advantages_by_hand(rewards: Tensor) -> Tensor:
    samples = rewards.shape[1]
    mean = rewards.sum(1, keepdim=True) / samples
    variance = ((rewards - mean) ** 2).sum(1, keepdim=True) / samples
    return (rewards - mean) / (variance.sqrt() + 1e-6)


def group_advantages_row_by_row(rewards: Tensor) -> Tensor:
    rows = [(row - row.mean()) / (row.std(unbiased=False) + 1e-6) for row in rewards]
    return torch.stack(rows)


def clipped_policy_loss_of_chosen_tokens(
    log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor, clip: float = 0.2
) -> Tensor:
    if log_probs.shape != old_log_probs.shape or log_probs.shape != mask.shape:
        raise ValueError("shapes differ")
    if advantages.shape != (len(log_probs),) or clip < 0:
        raise ValueError("bad advantages or clip")
    if not mask.any():
        return 0 * log_probs.sum()
    each = advantages[:, None].expand_as(log_probs)[mask]
    ratio = torch.exp(log_probs[mask] - old_log_probs[mask].detach())
    return torch.maximum(-ratio * each, -torch.clip(ratio, 1 - clip, 1 + clip) * each).mean()


def kl_estimate_as_written(log_probs: Tensor, reference_log_probs: Tensor) -> Tensor:
    if log_probs.shape != reference_log_probs.shape:
        raise ValueError("shapes differ")
    d = reference_log_probs - log_probs
    return (d.exp() - 1 - d).mean()
