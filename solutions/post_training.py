"""Post-training: from a model that continues text to one that answers, and is then improved by reward.

Contents, in the order of the chapter:
    sft_labels              learn from what the assistant says, and from nothing else
    sequence_log_probs      how probable a whole answer is
    reward_loss             a score for answers, from comparisons
    dpo_loss                the same comparisons, without the score in between
    group_advantages        better or worse than the other answers to the same question
    clipped_policy_loss     make better answers likelier, in small steps
    kl_estimate             how far the policy has moved, from samples
"""

import torch
from torch import Tensor
from torch.nn import functional


def sft_labels(ids: list[int], spans: list[tuple[int, int]]) -> list[int]:
    """Label what the assistant says, so that supervised fine-tuning learns from
    that alone.

    Labels are not shifted: the loss does that.

    Args:
        ids: the tokens of a conversation.
        spans: the places of the assistant's turns in any order, each as
            (start, end), where ids[end] is no longer part of the turn.

    Returns:
        A new list, as long as ids: the id of each token inside a span, and -100
        for all others.

    Raises:
        ValueError: if a span is empty, leaves ids, or overlaps another.

    Example:
        >>> sft_labels([7, 8, 9, 5, 6, 4], [(1, 3), (5, 6)])
        [-100, 8, 9, -100, -100, 4]
    """
    labels = [-100] * len(ids)
    last_end = 0
    for start, end in sorted(spans):
        if not last_end <= start < end <= len(ids):
            raise ValueError(f"span ({start}, {end}) is empty, overlaps another, or leaves the {len(ids)} tokens")
        labels[start:end] = ids[start:end]
        last_end = end
    return labels


def sequence_log_probs(logits: Tensor, labels: Tensor) -> Tensor:
    """Add up the log probabilities that a decoder gives to the labelled tokens
    of each row.

    The logits at position t are about the token at t + 1, so the label at
    position 0 is never counted, and the logits of the last position are not
    used.

    Args:
        logits: Tensor[batch, time, vocab]. Logits up to 1,000 must not
            overflow.
        labels: LongTensor[batch, time], the tokens themselves, not shifted.
            Those that are -100 do not count.

    Returns:
        Tensor[batch] in the dtype of logits, in nats. A row without a label
        that counts has the sum 0.

    Raises:
        ValueError: if logits and labels differ in batch or time.

    Example:
        >>> logits = torch.tensor([[[0.0, 0.0], [0.0, 0.0], [9.0, 0.0]]])
        >>> sequence_log_probs(logits, torch.tensor([[-100, 1, 0]]))
        tensor([-1.3863])
    """
    if logits.shape[:2] != labels.shape:
        raise ValueError(f"logits for {tuple(logits.shape[:2])} positions, but labels of shape {tuple(labels.shape)}")
    targets = labels[:, 1:]
    counts = targets != -100
    log_probs = functional.log_softmax(logits[:, :-1], dim=-1)
    # -100 is no place to look up; what is found in its stead is left out of the sum.
    found = log_probs.gather(-1, targets.masked_fill(~counts, 0).unsqueeze(-1)).squeeze(-1)
    return found.masked_fill(~counts, 0.0).sum(dim=-1)


def reward_loss(chosen: Tensor, rejected: Tensor) -> Tensor:
    """Compute the loss of a reward model on pairs of answers of which the first
    was preferred.

    By Bradley and Terry's model, the first is preferred with probability
    sigmoid(chosen - rejected). The loss is the mean over the pairs of minus the
    logarithm of this probability.

    Args:
        chosen: Tensor[batch], the rewards of the preferred answers.
        rejected: Tensor[batch], the rewards of the others. Two rewards may
            differ by a thousand.

    Returns:
        Tensor[], in nats.

    Raises:
        ValueError: if the two differ in shape.

    Example:
        >>> reward_loss(torch.tensor([2.0, 0.0]), torch.tensor([2.0, 3.0]))
        tensor(1.8709)

    Source: Ouyang et al. 2022.
    """
    if chosen.shape != rejected.shape:
        raise ValueError(f"each pair needs two rewards: the shapes are {tuple(chosen.shape)}, {tuple(rejected.shape)}")
    return -functional.logsigmoid(chosen - rejected).mean()


def dpo_loss(
    policy_chosen: Tensor,
    policy_rejected: Tensor,
    reference_chosen: Tensor,
    reference_rejected: Tensor,
    beta: float,
) -> Tensor:
    """Compute the loss of direct preference optimization (DPO) on pairs of
    answers.

    The implicit reward of an answer is beta times how much its log probability
    has grown from the reference to the policy. With implicit rewards in the
    place of rewards, this is the loss of a reward model.

    Args:
        policy_chosen: Tensor[batch], the log probability, summed over the
            tokens, of each preferred answer.
        policy_rejected: Tensor[batch], the same of the other answers.
        reference_chosen: Tensor[batch], the log probabilities before training.
            They are data: no gradient flows to them.
        reference_rejected: Tensor[batch], the same of the other answers.
        beta: how strongly the policy is held to the reference, above 0.

    Returns:
        Tensor[], the mean over the pairs, in nats.

    Raises:
        ValueError: if the four differ in shape, or beta is not positive.

    Example:
        >>> grown, same = torch.tensor([-8.0]), torch.tensor([-9.0])
        >>> dpo_loss(
        ...     grown,
        ...     same,
        ...     torch.tensor([-10.0]),
        ...     torch.tensor([-9.0]),
        ...     beta=0.5,
        ... )
        tensor(0.3133)

    Source: Rafailov et al. 2023.
    """
    if not policy_chosen.shape == policy_rejected.shape == reference_chosen.shape == reference_rejected.shape:
        raise ValueError("each pair needs four log probabilities: the four tensors must have the same shape")
    if beta <= 0:
        raise ValueError(f"with a beta of {beta} no answer would be preferred to another")
    chosen = beta * (policy_chosen - reference_chosen.detach())
    rejected = beta * (policy_rejected - reference_rejected.detach())
    return -functional.logsigmoid(chosen - rejected).mean()


