"""Right alternatives of 14_architectures."""

import itertools
import math

import torch
from torch import Generator, Tensor
from torch.nn import functional

from tests.banks.right import Alternatives


def pattern_by_loop(kind: str, n_queries: int, n_keys: int, prefix: int = 0) -> Tensor:
    if kind not in {"causal", "bidirectional", "prefix", "cross"}:
        raise ValueError(f"unknown kind {kind}")
    mask = torch.zeros(n_queries, n_keys, dtype=torch.bool)
    for row in range(n_queries):
        position = n_keys - n_queries + row
        for column in range(n_keys):
            if kind in ("bidirectional", "cross"):
                mask[row, column] = True
            elif kind == "causal":
                mask[row, column] = column <= position
            else:
                mask[row, column] = column <= position or column < prefix
    return mask


def pattern_by_positions(kind: str, n_queries: int, n_keys: int, prefix: int = 0) -> Tensor:
    query = torch.arange(n_keys - n_queries, n_keys)[:, None]
    key = torch.arange(n_keys)[None, :]
    match kind:
        case "causal":
            return key <= query
        case "prefix":
            return torch.logical_or(key <= query, key < prefix)
        case "bidirectional" | "cross":
            return (key == key) & (query == query)
        case _:
            raise ValueError("kind")


def pattern_by_columns(kind: str, n_queries: int, n_keys: int, prefix: int = 0) -> Tensor:
    if kind == "cross" or kind == "bidirectional":
        return torch.full((n_queries, n_keys), True)
    if kind != "causal" and kind != "prefix":
        raise ValueError(kind)
    mask = ~torch.triu(torch.ones(n_queries, n_keys), diagonal=1 + n_keys - n_queries).bool()
    if kind == "prefix":
        mask[:, :prefix] = True
    return mask


def pattern_by_block(kind: str, n_queries: int, n_keys: int, prefix: int = 0) -> Tensor:
    """Queries before the end of the prefix see all of it; later ones see it anyway, as it is in their past."""
    masks = {"bidirectional": torch.ones, "cross": torch.ones, "causal": torch.ones, "prefix": torch.ones}
    try:
        mask = masks[kind](n_queries, n_keys).bool()
    except KeyError:
        raise ValueError(f"{kind} is no pattern") from None
    if kind in ("causal", "prefix"):
        mask = torch.tril(mask, n_keys - n_queries)
    if kind == "prefix":
        mask[: max(prefix + n_queries - n_keys, 0), :prefix] = True
    return mask


def cross_by_einsum(
    x: Tensor,
    memory: Tensor,
    w_q: Tensor,
    w_k: Tensor,
    w_v: Tensor,
    w_o: Tensor,
    n_heads: int,
    memory_mask: Tensor | None = None,
) -> Tensor:
    if n_heads <= 0 or len(w_q) % n_heads != 0:
        raise ValueError("the heads do not fit")
    q = torch.einsum("btd,hkd->bhtk", x, w_q.reshape(n_heads, -1, w_q.shape[1]))
    k = torch.einsum("bsd,hkd->bhsk", memory, w_k.reshape(n_heads, -1, w_k.shape[1]))
    v = torch.einsum("bsd,hvd->bhsv", memory, w_v.reshape(n_heads, -1, w_v.shape[1]))
    scores = torch.einsum("bhtk,bhsk->bhts", q, k) * q.shape[-1] ** -0.5
    if memory_mask is None:
        memory_mask = torch.ones(memory.shape[:2], dtype=torch.bool)
    seen = memory_mask[:, None, None]
    largest = torch.where(seen, scores, -1e9).amax(dim=-1, keepdim=True)
    powers = torch.exp((scores - largest).clamp(max=0.0)) * seen
    weights = powers / powers.sum(dim=-1, keepdim=True).clamp(min=1e-30)
    return torch.einsum("bhts,bhsv,ohv->bto", weights, v, w_o.reshape(len(w_o), n_heads, -1))


