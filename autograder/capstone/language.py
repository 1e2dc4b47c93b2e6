"""What a model says, measured by the course's own decoder: bits per byte, and answers to what it is asked.

Nothing here depends on the tokenizer: losses are counted in bits for each byte of the text.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from solutions.normalization import decoder_logits

Logits = Callable[[Tensor], Tensor]
"""From ids, LongTensor[batch, time], to the scores of the next token, Tensor[batch, time, vocabulary]."""
BATCH = 16


@dataclass(frozen=True)
class Decoder:
    """Weights by the names of `decoder_logits`, and the shape in its words."""

    weights: Mapping[str, Tensor]
    config: Mapping[str, float]

    def __call__(self, ids: Tensor) -> Tensor:
        return decoder_logits(ids, dict(self.weights), dict(self.config))


@torch.no_grad()
def bits_per_byte(logits: Logits, rows: Sequence[Sequence[int]], size: int, context: int, shift: int = 1) -> float:
    """What texts of `size` bytes cost a model, in bits a byte; infinite where its scores are not finite.

    Each row is the ids of a text behind the token that ends the text before it, and is read in windows of `context`
    tokens, in which each of its tokens is predicted once. A `shift` of 0 asks for the token that stands there already,
    which is what a model learns whose targets are not shifted.
    """
    windows = [row[start : start + context + 1] for row in rows for start in range(0, len(row) - 1, context)]
    windows.sort(key=len)
    nats = 0.0
    for start in range(0, len(windows), BATCH):
        batch = windows[start : start + BATCH]
        ids = padded(batch)
        scores = logits(ids[:, :-1]).double().log_softmax(-1)
        targets = ids[:, 1:] if shift else ids[:, :-1]
        chosen = scores.gather(-1, targets[..., None]).squeeze(-1)
        # Padding stands on the right, where no earlier position of a causal model sees it.
        nats -= sum(float(row[: len(window) - 1].sum()) for row, window in zip(chosen, batch, strict=True))
    return nats / math.log(2) / size if math.isfinite(nats) else math.inf


@torch.no_grad()
def answers(logits: Logits, prompts: Sequence[Sequence[int]], most: int, end: int, context: int) -> list[list[int]]:
    """The likeliest tokens after each prompt, one after the other, up to `end`, included, or `most` of them."""
    rows = [list(prompt) for prompt in prompts]
    open_rows = list(range(len(rows)))
    for _ in range(most):
        open_rows = [n for n in open_rows if len(rows[n]) < context]
        if not open_rows:
            break
        scores = logits(padded([rows[n] for n in open_rows]))
        last = torch.tensor([len(rows[n]) - 1 for n in open_rows])
        for n, token in zip(open_rows, scores[torch.arange(len(last)), last].argmax(-1).tolist(), strict=True):
            rows[n].append(token)
        open_rows = [n for n in open_rows if rows[n][-1] != end]
    return [row[len(prompt) :] for row, prompt in zip(rows, prompts, strict=True)]


def padded(rows: Sequence[Sequence[int]]) -> Tensor:
    """Rows of ids as one tensor, filled up on the right with byte 0."""
    longest = max(len(row) for row in rows)
    return torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])
