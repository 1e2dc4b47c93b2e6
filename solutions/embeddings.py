"""Embeddings: rows of numbers that stand for tokens.

Contents, in the order of the chapter:
    embed                 from ids to rows
    nearest_neighbours    which rows point the same way?
    tied_logits           the same table at the output: a score for each token
    analogy               b - a + c
"""

import torch
from torch import Tensor


def embed(ids: Tensor, table: Tensor) -> Tensor:
    """Look up the row of each token.

    Args:
        ids: LongTensor[...], of any shape, each from 0 to vocab - 1.
        table: Tensor[vocab, dim], one row per token.

    Returns:
        Tensor[..., dim]: the shape of `ids`, with a row in place of each id. In
        the backward pass the gradients of all positions with the same id add up
        in its row.

    Raises:
        ValueError: if an id has no row in the table.

    Example:
        >>> embed(
        ...     torch.tensor([[2, 0]]),
        ...     torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
        ... )
        tensor([[[5., 6.],
                 [1., 2.]]])
    """
    if ids.numel() and not 0 <= ids.min() <= ids.max() < table.shape[0]:
        raise ValueError(f"an id has no row: the table has the rows 0 to {table.shape[0] - 1}")
    return table[ids]


def nearest_neighbours(table: Tensor, index: int, k: int) -> list[int]:
    """Find the rows that point most nearly in the direction of row `index`, by
    cosine.

    Args:
        table: Tensor[vocab, dim]. A row of zeros has cosine 0 with every row.
        index: the row whose neighbors are wanted. It is never among them.
        k: how many.

    Returns:
        list[int]: k rows, the nearest first.

    Raises:
        ValueError: if there is no row `index`, or k is below 1 or above the
            number of other rows.

    Example:
        >>> nearest_neighbours(
        ...     torch.tensor([[1.0, 0.0], [0.0, 1.0], [9.0, 1.0], [-1.0, 0.0]]),
        ...     index=0,
        ...     k=2,
        ... )
        [2, 1]
    """
    n_rows = table.shape[0]
    if not 0 <= index < n_rows:
        raise ValueError(f"there is no row {index}: the table has the rows 0 to {n_rows - 1}")
    if not 1 <= k < n_rows:
        raise ValueError(f"row {index} has from 1 to {n_rows - 1} neighbors, not {k}")
    lengths = table.norm(dim=1, keepdim=True)
    unit = table / torch.where(lengths > 0, lengths, 1)
    cosines = unit @ unit[index]
    best_first = cosines.argsort(descending=True).tolist()
    return [row for row in best_first if row != index][:k]


def tied_logits(hidden: Tensor, table: Tensor) -> Tensor:
    """Score every token of the vocabulary with the embedding table itself, used
    a second time as output layer.

    Args:
        hidden: Tensor[..., dim], the hidden state of each position after the
            final norm.
        table: Tensor[vocab, dim], the embedding table.

    Returns:
        Tensor[..., vocab]: for each position the dot product with every row.

    Raises:
        ValueError: if the widths of `hidden` and `table` differ.

    Example:
        >>> tied_logits(
        ...     torch.tensor([1.0, 2.0]),
        ...     torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
        ... )
        tensor([1., 2., 3.])

    Source: Press and Wolf 2017.
    """
    if hidden.shape[-1] != table.shape[-1]:
        raise ValueError(f"rows of width {hidden.shape[-1]} do not fit a table of width {table.shape[-1]}")
    return hidden @ table.T


def analogy(table: Tensor, a: int, b: int, c: int, k: int = 1) -> list[int]:
    """Complete "a is to b as c is to ...": the rows nearest by cosine to
    b - a + c, all three of length 1.

    Args:
        table: Tensor[vocab, dim]. A row of zeros stays as it is.
        a: row of the first word.
        b: row of the word that belongs to the first.
        c: row of the word whose partner is wanted.
        k: how many answers.

    Returns:
        list[int]: k rows, the nearest first; a, b and c are left out.

    Raises:
        ValueError: if a, b or c is not a row, or there are not k rows beside
            them.

    Example:
        >>> rows = [[2, 0, 0], [1, 1, 0], [1, 0, 1], [1, 2, 2], [0, 0, 1]]
        >>> table = torch.tensor(rows, dtype=torch.float)
        >>> analogy(table, a=0, b=1, c=2)
        [3]

    Source: Mikolov, Yih and Zweig 2013.
    """
    n_rows, given = table.shape[0], {a, b, c}
    if not all(0 <= row < n_rows for row in given):
        raise ValueError(f"a, b and c must be rows, 0 to {n_rows - 1}, and not {a}, {b}, {c}")
    if not 1 <= k <= n_rows - len(given):
        raise ValueError(f"beside a, b and c there are {n_rows - len(given)} rows, so k cannot be {k}")
    lengths = table.norm(dim=1, keepdim=True)
    unit = table / torch.where(lengths > 0, lengths, 1)
    # The target's own length changes no ranking.
    scores = unit @ (unit[b] - unit[a] + unit[c])
    best_first = scores.argsort(descending=True).tolist()
    return [row for row in best_first if row not in given][:k]
