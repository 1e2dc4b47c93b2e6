"""Safetensors as hostile bytes: the format's own library reads them, after the length of the header has been checked.

It holds no header for true before it has looked: shapes, dtypes and places have to account for each byte once.
"""

from collections.abc import Mapping

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from llm_course.capstone.format import CapstoneError

MAX_HEADER = 1 << 18
"""Bytes; the header of the course's largest model has 8 KiB."""
MAX_NAME = 128
"""Characters."""
FLOATS = (torch.float32, torch.float16, torch.bfloat16)
"""What weights may be of."""
SHOWN = 3
"""Names in a sentence."""


def read_tensors(data: bytes, file: str) -> dict[str, Tensor]:
    """The tensors of a safetensors file, each in memory of its own, by name. Raises CapstoneError."""
    length = int.from_bytes(data[:8], "little")
    if length > MAX_HEADER:
        raise CapstoneError(f"{file} announces a header of {length:,} bytes, over the limit of {MAX_HEADER:,}.")
    try:
        tensors = load(data)
    except (SafetensorError, KeyError) as error:
        raise CapstoneError(f"{file} is no whole safetensors file: hand it in as the capstone saved it.") from error
    for name, tensor in tensors.items():
        if not name.isprintable() or not 0 < len(name) <= MAX_NAME:
            raise CapstoneError(
                f"{file} holds a tensor whose name is none: names are printable, of 1 to {MAX_NAME} characters."
            )
        if tensor.dtype in FLOATS and not torch.isfinite(tensor).all():
            raise CapstoneError(
                f"{file}: {name} holds NaN or infinity: look for the step at which the loss was not finite."
            )
    return tensors


def check_shapes(tensors: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]], file: str) -> None:
    """Raise CapstoneError where tensors are not those of these names and shapes."""
    if missing := sorted(shapes.keys() - tensors.keys()):
        raise CapstoneError(f"{file} lacks {_some(missing)}: save all weights of the decoder under its names.")
    if strange := sorted(tensors.keys() - shapes.keys()):
        raise CapstoneError(f"{file} holds {_some(strange)}, which the decoder does not have: save its weights alone.")
    for name, shape in shapes.items():
        if tuple(tensors[name].shape) != shape:
            raise CapstoneError(f"{file}: {name} has the shape {tuple(tensors[name].shape)}, and {shape} is expected.")


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
