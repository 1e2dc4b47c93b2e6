"""What a model says, measured by the course's own decoder: bits per byte, and answers to what it is asked.

Nothing here depends on the tokenizer: losses are counted in bits for each byte of the text.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from solutions.normalization import decoder_logits

Logits = Callable[[Tensor], Tensor]
"""From ids, LongTensor[batch, time], to the scores of the next token, Tensor[batch, time, vocabulary]."""
Nats = npt.NDArray[np.float64]
BATCH = 16


@dataclass(frozen=True)
class Decoder:
    """Weights by the names of `decoder_logits`, and the shape in its words."""

    weights: Mapping[str, Tensor]
    config: Mapping[str, float]

    def __call__(self, ids: Tensor) -> Tensor:
        return decoder_logits(ids, dict(self.weights), dict(self.config))


def bits_per_byte(nats: Sequence[Nats], size: int) -> float:
    """What texts of `size` bytes cost a model whose tokens cost so much; infinite where its scores are not finite."""
    total = float(sum(spent.sum() for spent in nats))
    return total / math.log(2) / size if math.isfinite(total) else math.inf


@torch.no_grad()
def nats_of_tokens(logits: Logits, rows: Sequence[Sequence[int]], context: int, shift: int = 1) -> list[Nats]:
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
        ids = padded([rows[row][start : start + context + 1] for row, start in batch])
        scores = logits(ids[:, :-1]).double().log_softmax(-1)
        targets = ids[:, 1:] if shift else ids[:, :-1]
        chosen = scores.gather(-1, targets[..., None]).squeeze(-1)
        for (row, start), found in zip(batch, chosen, strict=True):
            place = nats[row][start : start + context]
            # Padding stands on the right, where no earlier position of a causal model sees it.
            place[:] = -found[: len(place)].numpy()
    return nats


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
