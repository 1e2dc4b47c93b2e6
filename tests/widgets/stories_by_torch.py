"""What torch finds in `stories`: what the decoder map shows is held against it."""

import copy
import re
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import torch

from llm_course import models

BALL = "Sam and Anna had a red ball. Sam gave the red ball to"
KITE = "Ben and Lily had a blue kite. Ben gave the blue kite to"
TOM = "Tom and Mia had a red ball. Tom gave the red ball to"
SAW = "Ben and Lily had a red ball. Ben saw Lily and gave the red ball to"
BEN = "Ben and Lily had a red ball. Ben gave the red ball to"


@cache
def stories_tokenizer() -> Any:
    return models.load("stories").tokenizer


def token_ids(text: str) -> list[int]:
    tokenizer = stories_tokenizer()
    return [tokenizer.eos_token_id, *tokenizer(text)["input_ids"]]


def token_id(word: str) -> int:
    return int(models.load("stories").tokenizer(word)["input_ids"][-1])


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def as_rows(output: Any) -> torch.Tensor:
    return (output[0] if isinstance(output, tuple) else output).reshape(-1, 128)


def without(parts: Sequence[str]) -> Any:
    """The model whose parts add nothing: their last matrix is at zero, of a head the columns that it writes with."""
    model = copy.deepcopy(models.load("stories").model)
    size = model.config.head_dim
    for part in parts:
        kind, number, *head = part.removeprefix("feed-").split("-")
        layer = model.model.layers[int(number) - 1]
        matrix = layer.mlp.down_proj if kind == "forward" else layer.self_attn.o_proj
        columns = slice(size * (int(head[0]) - 1), size * int(head[0])) if head else slice(None)
        with torch.no_grad():
            matrix.weight[:, columns] = 0
    return model


def logits_without(model: Any, ids: list[int], parts: Sequence[str], since: int = 0) -> torch.Tensor:
    """The logits after each token. From `since` on zeros stand for what the last matrices of the parts multiply."""
    hooks = []
    for part in parts:
        kind, layer, head = re.fullmatch(r"(attention|feed-forward|head)-(\d)-?(\d?)", part).groups()  # type: ignore[union-attr]
        block, size = model.model.layers[int(layer) - 1], model.config.head_dim
        columns = slice(size * (int(head) - 1), size * int(head)) if head else slice(None)
        matrix = block.mlp.down_proj if kind == "feed-forward" else block.self_attn.o_proj
        hooks.append(matrix.register_forward_pre_hook(partial(silenced, columns, since)))
    with torch.no_grad():
        logits: torch.Tensor = model(torch.tensor([ids])).logits[0]
    for hook in hooks:
        hook.remove()
    return logits


def silenced(columns: slice, since: int, _: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor]:
    rows = inputs[0].clone()
    rows[:, since:, columns] = 0
    return (rows,)


def streams(ids: list[int], left_out: Sequence[str] = ()) -> dict[str, list[Any]]:
    """What torch finds: the residual stream inside and after each layer, the weights, and the logits."""
    model = without(left_out)
    model.set_attn_implementation("eager")
    found: dict[str, list[Any]] = {"middles": [], "residuals": []}
    hooks = []
    for layer in model.model.layers:
        norm = layer.post_attention_layernorm
        hooks.append(norm.register_forward_pre_hook(lambda _, inputs: found["middles"].append(inputs[0][0])))
        hooks.append(layer.register_forward_hook(lambda *call: found["residuals"].append(as_rows(call[2]))))
    with torch.no_grad():
        result = model(torch.tensor([ids]), output_attentions=True)
        found["lenses"] = [model.lm_head(model.model.norm(stream)) for stream in found["residuals"]]
    for hook in hooks:
        hook.remove()
    return {**found, "weights": [layer[0] for layer in result.attentions], "logits": [result.logits[0]]}


def guesses_without(ids: list[int], left_out: Sequence[str]) -> list[str]:
    """The top guess for what comes last, after each layer, as torch finds it."""
    tokenizer = models.load("stories").tokenizer
    return [tokenizer.decode(lens[-1].argmax()).replace(" ", "␣") for lens in streams(ids, left_out)["lenses"]]


def logits_along(out: list[str], text: str = BALL) -> torch.Tensor:
    """Torch's lens on the last row, from its embedding on: [after each part, vocabulary]."""
    model, ids = without(out), token_ids(text)
    found: dict[str, list[Any]] = streams(ids, out)
    halves = [row[-1] for pair in zip(found["middles"], found["residuals"], strict=True) for row in pair]
    with torch.no_grad():
        rows = torch.stack([model.model.embed_tokens(torch.tensor(ids))[-1], *halves])
        return model.lm_head(model.model.norm(rows))


def pushes_by_torch(text: str, out: Sequence[str] = ()) -> torch.Tensor:
    """What each head of layer 3 adds to torch's logits after a text, at one scale of the norm: [head, vocabulary]."""
    model, ids = without(out), token_ids(text)
    layer, kept, size = model.model.layers[2], {}, model.config.head_dim
    weight = models.load("stories").model.model.layers[2].self_attn.o_proj.weight  # of heads that are left out, too
    layer.self_attn.o_proj.register_forward_pre_hook(lambda _, inputs: kept.update(mixed=inputs[0][0, -1]))
    layer.register_forward_hook(lambda *call: kept.update(residual=as_rows(call[2])[-1]))
    with torch.no_grad():
        model(torch.tensor([ids]))
        scale = (kept["residual"].square().mean() + model.config.rms_norm_eps).sqrt()
        columns = [slice(head * size, (head + 1) * size) for head in range(4)]
        added = torch.stack([weight[:, own] @ kept["mixed"][own] for own in columns])
        pushes: torch.Tensor = model.lm_head(added * model.model.norm.weight / scale)
    return pushes


def taken_by_torch(text: str, head: int) -> tuple[torch.Tensor, torch.Tensor]:
    """What a head of layer 3 takes at the last token: the share of each, and what its value would add to the logits.

    Shapes [token] and [token, vocabulary].
    """
    model = models.load("stories").model
    model.set_attn_implementation("eager")
    layer, size, kept = model.model.layers[2], model.config.head_dim, {}
    hooks = [
        layer.self_attn.v_proj.register_forward_hook(lambda *call: kept.update(values=call[2][0])),
        layer.register_forward_hook(lambda *call: kept.update(residual=as_rows(call[2])[-1])),
    ]
    with torch.no_grad():
        shares = model(torch.tensor([token_ids(text)]), output_attentions=True).attentions[2][0, head - 1, -1]
        shared = (head - 1) // (model.config.num_attention_heads // model.config.num_key_value_heads)
        values = kept["values"][:, shared * size : (shared + 1) * size]
        added = values @ layer.self_attn.o_proj.weight[:, (head - 1) * size : head * size].T
        scale = (kept["residual"].square().mean() + model.config.rms_norm_eps).sqrt()
        messages = model.lm_head(added * model.model.norm.weight / scale)
    for hook in hooks:
        hook.remove()
    return shares, messages
