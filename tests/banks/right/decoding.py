"""Right alternatives of 11_decoding."""

import heapq
import math

import torch
from torch import Generator, Tensor

from tests.banks.right import Alternatives


def temperature_by_where(logits: Tensor, temperature: float) -> Tensor:
    if temperature < 0:
        raise ValueError("no negative temperature")
    if temperature == 0:
        best = torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).bool()
        return torch.where(best, logits, torch.tensor(float("-inf"), dtype=logits.dtype))
    return logits * (1 / temperature)


def temperature_row_by_row(logits: Tensor, temperature: float) -> Tensor:
    if not temperature >= 0:
        raise ValueError(f"{temperature} is negative")
    if temperature:
        return logits.div(temperature)
    result = torch.full_like(logits, -math.inf)
    for place in torch.cartesian_prod(*map(torch.arange, logits.shape[:-1])) if logits.dim() > 1 else [()]:
        row = tuple(torch.as_tensor(place).reshape(-1).tolist())
        numbers = logits[row].tolist()
        best = numbers.index(max(numbers))
        result[(*row, best)] = logits[(*row, best)]
    return result


def temperature_by_cumulative_maximum(logits: Tensor, temperature: float) -> Tensor:
    if temperature < 0:
        raise ValueError("temperature")
    if temperature > 0:
        return logits / torch.tensor(temperature, dtype=logits.dtype)
    largest = logits == logits.max(dim=-1, keepdim=True).values
    return logits.masked_fill(~(largest & (largest.cumsum(-1) == 1)), -math.inf)


def top_k_by_ranks(logits: Tensor, k: int) -> Tensor:
    if k < 1:
        raise ValueError("k must be positive")
    ranks = torch.argsort(torch.argsort(-logits, dim=-1, stable=True), dim=-1)
    return torch.where(ranks < k, logits, -torch.inf)


def top_k_by_loops(logits: Tensor, k: int) -> Tensor:
    if k <= 0:
        raise ValueError("nothing would survive")
    result = []
    for row in logits.reshape(-1, logits.shape[-1]):
        best = [token for _, token in sorted((-number, token) for token, number in enumerate(row.tolist()))][:k]
        result.append(torch.stack([row[i] if i in best else row[i] * 0 - math.inf for i in range(len(row))]))
    return torch.stack(result).reshape(logits.shape)


def top_k_by_counting(logits: Tensor, k: int) -> Tensor:
    if k < 1:
        raise ValueError("k")
    index = torch.arange(logits.shape[-1])
    mine, other = logits.unsqueeze(-1), logits.unsqueeze(-2)
    ahead = (other > mine) | ((other == mine) & (index < index.unsqueeze(-1)))
    return logits.masked_fill(ahead.sum(-1) >= k, float("-inf"))


def top_k_by_repeated_argmax(logits: Tensor, k: int) -> Tensor:
    if k < 1:
        raise ValueError("k")
    left, kept = logits.detach().clone(), torch.zeros_like(logits, dtype=torch.bool)
    for _ in range(min(k, logits.shape[-1])):
        best = left.argmax(-1, keepdim=True)
        kept.scatter_(-1, best, True)
        left.scatter_(-1, best, -math.inf)
    return torch.where(kept, logits, -math.inf)


def top_p_by_shifted_mask(logits: Tensor, p: float) -> Tensor:
    if p < 0 or p > 1:
        raise ValueError("p")
    if p >= 1:
        return logits + 0
    values, indices = torch.sort(logits, descending=True, stable=True, dim=-1)
    reached = torch.cumsum(torch.softmax(values, -1), -1) >= p
    remove = torch.zeros_like(reached)
    remove[..., 1:] = reached[..., :-1]
    return logits.masked_fill(remove.gather(-1, indices.argsort(-1)), -torch.inf)


def top_p_by_loops(logits: Tensor, p: float) -> Tensor:
    if not 0 <= p <= 1:
        raise ValueError("p is between 0 and 1")
    rows = logits.reshape(-1, logits.shape[-1])
    kept = torch.zeros(rows.shape, dtype=torch.bool)
    for number, probabilities in enumerate(rows.double().softmax(-1).tolist()):
        total = 0.0
        for _, token in sorted((-probability, token) for token, probability in enumerate(probabilities)):
            if total >= p and total > 0 and p < 1:
                break
            kept[number, token] = True
            total += probabilities[token]
    return torch.where(kept.view(logits.shape), logits, -math.inf)


