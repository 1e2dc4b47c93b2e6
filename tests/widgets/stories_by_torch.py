"""What torch finds in `stories`: what the decoder map and other widgets show is held against it."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from llm_course import models

BALL = "Sam and Anna had a red ball. Sam gave the red ball to"
KITE = "Ben and Lily had a blue kite. Ben gave the blue kite to"
TOM = "Tom and Mia had a red ball. Tom gave the red ball to"
SAW = "Ben and Lily had a red ball. Ben saw Lily and gave the red ball to"
BEN = "Ben and Lily had a red ball. Ben gave the red ball to"
NAMES = ["Sam", "Anna", "Tom", "Lily", "Ben", "Mia", "Max", "Sara", "Emma"]
PAIRS = [(first, second) for first in NAMES for second in NAMES if first != second]
SURE = 0.1
"""Of two logits that differ by less, either may be the first guess in float16."""


@cache
def stories() -> Any:
    return models.load("stories", attn_implementation="eager").model


@cache
def stories_tokenizer() -> Any:
    return models.load("stories").tokenizer


def token_ids(text: str) -> list[int]:
    tokenizer = stories_tokenizer()
    return [tokenizer.eos_token_id, *tokenizer(text)["input_ids"]]


def token_id(word: str) -> int:
    return int(stories_tokenizer()(word)["input_ids"][-1])


def number(text: str) -> float:
    return float(text.replace("−", "-"))


@torch.no_grad()
def streams(ids: list[int], out: Sequence[str] = (), since: int = 0) -> dict[str, Any]:
    """What torch finds: the logits, [token, vocabulary], and in each layer what passes there, [token, width].

    What passes are the values, what the heads have mixed of them, the residual stream inside and after the layer, and
    the hidden units; weights are [head, token, token]. From `since` on zeros stand for what the last matrices of the
    parts that are left out multiply.
    """
    model = stories()
    found: dict[str, Any] = {name: [] for name in ("values", "mixed", "middles", "hidden", "residuals")}
    hooks = []

    def keep_input(name: str, module: nn.Module) -> None:
        hooks.append(module.register_forward_pre_hook(lambda _, inputs: found[name].append(inputs[0][0])))

    def keep_output(name: str, module: nn.Module) -> None:
        hooks.append(module.register_forward_hook(lambda *call: found[name].append(rows_of(call[2]))))

    for layer in model.model.layers:
        keep_output("values", layer.self_attn.v_proj)
        keep_input("mixed", layer.self_attn.o_proj)
        keep_input("middles", layer.post_attention_layernorm)
        keep_input("hidden", layer.mlp.down_proj)
        keep_output("residuals", layer)
    hooks += [silence(part, since) for part in out]
    result = model(torch.tensor([ids]), output_attentions=True)
    for hook in hooks:
        hook.remove()
    return {**found, "weights": [weights[0] for weights in result.attentions], "logits": result.logits[0]}


def rows_of(output: Any) -> Tensor:
    """What a module puts out for its one text: a layer of some versions of transformers gives it in a tuple."""
    rows: Tensor = (output[0] if isinstance(output, tuple) else output)[0]
    return rows


def silence(part: str, since: int) -> Any:
    kind, layer, head = re.fullmatch(r"(attention|feed-forward|head)-(\d)-?(\d?)", part).groups()  # type: ignore[union-attr]
    block, size = stories().model.layers[int(layer) - 1], stories().config.head_dim
    columns = slice(size * (int(head) - 1), size * int(head)) if head else slice(None)

    def silenced(_: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor]:
        rows = inputs[0].clone()
        rows[:, since:, columns] = 0
        return (rows,)

    matrix = block.mlp.down_proj if kind == "feed-forward" else block.self_attn.o_proj
    return matrix.register_forward_pre_hook(silenced)


@torch.no_grad()
def lens(rows: Tensor) -> Tensor:
    """The logits that rows of the residual stream would give if no layer came after it."""
    logits: Tensor = stories().lm_head(stories().model.norm(rows))
    return logits


def written_greedily(prompt: str, count: int) -> str:
    """The `count` tokens that torch writes after a prompt, each the most probable."""
    ids = torch.tensor([token_ids(prompt)])
    written = stories().generate(ids, do_sample=False, max_new_tokens=count)[0, ids.shape[1] :]
    return str(stories_tokenizer().decode(written, skip_special_tokens=True))


def guesses_without(ids: list[int], left_out: Sequence[str] = ()) -> list[str]:
    """The top guess for what comes last, after each layer, as torch finds it."""
    best = [lens(residual[-1]).argmax() for residual in streams(ids, left_out)["residuals"]]
    return [stories_tokenizer().decode(token).replace(" ", "␣") for token in best]


def with_names(first: str, second: str) -> str:
    return f"{first} and {second} had a red ball. {first} gave the red ball to"


def guesses_for_pairs(parts: Sequence[str], last: int = 0) -> list[tuple[str, bool]]:
    """The first guess for each pair, and whether it is surely that. The `last` tokens are without the parts, or all."""
    texts = [token_ids(with_names(*pair)) for pair in PAIRS]
    best = [streams(ids, parts, len(ids) - last if last else 0)["logits"][-1].topk(2) for ids in texts]
    return [(stories_tokenizer().decode(ids[0]).strip(), bool(a - b > SURE)) for (a, b), ids in best]


def logits_along(out: list[str], text: str = BALL) -> Tensor:
    """Torch's lens on the last row, from its embedding on: [after each part, vocabulary]."""
    ids = token_ids(text)
    found = streams(ids, out)
    halves = [row[-1] for pair in zip(found["middles"], found["residuals"], strict=True) for row in pair]
    return lens(torch.stack([stories().model.embed_tokens(torch.tensor(ids))[-1], *halves]))


@torch.no_grad()
def pushed(added: Tensor, row: Tensor) -> Tensor:
    """What vectors add to the logits of a row that they are part of, at its scale of the norm: [vector, vocabulary]."""
    model = stories()
    scale = (row.square().mean() + model.config.rms_norm_eps).sqrt()
    logits: Tensor = model.lm_head(added * model.model.norm.weight / scale)
    return logits


def written_by_heads() -> Tensor:
    """What each head of layer 3 writes with: [head, its numbers, hidden]."""
    weight: Tensor = stories().model.layers[2].self_attn.o_proj.weight
    return weight.T.unflatten(0, (-1, stories().config.head_dim))


def pushes_by_torch(text: str, out: Sequence[str] = ()) -> Tensor:
    """What each head of layer 3 adds to torch's logits after a text, left out or not: [head, vocabulary]."""
    found, writes = streams(token_ids(text), out), written_by_heads()
    mixed = found["mixed"][2][-1].view(len(writes), 1, -1)
    return pushed((mixed @ writes)[:, 0], found["residuals"][2][-1])


def taken_by_torch(text: str, head: int) -> tuple[Tensor, Tensor]:
    """What a head of layer 3 takes at the last token: the share of each, and what its value would add to the logits.

    Shapes [token] and [token, vocabulary].
    """
    found, config = streams(token_ids(text)), stories().config
    shared = (head - 1) // (config.num_attention_heads // config.num_key_value_heads)
    values = found["values"][2].unflatten(1, (-1, config.head_dim))[:, shared]
    messages = pushed(values @ written_by_heads()[head - 1], found["residuals"][2][-1])
    return found["weights"][2][head - 1, -1], messages
