"""Right alternatives of 16_serving."""

import heapq
import math
from collections import deque

import torch
from torch import Tensor
from torch.nn import functional

from tests.banks.right import Alternatives


def step_by_einsum(
    query: Tensor, key: Tensor, value: Tensor, cache_k: Tensor, cache_v: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    if query.shape != key.shape or query.shape != value.shape:
        raise ValueError("one token has one shape")
    if cache_k.shape != cache_v.shape or cache_k.size(0) != query.size(0) or cache_k.size(2) != query.size(1):
        raise ValueError("the caches do not fit")
    keys = torch.cat((cache_k, key.unsqueeze(1)), 1)
    values = torch.cat((cache_v, value.unsqueeze(1)), 1)
    weights = torch.einsum("hd,htd->ht", query / math.sqrt(query.size(1)), keys).softmax(-1)
    return torch.einsum("ht,htd->hd", weights, values), keys, values


def step_by_heads(
    query: Tensor, key: Tensor, value: Tensor, cache_k: Tensor, cache_v: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    heads, width = query.shape
    if {tuple(key.shape), tuple(value.shape)} != {(heads, width)}:
        raise ValueError("shapes differ")
    if cache_k.shape != cache_v.shape or tuple(cache_k.shape[::2]) != (heads, width):
        raise ValueError("shapes differ")
    outputs, keys, values = [], [], []
    for head in range(heads):
        keys.append(torch.vstack([cache_k[head], key[head]]))
        values.append(torch.vstack([cache_v[head], value[head]]))
        weights = torch.softmax(keys[-1] @ query[head] / width**0.5, dim=0)
        outputs.append(weights @ values[-1])
    return torch.stack(outputs), torch.stack(keys), torch.stack(values)


def step_by_library(
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


def speculate_by_ratio(target: Tensor, draft: Tensor, drafted: list[int], generator: torch.Generator) -> list[int]:
    if draft.shape[0] + 1 != target.shape[0] or draft.shape[1] != target.shape[1] or draft.shape[0] != len(drafted):
        raise ValueError("the rows do not fit")
    if any(token < 0 or token >= target.shape[1] for token in drafted):
        raise ValueError("no such token")
    result: list[int] = []
    for p, q, token in zip(target, draft, drafted, strict=False):
        ratio = min(1.0, (p[token] / q[token]).item())
        if torch.rand(1, generator=generator).item() < ratio:
            result.append(token)
            continue
        left = torch.relu(p - q)
        result.append(torch.multinomial(left / left.sum(), 1, generator=generator).item())
        return result
    result.append(torch.multinomial(target[-1], 1, generator=generator).item())
    return result


def speculate_at_once(target: Tensor, draft: Tensor, drafted: list[int], generator: torch.Generator) -> list[int]:
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


def expected_by_formula(acceptance: float, k: int) -> float:
    if acceptance < 0 or acceptance > 1 or k < 0:
        raise ValueError("not a probability, or not a length")
    if acceptance == 1:
        return k + 1
    return (1 - acceptance ** (k + 1)) / (1 - acceptance)


def expected_by_horner(acceptance: float, k: int) -> float:
    if not (0 <= acceptance <= 1 and k >= 0):
        raise ValueError("not a probability, or not a length")
    total = 1.0
    for _ in range(k):
        total = 1 + acceptance * total
    return total


def expected_by_chances(acceptance: float, k: int) -> float:
    if k < 0 or acceptance < 0 or acceptance > 1:
        raise ValueError("not a probability, or not a length")
    stops = [acceptance**n * (1 - acceptance) * (n + 1) for n in range(k)]
    return sum(stops) + acceptance**k * (k + 1)


def distil_by_kl_div(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    if student.shape != teacher.shape or not temperature > 0:
        raise ValueError("shapes or temperature")
    return temperature**2 * functional.kl_div(
        (student / temperature).log_softmax(-1),
        (teacher / temperature).log_softmax(-1),
        reduction="batchmean",
        log_target=True,
    )


def distil_by_entropies(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    if temperature <= 0:
        raise ValueError("temperature")
    if student.shape != teacher.shape:
        raise ValueError("shapes")
    q = torch.softmax(teacher / temperature, -1)
    cross = functional.cross_entropy(student / temperature, q)
    entropy = functional.cross_entropy(teacher / temperature, q)
    return (cross - entropy) * temperature * temperature


def distil_by_rows(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    if temperature <= 0 or student.size() != teacher.size():
        raise ValueError("shapes or temperature")
    total = student.new_zeros(())
    for ours, theirs in zip(student / temperature, teacher / temperature, strict=True):
        p, q = ours - ours.logsumexp(0), theirs - theirs.logsumexp(0)
        total = total + (q.exp() * (q - p)).sum()
    return total / len(student) * temperature**2


def batching_by_steps(arrivals: list[int], lengths: list[int], max_batch: int) -> list[int]:
    if len(arrivals) != len(lengths) or max_batch <= 0:
        raise ValueError("not the same requests, or no slots")
    if any(a < 0 for a in arrivals) or any(n <= 0 for n in lengths):
        raise ValueError("no such request")
    coming = deque(sorted((arrival, index) for index, arrival in enumerate(arrivals)))
    finished = [-1] * len(arrivals)
    running: dict[int, int] = {}
    step = 0
    while coming or running:
        while coming and coming[0][0] <= step and len(running) < max_batch:
            _, index = coming.popleft()
            running[index] = lengths[index]
        for index in list(running):
            running[index] -= 1
            if running[index] == 0:
                del running[index]
                finished[index] = step
        step += 1
    return finished


def batching_by_heap(arrivals: list[int], lengths: list[int], max_batch: int) -> list[int]:
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


class PagedByOwners:
    """One list of owners, a block each, and the slots of each sequence written down."""

    def __init__(self, n_blocks: int, block_size: int) -> None:
        if n_blocks < 0 or block_size <= 0:
            raise ValueError("no such cache")
        self.owners: list[int | None] = [None] * n_blocks
        self.size = block_size
        self.written: dict[int, list[int]] = {}
        self.free_blocks = n_blocks

    def append(self, sequence: int, n_tokens: int = 1) -> list[int]:
        """Token by token, after counting."""
        if n_tokens < 0:
            raise ValueError("fewer than no tokens")
        written = list(self.written.get(sequence, []))
        room = -len(written) % self.size
        needed = math.ceil(max(n_tokens - room, 0) / self.size)
        if needed > self.free_blocks:
            raise MemoryError("full")
        self.free_blocks -= needed
        new = []
        for _ in range(n_tokens):
            if len(written) % self.size:
                slot = written[-1] + 1
            else:
                block = self.owners.index(None)
                self.owners[block] = sequence
                slot = block * self.size
            written.append(slot)
            new.append(slot)
        self.written[sequence] = written
        return new

    def slots(self, sequence: int) -> list[int]:
        """What was written down."""
        return list(self.written.get(sequence, []))

    def free(self, sequence: int) -> None:
        """Nobody owns its blocks now."""
        if sequence in self.written:
            del self.written[sequence]
            gone = [block for block, owner in enumerate(self.owners) if owner == sequence]
            for block in gone:
                self.owners[block] = None
            self.free_blocks += len(gone)


class PagedByHeap:
    """A heap of free blocks, and a snapshot to go back to."""

    def __init__(self, n_blocks: int, block_size: int) -> None:
        if min(n_blocks, block_size - 1) < 0:
            raise ValueError("no such cache")
        self.heap = list(range(n_blocks))
        self.block_size = block_size
        self.blocks: dict[int, list[int]] = {}
        self.counts: dict[int, int] = {}

    @property
    def free_blocks(self) -> int:
        """What is left on the heap."""
        return len(self.heap)

    def append(self, sequence: int, n_tokens: int = 1) -> list[int]:
        """Tries, and takes everything back where it fails."""
        if n_tokens < 0:
            raise ValueError("fewer than no tokens")
        before = list(self.heap), list(self.blocks.get(sequence, [])), self.counts.get(sequence, 0)
        blocks = self.blocks.setdefault(sequence, [])
        new = []
        for count in range(before[2], before[2] + n_tokens):
            if count == len(blocks) * self.block_size:
                if not self.heap:
                    self.heap, self.blocks[sequence], self.counts[sequence] = before
                    raise MemoryError("no block is free")
                blocks.append(heapq.heappop(self.heap))
            new.append(blocks[-1] * self.block_size + count % self.block_size)
            self.counts[sequence] = count + 1
        return new

    def slots(self, sequence: int) -> list[int]:
        """Block by block, cut at the count."""
        size = self.block_size
        places = [block * size + offset for block in self.blocks.get(sequence, []) for offset in range(size)]
        return places[: self.counts.get(sequence, 0)]

    def free(self, sequence: int) -> None:
        """Back onto the heap."""
        for block in self.blocks.pop(sequence, []):
            heapq.heappush(self.heap, block)
        self.counts[sequence] = 0


class PagedBySlots:
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


ALTERNATIVES: Alternatives = {
    "cached_attention_step": [step_by_einsum, step_by_heads, step_by_library],
    "speculative_step": [speculate_by_ratio, speculate_at_once],
    "expected_tokens": [expected_by_formula, expected_by_horner, expected_by_chances],
    "distillation_loss": [distil_by_kl_div, distil_by_entropies, distil_by_rows],
    "continuous_batching": [batching_by_steps, batching_by_heap],
    "PagedCache": [PagedByOwners, PagedByHeap, PagedBySlots],
}
