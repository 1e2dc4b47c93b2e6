"""A quantized model that was handed in: its bits, its size, what it stands for, and to which model that is nearest."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor

from autograder.capstone.handed_in import HandedIn
from llm_course.capstone.format import CODES, QUANTIZED, SCALES, CapstoneError, parameters_of, restored
from llm_course.capstone.ledger import QUANTIZE
from solutions.production import dequantize, quantize_absmax, quantize_groups

HALF_BITS = 16
NEARLY_ALL = 0.999
"""The share of weights that must be nearest: another processor rounds a few halves the other way."""
SLACK = 0.01
"""In steps, beside what the rounding of the scales to float16 can do."""
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
        largest = 2 ** (self.bits - 1) - 1
        allowed = 0.5 + SLACK + largest * 2.0**-11
        within = total = 0
        for name in self.matrices:
            _, scales = quantize_groups(weights[name], self.group_size, self.bits)
            steps = _spread(scales, self.group_size, weights[name].shape[1]).clamp_min(1e-12)
            within += int(((self.weights[name] - weights[name]).abs() <= allowed * steps).sum())
            total += weights[name].numel()
        return within >= NEARLY_ALL * total


def rounded_before(weights: Weights, matrices: tuple[str, ...]) -> Iterator[dict[str, Tensor]]:
    """The weights as a first quantization leaves them, of each usual kind."""
    for bits in (8, 6, 5, 4, 3):
        yield {name: dequantize(*quantize_absmax(weights[name], bits)) for name in matrices}
        for size in (16, 32, 64, 128):
            yield {name: _rounded(weights[name], size, bits) for name in matrices}


def _rounded(weight: Tensor, group_size: int, bits: int) -> Tensor:
    codes, scales = quantize_groups(weight, group_size, bits)
    return codes.float() * _spread(scales, group_size, weight.shape[1])


def _spread(scales: Tensor, group_size: int, columns: int) -> Tensor:
    """A scale for each weight of a row."""
    return scales.repeat_interleave(group_size, dim=1)[:, :columns]


def _fits(size: int, shapes: list[tuple[int, int]]) -> bool:
    return all(-(-columns // size) == groups for columns, groups in shapes)


def _told_group_size(handed_in: HandedIn) -> object:
    try:
        entries = handed_in.entries
    except CapstoneError:
        return None
    return next((entry.settings.get("group_size") for entry in reversed(entries) if entry.step == QUANTIZE), None)
