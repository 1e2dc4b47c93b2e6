"""Right alternatives of 16_serving."""

import heapq

import torch
from torch import Tensor
from torch.nn import functional


def cached_attention_step_by_library(
    query: Tensor, key: Tensor, value: Tensor, cache_k: Tensor, cache_v: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    if not (query.shape == key.shape == value.shape):
        raise ValueError("shapes differ")
    if cache_k.shape != cache_v.shape or cache_k.shape[::2] != query.shape:
        raise ValueError("shapes differ")
    time = cache_k.shape[1]
    keys = cache_k.new_empty(*cache_k.shape[:1], time + 1, cache_k.shape[2])
    values = torch.empty_like(keys)
    keys[:, :time], keys[:, time] = cache_k, key
    values[:, :time], values[:, time] = cache_v, value
    return functional.scaled_dot_product_attention(query[:, None], keys, values)[:, 0], keys, values


def speculative_step_at_once(
    target: Tensor, draft: Tensor, drafted: list[int], generator: torch.Generator
) -> list[int]:
    k = len(drafted)
    if draft.size(0) != k or tuple(target.shape) != (k + 1, draft.size(1)):
        raise ValueError("the rows do not fit")
    if k and not 0 <= min(drafted) <= max(drafted) < draft.size(1):
        raise ValueError("no such token")
    places, ids = torch.arange(k), torch.tensor(drafted, dtype=torch.long)
    ratio = target[places, ids].double() / draft[places, ids].double()
    accepted = torch.rand(k, generator=generator, dtype=torch.float64) < ratio
    n = int(accepted.long().cumprod(0).sum())
    # An empty draft behind the last one leaves the target as it is.
    padded = torch.cat([draft, torch.zeros_like(target[:1])])
    rest = (target[n] - padded[n]).clamp_min(0).double()
    number = torch.rand((), generator=generator, dtype=torch.float64) * rest.sum()
    token = int((rest.cumsum(0) <= number).sum())
    return [*drafted[:n], token]


def expected_tokens_by_formula(acceptance: float, k: int) -> float:
    if acceptance < 0 or acceptance > 1 or k < 0:
        raise ValueError("not a probability, or not a length")
    if acceptance == 1:
        return k + 1
    return (1 - acceptance ** (k + 1)) / (1 - acceptance)


def distillation_loss_by_entropies(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    if temperature <= 0:
        raise ValueError("temperature")
    if student.shape != teacher.shape:
        raise ValueError("shapes")
    q = torch.softmax(teacher / temperature, -1)
    cross = functional.cross_entropy(student / temperature, q)
    entropy = functional.cross_entropy(teacher / temperature, q)
    return (cross - entropy) * temperature * temperature


def continuous_batching_by_heap(arrivals: list[int], lengths: list[int], max_batch: int) -> list[int]:
    if max_batch < 1 or len(lengths) != len(arrivals):
        raise ValueError("bad arguments")
    if arrivals and (min(arrivals) < 0 or min(lengths) < 1):
        raise ValueError("bad requests")
    ends: list[int] = []
    finished: dict[int, int] = {}
    for arrival, index in sorted(zip(arrivals, range(len(arrivals)), strict=True)):
        start = arrival
        if len(ends) == max_batch:
            start = max(start, heapq.heappop(ends) + 1)
        finished[index] = start + lengths[index] - 1
        heapq.heappush(ends, finished[index])
    return [finished[index] for index in range(len(arrivals))]


class PagedCacheBySlots:
    """Only the slots of each sequence, handed out as they are kept: a caller's list grows with the sequence."""

    def __init__(self, n_blocks: int, block_size: int) -> None:
        if n_blocks < 0 or block_size < 1:
            raise ValueError("no such cache")
        self.size = block_size
        self.unused = set(range(n_blocks))
        self.places: dict[int, list[int]] = {}

    @property
    def free_blocks(self) -> int:
        """What nobody uses."""
        return len(self.unused)

    def append(self, sequence: int, n_tokens: int = 1) -> list[int]:
        """Written into the list that `slots` gives."""
        if n_tokens < 0:
            raise ValueError("fewer than no tokens")
        places = self.places.setdefault(sequence, [])
        if n_tokens > -len(places) % self.size + len(self.unused) * self.size:
            raise MemoryError("full")
        for _ in range(n_tokens):
            if len(places) % self.size == 0:
                block = min(self.unused)
                self.unused.remove(block)
                places.append(block * self.size)
            else:
                places.append(places[-1] + 1)
        return places[len(places) - n_tokens :]

    def slots(self, sequence: int) -> list[int]:
        """The list itself."""
        return self.places.get(sequence, [])

    def free(self, sequence: int) -> None:
        """A block of each first place."""
        self.unused.update(place // self.size for place in self.places.pop(sequence, []))
