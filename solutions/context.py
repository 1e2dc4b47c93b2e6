"""Context: what a long text costs, how a model is made to read one, and how one gets by without it.

Contents, in the order of the notebook:
    kv_cache_bytes                  what a context takes up in memory
    chunk_tokens                    a long text in overlapping pieces
    bm25_scores                     which pieces a question is about
    sink_window_mask                the first positions and the recent past
    interpolated_rope_frequencies   rotary positions squeezed into the trained range
    yarn_frequencies                only those squeezed that need it
"""

import math
from collections import Counter

import torch
from torch import Tensor


def kv_cache_bytes(
    n_layers: int,
    n_kv_heads: int,
    head_dim: int,
    seq_len: int,
    batch: int = 1,
    bytes_per_value: float = 2,
) -> int:
    """Count the bytes of a KV cache: the keys and the values of all positions.

    Args:
        n_layers: number of layers.
        n_kv_heads: number of key-value heads in a layer; query heads share
            them, and are not stored.
        head_dim: width of one head.
        seq_len: number of positions, prompt and answer together; an empty cache
            has 0.
        batch: number of texts that are kept at once.
        bytes_per_value: 2 for 16-bit numbers, 1 for 8 bits, 0.5 for 4.

    Returns:
        Number of bytes, an int.

    Raises:
        ValueError: if seq_len is negative, bytes_per_value is not above 0, or
            another argument is below 1.

    Example:
        >>> # the course's own model
        >>> kv_cache_bytes(n_layers=4, n_kv_heads=2, head_dim=32, seq_len=256)
        262144
    """
    if min(n_layers, n_kv_heads, head_dim, batch) < 1:
        raise ValueError("a cache needs at least one layer, one head, one column and one text")
    if seq_len < 0 or bytes_per_value <= 0:
        raise ValueError(f"a cache cannot hold {seq_len} positions of {bytes_per_value} bytes a number")
    return int(2 * n_layers * n_kv_heads * head_dim * seq_len * batch * bytes_per_value)


def chunk_tokens(ids: list[int], size: int, overlap: int) -> list[list[int]]:
    """Cut a text into pieces that overlap, so that what stands at a cut is
    whole in one of them.

    Chunk c begins at c · (size - overlap). All but the last hold `size` ids.
    The last one ends where the text ends, and holds at least one id that is in
    no chunk before it.

    Args:
        ids: the text as token ids.
        size: how many ids a chunk holds at most.
        overlap: how many ids of a chunk are the last ones of the chunk before.

    Returns:
        The chunks in order; no ids, no chunks.

    Raises:
        ValueError: if size is below 1, overlap is negative, or overlap is not
            below size.

    Example:
        >>> chunk_tokens([1, 2, 3, 4, 5, 6, 7], size=4, overlap=1)
        [[1, 2, 3, 4], [4, 5, 6, 7]]
    """
    if size < 1:
        raise ValueError(f"a chunk of {size} ids holds nothing")
    if not 0 <= overlap < size:
        raise ValueError(f"chunks of {size} ids cannot overlap by {overlap}: the next one must begin later")
    step = size - overlap
    # A chunk that begins `overlap` ids before the end, or later, would hold nothing new.
    ends = max(len(ids) - overlap, min(len(ids), 1))
    return [list(ids[start : start + size]) for start in range(0, ends, step)]


def bm25_scores(
    query: list[str],
    documents: list[list[str]],
    k1: float = 1.5,
    b: float = 0.75,
) -> list[float]:
    """Score how well each document fits a query, by the words they share.

    A document's score is the sum over the query's terms of
    idf · f · (k1 + 1) / (f + k1 · (1 - b + b · len / average)), where f is how
    often the term stands in the document, len the document's number of terms
    and average its mean over all documents. With n of N documents holding the
    term, idf = ln(1 + (N - n + 0.5) / (n + 0.5)).

    Args:
        query: its terms; one that stands there twice counts twice. Terms are
            compared as they are: Red is not red.
        documents: the terms of each document, in any number, also none.
        k1: how soon further occurrences stop counting; with 0 the first one is
            all that counts.
        b: how much a long document has to make up for, from 0 to 1.

    Returns:
        One score for each document, 0 where no term of the query stands; no
        documents, no scores.

    Raises:
        ValueError: if k1 is negative, or b is not from 0 to 1.

    Example:
        >>> scores = bm25_scores(
        ...     ["red", "ball"],
        ...     [["a", "red", "ball"], ["a", "red", "hat"], ["a", "key"]],
        ... )
        >>> [round(score, 3) for score in scores]
        [1.374, 0.445, 0.0]

    Source: Robertson and Zaragoza 2009, section 3.4; the 1 in the idf is
    Lucene's, and keeps it above 0.
    """
    if k1 < 0 or not 0 <= b <= 1:
        raise ValueError(f"k1 must not be negative and b must be from 0 to 1, and they are {k1} and {b}")
    counts = [Counter(document) for document in documents]
    average = sum(map(len, documents)) / max(len(documents), 1)

    def weight(term: str) -> float:
        holding = sum(term in count for count in counts)
        return math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))

    def share(occurrences: int, length: int) -> float:
        if occurrences == 0:
            return 0.0
        return occurrences * (k1 + 1) / (occurrences + k1 * (1 - b + b * length / average))

    idf = {term: weight(term) for term in query}
    return [sum((idf[term] * share(count[term], count.total()) for term in query), 0.0) for count in counts]


