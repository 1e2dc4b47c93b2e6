"""From texts to batches, each a function of its step alone, which is what makes a run resumable."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from llm_course.training.loop import Batch

Item = TypeVar("Item")
IGNORED = -100  # the label that torch's cross_entropy leaves out


def pack(documents: Iterable[list[Item]], length: int, end: Item, rows: int, *, begin_with_end: bool = False) -> Tensor:
    """Pack token lists into rows, each document followed by `end`. Returns int64 [rows, length].

    An item is a token's id, or a few numbers that go with it: then the result has one dimension more.
    Every row begins with the beginning of a document, so the model also learns to start without a token before it; with
    `begin_with_end`, every other row begins with `end` instead, as a text for which the model is asked does. The
    document that does not fit is cut at the end of its row. Reads as many documents as it needs.
    """
    packed: list[list[Item]] = []
    row: list[Item] = []
    for document in documents:
        row += [*document, end]
        if len(row) >= length:
            packed.append(row[:length])
            row = [end] if begin_with_end and len(packed) % 2 else []
        if len(packed) == rows:
            return torch.tensor(packed)
    raise ValueError(f"The documents fill {len(packed)} rows of {length} tokens, not {rows}: give more of them.")


def pad_rows(rows: Sequence[Sequence[int]], value: int) -> Tensor:
    """Right-pad lists with `value` to the longest: int64 [rows, longest]."""
    longest = max(len(row) for row in rows)
    return torch.tensor([[*row, *[value] * (longest - len(row))] for row in rows])


def in_order(data: dict[str, Tensor], batch_size: int) -> Callable[[int], Batch]:
    """Step n takes the n-th batch of the rows as they lie, so that no row is seen twice."""
    return lambda step: {name: tensor[step * batch_size : (step + 1) * batch_size] for name, tensor in data.items()}


def shuffled(data: dict[str, Tensor], batch_size: int, seed: int) -> Callable[[int], Batch]:
    """Epoch after epoch over the same rows, each epoch in an order of its own."""
    rows = len(next(iter(data.values())))
    per_epoch = rows // batch_size

    def batch_at(step: int) -> Batch:
        epoch, position = divmod(step, per_epoch)
        generator = torch.Generator().manual_seed(1_000_003 * seed + epoch)
        chosen = torch.randperm(rows, generator=generator)[position * batch_size : (position + 1) * batch_size]
        return {name: tensor[chosen] for name, tensor in data.items()}

    return batch_at


def masked(data: dict[str, Tensor], batch_size: int, seed: int, mask: int, first_word: int) -> Callable[[int], Batch]:
    """BERT's batches: 15 in 100 tokens are predicted; of these 8 in 10 become `mask`, 1 a random word, 1 stays.

    Ids below `first_word` are special and never chosen. At least one token of every sentence is. Devlin et al. (2019).
    """
    plain = shuffled(data, batch_size, seed)

    def batch_at(step: int) -> Batch:
        batch = trimmed(plain(step))
        ids = batch["input_ids"]
        generator = torch.Generator().manual_seed(1_000_003 * seed + step)
        draw = torch.rand(ids.shape, generator=generator).masked_fill(ids < first_word, 2.0)
        chosen = (draw < 0.15) | (draw == draw.min(dim=1, keepdim=True).values)
        change = torch.rand(ids.shape, generator=generator)
        random_ids = torch.randint(first_word, int(ids.max()) + 1, ids.shape, generator=generator)
        inputs = ids.masked_fill(chosen & (change < 0.8), mask)
        inputs = torch.where(chosen & (change >= 0.9), random_ids, inputs)
        return {
            "input_ids": inputs,
            "attention_mask": batch["attention_mask"],
            "labels": ids.masked_fill(~chosen, IGNORED),
        }

    return batch_at


def trimmed(batch: Batch) -> Batch:
    """Without the columns on the right that are padding in every row: they would cost time and change nothing."""
    longest = int(batch["attention_mask"].sum(1).max())
    return {name: tensor[:, :longest] for name, tensor in batch.items()}


def split(data: Batch, batch_size: int) -> list[Batch]:
    """Cut tensors of equal first dimension into batches; what does not fill a batch is left out."""
    rows = len(next(iter(data.values()))) // batch_size * batch_size
    return [
        {name: tensor[start : start + batch_size] for name, tensor in data.items()}
        for start in range(0, rows, batch_size)
    ]
