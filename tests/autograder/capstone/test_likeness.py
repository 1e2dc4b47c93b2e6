"""Shipped weights are recognized in whatever order they are handed in, and nobody else's are."""

from collections.abc import Callable

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from autograder.capstone.likeness import NEAR, likeness, nearest
from llm_course.models import WEIGHTS

Weights = dict[str, Tensor]
STORIES: Weights = {name: value.float() for name, value in load_file(WEIGHTS / "stories/model.safetensors").items()}
HEADS, KEY_HEADS = 4, 2


def layers(weights: Weights) -> list[str]:
    return sorted({name.rsplit(".", 3)[0] for name in weights if name.endswith("q_proj.weight")})


def neurons_moved(weights: Weights) -> Weights:
    moved = dict(weights)
    for layer in layers(weights):
        order = torch.randperm(len(weights[f"{layer}.mlp.gate_proj.weight"]))
        for name in ("gate_proj", "up_proj"):
            moved[f"{layer}.mlp.{name}.weight"] = weights[f"{layer}.mlp.{name}.weight"][order]
        moved[f"{layer}.mlp.down_proj.weight"] = weights[f"{layer}.mlp.down_proj.weight"][:, order]
    return moved


def heads_moved(weights: Weights) -> Weights:
    moved = dict(weights)
    for layer in layers(weights):
        for name, heads in (("q_proj", HEADS), ("k_proj", KEY_HEADS), ("v_proj", KEY_HEADS)):
            split = weights[f"{layer}.self_attn.{name}.weight"].unflatten(0, (heads, -1))
            moved[f"{layer}.self_attn.{name}.weight"] = split.flip(0).flatten(0, 1)
        split = weights[f"{layer}.self_attn.o_proj.weight"].unflatten(1, (HEADS, -1))
        moved[f"{layer}.self_attn.o_proj.weight"] = split.flip(1).flatten(1, 2)
    return moved


def columns_moved(weights: Weights) -> Weights:
    """The stream's columns in another order, in each matrix that reads or writes it."""
    order = torch.randperm(weights["model.norm.weight"].shape[0])
    writers = ("o_proj.weight", "down_proj.weight")
    return {name: value[order] if name.endswith(writers) else value[..., order] for name, value in weights.items()}


def queries_grown(weights: Weights) -> Weights:
    return {
        name: value * 3 if "q_proj" in name else value / 3 if "k_proj" in name else value
        for name, value in weights.items()
    }


def noisy(weights: Weights) -> Weights:
    return {name: value + 0.1 * value.std() * torch.randn_like(value) for name, value in weights.items()}


def first_layers(weights: Weights) -> Weights:
    return {name: value for name, value in weights.items() if ".2." not in name and ".3." not in name}


@pytest.mark.parametrize(
    "disguise", [dict, neurons_moved, heads_moved, columns_moved, queries_grown, noisy, first_layers]
)
def test_shipped_weights_are_recognized(disguise: Callable[[Weights], Weights]) -> None:
    torch.manual_seed(0)
    name, distance = nearest(disguise(disguise(STORIES)))
    assert name == "stories" and distance < NEAR


def test_tuned_weights_are_recognized() -> None:
    assert likeness(load_file(WEIGHTS / "stories-chat/model.safetensors"), "stories") < NEAR


def test_weights_trained_apart_are_not() -> None:
    alone = load_file(WEIGHTS / "stories-draft-alone/model.safetensors")
    assert likeness(alone, "stories-draft") > 1.5 * NEAR
    assert likeness(load_file(WEIGHTS / "stories-early/model.safetensors"), "stories") > NEAR
    torch.manual_seed(0)
    assert nearest({name: torch.randn_like(value) for name, value in STORIES.items()})[1] > 3 * NEAR
    assert nearest({name: torch.randn(8, 8) for name in STORIES})[1] == 1
