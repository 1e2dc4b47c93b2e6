"""Right alternatives of 03_embeddings."""

import torch
import torch.nn.functional as F
from torch import Tensor


def embed_by_one_hot(ids: Tensor, table: Tensor) -> Tensor:
    if (ids < 0).any() or (ids >= table.shape[0]).any():
        raise ValueError("an id is out of range")
    return F.one_hot(ids, table.shape[0]).to(table.dtype) @ table


def nearest_neighbours_by_library(table: Tensor, index: int, k: int) -> list[int]:
    if index not in range(len(table)) or k not in range(1, len(table)):
        raise ValueError("index or k out of range")
    scores = F.cosine_similarity(table, table[index].unsqueeze(0), dim=1)
    scores[index] = -torch.inf
    return scores.topk(k).indices.tolist()


def tied_logits_by_linear(hidden: Tensor, table: Tensor) -> Tensor:
    if hidden.shape[-1] != table.shape[1]:
        raise ValueError("the widths differ")
    return F.linear(hidden, table)


def tied_logits_by_broadcast(hidden: Tensor, table: Tensor) -> Tensor:
    if hidden.shape[-1] != table.shape[1]:
        raise ValueError("the widths differ")
    return (hidden.unsqueeze(-2) * table).sum(-1)


def analogy_by_library(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    if min(a, b, c) < 0 or max(a, b, c) >= len(table) or not 1 <= k <= len(table) - len({a, b, c}):
        raise ValueError("bad arguments")
    unit = F.normalize(table, dim=1)
    scores = F.cosine_similarity(unit, (unit[b] - unit[a] + unit[c])[None])
    scores[[a, b, c]] = -2.0
    return scores.topk(k).indices.tolist()