def sink_window_mask(seq_len: int, sinks: int, window: int) -> Tensor:
    """Say which keys each query may attend to: the first `sinks` positions, and
    the last `window` up to its own.

    Args:
        seq_len: number of positions.
        sinks: how many positions at the start of the text stay in sight; 0
            leaves the window alone.
        window: how many recent positions a query sees, its own included.

    Returns:
        BoolTensor[seq_len, seq_len]: True where the query may attend; never for
        a later key.

    Raises:
        ValueError: if window is below 1, or sinks or seq_len is negative.

    Example:
        >>> sink_window_mask(4, sinks=1, window=2)
        tensor([[ True, False, False, False],
                [ True,  True, False, False],
                [ True,  True,  True, False],
                [ True, False,  True,  True]])

    Source: Xiao et al. 2023, section 3.2.
    """
    if window < 1:
        raise ValueError(f"a window of {window} leaves a query nothing to see, not even itself")
    if sinks < 0 or seq_len < 0:
        raise ValueError(f"there are no {sinks} sinks in a text of {seq_len} positions")
    position = torch.arange(seq_len)
    distance = position[:, None] - position
    return (distance >= 0) & ((distance < window) | (position < sinks))


def interpolated_rope_frequencies(
    head_dim: int,
    base: float,
    scale: float,
) -> Tensor:
    """Slow down all rotary pairs alike, so that a text `scale` times as long
    turns them no further than before.

    Pair i of RoPE turns by base^(-2i / head_dim) radians a position. Linear
    position interpolation divides all of these by the scale: position p is
    treated as p / scale.

    Args:
        head_dim: width of a head, even.
        base: of the rotary positions.
        scale: new length / old length.

    Returns:
        Tensor[head_dim // 2] in float32, radians a position, the fastest pair
        first.

    Raises:
        ValueError: if head_dim is odd or below 2, or base or scale is not above
            0.

    Example:
        >>> interpolated_rope_frequencies(4, base=100.0, scale=2.0)
        tensor([0.5000, 0.0500])

    Source: Chen et al. 2023, equation 4.
    """
    if head_dim < 2 or head_dim % 2:
        raise ValueError(f"a head of width {head_dim} cannot be split into pairs")
    if base <= 0 or scale <= 0:
        raise ValueError(f"base and scale must be above 0, and are {base} and {scale}")
    return base ** (-torch.arange(0, head_dim, 2) / head_dim) / scale


def yarn_frequencies(
    head_dim: int,
    base: float,
    scale: float,
    original_length: int,
    slow: float = 1.0,
    fast: float = 32.0,
) -> Tensor:
    """Slow down only those rotary pairs that do not get round in the trained
    length ("NTK by parts").

    Over original_length positions pair i makes r_i = original_length · f_i / 2π
    turns, where f_i = base^(-2i / head_dim). A pair with at least `fast` turns
    keeps its frequency, one with at most `slow` turns is interpolated, that is,
    divided by the scale, and between the two the mixture changes evenly with
    r_i.

    Args:
        head_dim: width of a head, even.
        base: of the rotary positions.
        scale: new length / old length.
        original_length: number of positions that the model was trained on.
        slow: up to how many turns a pair is interpolated entirely.
        fast: from how many turns on a pair is left alone.

    Returns:
        Tensor[head_dim // 2] in float32, radians a position, the fastest pair
        first.

    Raises:
        ValueError: if head_dim is odd or below 2, base or scale is not above 0,
            original_length is below 1, or fast is not above slow.

    Example:
        >>> yarn_frequencies(
        ...     6,
        ...     base=1000.0,
        ...     scale=4.0,
        ...     original_length=100,
        ...     slow=1.0,
        ...     fast=10.0,
        ... )
        tensor([1.0000, 0.0299, 0.0025])

    Source: Peng et al. 2023 (YaRN), section 3.2. The turns are counted as in
    the paper; transformers' ramp runs over the index of the pair instead, so
    its numbers differ.
    """
    if head_dim < 2 or head_dim % 2:
        raise ValueError(f"a head of width {head_dim} cannot be split into pairs")
    if base <= 0 or scale <= 0 or original_length < 1:
        raise ValueError("base and scale must be above 0, and at least one position was trained on")
    if fast <= slow:
        raise ValueError(f"fast must be above slow: {fast} is not above {slow}")
    frequency = base ** (-torch.arange(0, head_dim, 2) / head_dim)
    turns = original_length * frequency / (2 * math.pi)
    kept = ((turns - slow) / (fast - slow)).clamp(0, 1)
    return (1 - kept) * frequency / scale + kept * frequency