def top_p_by_counting(logits: Tensor, p: float) -> Tensor:
    if p < 0.0 or p > 1.0:
        raise ValueError("p")
    order = logits.argsort(dim=-1, descending=True, stable=True)
    sums = logits.softmax(-1).gather(-1, order).cumsum(-1)
    size = ((sums < p).sum(-1, keepdim=True) + 1) if p < 1 else logits.shape[-1]
    return logits.masked_fill(order.argsort(-1) >= size, -torch.inf)


def top_p_by_what_is_ahead(logits: Tensor, p: float) -> Tensor:
    if not 0 <= p <= 1:
        raise ValueError("p")
    if p == 1:
        return logits
    index = torch.arange(logits.shape[-1])
    mine, other = logits.unsqueeze(-1), logits.unsqueeze(-2)
    ahead = ((other > mine) | ((other == mine) & (index < index.unsqueeze(-1)))).double()
    before = torch.einsum("...ij,...j->...i", ahead, logits.double().softmax(-1))
    return logits.masked_fill((before >= p) & (ahead.sum(-1) > 0), -math.inf)


def min_p_by_logits(logits: Tensor, min_p: float) -> Tensor:
    if min_p < 0 or min_p > 1:
        raise ValueError("min_p")
    threshold = logits.max(-1, keepdim=True).values + (math.log(min_p) if min_p > 0 else -math.inf)
    return torch.where(logits >= threshold, logits, -math.inf)


def min_p_by_ratio(logits: Tensor, min_p: float) -> Tensor:
    if not 0.0 <= min_p <= 1.0:
        raise ValueError("min_p")
    ratio = (logits - logits.amax(-1, keepdim=True)).exp()
    return logits.masked_fill(ratio < min_p, -math.inf)


def min_p_by_loops(logits: Tensor, min_p: float) -> Tensor:
    if not (min_p >= 0 and min_p <= 1):
        raise ValueError("min_p")
    rows = []
    for row in logits.reshape(-1, logits.shape[-1]):
        probabilities = torch.softmax(row, 0)
        rows.append(row.masked_fill(~(probabilities >= min_p * probabilities.max()), -math.inf))
    return torch.stack(rows).view(logits.shape)


def ngrams_by_dict(logits: Tensor, ids: list[int], n: int) -> Tensor:
    if n < 1:
        raise ValueError("n")
    followers: dict[tuple[int, ...], set[int]] = {}
    for gram in zip(*(ids[i:] for i in range(n)), strict=False):
        followers.setdefault(gram[:-1], set()).add(gram[-1])
    banned = followers.get(tuple(ids[len(ids) - (n - 1) :]), set())
    return torch.stack([logit - math.inf if i in banned else logit for i, logit in enumerate(logits)])


def ngrams_by_trying_each_token(logits: Tensor, ids: list[int], n: int) -> Tensor:
    if n <= 0:
        raise ValueError("n")
    seen = [ids[i : i + n] for i in range(len(ids) - n + 1)]
    mask = torch.tensor([[*ids, token][-n:] in seen for token in range(logits.numel())])
    return logits.masked_fill(mask, float("-inf"))


def ngrams_by_windows(logits: Tensor, ids: list[int], n: int) -> Tensor:
    if n < 1:
        raise ValueError("n")
    result = logits.clone()
    if len(ids) >= n:
        windows = torch.tensor(ids).unfold(0, n, 1)
        last = torch.tensor(ids[len(ids) - n + 1 :], dtype=torch.long)
        result[windows[(windows[:, :-1] == last).all(1), -1]] = -math.inf
    return result


def _prepared(logits: Tensor, temperature: float, top_k: int | None, top_p: float | None) -> Tensor:
    logits = temperature_by_where(logits, temperature)
    if top_k is not None:
        logits = top_k_by_ranks(logits, top_k)
    return logits if top_p is None else top_p_by_counting(logits, top_p)


