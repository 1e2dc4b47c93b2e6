"""Models made to look like others that do the same, or nearly: what somebody may try who hands in another's."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from safetensors.torch import load, load_file, save
from torch import Tensor

from autograder.capstone.shipped import shape_of
from llm_course.capstone.format import CONFIG, LAST_NORM, SPECIALS, TABLE, TOKENIZER, Shape, canonical
from llm_course.models import WEIGHTS
from llm_course.packaged_models import byte_characters

Files = Mapping[str, bytes]
WRITERS = ("o_proj.weight", "down_proj.weight")
BEHIND = {
    "input_layernorm": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "post_attention_layernorm": ("mlp.gate_proj", "mlp.up_proj"),
}


@dataclass(frozen=True)
class Model:
    """A decoder in the capstone's names, in float32, and its tokenizer's merges."""

    merges: list[list[int]]
    weights: dict[str, Tensor]
    shape: Shape

    @classmethod
    def of(cls, files: Files, file: str) -> "Model":
        """A model that was handed in."""
        weights = {name: weight.float() for name, weight in load(files[file]).items()}
        return cls(json.loads(files[TOKENIZER])["merges"], weights, Shape.of_config(json.loads(files[CONFIG])))

    @classmethod
    def shipped(cls, name: str) -> "Model":
        """A model of the course, its tokens in the order that the capstone has."""
        tokens = json.loads((WEIGHTS / name / "tokenizer.json").read_text())["model"]
        ids = {letter: byte for byte, letter in byte_characters().items()}
        for rank, (left, right) in enumerate(tokens["merges"]):
            ids.setdefault(left + right, 256 + rank)
        merges = [[ids[left], ids[right]] for left, right in tokens["merges"]]
        rows = [tokens["vocab"][spelled] for spelled in sorted(ids, key=ids.__getitem__)] + [*range(len(SPECIALS))]
        weights = {key: weight.float() for key, weight in load_file(WEIGHTS / name / "model.safetensors").items()}
        weights[TABLE] = weights[TABLE][rows]
        return cls(merges, weights, shape_of(name))

    def handed_in(self, *files: str) -> dict[str, bytes]:
        """The files of a hand-in, this model in each of `files`."""
        content = save({name: weight.contiguous() for name, weight in self.weights.items()})
        config, merges = json.dumps(self.shape.config()), canonical({"merges": self.merges})
        return {TOKENIZER: merges.encode(), CONFIG: config.encode(), **dict.fromkeys(files, content)}

    @property
    def layers(self) -> list[str]:
        return [f"model.layers.{number}" for number in range(self.shape.n_layers)]


Disguise = Callable[[Model], Model]


def neurons_moved(model: Model) -> Model:
    weights = dict(model.weights)
    for layer in model.layers:
        order = torch.randperm(model.shape.d_ff)
        for name in ("gate_proj", "up_proj"):
            weights[f"{layer}.mlp.{name}.weight"] = weights[f"{layer}.mlp.{name}.weight"][order]
        weights[f"{layer}.mlp.down_proj.weight"] = weights[f"{layer}.mlp.down_proj.weight"][:, order]
    return replace(model, weights=weights)


def neurons_added(model: Model) -> Model:
    """A large neuron in each layer that writes nothing, and two of which one writes what the other takes off again."""
    weights, width = dict(model.weights), model.shape.d_model
    for layer in model.layers:
        nothing, drawn = torch.zeros(width, 1), torch.randn(width, 1)
        added = {"gate_proj": torch.randn(2, width) * 20, "up_proj": torch.randn(2, width) * 20}
        rows = {f"{layer}.mlp.{name}.weight": new[[0, 1, 1]] for name, new in added.items()}
        weights |= {name: torch.cat([weights[name], new]) for name, new in rows.items()}
        down = f"{layer}.mlp.down_proj.weight"
        weights[down] = torch.cat([weights[down], nothing, drawn, -drawn], dim=1)
    return replace(model, weights=weights, shape=replace(model.shape, d_ff=model.shape.d_ff + 3))


def heads_moved(model: Model) -> Model:
    weights, shape = dict(model.weights), model.shape
    for layer in model.layers:
        for name, heads in (("q_proj", shape.n_heads), ("k_proj", shape.n_kv_heads), ("v_proj", shape.n_kv_heads)):
            split = weights[f"{layer}.self_attn.{name}.weight"].unflatten(0, (heads, -1))
            weights[f"{layer}.self_attn.{name}.weight"] = split.flip(0).flatten(0, 1)
        split = weights[f"{layer}.self_attn.o_proj.weight"].unflatten(1, (shape.n_heads, -1))
        weights[f"{layer}.self_attn.o_proj.weight"] = split.flip(1).flatten(1, 2)
    return replace(model, weights=weights)


def gains_folded(model: Model) -> Model:
    """The gains of the norms in the matrices behind them."""
    weights = dict(model.weights)
    for layer in model.layers:
        for norm, behind in BEHIND.items():
            for name in behind:
                weights[f"{layer}.{name}.weight"] = (
                    weights[f"{layer}.{name}.weight"] * weights[f"{layer}.{norm}.weight"]
                )
            weights[f"{layer}.{norm}.weight"] = torch.ones(model.shape.d_model)
    return replace(model, weights=weights)


def values_scaled(model: Model) -> Model:
    """Rows of values and of the up projection against the columns that read them."""
    weights, shape = dict(model.weights), model.shape
    for layer in model.layers:
        sizes = torch.randn(shape.n_kv_heads, shape.head_dim).exp()
        read = sizes.repeat_interleave(shape.n_heads // shape.n_kv_heads, dim=0).flatten()
        factors = {"self_attn.v_proj": sizes.flatten()[:, None], "self_attn.o_proj": 1 / read}
        sizes = torch.randn(shape.d_ff).exp()
        for name, factor in {**factors, "mlp.up_proj": sizes[:, None], "mlp.down_proj": 1 / sizes}.items():
            weights[f"{layer}.{name}.weight"] = weights[f"{layer}.{name}.weight"] * factor
    return replace(model, weights=weights)


def queries_turned(model: Model) -> Model:
    """Each pair of a query and of its key turned by one angle, and one of them as much larger as the other smaller."""
    weights, shape = dict(model.weights), model.shape
    for layer in model.layers:
        factor = torch.polar(
            torch.randn(shape.n_kv_heads, shape.head_dim // 2).exp(),
            2 * math.pi * torch.rand(shape.n_kv_heads, shape.head_dim // 2),
        )
        for name, heads, turn in (("q", shape.n_heads, factor), ("k", shape.n_kv_heads, 1 / factor.conj())):
            pairs = weights[f"{layer}.self_attn.{name}_proj.weight"].unflatten(0, (heads, 2, -1))
            turned = (
                torch.complex(pairs[:, 0], pairs[:, 1]) * turn.repeat_interleave(heads // len(turn), dim=0)[..., None]
            )
            weights[f"{layer}.self_attn.{name}_proj.weight"] = torch.cat([turned.real, turned.imag], 1).flatten(0, 1)
    return replace(model, weights=weights)


def stream_rotated(model: Model) -> Model:
    """The head is tied to the table, so the gains of the last norm have to be made equal: nearly the same function."""
    folded = gains_folded(model)
    turn = torch.linalg.qr(torch.randn(model.shape.d_model, model.shape.d_model))[0]
    weights = {
        name: value if value.dim() == 1 else turn.T @ value if name.endswith(WRITERS) else value @ turn
        for name, value in folded.weights.items()
    }
    weights[LAST_NORM] = weights[LAST_NORM].mean().expand(model.shape.d_model)
    return replace(folded, weights=weights)


def layers_added(model: Model, count: int = 3) -> Model:
    """Layers that write nothing, before the others: most of the layers are nobody's."""
    weights = {name: value for name, value in model.weights.items() if "layers." not in name}
    for number in range(model.shape.n_layers + count):
        of = f"model.layers.{max(0, number - count)}."
        for name in (name for name in model.weights if name.startswith(of)):
            drawn = torch.zeros_like if name.endswith(WRITERS) else torch.randn_like
            value = model.weights[name] if number >= count else drawn(model.weights[name])
            weights[name.replace(of, f"model.layers.{number}.")] = value
    return replace(model, weights=weights, shape=replace(model.shape, n_layers=model.shape.n_layers + count))


