"""Right alternatives of 14_architectures."""

import itertools

import torch
from torch import Generator, Tensor


def attention_pattern_by_columns(kind: str, n_queries: int, n_keys: int, prefix: int = 0) -> Tensor:
    if kind == "cross" or kind == "bidirectional":
        return torch.full((n_queries, n_keys), True)
    if kind != "causal" and kind != "prefix":
        raise ValueError(kind)
    mask = ~torch.triu(torch.ones(n_queries, n_keys), diagonal=1 + n_keys - n_queries).bool()
    if kind == "prefix":
        mask[:, :prefix] = True
    return mask


def cross_attention_by_example(
    x: Tensor,
    memory: Tensor,
    w_q: Tensor,
    w_k: Tensor,
    w_v: Tensor,
    w_o: Tensor,
    n_heads: int,
    memory_mask: Tensor | None = None,
) -> Tensor:
    """Hidden positions are cut out of each example's memory, so that no mask is needed."""
    if n_heads < 1 or w_q.shape[0] % n_heads:
        raise ValueError("the heads do not fit")
    results = []
    for number, (text, source) in enumerate(zip(x, memory, strict=True)):
        seen = source if memory_mask is None else source[memory_mask[number]]
        query = (text @ w_q.t()).view(len(text), n_heads, -1).permute(1, 0, 2)
        key = (seen @ w_k.t()).view(len(seen), n_heads, w_k.shape[0] // n_heads).permute(1, 0, 2)
        value = (seen @ w_v.t()).view(len(seen), n_heads, w_v.shape[0] // n_heads).permute(1, 0, 2)
        mixed = torch.softmax(query @ key.mT / query.shape[-1] ** 0.5, dim=-1) @ value
        results.append(mixed.permute(1, 0, 2).reshape(len(text), -1) @ w_o.t())
    return torch.stack(results)


def mask_tokens_with_coins(
    ids: Tensor, special: Tensor, mask_id: int, vocab_size: int, probability: float, generator: Generator
) -> tuple[Tensor, Tensor]:
    """As the data collator of transformers does it."""
    if probability < 0 or probability > 1:
        raise ValueError("not a probability")
    inputs, labels = ids.clone(), ids.clone()
    chances = torch.full(labels.shape, float(probability)).masked_fill(special, 0.0)
    chosen = torch.bernoulli(chances, generator=generator).bool()
    labels[~chosen] = -100
    replaced = torch.bernoulli(torch.full(labels.shape, 0.8), generator=generator).bool() & chosen
    inputs[replaced] = mask_id
    drawn = torch.bernoulli(torch.full(labels.shape, 0.5), generator=generator).bool() & chosen & ~replaced
    words = torch.randint(vocab_size, labels.shape, generator=generator).to(ids.dtype)
    inputs[drawn] = words[drawn]
    return inputs, labels


def corrupt_spans_from_the_back(
    ids: list[int], spans: list[tuple[int, int]], sentinels: list[int]
) -> tuple[list[int], list[int]]:
    needed = len(spans) + 1
    if len(sentinels) < needed:
        raise ValueError("too few sentinels")
    if any(not 0 <= start < end <= len(ids) for start, end in spans):
        raise ValueError("a span is empty or out of range")
    if any(one[1] >= other[0] for one, other in itertools.pairwise(spans)):
        raise ValueError("spans touch, overlap or are out of order")
    inputs = list(ids)
    targets = [sentinels[len(spans)]]
    for i in reversed(range(len(spans))):
        start, end = spans[i]
        targets = [sentinels[i], *inputs[start:end], *targets]
        inputs[start:end] = [sentinels[i]]
    return inputs, targets


def shift_right_by_lists(labels: Tensor, start_id: int, pad_id: int) -> Tensor:
    rows = [[start_id] + [pad_id if token == -100 else token for token in row[:-1]] for row in labels.tolist()]
    return torch.tensor(rows, dtype=labels.dtype, device=labels.device)


def masked_diffusion_loss_by_loop(logits: Tensor, ids: Tensor, masked: Tensor, t: Tensor) -> Tensor:
    total = logits.new_zeros(())
    for row in range(len(ids)):
        share = float(t[row])
        if not 0 < share <= 1:
            raise ValueError(f"t = {share}")
        found = logits.new_zeros(())
        for place in range(ids.shape[1]):
            if masked[row, place]:
                found = found + torch.logsumexp(logits[row, place], dim=-1) - logits[row, place, ids[row, place]]
        total = total + found / share / ids.shape[1]
    return total / len(ids)