def sample_by_gumbel(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    uniform = torch.rand(logits.shape, generator=generator, dtype=torch.float64)
    return (_prepared(logits, temperature, top_k, top_p) - (-uniform.log()).log()).argmax(-1)


def sample_by_inversion(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    sums = _prepared(logits, temperature, top_k, top_p).double().softmax(-1).cumsum(-1)
    uniform = torch.rand(logits.shape[0], 1, generator=generator, dtype=torch.float64)
    return torch.searchsorted(sums, uniform * sums[:, -1:], right=True).squeeze(1)


def sample_row_by_row(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    # The temperature changes nothing in top-k, so it may as well come after it.
    if temperature < 0:
        raise ValueError("temperature")
    if top_k is not None:
        logits = top_k_by_loops(logits, top_k)
    logits = temperature_by_cumulative_maximum(logits, temperature)
    if top_p is not None:
        logits = top_p_by_loops(logits, top_p)
    return torch.cat([torch.multinomial(row.softmax(0), 1, generator=generator) for row in logits])


def sample_in_int32(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, generator: Generator
) -> Tensor:
    probabilities = _prepared(logits, temperature, top_k, top_p).softmax(-1)
    return torch.multinomial(probabilities, 1, generator=generator)[:, 0].int()


def beam_with_finished_in_it(
    transition: Tensor, start: int, eos: int, beam_width: int, max_new_tokens: int
) -> list[int]:
    if beam_width < 1 or max_new_tokens < 0:
        raise ValueError("beam")
    beams = [([start], 0.0, False)]
    for _ in range(max_new_tokens):
        candidates = []
        for ids, score, done in beams:
            if done:
                candidates.append((ids, score, True))
                continue
            for token in range(transition.shape[1]):
                candidates.append(([*ids, token], score + transition[ids[-1], token].item(), token == eos))
        beams = heapq.nlargest(beam_width, candidates, key=lambda beam: beam[1])
    return max(beams, key=lambda beam: beam[1])[0]


def beam_in_tensors(transition: Tensor, start: int, eos: int, beam_width: int, max_new_tokens: int) -> list[int]:
    if beam_width <= 0 or max_new_tokens < 0:
        raise ValueError("beam")
    ids, scores = torch.tensor([[start]]), torch.zeros(1, dtype=torch.float64)
    best, best_score = [start], -math.inf
    for _ in range(max_new_tokens):
        grown = scores[:, None] + transition[ids[:, -1]]
        scores, places = grown.flatten().topk(min(beam_width, grown.numel()))
        rows, tokens = places // transition.shape[1], places % transition.shape[1]
        ids = torch.cat([ids[rows], tokens[:, None]], 1)
        done = tokens == eos
        for row in done.nonzero().flatten().tolist():
            if scores[row] > best_score:
                best, best_score = ids[row].tolist(), scores[row].item()
        ids, scores = ids[~done], scores[~done]
        if len(ids) == 0 or scores.max() <= best_score:
            return best
    return ids[scores.argmax()].tolist()


def beam_of_two_widths(transition: Tensor, start: int, eos: int, beam_width: int, max_new_tokens: int) -> list[int]:
    if beam_width < 1:
        raise ValueError("beam_width")
    if max_new_tokens < 0:
        raise ValueError("max_new_tokens")
    open_texts: list[tuple[float, tuple[int, ...]]] = [(0.0, (start,))]
    closed: list[tuple[float, tuple[int, ...]]] = []
    for _ in range(max_new_tokens):
        grown = [(s + transition[t[-1]][j].item(), (*t, j)) for s, t in open_texts for j in range(len(transition))]
        grown.sort(reverse=True)
        closed += [text for text in grown[:beam_width] if text[1][-1] == eos]
        open_texts = [text for text in grown[: 2 * beam_width] if text[1][-1] != eos][:beam_width]
    return list(max(closed + open_texts)[1])


def beam_of_probabilities(transition: Tensor, start: int, eos: int, beam_width: int, max_new_tokens: int) -> list[int]:
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


ALTERNATIVES: Alternatives = {
    "apply_temperature": [temperature_by_where, temperature_row_by_row, temperature_by_cumulative_maximum],
    "top_k_filter": [top_k_by_ranks, top_k_by_loops, top_k_by_counting, top_k_by_repeated_argmax],
    "top_p_filter": [top_p_by_shifted_mask, top_p_by_loops, top_p_by_counting, top_p_by_what_is_ahead],
    "min_p_filter": [min_p_by_logits, min_p_by_ratio, min_p_by_loops],
    "repeat_ngram_filter": [ngrams_by_dict, ngrams_by_trying_each_token, ngrams_by_windows],
    "sample": [sample_by_gumbel, sample_by_inversion, sample_row_by_row, sample_in_int32],
    "beam_search": [beam_with_finished_in_it, beam_in_tensors, beam_of_two_widths, beam_of_probabilities],
}
