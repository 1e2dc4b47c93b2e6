"""Right alternatives of 11_decoding."""

import math

import torch
from torch import Generator, Tensor


def apply_temperature_by_where(logits: Tensor, temperature: float) -> Tensor:
    if temperature < 0:
        raise ValueError("no negative temperature")
    if temperature == 0:
        best = torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).bool()
        return torch.where(best, logits, torch.tensor(float("-inf"), dtype=logits.dtype))
    return logits * (1 / temperature)


def top_k_filter_by_ranks(logits: Tensor, k: int) -> Tensor:
    if k < 1:
        raise ValueError("k must be positive")
    ranks = torch.argsort(torch.argsort(-logits, dim=-1, stable=True), dim=-1)
    return torch.where(ranks < k, logits, -torch.inf)


def top_k_filter_by_repeated_argmax(logits: Tensor, k: int) -> Tensor:
    if k < 1:
        raise ValueError("k")
    left, kept = logits.detach().clone(), torch.zeros_like(logits, dtype=torch.bool)
    for _ in range(min(k, logits.shape[-1])):
        best = left.argmax(-1, keepdim=True)
        kept.scatter_(-1, best, True)
        left.scatter_(-1, best, -math.inf)
    return torch.where(kept, logits, -math.inf)


def top_p_filter_by_counting(logits: Tensor, p: float) -> Tensor:
    if p < 0.0 or p > 1.0:
        raise ValueError("p")
    order = logits.argsort(dim=-1, descending=True, stable=True)
    sums = logits.softmax(-1).gather(-1, order).cumsum(-1)
    size = ((sums < p).sum(-1, keepdim=True) + 1) if p < 1 else logits.shape[-1]
    return logits.masked_fill(order.argsort(-1) >= size, -torch.inf)


def top_p_filter_by_what_is_ahead(logits: Tensor, p: float) -> Tensor:
    if not 0 <= p <= 1:
        raise ValueError("p")
    if p == 1:
        return logits
    index = torch.arange(logits.shape[-1])
    mine, other = logits.unsqueeze(-1), logits.unsqueeze(-2)
    ahead = ((other > mine) | ((other == mine) & (index < index.unsqueeze(-1)))).double()
    before = torch.einsum("...ij,...j->...i", ahead, logits.double().softmax(-1))
    return logits.masked_fill((before >= p) & (ahead.sum(-1) > 0), -math.inf)


def min_p_filter_by_logits(logits: Tensor, min_p: float) -> Tensor:
    if min_p < 0 or min_p > 1:
        raise ValueError("min_p")
    threshold = logits.max(-1, keepdim=True).values + (math.log(min_p) if min_p > 0 else -math.inf)
    return torch.where(logits >= threshold, logits, -math.inf)


def repeat_ngram_filter_by_dict(logits: Tensor, ids: list[int], n: int) -> Tensor:
    if n < 1:
        raise ValueError("n")
    followers: dict[tuple[int, ...], set[int]] = {}
    for gram in zip(*(ids[i:] for i in range(n)), strict=False):
        followers.setdefault(gram[:-1], set()).add(gram[-1])
    banned = followers.get(tuple(ids[len(ids) - (n - 1) :]), set())
    return torch.stack([logit - math.inf if i in banned else logit for i, logit in enumerate(logits)])


def _prepared(logits: Tensor, temperature: float, top_k: int | None, top_p: float | None) -> Tensor:
    logits = apply_temperature_by_where(logits, temperature)
    if top_k is not None:
        logits = top_k_filter_by_ranks(logits, top_k)
    return logits if top_p is None else top_p_filter_by_counting(logits, top_p)


def sample_by_gumbel(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    uniform = torch.rand(logits.shape, generator=generator, dtype=torch.float64)
    return (_prepared(logits, temperature, top_k, top_p) - (-uniform.log()).log()).argmax(-1)


def sample_in_int32(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    probabilities = _prepared(logits, temperature, top_k, top_p).softmax(-1)
    return torch.multinomial(probabilities, 1, generator=generator)[:, 0].int()


def beam_search_by_probabilities(
    transition: Tensor, start: int, eos: int, beam_width: int, max_new_tokens: int
) -> list[int]:
    if beam_width < 1 or max_new_tokens < 0:
        raise ValueError("beam")
    probabilities = transition.double().exp().tolist()
    beams, finished = [(1.0, [start])], []
    for _ in range(max_new_tokens):
        grown = [(score * p, [*ids, token]) for score, ids in beams for token, p in enumerate(probabilities[ids[-1]])]
        best = sorted(grown, reverse=True)[:beam_width]
        finished += [beam for beam in best if beam[1][-1] == eos]
        beams = [beam for beam in best if beam[1][-1] != eos]
    return max(finished + beams)[1]
