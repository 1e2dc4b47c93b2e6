"""A quantized model that was handed in: its bits, its size, what it stands for, and to which model that is nearest."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor

from autograder.capstone.handed_in import HandedIn
from llm_course.capstone import bars
from llm_course.capstone.format import (
    CODES,
    QUANTIZED,
    SCALES,
    CapstoneError,
    parameters_of,
    restored,
    share_of_nearest,
)
from llm_course.capstone.ledger import QUANTIZE
from solutions.production import dequantize, quantize_absmax, quantize_groups

HALF_BITS = 16
Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Quantized:
    """Whole numbers and scales of each matrix, and what is not quantized."""

    tensors: Weights
    matrices: tuple[str, ...]
    group_size: int

    @classmethod
    def of(cls, handed_in: HandedIn) -> "Quantized":
        """The quantized model of a hand-in. Raises CapstoneError."""
        tensors, matrices = handed_in.quantized, handed_in.shape.matrices
        shapes = [(tensors[name + CODES].shape[1], tensors[name + SCALES].shape[1]) for name in matrices]
        fitting = [size for size in range(1, max(columns for columns, _ in shapes) + 1) if _fits(size, shapes)]
        if not fitting:
            raise CapstoneError(f"{QUANTIZED} has groups of several sizes: take one size for all matrices.")
        told = _told_group_size(handed_in)
        return cls(tensors, matrices, told if told in fitting else fitting[0])

    @functools.cached_property
    def bits(self) -> int:
        """Bits of a whole number, by the largest that is there."""
        largest = max(int(self.tensors[name + CODES].short().abs().max()) for name in self.matrices)
        return next(bits for bits in range(2, 9) if largest <= 2 ** (bits - 1) - 1 or bits == 8)

    @property
    def share_of_half_precision(self) -> float:
        """Its size, whole numbers packed, as a share of the same model in float16."""
        taken = sum(
            tensor.numel() * (self.bits if name.endswith(CODES) else HALF_BITS) for name, tensor in self.tensors.items()
        )
        return taken / (HALF_BITS * parameters_of({name: tuple(weight.shape) for name, weight in self.weights.items()}))

    @functools.cached_property
    def weights(self) -> dict[str, Tensor]:
        """What it stands for, in float32."""
        return restored(self.tensors, self.group_size)

    def is_nearest_to(self, weights: Weights) -> bool:
        """Whether nearly each weight is within half a step of these, where the largest of a group takes all bits."""
        scales = {name: quantize_groups(weights[name], self.group_size, self.bits)[1] for name in self.matrices}
        return share_of_nearest(self.weights, weights, scales, self.group_size, self.bits) >= bars.NEARLY_ALL


def rounded_before(weights: Weights, matrices: tuple[str, ...]) -> Iterator[dict[str, Tensor]]:
    """The weights as a first quantization leaves them, of each usual kind."""
    for bits in (8, 6, 5, 4, 3):
        yield {name: dequantize(*quantize_absmax(weights[name], bits)) for name in matrices}
        for size in (16, 32, 64, 128):
            parts = {name: quantize_groups(weights[name], size, bits) for name in matrices}
            codes = {name + CODES: whole for name, (whole, _) in parts.items()}
            yield restored(codes | {name + SCALES: scales for name, (_, scales) in parts.items()}, size)


def _fits(size: int, shapes: list[tuple[int, int]]) -> bool:
    return all(-(-columns // size) == groups for columns, groups in shapes)


def _told_group_size(handed_in: HandedIn) -> object:
    try:
        entries = handed_in.entries
    except CapstoneError:
        return None
    return next((entry.settings.get("group_size") for entry in reversed(entries) if entry.step == QUANTIZE), None)
