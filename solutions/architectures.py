"""Architectures: three families from one block, by who may look at whom and what carries loss.

Contents, in the order of the chapter:
    attention_pattern       who may look at whom
    cross_attention         a decoder that reads what an encoder has made of another text
    mask_tokens             the encoder's objective: hide some tokens, guess them
    corrupt_spans           the encoder-decoder's: cut pieces out, write them down
    shift_right             what a decoder is fed while it learns
    masked_diffusion_loss   from guessing a few hidden tokens to generating all of them
"""

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional


def attention_pattern(
    kind: str,
    n_queries: int,
    n_keys: int,
    prefix: int = 0,
) -> Tensor:
    """Say which keys each query may attend to, in one of four patterns that
    distinguish the families.

    Args:
        kind: "causal": the queries are the last of the positions, and each sees
            the keys up to its own position, so that the last query sees the
            last key, and with fewer keys than queries the first ones see none;
            "bidirectional": each sees all; "prefix": causal, and every query
            sees the first `prefix` keys as well; "cross": the keys are another
            text's, and each query sees all.
        n_queries: number of queries.
        n_keys: number of keys.
        prefix: how many keys all queries see; it counts for the kind "prefix"
            only.

    Returns:
        BoolTensor[n_queries, n_keys]: True where the query may attend.

    Raises:
        ValueError: if kind is none of the four.

    Example:
        >>> attention_pattern("prefix", 3, 3, prefix=2)
        tensor([[ True,  True, False],
                [ True,  True, False],
                [ True,  True,  True]])

    Source: Raffel et al. 2020, section 3.2.1.
    """
    everything = torch.ones(n_queries, n_keys, dtype=torch.bool)
    causal = everything.tril(diagonal=n_keys - n_queries)
    if kind == "causal":
        return causal
    if kind == "prefix":
        return causal | (torch.arange(n_keys) < prefix)
    if kind in ("bidirectional", "cross"):
        return everything
    raise ValueError(f'{kind!r} is none of "causal", "bidirectional", "prefix" and "cross"')


def cross_attention(
    x: Tensor,
    memory: Tensor,
    w_q: Tensor,
    w_k: Tensor,
    w_v: Tensor,
    w_o: Tensor,
    n_heads: int,
    memory_mask: Tensor | None = None,
) -> Tensor:
    """Let each position of one text read another: queries from x, keys and
    values from memory, in several heads.

    Scores are divided by √d_k, the width of a query in its head.

    Args:
        x: Tensor[batch, time, d], the decoder's positions.
        memory: Tensor[batch, source, d_memory], the encoder's output.
        w_q: Tensor[n_heads * d_k, d], laid out [out, in] as in nn.Linear.
        w_k: Tensor[n_heads * d_k, d_memory].
        w_v: Tensor[n_heads * d_v, d_memory]; d_v need not be d_k.
        w_o: Tensor[out, n_heads * d_v].
        n_heads: number of heads.
        memory_mask: BoolTensor[batch, source], False where a position of memory
            is hidden, such as padding; None hides nothing.

    Returns:
        Tensor[batch, time, out]: zeros where all of memory is hidden.

    Raises:
        ValueError: if n_heads is below 1 or does not divide the rows of w_q.

    Example:
        >>> x = torch.zeros(1, 1, 2)
        >>> memory = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
        >>> w = torch.eye(2)
        >>> cross_attention(x, memory, w, w, w, w, n_heads=1)
        tensor([[[2., 3.]]])

    Source: Vaswani et al. 2017, section 3.2.3.
    """
    if n_heads < 1 or w_q.shape[0] % n_heads:
        raise ValueError(f"{w_q.shape[0]} rows of w_q cannot be split into {n_heads} heads")

    def split_heads(projected: Tensor) -> Tensor:
        return projected.unflatten(-1, (n_heads, -1)).transpose(1, 2)  # [batch, heads, positions, width]

    query = split_heads(x @ w_q.T)
    key = split_heads(memory @ w_k.T)
    value = split_heads(memory @ w_v.T)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # [batch, heads, time, source]
    if memory_mask is not None:
        hidden = ~memory_mask[:, None, None, :]
        # The lowest finite number, not -inf: a row of -inf alone has the softmax NaN, and so have its gradients.
        scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-1)
    if memory_mask is not None:
        weights = weights.masked_fill(hidden, 0.0)
    output = weights @ value
    return output.transpose(1, 2).flatten(2) @ w_o.T


def mask_tokens(
    ids: Tensor,
    special: Tensor,
    mask_id: int,
    vocab_size: int,
    probability: float,
    generator: Generator,
) -> tuple[Tensor, Tensor]:
    """Choose tokens at random to be guessed, and hide most of them, as BERT
    does.

    Each token that is not special is chosen with the given probability. Of the
    chosen ones 80 % become mask_id, 10 % an id drawn from the whole vocabulary,
    all ids equally likely, and 10 % stay as they are. Each token is decided
    independently of the others.

    Args:
        ids: IntTensor[batch, time], the tokens.
        special: BoolTensor[batch, time], True for tokens that are never chosen,
            such as [CLS] and padding.
        mask_id: the id of [MASK].
        vocab_size: ids are from 0 to vocab_size - 1.
        probability: the chance of a token to be chosen, from 0 to 1.
        generator: the only source of randomness.

    Returns:
        inputs IntTensor[batch, time], and labels IntTensor[batch, time]: the
        token itself where it was chosen, -100 elsewhere. Both are new and have
        the dtype of ids.

    Raises:
        ValueError: if probability is below 0 or above 1.

    Example:
        >>> ids = torch.tensor([[1, 7, 5, 2]])
        >>> special = torch.tensor([[True, False, False, True]])
        >>> mask_tokens(
        ...     ids,
        ...     special,
        ...     mask_id=4,
        ...     vocab_size=9,
        ...     probability=1.0,
        ...     generator=torch.Generator(),
        ... )[1]
        tensor([[-100,    7,    5, -100]])

    Source: Devlin et al. 2019, section 3.1.
    """
    if not 0 <= probability <= 1:
        raise ValueError(f"probability is from 0 to 1, not {probability}")

    def uniform() -> Tensor:
        return torch.rand(ids.shape, generator=generator)

    chosen = (uniform() < probability) & ~special.bool()
    fate = uniform()
    random_ids = torch.randint(vocab_size, ids.shape, generator=generator, dtype=ids.dtype)
    inputs = ids.masked_fill(chosen & (fate < 0.8), mask_id)
    inputs = torch.where(chosen & (fate >= 0.9), random_ids, inputs)
    return inputs, ids.masked_fill(~chosen, -100)


