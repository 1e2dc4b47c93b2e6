"""Serving: the same tokens sooner, and more of them for the same machine.

Contents, in the order of the notebook:
    cached_attention_step   attention for one new token, with the keys and values of all others kept
    speculative_step        several drafted tokens checked at once, and the distribution stays the target's
    expected_tokens         what one such check is worth
    distillation_loss       how a draft learns to guess what its teacher would say
    continuous_batching     who runs when, if a free slot is taken at once
    PagedCache              a cache in blocks, so that nobody reserves what may never be used
"""

import torch
from torch import Tensor


def cached_attention_step(
    query: Tensor, key: Tensor, value: Tensor, cache_k: Tensor, cache_v: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Attend from one new token to all tokens so far, itself included, with the
    earlier keys and values taken from a cache.

    Scores are divided by the square root of the head's width, and scores up to
    1,000 must not overflow. The returned caches are one token longer; the ones
    that were passed in stay as they are.

    Args:
        query: Tensor[heads, head_dim] of the new token.
        key: Tensor[heads, head_dim] of the new token.
        value: Tensor[heads, head_dim] of the new token.
        cache_k: Tensor[heads, time, head_dim], the keys of all earlier tokens,
            the oldest first; time may be 0.
        cache_v: Tensor[heads, time, head_dim], their values.

    Returns:
        The output Tensor[heads, head_dim], and both caches,
        Tensor[heads, time + 1, head_dim], the new token last.

    Raises:
        ValueError: if query, key and value differ in shape, if the caches
            differ in shape, or if their rows don't have the shape of the key.

    Example:
        >>> one, empty = torch.tensor([[1.0, 0.0]]), torch.empty(1, 0, 2)
        >>> output, cache_k, cache_v = cached_attention_step(
        ...     one, one, torch.tensor([[3.0, 5.0]]), empty, empty
        ... )
        >>> output, cache_k.shape
        (tensor([[3., 5.]]), torch.Size([1, 1, 2]))
    """
    heads, head_dim = query.shape
    if not query.shape == key.shape == value.shape:
        raise ValueError("query, key and value of one token have the same shape")
    if cache_k.shape != cache_v.shape or cache_k.shape != (heads, cache_k.shape[1], head_dim):
        raise ValueError(f"a cache of {heads} heads holds rows of {head_dim} numbers for each, as many keys as values")
    cache_k = torch.cat([cache_k, key[:, None]], dim=1)
    cache_v = torch.cat([cache_v, value[:, None]], dim=1)
    scores = (cache_k @ query[:, :, None]).squeeze(-1) / head_dim**0.5  # [heads, time + 1]
    output = (scores.softmax(dim=-1)[:, None] @ cache_v).squeeze(1)
    return output, cache_k, cache_v


def speculative_step(
    target: Tensor,
    draft: Tensor,
    drafted: list[int],
    generator: torch.Generator,
) -> list[int]:
    """Keep as many drafted tokens as the target allows, and add one token of
    the target's own.

    From left to right, a drafted token x is accepted with probability
    min(1, target(x) / draft(x)). At the first rejection, a token is drawn from
    the target's excess over the draft, max(target - draft, 0), normalized, and
    the rest of the draft is dropped. If all are accepted, one more token is
    drawn from the last row of the target. If the drafted tokens were drawn from
    the draft, the tokens that come out are distributed as if they were drawn
    from the target.

    Args:
        target: Tensor[k + 1, vocab], the target's probabilities. Row i is for
            the position of drafted token i, the last row for the position after
            all of them.
        draft: Tensor[k, vocab], the probabilities from which the drafted tokens
            were drawn; k may be 0.
        drafted: k token ids, each with a draft probability above 0.
        generator: the only source of randomness.

    Returns:
        1 to k + 1 token ids: the accepted ones, and one more.

    Raises:
        ValueError: if target doesn't have exactly one row more than draft, if
            their rows differ in width, if drafted doesn't have one id for each
            row of draft, or if an id is not in the vocabulary.

    Example:
        >>> target = torch.tensor([[0.0, 0.2, 0.8], [0.0, 1.0, 0.0]])
        >>> draft = torch.tensor([[0.1, 0.5, 0.4]])
        >>> # 0.8 / 0.4 is above 1: accepted for sure
        >>> speculative_step(target, draft, [2], torch.Generator())
        [2, 1]
        >>> # rejected for sure: only 2 has more than before
        >>> speculative_step(target, draft, [0], torch.Generator())
        [2]

    Source: Leviathan et al. 2022, algorithm 1.
    """
    k, vocab = draft.shape
    if target.shape != (k + 1, vocab) or len(drafted) != k:
        raise ValueError(f"{k} drafted rows of {vocab} need {k} ids, and a target of {k + 1} rows of {vocab}")
    if not all(0 <= token < vocab for token in drafted):
        raise ValueError(f"a drafted token is none of the ids 0 to {vocab - 1}")

    def drawn_from(weights: Tensor) -> int:
        return int(torch.multinomial(weights, 1, generator=generator))

    for place, token in enumerate(drafted):
        chance = torch.rand((), generator=generator)
        if chance * draft[place, token] >= target[place, token]:
            residual = (target[place] - draft[place]).clamp(min=0)
            return [*drafted[:place], drawn_from(residual)]
    return [*drafted, drawn_from(target[k])]


def expected_tokens(acceptance: float, k: int) -> float:
    """Tell how many tokens one pass of the target gives on average, with k
    drafted tokens that are equally likely to be accepted.

    Each drafted token is accepted with the same probability a, whatever became
    of the others, and counts only if all before it were accepted. One token of
    the target's own always comes on top. The sum is 1 + a + a² + … + a^k, which
    is (1 - a^(k+1)) / (1 - a) for a below 1.

    Args:
        acceptance: the probability a, from 0 to 1, both included.
        k: number of drafted tokens; with 0 there is no speculation.

    Returns:
        A number from 1 to k + 1.

    Raises:
        ValueError: if acceptance is not from 0 to 1, or k is negative.

    Example:
        >>> expected_tokens(0.5, 2)
        1.75

    Source: Leviathan et al. 2022, equation 1.
    """
    if not 0 <= acceptance <= 1:
        raise ValueError(f"a probability is from 0 to 1, not {acceptance}")
    if k < 0:
        raise ValueError(f"a draft cannot have {k} tokens")
    return float(sum(acceptance**accepted for accepted in range(k + 1)))


def distillation_loss(
    student: Tensor,
    teacher: Tensor,
    temperature: float,
) -> Tensor:
    """Say how far a student's distribution is from its teacher's, both softened
    by the same temperature.

    For each row, take the softmax of both logits divided by the temperature.
    The row's loss is the Kullback-Leibler divergence
    Σ p_teacher · (log p_teacher - log p_student), times temperature². The
    result is the mean over the rows.

    Args:
        student: Tensor[n, vocab], logits; gradients flow into them.
        teacher: Tensor[n, vocab], logits.
        temperature: what both are divided by, above 0.

    Returns:
        Tensor[], the mean over the n rows, in the dtype of the student.

    Raises:
        ValueError: if the shapes differ, or the temperature is not above 0.

    Example:
        >>> student = torch.tensor([[0.0, 0.0]])
        >>> teacher = torch.tensor([[0.0, 2.0]])
        >>> distillation_loss(student, teacher, temperature=2.0)
        tensor(0.4438)

    Source: Hinton et al. 2015, section 2.
    """
    if student.shape != teacher.shape:
        raise ValueError(f"student and teacher differ in shape: {tuple(student.shape)} and {tuple(teacher.shape)}")
    if temperature <= 0:
        raise ValueError(f"a temperature of {temperature} leaves no distribution: it must be above 0")
    log_student = torch.log_softmax(student / temperature, dim=-1)
    log_teacher = torch.log_softmax(teacher / temperature, dim=-1)
    divergence = (log_teacher.exp() * (log_teacher - log_student)).sum(dim=-1)
    return divergence.mean() * temperature**2


def continuous_batching(
    arrivals: list[int],
    lengths: list[int],
    max_batch: int,
) -> list[int]:
    """Find the step in which each request finishes, if a free slot is taken at
    once.

    Every running request makes one token per step. A request that arrives at
    step s can make its first token in step s. If it doesn't have to wait, it
    finishes in step s + length - 1. Waiting requests get slots in the order of
    arrival, and at equal arrivals the smaller index goes first. The slot of a
    request that finishes in step f can be taken in step f + 1. A running
    request is never stopped.

    Args:
        arrivals: the step in which each request arrives, in any order.
        lengths: how many tokens each request makes.
        max_batch: number of slots.

    Returns:
        The step of the last token of each request, in the order of the
        arguments; an empty list if there are no requests.

    Raises:
        ValueError: if there are not as many lengths as arrivals, if an arrival
            is negative, or if a length or max_batch is below 1.

    Example:
        >>> continuous_batching(
        ...     arrivals=[0, 0, 1], lengths=[5, 2, 2], max_batch=2
        ... )
        [4, 1, 3]

    Source: Yu et al. 2022 (Orca), section 3.
    """
    if len(arrivals) != len(lengths):
        raise ValueError(f"{len(arrivals)} arrivals and {len(lengths)} lengths are not of the same requests")
    if max_batch < 1 or min(arrivals, default=0) < 0 or min(lengths, default=1) < 1:
        raise ValueError("there is at least one slot, no step before 0, and at least one token to make")
    free_from = [0] * max_batch  # the step from which on each slot is free
    finished = [0] * len(arrivals)
    for request in sorted(range(len(arrivals)), key=lambda index: arrivals[index]):  # stable: ties keep their order
        slot = free_from.index(min(free_from))
        start = max(arrivals[request], free_from[slot])
        finished[request] = start + lengths[request] - 1
        free_from[slot] = finished[request] + 1
    return finished


class PagedCache:
    """The slots of a KV cache, handed out in blocks as the sequences grow.

    A sequence owns whole blocks, wherever they lie. Its token i lies in the
    block with index i // block_size of its table. Slot s of the memory is
    position s % block_size of block s // block_size.

    Args:
        n_blocks: number of blocks, all free at first; may be 0.
        block_size: number of tokens that a block holds.

    Raises:
        ValueError: if n_blocks is negative or block_size is below 1.

    Example:
        >>> cache = PagedCache(n_blocks=3, block_size=4)
        >>> cache.append(7, 5), cache.append(8), cache.free_blocks
        ([0, 1, 2, 3, 4], [8], 0)

    Source: Kwon et al. 2023, section 4.
    """

    def __init__(self, n_blocks: int, block_size: int) -> None:
        if n_blocks < 0 or block_size < 1:
            raise ValueError(f"there are no {n_blocks} blocks of {block_size} tokens")
        self._block_size = block_size
        self._free = set(range(n_blocks))
        self._tables: dict[int, list[int]] = {}
        self._lengths: dict[int, int] = {}

    @property
    def free_blocks(self) -> int:
        """Number of blocks that no sequence owns."""
        return len(self._free)

    def append(self, sequence: int, n_tokens: int = 1) -> list[int]:
        """Make room for the next tokens of a sequence. A number that hasn't
        been used before starts a new sequence.

        The rest of the sequence's last block is used up first. When it's full,
        the free block with the lowest number is taken.

        Args:
            sequence: which sequence, by any number.
            n_tokens: number of tokens; 0 changes nothing.

        Returns:
            The slots of the new tokens, in order.

        Raises:
            ValueError: if n_tokens is negative.
            MemoryError: if there are too few free blocks for all of them. Then
                nothing changes.
        """
        if n_tokens < 0:
            raise ValueError(f"a sequence cannot grow by {n_tokens} tokens")
        table, length = self._tables.get(sequence, []), self._lengths.get(sequence, 0)
        missing = -(-(length + n_tokens) // self._block_size) - len(table)
        # All or nothing: nothing is taken before it is sure that there is enough.
        if missing > len(self._free):
            raise MemoryError(f"{missing} blocks are needed, and {len(self._free)} are free")
        taken = sorted(self._free)[:missing]
        self._free.difference_update(taken)
        self._tables[sequence] = table + taken
        self._lengths[sequence] = length + n_tokens
        return self.slots(sequence)[length:]

    def slots(self, sequence: int) -> list[int]:
        """Tell where the tokens of a sequence lie.

        Args:
            sequence: which sequence; an unknown one has no tokens.

        Returns:
            The slots of all its tokens, in order.
        """
        table, size = self._tables.get(sequence, []), self._block_size
        tokens = range(self._lengths.get(sequence, 0))
        return [table[token // size] * size + token % size for token in tokens]

    def free(self, sequence: int) -> None:
        """Give all blocks of a sequence back, and forget it. For an unknown
        sequence, do nothing.

        Args:
            sequence: which sequence.
        """
        self._free.update(self._tables.pop(sequence, []))
        self._lengths.pop(sequence, None)
