"""From texts to batches: each a function of its step alone, which is what makes a run resumable."""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

IGNORED = -100  # the label that torch's cross_entropy leaves out


def pack(documents: Iterable[list[int]], length: int, end: int, pad: int) -> Tensor:
    """Pack token lists into rows of `length`, each document followed by `end`. Returns int64 [rows, length].

    Every row begins with the beginning of a document, so the model also learns to start without a token before; the
    document that does not fit is cut at the end of its row.
    """
    rows: list[list[int]] = []
    row: list[int] = []
    for document in documents:
        row += [*document, end]
        if len(row) >= length:
            rows.append(row[:length])
            row = []
    if row:
        rows.append(row + [pad] * (length - len(row)))
    return torch.tensor(rows)


def order_at(step: int, rows: int, batch_size: int, seed: int) -> Tensor:
    """The rows of a step's batch: int64 [batch_size]. Every epoch goes through all rows once, in an order of its own."""
    per_epoch = rows // batch_size
    epoch, position = divmod(step, per_epoch)
    generator = torch.Generator().manual_seed(1_000_003 * seed + epoch)
    return torch.randperm(rows, generator=generator)[position * batch_size : (position + 1) * batch_size]


def rows_at(rows: Tensor, batch_size: int, seed: int, pad: int) -> Callable[[int], dict[str, Tensor]]:
    """Batches for a decoder: `input_ids` and `labels`, both int64 [batch_size, length]; padding is no label."""
    labels = rows.masked_fill(rows == pad, IGNORED)

    def batch_at(step: int) -> dict[str, Tensor]:
        chosen = order_at(step, len(rows), batch_size, seed)
        return {"input_ids": rows[chosen], "labels": labels[chosen]}

    return batch_at


def split(tensors: dict[str, Tensor], batch_size: int) -> list[dict[str, Tensor]]:
    """Cut tensors of equal first dimension into batches; what does not fill a batch is left out."""
    rows = len(next(iter(tensors.values()))) // batch_size * batch_size
    return [
        {name: tensor[start : start + batch_size] for name, tensor in tensors.items()}
        for start in range(0, rows, batch_size)
    ]


def pad_rows(rows: Sequence[Sequence[int]], value: int, length: int | None = None) -> Tensor:
    """Right-pad lists to int64 [rows, length], the longest list's length by default."""
    length = length or max(len(row) for row in rows)
    return torch.tensor([[*row[:length], *[value] * (length - len(row))] for row in rows])


def tokenize(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> list[list[int]]:
    ids: list[list[int]] = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
    return ids
