"""Whether weights that were handed in come from a model that the course ships.

A model stays the same function when its neurons, heads or columns change places, and when queries grow as keys shrink.
The singular values of a matrix do not feel the order, and their proportions not the size. Matrices that were trained
apart differ by 0.03 to 0.1 in them, also those that began from the same numbers; tuning a model on dialogues moves them
by 0.02 at most.
"""

import functools
import statistics
from collections.abc import Mapping

import torch
from safetensors.torch import load_file
from torch import Tensor

from llm_course.models import WEIGHTS

SHIPPED = ("stories", "stories-early", "stories-chat", "stories-draft", "stories-draft-alone", "errands")
"""The decoders of the course in the names that the capstone uses. `errands` and `stories-chat` are tuned `stories`."""
COMPARED = ("self_attn.q_proj.weight", "self_attn.o_proj.weight", "mlp.gate_proj.weight")
NEAR = 0.02
"""Singular values that differ less are of one model."""


def likeness(weights: Mapping[str, Tensor], known: str) -> float:
    """How far weights are from a shipped model's, by their singular values: 0 for the same; 1 where shapes differ.

    Each layer is held against the nearest of the model's, so a part of a model is recognized too.
    """
    own, other = spectra(weights), _shipped(known)
    distances = []
    for name in COMPARED:
        for spectrum in own.get(name, ()):
            near = [float((spectrum - one).norm()) for one in other[name] if one.shape == spectrum.shape]
            if not near:
                return 1.0
            distances.append(min(near))
    return statistics.median(distances) if distances else 1.0


def nearest(weights: Mapping[str, Tensor]) -> tuple[str, float]:
    """The shipped model that is nearest, and how far it is."""
    return min(((name, likeness(weights, name)) for name in SHIPPED), key=lambda found: found[1])


def spectra(weights: Mapping[str, Tensor]) -> dict[str, list[Tensor]]:
    """The singular values of the matrices that are compared, of length 1, by kind, one a layer."""
    found: dict[str, list[Tensor]] = {}
    for name, weight in weights.items():
        kind = name.split(".", 3)[-1]
        if kind in COMPARED and weight.dim() == 2:
            values = torch.linalg.svdvals(weight.float())
            found.setdefault(kind, []).append(values / values.norm().clamp_min(1e-30))
    return found


@functools.cache
def _shipped(name: str) -> dict[str, list[Tensor]]:
    return spectra(load_file(WEIGHTS / name / "model.safetensors"))
