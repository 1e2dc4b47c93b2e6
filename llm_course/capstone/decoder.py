"""The decoder, put together from the learner's functions; how well it predicts, and what it says."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from llm_course.capstone.format import (
    CONTEXT_LENGTH,
    LAST_NORM,
    LAYER_MATRICES,
    LAYER_NORMS,
    NORM_EPSILON,
    ROPE_BASE,
    TABLE,
    Shape,
)
from llm_course.training.batches import pad_rows

Functions = Mapping[str, Callable[..., Any]]
Weights = Mapping[str, Tensor]
Logits = Callable[[Tensor], Tensor]
"""From ids, LongTensor[batch, time], to the scores of the next token, Tensor[batch, time, vocabulary]."""
Nats = npt.NDArray[np.float64]
BATCH = 16
Attend = Callable[[int, Tensor, Tensor, Tensor], Tensor]
"""(layer, query, key, value) -> heads: Tensor[batch, heads, time, head_dim] each, keys already repeated."""


def first_weights(shape: Shape, seed: int) -> dict[str, Tensor]:
    """What training begins with: norms of ones, matrices drawn from a normal distribution."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(size, generator=generator) * 0.06 if len(size) == 2 else torch.ones(size)
        for name, size in shape.tensors.items()
    }


def logits(ids: Tensor, weights: Weights, shape: Shape, functions: Functions) -> Tensor:
    """Scores of the next token. ids: int64 [batch, time]. Returns float32 [batch, time, vocab_size]."""
    time = ids.shape[1]
    mask = functions["causal_mask"](time, time)

    def attend(layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        heads: Tensor = functions["scaled_dot_product_attention"](query, key, value, mask)[0]
        return heads

    return _logits(ids, torch.arange(time), weights, shape, functions, attend)


def _logits(
    ids: Tensor, positions: Tensor, weights: Weights, shape: Shape, functions: Functions, attend: Attend
) -> Tensor:
    """Embedding, blocks, last norm and tied head; `attend` is all in which a cached step differs from a whole pass."""
    x = functions["embed"](ids, weights[TABLE])
    group = shape.n_heads // shape.n_kv_heads
    for layer in range(shape.n_layers):
        own = {name: weights[f"model.layers.{layer}.{name}.weight"] for name in (*LAYER_NORMS, *LAYER_MATRICES)}
        rows = functions["rms_norm"](x, own["input_layernorm"], NORM_EPSILON)
        query, key, value = (
            (rows @ own[f"self_attn.{name}_proj"].T).unflatten(-1, (-1, shape.head_dim)).transpose(1, 2)
            for name in ("q", "k", "v")
        )
        query, key = (functions["apply_rope"](heads, positions, ROPE_BASE) for heads in (query, key))
        key, value = (heads.repeat_interleave(group, dim=1) for heads in (key, value))
        heads = attend(layer, query, key, value)
        x = x + heads.transpose(1, 2).flatten(2) @ own["self_attn.o_proj"].T
        rows = functions["rms_norm"](x, own["post_attention_layernorm"], NORM_EPSILON)
        x = x + functions["swiglu"](rows, own["mlp.gate_proj"], own["mlp.up_proj"], own["mlp.down_proj"])
    hidden = functions["rms_norm"](x, weights[LAST_NORM], NORM_EPSILON)
    scores: Tensor = functions["tied_logits"](hidden, weights[TABLE])
    return scores


def bits_per_byte(nats: Sequence[Nats], size: int) -> float:
    """What texts of `size` bytes cost a model whose tokens cost so much; infinite where its scores are not finite."""
    total = float(sum(spent.sum() for spent in nats))
    return total / math.log(2) / size if math.isfinite(total) else math.inf


@torch.no_grad()
def nats_of_tokens(
    logits: Logits, rows: Sequence[Sequence[int]], context: int = CONTEXT_LENGTH - 1, shift: int = 1
) -> list[Nats]:
    """What each token of a row costs a model, its first token left out.

    Each row is the ids of a text behind the token that ends the text before it, and is read in windows of `context`
    tokens, in which each of its tokens is predicted once. A `shift` of 0 asks for the token that stands there already,
    which is what a model learns whose targets are not shifted.
    """
    nats = [np.zeros(len(row) - 1) for row in rows]
    windows = [(row, start) for row, ids in enumerate(rows) for start in range(0, len(ids) - 1, context)]
    windows.sort(key=lambda window: len(rows[window[0]]) - window[1])
    for first in range(0, len(windows), BATCH):
        batch = windows[first : first + BATCH]
        ids = pad_rows([rows[row][start : start + context + 1] for row, start in batch], 0)
        scores = logits(ids[:, :-1]).double().log_softmax(-1)
        targets = ids[:, 1:] if shift else ids[:, :-1]
        chosen = scores.gather(-1, targets[..., None]).squeeze(-1)
        for (row, start), found in zip(batch, chosen, strict=True):
            place = nats[row][start : start + context]
            # Padding stands on the right, where no earlier position of a causal model sees it.
            place[:] = -found[: len(place)].numpy()
    return nats


@torch.no_grad()
def stream(
    prompt: Sequence[int],
    weights: Weights,
    shape: Shape,
    functions: Functions,
    *,
    temperature: float = 0.0,
    top_p: float | None = None,
    seed: int = 0,
) -> Iterator[int]:
    """The tokens behind a prompt, one by one, until the context is full. Keys and values of the past are cached."""
    generator = torch.Generator().manual_seed(seed)
    empty = torch.zeros(shape.n_heads, 0, shape.head_dim)
    caches = dict.fromkeys(range(shape.n_layers), (empty, empty))

    def attend(layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        step = functions["cached_attention_step"]
        output, *cache = step(query[0, :, 0], key[0, :, 0], value[0, :, 0], *caches[layer])
        caches[layer] = tuple(cache)
        heads: Tensor = output[None, :, None]
        return heads

    token, coming = prompt[0], list(prompt[1:])
    for position in range(CONTEXT_LENGTH - 1):
        ids, positions = torch.tensor([[token]]), torch.tensor([position])
        scores = _logits(ids, positions, weights, shape, functions, attend)[:, -1]
        if coming:
            token = coming.pop(0)
            continue
        token = int(functions["sample"](scores, temperature, None, top_p, generator))
        yield token
