"""Decoding: how text is drawn from a distribution.

Contents, in the order of the chapter:
    apply_temperature       sharper or flatter
    top_k_filter            a fixed number of candidates
    top_p_filter            a fixed share of the probability
    min_p_filter            whoever is not far behind the best
    repeat_ngram_filter     nothing that was said before
    sample                  temperature, filters, one draw
    beam_search             no draw at all: a wide look ahead
"""

import torch
from torch import Tensor


def apply_temperature(logits: Tensor, temperature: float) -> Tensor:
    """Divide the logits by the temperature: below 1 the distribution gets
    sharper, above 1 flatter.

    Args:
        logits: Tensor[..., vocab].
        temperature: 0 leaves only the largest logit of each row, the first of
            them if several are largest, and sets all others to -inf.

    Returns:
        Tensor[..., vocab]: logits, not probabilities.

    Raises:
        ValueError: if temperature is negative.

    Example:
        >>> apply_temperature(torch.tensor([1.0, 3.0]), 0.5)
        tensor([2., 6.])
        >>> apply_temperature(torch.tensor([1.0, 3.0]), 0)
        tensor([-inf, 3.])
    """
    if temperature < 0:
        raise ValueError(f"a temperature of {temperature} would make the least probable token the most probable")
    if temperature == 0:
        others = torch.ones_like(logits, dtype=torch.bool).scatter(-1, logits.argmax(-1, keepdim=True), False)
        return logits.masked_fill(others, -torch.inf)
    return logits / temperature


def top_k_filter(logits: Tensor, k: int) -> Tensor:
    """Keep the k largest logits of each row and set all others to -inf.

    Args:
        logits: Tensor[..., vocab].
        k: how many survive. Of equal logits, the one with the smaller index
            comes first. A k of the size of the vocabulary, or larger, changes
            nothing.

    Returns:
        Tensor[..., vocab].

    Raises:
        ValueError: if k is below 1.

    Example:
        >>> top_k_filter(torch.tensor([2.0, 5.0, 2.0, 1.0]), 2)
        tensor([2., 5., -inf, -inf])

    Source: Fan et al. 2018.
    """
    if k < 1:
        raise ValueError(f"with k = {k} no token is left to draw from")
    # A stable sort keeps equal logits in the order of their indices; torch.topk makes no such promise.
    order = logits.argsort(dim=-1, descending=True, stable=True)
    dropped = torch.ones_like(logits, dtype=torch.bool).scatter(-1, order[..., :k], False)
    return logits.masked_fill(dropped, -torch.inf)


