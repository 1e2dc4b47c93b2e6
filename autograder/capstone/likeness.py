"""How alike two models are in what a disguise does not change: their layers, their words, and what they say.

A model stays the same function when its neurons, heads or columns change places, when the gains of its norms go into
the matrices behind them, when values grow as outputs shrink, when pairs of queries and keys turn against each other,
when its stream is rotated, and when tokens, layers or neurons that do nothing are put in. Three views don't feel any of
that:

    layers   singular values of products. `distance`, 0 for the same
    words    the cosines between words in the table, by their spelling. `correlation`, 1 for the same
    said     what each word of some texts costs, by its spelling. `correlation`, 1 for the same

"same" is a shipped model in each of these disguises, with noise of 1 % and 10 %, with dialogues learned, or 300 more
steps at half the rate of pre-training. "apart" are two runs of the reference's settings with other seeds, these and the
shipped models, and two shipped models that began from the same weights and read the same batches, for other losses:

              same            apart
    layers    at most 0.05    at least 0.16
    words     at least 0.91   at most 0.60
    said      at least 0.98   at most 0.93

Of a disguise with much noise, or a layer less, one view or two may tell.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from llm_course.capstone.decoder import Nats
from llm_course.capstone.format import PIECES, Shape

WORDS = (
    " The", " What", " and", " asked", " at", " big", " boy", " but", " called", " came", " capital", " day", " gave",
    " girl", " had", " has", " her", " home", " in", " is", " it", " looked", " near", " new", " of", " old", " put",
    " said", " she", " small", " the", " to", " took", " was", " went", " with",
)  # fmt: skip
"""Words that tokenizers of the course's texts have in one token."""
FEWEST = 50
"""Numbers that two models have in common at least."""
SAME_LAYER, SAME_WORDS, SAME_SAID = 0.1, 0.8, 0.97
"""At most, at least, at least: within the gaps."""
Numbers = Sequence[float | None]


@dataclass(frozen=True)
class Layer:
    """Singular values of length 1, in float64: of the feed-forward's products, and of each query head's."""

    feed_forward: tuple[Tensor, Tensor]
    heads: tuple[tuple[Tensor, ...], ...]


@dataclass(frozen=True)
class Portrait:
    """What a model looks like; a view that is empty is not compared. Models that learned little all say the same."""

    layers: Sequence[Layer] = ()
    words: Numbers = ()
    said: Numbers = ()

    def shared(self, other: "Portrait") -> list[str]:
        """What is the same in both, "the words in its table", say; empty for models that were trained apart."""
        views = {
            "a layer": distance(self.layers, other.layers) <= SAME_LAYER,
            "the words in its table": correlation(self.words, other.words) >= SAME_WORDS,
            "what it says": correlation(self.said, other.said) >= SAME_SAID,
        }
        return [view for view, is_same in views.items() if is_same]


def layers(weights: Mapping[str, Tensor], shape: Shape) -> list[Layer]:
    """What stays of each layer."""
    return [
        _layer(
            {name.removeprefix(prefix): weight.double() for name, weight in weights.items() if prefix in name}, shape
        )
        for prefix in (f"model.layers.{number}." for number in range(shape.n_layers))
    ]


def distance(one: Sequence[Layer], other: Sequence[Layer]) -> float:
    """The distance of the two nearest layers: so layers that were added, left out or moved hide no other."""
    return min((_layers_apart(a, b) for a, b in itertools.product(one, other)), default=1.0)


def cosines(ids: Sequence[Sequence[int]], table: Tensor) -> list[float | None]:
    """The cosine between each two of WORDS in a model's table; None where one of them is not a token.

    `ids` are what encoding each word gives: other tokens may be spelled like a word and never come up.
    """
    vectors = functional.normalize(table.double(), dim=1)
    unit = [vectors[tokens[0]] if len(tokens) == 1 else None for tokens in ids]
    return [
        round(float(one @ other), 4) if one is not None and other is not None else None
        for one, other in itertools.combinations(unit, 2)
    ]


def cost_of_words(texts: Sequence[str], lengths: Sequence[Sequence[int]], nats: Sequence[Nats]) -> list[float]:
    """What each word, space or mark of the texts costs, in nats, whatever tokens it was read in.

    Args:
        lengths: bytes of each token of each text.
        nats: what each of these tokens costs.
    """
    costs: list[float] = []
    for text, sizes, spent in zip(texts, lengths, nats, strict=True):
        ends = np.cumsum([len(piece.encode()) for piece in re.findall(PIECES, text)])
        so_far = np.interp(ends, np.cumsum([0, *sizes]), np.cumsum([0.0, *spent]))
        costs += np.diff(so_far, prepend=0.0).round(2).tolist()
    return costs