def cross_by_heads(
    x: Tensor,
    memory: Tensor,
    w_q: Tensor,
    w_k: Tensor,
    w_v: Tensor,
    w_o: Tensor,
    n_heads: int,
    memory_mask: Tensor | None = None,
) -> Tensor:
    if n_heads < 1:
        raise ValueError("at least one head")
    if w_q.size(0) % n_heads:
        raise ValueError("n_heads must divide the rows of w_q")
    outputs = []
    for q_rows, k_rows, v_rows in zip(w_q.chunk(n_heads), w_k.chunk(n_heads), w_v.chunk(n_heads), strict=True):
        query, key, value = functional.linear(x, q_rows), functional.linear(memory, k_rows), memory @ v_rows.mT
        scores = torch.bmm(query, key.transpose(1, 2)) / math.sqrt(q_rows.size(0))
        if memory_mask is not None:
            scores = scores.masked_fill(memory_mask.unsqueeze(1).logical_not(), -1e9)
        output = scores.softmax(-1) @ value
        if memory_mask is not None:
            output = output * memory_mask.any(dim=1)[:, None, None]
        outputs.append(output)
    return functional.linear(torch.cat(outputs, dim=-1), w_o)


def cross_by_example(
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


def mask_with_coins(
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


def mask_by_loop(
    ids: Tensor, special: Tensor, mask_id: int, vocab_size: int, probability: float, generator: Generator
) -> tuple[Tensor, Tensor]:
    if not (probability >= 0.0 and probability <= 1.0):
        raise ValueError("probability")
    inputs, labels = ids.clone(), torch.full_like(ids, -100)
    choice = torch.rand(ids.shape, generator=generator).tolist()
    for row in range(ids.shape[0]):
        for column in range(ids.shape[1]):
            if special[row, column] or choice[row][column] >= probability:
                continue
            labels[row, column] = ids[row, column]
            fate = torch.randint(10, (1,), generator=generator).item()
            if fate < 8:
                inputs[row, column] = mask_id
            elif fate == 8:
                inputs[row, column] = torch.randint(0, vocab_size, (1,), generator=generator).item()
    return inputs, labels


def mask_by_multinomial(
    ids: Tensor, special: Tensor, mask_id: int, vocab_size: int, probability: float, generator: Generator
) -> tuple[Tensor, Tensor]:
    """One of four fates for each token, drawn at once."""
    if not 0 <= probability <= 1:
        raise ValueError("probability")
    chances = torch.tensor([1 - probability, 0.8 * probability, 0.1 * probability, 0.1 * probability])
    fate = torch.multinomial(chances, ids.numel(), replacement=True, generator=generator).view(ids.shape)
    fate = torch.where(special, 0, fate)
    words = torch.randint(vocab_size, ids.shape, generator=generator)
    choices = torch.stack([ids, torch.full_like(ids, mask_id), words.to(ids.dtype), ids])
    inputs = choices.gather(0, fate[None]).squeeze(0)
    return inputs, torch.where(fate > 0, ids, torch.full_like(ids, -100))


def corrupt_by_marks(ids: list[int], spans: list[tuple[int, int]], sentinels: list[int]) -> tuple[list[int], list[int]]:
    if len(sentinels) < len(spans) + 1:
        raise ValueError("too few sentinels")
    owner: list[int | None] = [None] * len(ids)
    before = -1
    for number, (start, end) in enumerate(spans):
        if start < 0 or end > len(ids) or start >= end or start <= before:
            raise ValueError("bad span")
        before = end
        for place in range(start, end):
            owner[place] = number
    inputs: list[int] = []
    targets: list[int] = []
    last: int | None = None
    for token, mark in zip(ids, owner, strict=True):
        if mark is None:
            inputs.append(token)
        else:
            if mark != last:
                inputs.append(sentinels[mark])
                targets.append(sentinels[mark])
            targets.append(token)
        last = mark
    targets.append(sentinels[len(spans)])
    return inputs, targets


def corrupt_from_the_back(
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


def corrupt_by_borders(
    ids: list[int], spans: list[tuple[int, int]], sentinels: list[int]
) -> tuple[list[int], list[int]]:
    """Kept pieces and cut ones take turns."""
    borders = [0]
    for start, end in spans:
        borders.extend((start, end))
    borders.append(len(ids))
    kept = list(zip(borders[0::2], borders[1::2], strict=True))
    if any(start < 0 or end > len(ids) or end <= start for start, end in spans):
        raise ValueError("spans")
    if any(start >= end for start, end in kept[1:-1]) or len(sentinels) <= len(spans):
        raise ValueError("spans or sentinels")
    inputs: list[int] = ids[slice(*kept[0])]
    targets: list[int] = []
    for mark, span, rest in zip(sentinels, spans, kept[1:], strict=False):
        inputs = inputs + [mark] + ids[slice(*rest)]
        targets = targets + [mark] + ids[slice(*span)]
    targets.append(sentinels[len(spans)])
    return inputs, targets


def shift_by_assignment(labels: Tensor, start_id: int, pad_id: int) -> Tensor:
    shifted = labels.new_zeros(labels.shape)
    shifted[..., 1:] = labels[..., :-1].clone()
    shifted[..., 0] = start_id
    shifted.masked_fill_(shifted == -100, pad_id)
    return shifted


def shift_by_roll(labels: Tensor, start_id: int, pad_id: int) -> Tensor:
    result = torch.where(labels == -100, torch.full_like(labels, pad_id), labels).roll(1, dims=1)
    result[:, 0] = start_id
    return result


def shift_by_lists(labels: Tensor, start_id: int, pad_id: int) -> Tensor:
    rows = [[start_id] + [pad_id if token == -100 else token for token in row[:-1]] for row in labels.tolist()]
    return torch.tensor(rows, dtype=labels.dtype, device=labels.device)


def shift_by_padding(labels: Tensor, start_id: int, pad_id: int) -> Tensor:
    shifted = functional.pad(labels[:, :-1], (1, 0), value=start_id)
    shifted[shifted.eq(-100)] = pad_id
    return shifted


def diffusion_by_cross_entropy(logits: Tensor, ids: Tensor, masked: Tensor, t: Tensor) -> Tensor:
    if bool((t <= 0).any()) or bool((t > 1).any()):
        raise ValueError("t must be in (0, 1]")
    losses = functional.cross_entropy(logits.transpose(1, 2), ids, reduction="none")
    weighted = losses * masked / t.to(logits.dtype)[:, None]
    return weighted.sum() / ids.numel()


def diffusion_by_loop(logits: Tensor, ids: Tensor, masked: Tensor, t: Tensor) -> Tensor:
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


def diffusion_by_selection(logits: Tensor, ids: Tensor, masked: Tensor, t: Tensor) -> Tensor:
    if t.min() <= 0 or t.max() > 1:
        raise ValueError("t")
    rows, places = masked.nonzero(as_tuple=True)
    log_probs = torch.log_softmax(logits[rows, places], dim=-1)[torch.arange(len(rows)), ids[rows, places]]
    return -(log_probs / t.to(logits.dtype)[rows]).sum() / (ids.shape[0] * ids.shape[1])


ALTERNATIVES: Alternatives = {
    "attention_pattern": [pattern_by_loop, pattern_by_positions, pattern_by_columns, pattern_by_block],
    "cross_attention": [cross_by_einsum, cross_by_heads, cross_by_example],
    "mask_tokens": [mask_with_coins, mask_by_loop, mask_by_multinomial],
    "corrupt_spans": [corrupt_by_marks, corrupt_from_the_back, corrupt_by_borders],
    "shift_right": [shift_by_assignment, shift_by_roll, shift_by_lists, shift_by_padding],
    "masked_diffusion_loss": [diffusion_by_cross_entropy, diffusion_by_loop, diffusion_by_selection],
}