def group_advantages(rewards: Tensor) -> Tensor:
    """Compare the reward of each answer with those of the other answers to the
    same question.

    The advantage is the reward minus the mean of its group, divided by the
    group's standard deviation plus 1e-6. The deviation is the population's: the
    squares are averaged over all samples of the group, not over one fewer.

    Args:
        rewards: Tensor[groups, samples]: one row per question.

    Returns:
        Tensor[groups, samples]. A group of equal rewards, also one of a single
        sample, has advantages of 0.

    Example:
        >>> group_advantages(
        ...     torch.tensor([[1.0, 0.0, 0.0, 1.0], [2.0, 2.0, 2.0, 2.0]])
        ... )
        tensor([[ 1.0000, -1.0000, -1.0000,  1.0000],
                [ 0.0000,  0.0000,  0.0000,  0.0000]])

    Source: Shao et al. 2024.
    """
    centered = rewards - rewards.mean(dim=1, keepdim=True)
    deviation = rewards.std(dim=1, correction=0, keepdim=True)
    return centered / (deviation + 1e-6)


def clipped_policy_loss(
    log_probs: Tensor,
    old_log_probs: Tensor,
    advantages: Tensor,
    mask: Tensor,
    clip: float = 0.2,
) -> Tensor:
    """Compute the clipped loss of a policy on answers that an earlier state of
    it has written.

    The ratio r of a token is how much more probable it is now than when it was
    written. The token's term is min(r A, clamp(r, 1 - clip, 1 + clip) A), with
    A the advantage of its answer. The loss is minus the mean of the terms over
    all tokens of the batch, each counted alike.

    Args:
        log_probs: Tensor[batch, time], the log probability that the policy now
            gives to each token of the answers.
        old_log_probs: Tensor[batch, time], the same when they were written.
            They are data: no gradient flows to them.
        advantages: Tensor[batch], one for each answer.
        mask: BoolTensor[batch, time], True at the tokens that count. Values
            elsewhere may be any finite numbers; they change neither the loss
            nor its gradient.
        clip: the ratio is clamped to between 1 - clip and 1 + clip; 0 or more.

    Returns:
        Tensor[]. Without a token that counts it is 0.

    Raises:
        ValueError: if log_probs, old_log_probs and mask differ in shape, or
            there is not one advantage for each row, or clip is negative.

    Example:
        >>> now = torch.tensor([[-1.0, -2.0]])
        >>> old = torch.tensor([[-1.0, -3.0]])
        >>> clipped_policy_loss(
        ...     now, old, torch.tensor([1.0]), torch.tensor([[True, True]])
        ... )
        tensor(-1.1000)

    Source: Schulman et al. 2017; the mean over all tokens is that of Yu et
    al. 2025.
    """
    if not log_probs.shape == old_log_probs.shape == mask.shape or advantages.shape != log_probs.shape[:1]:
        raise ValueError("log_probs, old_log_probs and mask need one shape, and advantages one number for each row")
    if clip < 0:
        raise ValueError(f"a clip of {clip} leaves no ratio: it must be 0 or more")
    # Masked before exp: a ratio that does not count may overflow, and infinity times 0 is not 0.
    ratio = (log_probs - old_log_probs.detach()).masked_fill(~mask, 0.0).exp()
    advantage = advantages.unsqueeze(-1)
    terms = torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)
    return -(terms * mask).sum() / mask.sum().clamp(min=1)


def kl_estimate(log_probs: Tensor, reference_log_probs: Tensor) -> Tensor:
    """Estimate KL(policy || reference) from samples of the policy, without
    summing over all that it could have said.

    It is the mean over the samples of exp(d) - 1 - d, where d is the log
    probability under the reference minus that under the policy. No sample makes
    it negative.

    Args:
        log_probs: Tensor[n], the log probability of each sample under the
            policy that it was drawn from.
        reference_log_probs: Tensor[n], the same under the reference.

    Returns:
        Tensor[], in nats.

    Raises:
        ValueError: if the two differ in shape.

    Example:
        >>> kl_estimate(torch.tensor([-1.0, -2.0]), torch.tensor([-1.0, -3.0]))
        tensor(0.1839)

    Source: Schulman 2020, where it is called k3.
    """
    if log_probs.shape != reference_log_probs.shape:
        raise ValueError(
            f"each sample needs two log probabilities: the shapes are {tuple(log_probs.shape)},"
            f" {tuple(reference_log_probs.shape)}"
        )
    difference = reference_log_probs - log_probs
    # exp(d) - 1 by expm1: for a small d the subtraction would leave nothing but rounding.
    return (torch.expm1(difference) - difference).mean()
