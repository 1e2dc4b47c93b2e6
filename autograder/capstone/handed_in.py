"""The files of a capstone as hostile bytes: read within caps; what is wrong with one is said in one sentence."""

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import Tensor

from autograder.capstone.tensors import FileFault, check_shapes, read_tensors
from autograder.capstone.tokenizer import BYTES, Vocabulary, read_merges
from llm_course.capstone.format import (
    CHECKPOINT,
    CODES,
    CONFIG,
    LEDGER,
    MAX_MERGES,
    MAX_PARAMETERS,
    MOMENTS,
    NORM_EPSILON,
    QUANTIZED,
    ROPE_BASE,
    SCALES,
    SPECIALS,
    TOKENIZER,
    CapstoneError,
    Shape,
    parameters_of,
)
from llm_course.capstone.ledger import STEPS, Entry, parse

Read = TypeVar("Read")
MAX_TEXT = 2 << 20
"""Bytes of tokenizer, configuration or ledger."""
MAX_ENTRIES = 200
FLOATS = (torch.float32, torch.float16, torch.bfloat16)


@dataclass(frozen=True)
class HandedIn:
    """What was handed in, by file name. Each part is read when it is first asked for, and raises FileFault then."""

    files: Mapping[str, bytes]
    _read: dict[str, dict[str, Tensor]] = field(default_factory=dict)

    @functools.cached_property
    def vocabulary(self) -> Vocabulary:
        content = self._json(TOKENIZER)
        if not isinstance(content, dict) or content.keys() != {"merges"}:
            raise FileFault(f"{TOKENIZER} holds another thing than merges: write it with the capstone.")
        return read_merges(content["merges"], TOKENIZER, MAX_MERGES)

    @functools.cached_property
    def shape(self) -> Shape:
        """The decoder's shape, within the caps and for this tokenizer."""
        try:
            shape = Shape.of_config(self._json(CONFIG))
        except CapstoneError as error:
            raise FileFault(str(error)) from error
        if (count := parameters_of(shape.tensors)) > MAX_PARAMETERS:
            raise FileFault(f"{CONFIG} describes {count:,} parameters, over the limit of {MAX_PARAMETERS:,}.")
        if shape.vocab_size != BYTES + len(self.vocabulary.merges) + len(SPECIALS):
            raise FileFault(
                f"{CONFIG} tells {shape.vocab_size} tokens, and {TOKENIZER} has {BYTES + len(self.vocabulary.merges)} "
                f"and {len(SPECIALS)} special ones: hand in the model's own tokenizer."
            )
        return shape

    @property
    def config(self) -> dict[str, float]:
        """The shape in the words of `decoder_logits`."""
        shape = self.shape
        numbers = {"n_layers": shape.n_layers, "n_heads": shape.n_heads, "n_kv_heads": shape.n_kv_heads}
        return {**numbers, "rope_base": ROPE_BASE, "eps": NORM_EPSILON}

    @functools.cached_property
    def entries(self) -> list[Entry]:
        """The ledger's entries, of an unbroken chain, each field of its type."""
        try:
            entries = parse(self._text(LEDGER))
        except CapstoneError as error:
            raise FileFault(str(error)) from error
        if not 0 < len(entries) <= MAX_ENTRIES:
            raise FileFault(f"{LEDGER} has {len(entries)} entries: 1 to {MAX_ENTRIES} are read.")
        for number, entry in enumerate(entries):
            if fault := _fault_of(entry):
                raise FileFault(f"Line {number + 1} of {LEDGER} {fault}: write it with the capstone.")
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
                    raise FileFault(f"{QUANTIZED} lacks the scales of {name}: save codes and scales of each matrix.")
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
            raise FileFault(f"{file} was not handed in: lay it beside the notebook.")
        return self.files[file]

    def _tensors(self, file: str, read: Callable[[dict[str, Tensor]], dict[str, Tensor]]) -> dict[str, Tensor]:
        if file not in self._read:
            self._read[file] = read(read_tensors(self.bytes_of(file), file))
        return self._read[file]

    def _json(self, file: str) -> Any:
        try:
            return json.loads(self._text(file).decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise FileFault(f"{file} is no JSON: write it with the capstone.") from error

    def _text(self, file: str) -> bytes:
        content = self.bytes_of(file)
        if len(content) > MAX_TEXT:
            raise FileFault(f"{file} has {len(content):,} bytes, over the limit of {MAX_TEXT:,}.")
        return content


def _require(tensors: Mapping[str, Tensor], dtypes: Sequence[torch.dtype], file: str) -> None:
    for name, tensor in tensors.items():
        if tensor.dtype not in dtypes:
            wanted = " or ".join(str(dtype).removeprefix("torch.") for dtype in dtypes)
            raise FileFault(
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
