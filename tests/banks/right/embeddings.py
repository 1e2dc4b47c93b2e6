"""Right alternatives of 03_embeddings."""

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.banks.right import Alternatives


def embed_by_one_hot(ids: Tensor, table: Tensor) -> Tensor:
    if (ids < 0).any() or (ids >= table.shape[0]).any():
        raise ValueError("an id is out of range")
    return F.one_hot(ids, table.shape[0]).to(table.dtype) @ table


def embed_by_library(ids: Tensor, table: Tensor) -> Tensor:
    if ids.numel() > 0 and (int(ids.min()) < 0 or int(ids.max()) >= len(table)):
        raise ValueError(f"ids must be below {len(table)}")
    return F.embedding(ids, table)


def embed_row_by_row(ids: Tensor, table: Tensor) -> Tensor:
    rows = []
    for token in ids.flatten().tolist():
        if not 0 <= token < len(table):
            raise ValueError(f"no row {token}")
        rows.append(table[token])
    return torch.stack(rows).view(*ids.shape, -1)


def neighbours_by_library(table: Tensor, index: int, k: int) -> list[int]:
    if index not in range(len(table)) or k not in range(1, len(table)):
        raise ValueError("index or k out of range")
    scores = F.cosine_similarity(table, table[index].unsqueeze(0), dim=1)
    scores[index] = -torch.inf
    return scores.topk(k).indices.tolist()


def neighbours_by_sorting_pairs(table: Tensor, index: int, k: int) -> list[int]:
    vocab = table.size(0)
    if index < 0 or index >= vocab or k < 1 or k > vocab - 1:
        raise ValueError("bad arguments")

    def cosine(row: int) -> float:
        product = (table[row].norm() * table[index].norm()).item()
        return (table[row] @ table[index]).item() / product if product else 0.0

    return sorted((row for row in range(vocab) if row != index), key=cosine, reverse=True)[:k]


def neighbours_in_float64(table: Tensor, index: int, k: int) -> list[int]:
    if not (0 <= index < table.shape[0] and 0 < k < table.shape[0]):
        raise ValueError("bad arguments")
    unit = torch.nan_to_num(table.double() / table.double().norm(dim=-1, keepdim=True))
    order = torch.argsort(unit @ unit[index], descending=True)
    return order[order != index][:k].tolist()


def logits_by_einsum(hidden: Tensor, table: Tensor) -> Tensor:
    if hidden.size(-1) != table.size(-1):
        raise ValueError("the widths differ")
    return torch.einsum("...d,vd->...v", hidden, table)


def logits_by_linear(hidden: Tensor, table: Tensor) -> Tensor:
    if hidden.shape[-1] != table.shape[1]:
        raise ValueError("the widths differ")
    return F.linear(hidden, table)


def logits_by_broadcast(hidden: Tensor, table: Tensor) -> Tensor:
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


def analogy_as_sum_of_cosines(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    rows = range(len(table))
    if a not in rows or b not in rows or c not in rows:
        raise ValueError("no such row")
    if k < 1 or k > len(set(rows) - {a, b, c}):
        raise ValueError("no such number of answers")
    unit = torch.nan_to_num(table / torch.linalg.vector_norm(table, dim=1)[:, None], nan=0.0)
    scores = unit @ unit[b] - unit @ unit[a] + unit @ unit[c]
    return sorted(set(rows) - {a, b, c}, key=lambda row: -scores[row].item())[:k]


def analogy_in_float64(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    kept = [row for row in range(table.shape[0]) if row not in (a, b, c)]
    if len(kept) != table.shape[0] - len({a, b, c}) or not 0 < k <= len(kept):
        raise ValueError("bad arguments")
    unit = F.normalize(table.double(), dim=-1)
    order = (unit[kept] @ (unit[b] - unit[a] + unit[c])).argsort(descending=True)[:k]
    return [kept[place] for place in order.tolist()]


ALTERNATIVES: Alternatives = {
    "embed": [embed_by_one_hot, embed_by_library, embed_row_by_row],
    "nearest_neighbours": [neighbours_by_library, neighbours_by_sorting_pairs, neighbours_in_float64],
    "tied_logits": [logits_by_einsum, logits_by_linear, logits_by_broadcast],
    "analogy": [analogy_by_library, analogy_as_sum_of_cosines, analogy_in_float64],
}