def correlation(one: Numbers, other: Numbers) -> float:
    """The correlation of the numbers that both have; 0 where they are too few."""
    pairs = [(a, b) for a, b in zip(one, other, strict=False) if a is not None and b is not None]
    if len(pairs) < FEWEST:
        return 0.0
    with np.errstate(invalid="ignore"):
        return float(np.nan_to_num(np.corrcoef(np.array(pairs, float).T)[0, 1]))


def _layer(own: Mapping[str, Tensor], shape: Shape) -> Layer:
    before, behind = own["input_layernorm.weight"], own["post_attention_layernorm.weight"]
    query, key, value = (_sized(own[f"self_attn.{name}_proj.weight"] * before) for name in "qkv")
    gate, up = (_sized(own[f"mlp.{name}_proj.weight"] * behind) for name in ("gate", "up"))
    shared = shape.n_heads // shape.n_kv_heads
    query = query.unflatten(0, (shape.n_heads, -1))
    key, value = (weight.unflatten(0, (shape.n_kv_heads, -1)).repeat_interleave(shared, 0) for weight in (key, value))
    output = _sized(own["self_attn.o_proj.weight"]).unflatten(1, (shape.n_heads, -1)).transpose(0, 1)
    values_out = _unit(torch.linalg.svdvals(output @ value)[:, : value.shape[1]])
    return Layer(
        _feed_forward(gate, up, _sized(own["mlp.down_proj.weight"])),
        tuple(zip(values_out, _unit(_scores(query, key)), strict=True)),
    )


def _feed_forward(gate: Tensor, up: Tensor, down: Tensor) -> tuple[Tensor, Tensor]:
    """Singular values of down times up, and of the sum over neurons of down x up x gate, unfolded along the gate.

    A neuron counts by what it writes: those that write nothing, or that others write off again, change neither.
    """
    written = (up @ up.T) * (down.T @ down)
    by_gate = torch.linalg.eigvalsh(gate.T @ written @ gate).flip(0).clamp_min(0).sqrt()
    return _unit(torch.linalg.svdvals(down @ up)), _unit(by_gate)


def _scores(query: Tensor, key: Tensor) -> Tensor:
    """Of each head, the two singular values of query times key for each frequency: [heads, head_dim].

    Rotary positions turn the dimensions j and j + head_dim / 2 together, each pair by a frequency of its own. What a
    pair adds to a score stays when the query's is turned and grows and the key's turns with it and shrinks, and no pair
    can take another's place.
    """
    inner = [
        torch.einsum("hapd,hbpd->hpab", pairs, pairs)
        for pairs in (weight.unflatten(1, (2, -1)) for weight in (query, key))
    ]
    # For a and b of two rows each, the singular values of a^T b follow from the inner products of the rows:
    # s1^2 + s2^2 is the trace of their product, and (s1 s2)^2 its determinant.
    squares = (inner[0] * inner[1]).sum((-2, -1))
    twice = 2 * (torch.linalg.det(inner[0]) * torch.linalg.det(inner[1])).clamp_min(0).sqrt()
    total, rest = (squares + twice).clamp_min(0).sqrt(), (squares - twice).clamp_min(0).sqrt()
    return torch.cat([(total + rest) / 2, (total - rest) / 2], dim=1)


def _layers_apart(one: Layer, other: Layer) -> float:
    apart = [_apart(a, b) for a, b in zip(one.feed_forward, other.feed_forward, strict=True)]
    # Heads that were added stand in one of the two only, and so do heads that were left out.
    return max(*apart, min(_heads_apart(one, other), _heads_apart(other, one)))


def _heads_apart(these: Layer, those: Layer) -> float:
    """How far the head of the first is that has nothing like it in the second."""
    return max(min(max(map(_apart, one, other)) for other in those.heads) for one in these.heads)


def _apart(one: Tensor, other: Tensor) -> float:
    """The distance of singular values, in falling order or by frequency; those that one has not are 0."""
    longer = max(len(one), len(other))
    return float((functional.pad(one, (0, longer - len(one))) - functional.pad(other, (0, longer - len(other)))).norm())


def _sized(weight: Tensor) -> Tensor:
    """A matrix whose largest number is 1: no product of such is beyond all numbers, and only proportions count."""
    return weight / weight.abs().max().clamp_min(1e-30)


def _unit(values: Tensor) -> Tensor:
    return functional.normalize(values, dim=-1, eps=1e-30)
