"""Safetensors as hostile bytes: nothing is allocated by what a header says before the header has been checked.

The format is eight bytes with the header's length, the header as JSON, and the numbers, one tensor after the other.
It is read here and not by its library, so that each thing that can be wrong has a sentence of its own.
"""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

MAX_HEADER = 1 << 18
"""Bytes; the header of the course's largest model has 8 KiB."""
MAX_TENSORS = 1_000
MAX_NAME = 128
"""Characters."""
MAX_DIMENSIONS = 4
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I8": torch.int8, "U8": torch.uint8}
METADATA = "__metadata__"


class FileFault(Exception):
    """A file cannot be used; the message says what is wrong with it, and what to do, in one sentence."""


@dataclass(frozen=True)
class _Entry:
    """What a header says of a tensor."""

    name: str
    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int
    end: int


def read_tensors(data: bytes, file: str) -> dict[str, Tensor]:
    """The tensors of a safetensors file, each in memory of its own, by name. Raises FileFault."""
    header, numbers = _split(data, file)
    entries = [_entry(name, item, file) for name, item in _parse(header, file).items() if name != METADATA]
    if not 0 < len(entries) <= MAX_TENSORS:
        raise FileFault(f"{file} holds {len(entries)} tensors: 1 to {MAX_TENSORS} are read.")
    _check_places(entries, len(numbers), file)
    tensors = {entry.name: _tensor(entry, numbers) for entry in entries}
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise FileFault(
                f"{file}: {name} holds NaN or infinity: look for the step at which the loss was not finite."
            )
    return tensors


def check_shapes(tensors: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]], file: str) -> None:
    """Raise FileFault where tensors are not those of these names and shapes."""
    if missing := sorted(shapes.keys() - tensors.keys()):
        raise FileFault(f"{file} lacks {_some(missing)}: save all weights of the decoder under its names.")
    if strange := sorted(tensors.keys() - shapes.keys()):
        raise FileFault(f"{file} holds {_some(strange)}, which the decoder does not have: save its weights alone.")
    for name, shape in shapes.items():
        if tuple(tensors[name].shape) != shape:
            raise FileFault(f"{file}: {name} has the shape {tuple(tensors[name].shape)}, and {shape} is expected.")


def _split(data: bytes, file: str) -> tuple[bytes, memoryview]:
    if len(data) < 8:
        raise FileFault(f"{file} is no safetensors file: save it with safetensors.torch.save_file.")
    (length,) = struct.unpack_from("<Q", data)
    if length > MAX_HEADER:
        raise FileFault(f"{file} announces a header of {length:,} bytes, over the limit of {MAX_HEADER:,}.")
    if length > len(data) - 8:
        raise FileFault(f"{file} ends within its header: hand in the whole file.")
    return data[8 : 8 + length], memoryview(data)[8 + length :]


def _parse(header: bytes, file: str) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise FileFault(f"{file} names a tensor twice: save it with safetensors.torch.save_file.")
        return dict(pairs)

    try:
        parsed = json.loads(header.decode("utf-8"), object_pairs_hook=once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise FileFault(f"{file} has no header in JSON: save it with safetensors.torch.save_file.") from error
    if not isinstance(parsed, dict):
        raise FileFault(f"{file} has a header that names no tensors: save it with safetensors.torch.save_file.")
    return parsed


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _entry(name: str, item: Any, file: str) -> _Entry:
    if not name.isprintable() or not 0 < len(name) <= MAX_NAME:
        raise FileFault(
            f"{file} holds a tensor whose name is none: names are printable, of 1 to {MAX_NAME} characters."
        )
    if not isinstance(item, dict) or item.keys() != {"dtype", "shape", "data_offsets"}:
        raise FileFault(f"{file}: {name} needs dtype, shape and data_offsets, and nothing else.")
    dtype, shape, places = item["dtype"], item["shape"], item["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise FileFault(f"{file}: {name} is of another dtype than {', '.join(DTYPES)}: convert it before saving.")
    if not _whole_numbers(shape) or len(shape) > MAX_DIMENSIONS:
        raise FileFault(f"{file}: {name} has no shape of at most {MAX_DIMENSIONS} whole numbers.")
    if not _whole_numbers(places) or len(places) != 2 or places[0] > places[1]:
        raise FileFault(f"{file}: {name} has no place in the file: data_offsets are its first and its last byte.")
    size = math.prod(shape) * DTYPES[dtype].itemsize
    if size == 0 or size != places[1] - places[0]:
        raise FileFault(
            f"{file}: {name} takes {places[1] - places[0]:,} bytes in the file, and its shape {size:,}: save it anew."
        )
    return _Entry(name, DTYPES[dtype], tuple(shape), *places)


def _whole_numbers(values: Any) -> bool:
    # Python's numbers have no end, and a bool is one of them.
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 1 << 40 for value in values)


def _check_places(entries: list[_Entry], size: int, file: str) -> None:
    """Each byte belongs to one tensor: none is shared, none is hidden between them."""
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.start):
        if entry.start != end:
            fault = "shares bytes with another tensor" if entry.start < end else "has unused bytes before it"
            raise FileFault(f"{file}: {entry.name} {fault}: save each tensor for itself, with .contiguous().clone().")
        end = entry.end
    if end != size:
        fault = "ends within its tensors" if end > size else "has unused bytes at its end"
        raise FileFault(f"{file} {fault}: hand in the file as it was saved.")


def _tensor(entry: _Entry, numbers: memoryview) -> Tensor:
    # A copy: where the file has the numbers need not be where a processor may read them.
    own = bytearray(numbers[entry.start : entry.end])
    return torch.frombuffer(own, dtype=entry.dtype).reshape(entry.shape)


def _some(names: list[str], shown: int = 3) -> str:
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")
