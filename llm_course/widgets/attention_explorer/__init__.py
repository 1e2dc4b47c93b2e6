"""Attention, one head at a time: queries and keys give scores, scores give weights, weights mix the values."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from traitlets import Bool, Dict, Int, List, Unicode

from ..ui.base import Array, CourseWidget, numbers
from ..ui.picture import heat_map

TOKENS = ["the", "cat", "sat", "down"]
QUERY = [[1.0, 0.0], [0.5, 1.0], [2.0, 0.0], [0.0, 2.0]]
KEY = [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [0.5, 1.0]]
VALUE = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]


class AttentionExplorer(CourseWidget):
    """Attention that answers to each change: edit the numbers, mask, scale, and look at any head.

    Without arguments it shows a small example. A learner's own tensors, as torch tensors, arrays or lists:

    >>> AttentionExplorer(query, key, value, tokens=["the", "cat", "sat"])
    >>> AttentionExplorer(weights, tokens=["the", "cat", "sat"])

    Args:
        query_or_weights: Queries [..., queries, d], or, if it comes alone, weights [..., queries, keys].
            Up to two leading dimensions are taken as (layer, head) or (head).
        key: [..., keys, d].
        value: [..., keys, d_value].
        tokens: One label a key; the queries are the last of them. Numbers if left out.
        layer: The layer that is shown at first, from 0.
        head: Its head that is shown at first, from 0.
        picked: The row that is explained at first, from 0; the last if left out.
        hints: What to try first with them, each with what it sets up of layer, head and picked.
        state: Whether the scores are at first causal and scaled; a label for the tensors.

    Raises:
        ValueError: If shapes do not fit together, a number is not finite, there is no such layer, head or row, or a
            hint sets up something else.
    """

    label = Unicode("The tensors given here").tag(sync=True)
    hints = List(Dict()).tag(sync=True)  # suggestions: what they say and set
    tokens = List(Unicode()).tag(sync=True)
    query: List[Any] = List(allow_none=True).tag(sync=True)
    key: List[Any] = List(allow_none=True).tag(sync=True)
    value: List[Any] = List(allow_none=True).tag(sync=True)
    weights: List[Any] = List(allow_none=True).tag(sync=True)
    causal = Bool(False).tag(sync=True)
    scaled = Bool(True).tag(sync=True)
    # What is looked at: the tensors above (0), random vectors (1) or a sentence in the course model (2), and where.
    source = Int(0, min=0, max=2).tag(sync=True)
    layer = Int(0, min=0).tag(sync=True)
    head = Int(0, min=0).tag(sync=True)
    picked = Int(-1, min=-1).tag(sync=True)  # the row that is explained; -1 is the last
    width = Int(64, min=1).tag(sync=True)
    sentence = Unicode("There was a girl called Anna. Anna had a red ball.").tag(sync=True)

    def __init__(
        self,
        query_or_weights: Any = None,
        key: Any = None,
        value: Any = None,
        *,
        tokens: list[str] | None = None,
        layer: int = 0,
        head: int = 0,
        picked: int = -1,
        hints: Mapping[str, Mapping[str, int]] | None = None,
        **state: Any,
    ) -> None:
        if query_or_weights is None:
            tokens, state["label"] = TOKENS, "A small example"
            query_or_weights, key, value = QUERY, KEY, VALUE
        if key is None:
            tensors = {"weights": four_dimensions("weights", query_or_weights)}
            queries, keys = tensors["weights"].shape[2:]
        elif value is None:
            raise ValueError("A key comes without a value: give query, key and value, or weights alone.")
        else:
            query = four_dimensions("query", query_or_weights)
            key = four_dimensions("key", key)
            value = four_dimensions("value", value)
            check_shapes(query, key, value)
            tensors = {"query": query, "key": key, "value": value}
            queries, keys = query.shape[2], key.shape[2]
        if queries > keys:
            raise ValueError(f"There are {queries} queries but only {keys} keys: a query is one of the last positions.")
        layers, heads = next(iter(tensors.values())).shape[:2]
        if not (0 <= layer < layers and 0 <= head < heads):
            raise ValueError(f"There is no head {head} in layer {layer}: give 0 to {layers - 1} and 0 to {heads - 1}.")
        if not -1 <= picked < queries:
            raise ValueError(f"There is no row {picked}: give 0 to {queries - 1}, or -1 for the last.")
        tokens = [str(position) for position in range(keys)] if tokens is None else list(tokens)
        if len(tokens) != keys:
            raise ValueError(f"There are {keys} keys but {len(tokens)} tokens: give one label for each key.")
        state |= dict.fromkeys(("query", "key", "value", "weights")) | {k: v.tolist() for k, v in tensors.items()}
        super().__init__(tokens=tokens, layer=layer, head=head, picked=picked, hints=suggestions(hints or {}), **state)

    def picture(self) -> str:
        """The weights of the head that is shown at first."""
        weights = np.array(self.weights)[self.layer, self.head] if self.weights else self._own_weights()
        return heat_map("Attention weights: how much each row's token listens to each column's", self.tokens, weights)

    def _own_weights(self) -> Array:
        query, key = (np.array(tensor)[self.layer, self.head] for tensor in (self.query, self.key))
        scores = query @ key.T / (np.sqrt(query.shape[-1]) if self.scaled else 1.0)
        if self.causal:
            scores[np.triu_indices_from(scores, k=1 + len(key) - len(query))] = -np.inf
        exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return exponentials / exponentials.sum(axis=-1, keepdims=True)


def suggestions(hints: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """Hints as the page shows suggestions."""
    for view in hints.values():
        if unknown := set(view) - {"layer", "head", "picked"}:
            raise ValueError(f"A hint sets up {sorted(unknown)[0]!r}: give layer, head or picked.")
    return [{"say": say, "set": dict(view)} for say, view in hints.items()]


def four_dimensions(name: str, tensor: Any) -> Array:
    """`tensor` as an array [layers, heads, rows, columns] of finite numbers."""
    array = numbers(name, tensor)
    if not 2 <= array.ndim <= 4 or 0 in array.shape:
        raise ValueError(f"{name} has shape {array.shape}: give [rows, columns], heads and layers first.")
    return array.reshape((1,) * (4 - array.ndim) + array.shape)


def check_shapes(query: Array, key: Array, value: Array) -> None:
    """Raise ValueError unless queries match keys in width, keys match values in number, and all have the same heads."""
    if not query.shape[:2] == key.shape[:2] == value.shape[:2]:
        raise ValueError(
            f"query, key and value have {query.shape[:2]}, {key.shape[:2]} and {value.shape[:2]} layers and heads: "
            "they must be the same; repeat shared heads first."
        )
    if query.shape[3] != key.shape[3]:
        raise ValueError(f"A query has {query.shape[3]} numbers but a key {key.shape[3]}: they must be as many.")
    if key.shape[2] != value.shape[2]:
        raise ValueError(f"There are {key.shape[2]} keys but {value.shape[2]} values: each key has one value.")