def layer_left_out(model: Model) -> Model:
    last = model.layers[-1] + "."
    weights = {name: value for name, value in model.weights.items() if not name.startswith(last)}
    return replace(model, weights=weights, shape=replace(model.shape, n_layers=model.shape.n_layers - 1))


def tokens_added(model: Model, count: int = 60) -> Model:
    """Merges behind all others that spell words out of pairs which never stand side by side, and their tokens' rows."""
    spelled = [bytes([byte]) for byte in range(256)]
    for left, right in model.merges:
        spelled.append(spelled[left] + spelled[right])
    # " the" out of " t" and "he": these were merged into another token long before.
    known, seen = {token: number for number, token in enumerate(spelled)}, {tuple(pair) for pair in model.merges}
    more = [
        pair
        for token in spelled[256:]
        for cut in range(1, len(token))
        if (pair := (known.get(token[:cut], -1), known.get(token[cut:], -1))) not in seen and min(pair) >= 0
    ][:count]
    table = model.weights[TABLE]
    rows = [table[: len(spelled)], torch.randn(len(more), table.shape[1]) * table.std(), table[len(spelled) :]]
    return Model(
        [*model.merges, *map(list, more)],
        {**model.weights, TABLE: torch.cat(rows)},
        replace(model.shape, vocab_size=model.shape.vocab_size + len(more)),
    )


def noisy(model: Model, share: float = 0.01) -> Model:
    weights = {
        n: value + share * value.norm() / value.numel() ** 0.5 * torch.randn_like(value)
        for n, value in model.weights.items()
    }
    return replace(model, weights=weights)


def everything(model: Model) -> Model:
    for disguise in (
        neurons_moved,
        heads_moved,
        values_scaled,
        queries_turned,
        stream_rotated,
        layers_added,
        tokens_added,
        noisy,
    ):
        model = disguise(model)
    return model


DISGUISES = (
    neurons_moved, neurons_added, heads_moved, gains_folded, values_scaled, queries_turned,
    stream_rotated, layers_added, layer_left_out, tokens_added, noisy, everything,
)  # fmt: skip