def top_p_filter(logits: Tensor, p: float) -> Tensor:
    """Keep the nucleus of each row, the smallest set of tokens with probability
    p or more; set all others to -inf.

    The token that takes the sum to p or over it belongs to the nucleus, so at
    least one token survives.

    Args:
        logits: Tensor[..., vocab].
        p: probability that the survivors have at least, from 0 to 1. Of equal
            logits, the one with the smaller index comes first. A p of 1 changes
            nothing.

    Returns:
        Tensor[..., vocab].

    Raises:
        ValueError: if p is below 0 or above 1.

    Example:
        >>> top_p_filter(torch.tensor([0.2, 0.5, 0.3]).log(), 0.6).softmax(-1)
        tensor([0.0000, 0.6250, 0.3750])

    Source: Holtzman et al. 2019.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"p is a probability, from 0 to 1, not {p}")
    if p == 1:
        return logits.clone()  # rounded sums may reach 1 before the last token
    ordered, order = logits.sort(dim=-1, descending=True, stable=True)
    probabilities = torch.softmax(ordered, dim=-1)
    # What comes *before* a token decides: the token that crosses p stays.
    outside = probabilities.cumsum(dim=-1) - probabilities >= p
    outside[..., 0] = False
    dropped = torch.zeros_like(outside).scatter(-1, order, outside)
    return logits.masked_fill(dropped, -torch.inf)


def min_p_filter(logits: Tensor, min_p: float) -> Tensor:
    """Keep the tokens of each row whose probability is at least min_p times the
    largest; set all others to -inf.

    Args:
        logits: Tensor[..., vocab].
        min_p: share of the largest probability, from 0 to 1; 0 changes nothing.

    Returns:
        Tensor[..., vocab].

    Raises:
        ValueError: if min_p is below 0 or above 1.

    Example:
        >>> min_p_filter(torch.tensor([0.1, 0.6, 0.3]).log(), 0.25).softmax(-1)
        tensor([0.0000, 0.6667, 0.3333])

    Source: Nguyen et al. 2024.
    """
    if not 0 <= min_p <= 1:
        raise ValueError(f"min_p is a share of the largest probability, from 0 to 1, not {min_p}")
    probabilities = torch.softmax(logits, dim=-1)
    return logits.masked_fill(probabilities < min_p * probabilities.amax(dim=-1, keepdim=True), -torch.inf)


def repeat_ngram_filter(logits: Tensor, ids: list[int], n: int) -> Tensor:
    """Set to -inf each token that, coming next, would complete n tokens in a
    row that already stand in the text.

    Args:
        logits: Tensor[vocab], for the token after `ids`.
        ids: the text so far.
        n: length of the runs that may not repeat; 1 forbids every token of the
            text.

    Returns:
        Tensor[vocab].

    Raises:
        ValueError: if n is below 1.

    Example:
        >>> # the text has 1 2, and ends with 1
        >>> repeat_ngram_filter(torch.zeros(4), [1, 2, 3, 1], 2)
        tensor([0., 0., -inf, 0.])
    """
    if n < 1:
        raise ValueError(f"a run of {n} tokens cannot repeat: n is at least 1")
    # Counted from the front: for n = 1 the last n - 1 tokens are none, but ids[-0:] is all of them.
    last = ids[max(len(ids) - n + 1, 0) :]
    starts = range(len(ids) - n + 1)
    banned = [ids[start + n - 1] for start in starts if ids[start : start + n - 1] == last]
    return logits.index_fill(-1, torch.tensor(banned, dtype=torch.long), -torch.inf)


def sample(
    logits: Tensor,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    generator: torch.Generator,
) -> Tensor:
    """Draw the next token of each row: temperature, then top-k, then top-p,
    then one draw.

    Args:
        logits: Tensor[batch, vocab].
        temperature: 0 takes the most probable token.
        top_k: how many tokens survive; None keeps all.
        top_p: probability that the survivors have at least; None keeps all.
        generator: the only source of randomness. Each row gets a draw of its
            own.

    Returns:
        Integer Tensor[batch]: token ids.

    Raises:
        ValueError: where apply_temperature, top_k_filter or top_p_filter do.

    Example:
        >>> sample(
        ...     torch.tensor([[1.0, 4.0], [9.0, 2.0]]),
        ...     0.0,
        ...     None,
        ...     None,
        ...     torch.Generator(),
        ... )
        tensor([1, 0])
    """
    logits = apply_temperature(logits, temperature)
    if top_k is not None:
        logits = top_k_filter(logits, top_k)
    if top_p is not None:
        logits = top_p_filter(logits, top_p)
    return torch.multinomial(torch.softmax(logits, dim=-1), num_samples=1, generator=generator).squeeze(-1)


def beam_search(
    transition: Tensor,
    start: int,
    eos: int,
    beam_width: int,
    max_new_tokens: int,
) -> list[int]:
    """Look for the most probable text, with `beam_width` unfinished texts in
    sight at a time.

    Each round extends every unfinished text by every token and keeps the
    `beam_width` extensions with the largest sum of log-probabilities. Those
    that end with `eos` are finished: they are not extended, and not forgotten.

    Args:
        transition: Tensor[vocab, vocab], log-probabilities: entry (i, j) is
            that of token j after token i.
        start: the first token; it has no probability of its own.
        eos: the token that ends a text.
        beam_width: how many extensions are kept; 1 is greedy decoding.
        max_new_tokens: how many tokens may follow `start`.

    Returns:
        The text with the largest sum of log-probabilities, finished or at full
        length: `start` and all that follows.

    Raises:
        ValueError: if beam_width is below 1 or max_new_tokens is negative.

    Example:
        >>> transition = torch.tensor(
        ...     [[0.0, 0.6, 0.4], [0.4, 0.3, 0.3], [0.1, 0.0, 0.9]]
        ... ).log()
        >>> beam_search(
        ...     transition, start=0, eos=2, beam_width=1, max_new_tokens=2
        ... )
        [0, 1, 0]
        >>> beam_search(
        ...     transition, start=0, eos=2, beam_width=2, max_new_tokens=2
        ... )
        [0, 2]
    """
    if beam_width < 1:
        raise ValueError(f"a beam of width {beam_width} holds no text")
    if max_new_tokens < 0:
        raise ValueError(f"a text cannot grow by {max_new_tokens} tokens")
    log_probs = transition.tolist()
    finished: list[tuple[float, list[int]]] = []
    beams = [(0.0, [start])]
    for _ in range(max_new_tokens):
        extended = [
            (score + log_prob, [*ids, token])
            for score, ids in beams
            for token, log_prob in enumerate(log_probs[ids[-1]])
        ]
        best = sorted(extended, key=lambda beam: beam[0], reverse=True)[:beam_width]
        finished += [beam for beam in best if beam[1][-1] == eos]
        beams = [beam for beam in best if beam[1][-1] != eos]
    return max(finished + beams, key=lambda beam: beam[0])[1]
