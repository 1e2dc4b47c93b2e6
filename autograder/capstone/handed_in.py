"""The files of a capstone as hostile bytes: read within caps; what is wrong with one is said in one sentence."""

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import Tensor

from autograder.capstone.tensors import FLOATS, check_shapes, read_tensors
from llm_course.capstone.format import (
    CHECKPOINT,
    CODES,
    CONFIG,
    LEDGER,
    MAX_PARAMETERS,
    MOMENTS,
    QUANTIZED,
    SCALES,
    SPECIALS,
    TOKENIZER,
    CapstoneError,
    Shape,
    parameters_of,
)
from llm_course.capstone.ledger import STEPS, Entry, parse
from llm_course.capstone.substitutes import SUBSTITUTES
from llm_course.capstone.tokenizer import Merges, Tokenizer, merges_of

Read = TypeVar("Read")
MAX_TEXT = 2 << 20
"""Bytes of tokenizer, configuration or ledger."""
MAX_ENTRIES = 200
MAX_TOKEN = 256
"""Bytes of one token: each merge may double the length, and forty of them would fill a memory."""


@dataclass(frozen=True)
class HandedIn:
    """What was handed in, by file name. Each part is read when it is first asked for, and raises CapstoneError then."""

    files: Mapping[str, bytes]
    _read: dict[str, dict[str, Tensor]] = field(default_factory=dict)

    @functools.cached_property
    def tokenizer(self) -> Tokenizer:
        """The learner's merges, by the course's own functions."""
        if max(self.lengths) > MAX_TOKEN:
            raise CapstoneError(f"{TOKENIZER} has a token of more than {MAX_TOKEN} bytes: make it anew.")
        return Tokenizer(self._merges, SUBSTITUTES)

    @functools.cached_property
    def lengths(self) -> list[int]:
        """The bytes of each token; special tokens are none."""
        lengths = [1] * 256
        for left, right in self._merges:
            lengths.append(lengths[left] + lengths[right])
        return [*lengths, *[0] * len(SPECIALS)]

    @functools.cached_property
    def _merges(self) -> Merges:
        return merges_of(self._text(TOKENIZER))

    @functools.cached_property
    def shape(self) -> Shape:
        """The decoder's shape, within the caps and for this tokenizer."""
        shape = Shape.of_config(self._json(CONFIG))
        if (count := parameters_of(shape.tensors)) > MAX_PARAMETERS:
            raise CapstoneError(f"{CONFIG} describes {count:,} parameters, over the limit of {MAX_PARAMETERS:,}.")
        if shape.vocab_size != self.tokenizer.size:
            raise CapstoneError(
                f"{CONFIG} tells {shape.vocab_size} tokens, and with {TOKENIZER} there are {self.tokenizer.size}: hand "
                "in the model's own tokenizer."
            )
        return shape

    @functools.cached_property
    def entries(self) -> list[Entry]:
        """The ledger's entries, of an unbroken chain, each field of its type."""
        entries = parse(self._text(LEDGER))
        if not 0 < len(entries) <= MAX_ENTRIES:
            raise CapstoneError(f"{LEDGER} has {len(entries)} entries: 1 to {MAX_ENTRIES} are read.")
        for number, entry in enumerate(entries):
            if fault := _fault_of(entry):
                raise CapstoneError(f"Line {number + 1} of {LEDGER} {fault}: write it with the capstone.")
        return entries

    def weights(self, file: str) -> dict[str, Tensor]:
        """A model's weights, in float32."""

        def read(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
            check_shapes(tensors, self.shape.tensors, file)
            _require(tensors, FLOATS, file)
            return {name: tensor.float() for name, tensor in tensors.items()}

        return self._tensors(file, read)

    @property
    def quantized(self) -> dict[str, Tensor]:
        """Whole numbers and scales of each matrix, and the norms."""
        shapes = self.shape.tensors
        matrices = self.shape.matrices

        def read(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
            expected: dict[str, tuple[int, ...]] = {}
            for name, shape in shapes.items():
                if name not in matrices:
                    expected[name] = shape
                    continue
                scales = tensors.get(name + SCALES, torch.zeros(0, 0))
                groups = scales.shape[1] if scales.dim() == 2 else 0
                if not 1 <= groups <= shape[1]:
                    raise CapstoneError(f"{QUANTIZED} lacks the scales of {name}: save both for each matrix.")
                expected |= {name + CODES: shape, name + SCALES: (shape[0], groups)}
            check_shapes(tensors, expected, QUANTIZED)
            codes = {name: tensor for name, tensor in tensors.items() if name.endswith(CODES)}
            _require(codes, (torch.int8,), QUANTIZED)
            _require({name: tensor for name, tensor in tensors.items() if name not in codes}, FLOATS, QUANTIZED)
            return tensors

        return self._tensors(QUANTIZED, read)

    @property
    def checkpoint(self) -> dict[str, Tensor]:
        """Weights, and their two running means behind MOMENTS, in float32."""

        def read(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
            shapes = self.shape.tensors
            expected = {prefix + name: shape for prefix in ("", *MOMENTS) for name, shape in shapes.items()}
            # Beside them are losses and digests, which say nothing that the ledger does not say.
            state = {name: tensor for name, tensor in tensors.items() if name in expected}
            check_shapes(state, expected, CHECKPOINT)
            _require(state, (torch.float32,), CHECKPOINT)
            return state

        return self._tensors(CHECKPOINT, read)

    def bytes_of(self, file: str) -> bytes:
        """A file as it was handed in."""
        if file not in self.files:
            raise CapstoneError(f"{file} was not handed in: lay it beside the notebook.")
        return self.files[file]

    def _tensors(self, file: str, read: Callable[[dict[str, Tensor]], dict[str, Tensor]]) -> dict[str, Tensor]:
        if file not in self._read:
            self._read[file] = read(read_tensors(self.bytes_of(file), file))
        return self._read[file]

    def _json(self, file: str) -> Any:
        content = self._text(file)
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise CapstoneError(f"{file} is no JSON: write it with the capstone.") from error

    def _text(self, file: str) -> bytes:
        content = self.bytes_of(file)
        if len(content) > MAX_TEXT:
            raise CapstoneError(f"{file} has {len(content):,} bytes, over the limit of {MAX_TEXT:,}.")
        return content


def _require(tensors: Mapping[str, Tensor], dtypes: Sequence[torch.dtype], file: str) -> None:
    for name, tensor in tensors.items():
        if tensor.dtype not in dtypes:
            wanted = " or ".join(str(dtype).removeprefix("torch.") for dtype in dtypes)
            raise CapstoneError(
                f"{file}: {name} is of {str(tensor.dtype).removeprefix('torch.')}, and {wanted} is expected."
            )


def _fault_of(entry: Entry) -> str:
    """What is wrong with the types of an entry; a hash can be made of anything."""
    if entry.step not in STEPS:
        return f"is of no step: they are {', '.join(STEPS)}"
    if type(entry.tokens) is not int or not 0 <= entry.tokens < 1 << 53:
        return "counts no tokens"
    if not isinstance(entry.settings, dict) or not isinstance(entry.figures, dict):
        return "has no settings or no figures"
    for mapping in (entry.functions, entry.before, entry.after):
        if not isinstance(mapping, dict) or not all(isinstance(value, str) for value in mapping.values()):
            return "names functions or files in another way"
    losses = entry.figures.get("losses", [])
    if not isinstance(losses, list) or not all(_is_loss(pair) for pair in losses):
        return "has losses that are no pairs of a step and a number"
    return ""


def _is_loss(pair: Any) -> bool:
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and type(pair[0]) is int
        and type(pair[1]) in (int, float)
        and 0 <= pair[0] < 1 << 53
        and abs(pair[1]) < 1e9
    )