def corrupt_spans(
    ids: list[int],
    spans: list[tuple[int, int]],
    sentinels: list[int],
) -> tuple[list[int], list[int]]:
    """Cut pieces out of a text, and list them as T5 learns to write them.

    Args:
        ids: the tokens of a text.
        spans: the pieces to cut out, each as (start, end), where ids[end] is no
            longer part of it. They are given in ascending order, and at least
            one token stands between one and the next.
        sentinels: marks that stand for the pieces, in their order; there may be
            more than are needed.

    Returns:
        inputs and targets, both new. The inputs are the text with one sentinel
        in the place of each piece; the targets are each sentinel and behind it
        the tokens that it stands for, and at the end the next sentinel.

    Raises:
        ValueError: if a span is empty, leaves ids, or overlaps or touches the
            one before it, or if there are not more sentinels than spans.

    Example:
        >>> corrupt_spans(
        ...     [11, 12, 13, 14, 15, 16],
        ...     [(1, 3), (4, 5)],
        ...     sentinels=[99, 98, 97],
        ... )
        ([11, 99, 14, 98, 16], [99, 12, 13, 98, 15, 97])

    Source: Raffel et al. 2020, section 3.1.4.
    """
    if len(sentinels) <= len(spans):
        raise ValueError(f"{len(spans)} spans need {len(spans) + 1} sentinels, and {len(sentinels)} are given")
    inputs: list[int] = []
    targets: list[int] = []
    kept_from, earliest = 0, 0
    for sentinel, (start, end) in zip(sentinels, spans, strict=False):
        if not earliest <= start < end <= len(ids):
            raise ValueError(
                f"span ({start}, {end}) is empty, leaves the {len(ids)} tokens, or is not clear of the one before"
            )
        inputs += [*ids[kept_from:start], sentinel]
        targets += [sentinel, *ids[start:end]]
        kept_from, earliest = end, end + 1
    return inputs + ids[kept_from:], [*targets, sentinels[len(spans)]]


def shift_right(labels: Tensor, start_id: int, pad_id: int) -> Tensor:
    """Make what a decoder is fed from what it has to predict: the same tokens,
    one position later.

    Args:
        labels: IntTensor[batch, time], the tokens to be predicted, -100 where
            none is.
        start_id: the token that stands first.
        pad_id: the token that replaces -100, because no token has that id.

    Returns:
        IntTensor[batch, time], new, in the dtype of labels. The last label is
        not in it: nothing is predicted from it.

    Example:
        >>> shift_right(
        ...     torch.tensor([[8, 9, 1, -100, -100]]), start_id=3, pad_id=0
        ... )
        tensor([[3, 8, 9, 1, 0]])

    Source: Vaswani et al. 2017, section 3.1.
    """
    start = labels.new_full((len(labels), 1), start_id)
    shifted = torch.cat([start, labels], dim=-1)[:, : labels.shape[-1]]
    return shifted.masked_fill(shifted == -100, pad_id)


def masked_diffusion_loss(
    logits: Tensor,
    ids: Tensor,
    masked: Tensor,
    t: Tensor,
) -> Tensor:
    """The loss of a model that predicts hidden tokens, weighted so that its
    mean is an upper bound on -log p of the text.

    Each token of an example was hidden with the chance t. For each example, the
    losses -log p(id) of its hidden tokens are summed, divided by t and by the
    time (the number of all positions); the result is the mean over the batch.

    Args:
        logits: Tensor[batch, time, vocab], about the token at the same
            position. Logits of 1,000 must not overflow.
        ids: IntTensor[batch, time], the tokens before any was hidden.
        masked: BoolTensor[batch, time], True where a token was hidden. An
            example may have none, which adds 0.
        t: Tensor[batch], the share of tokens to hide, above 0 and up to 1.

    Returns:
        Tensor[] in the dtype of logits, in nats per token.

    Raises:
        ValueError: if an entry of t is not above 0, or above 1.

    Example:
        >>> ids = torch.tensor([[0, 1, 1, 0]])
        >>> masked = torch.tensor([[False, True, False, False]])
        >>> # log 2 / 0.5 / 4
        >>> masked_diffusion_loss(
        ...     torch.zeros(1, 4, 2), ids, masked, t=torch.tensor([0.5])
        ... )
        tensor(0.3466)

    Source: Nie et al. 2025, equation 3; Sahoo et al. 2024.
    """
    if not ((t > 0) & (t <= 1)).all():
        raise ValueError(f"every t is above 0 and at most 1, not {t.tolist()}")
    log_probs = functional.log_softmax(logits, dim=-1)
    losses = -log_probs.gather(-1, ids.long().unsqueeze(-1)).squeeze(-1)
    per_example = losses.masked_fill(~masked, 0.0).sum(dim=-1) / t.to(losses.dtype)
    return per_example.mean() / ids.shape[-1]
