"""Values as data: a JSON tree, and the raw bytes of its tensors beside it.

Arguments and replies are sent in this form between the judge and the sandbox where learners' code runs, and the
learner's own checks are stored in it. Nothing is ever unpickled, and each dtype, shape and length is checked
before anything is built.

Contents:
    encode, decode          value <-> (tree, buffers)
    to_text, from_text      value <-> one JSON string, tensors as base64
    Opaque                  what decode gives for a value of a type that is not sent
    plain_text              a text from a sandbox, as files can hold it
"""

from __future__ import annotations

import base64
import builtins
import json
import math
from dataclasses import dataclass
from typing import Any

from llm_course.checking import functions
from llm_course.checking.tensors import INSTALLED, Generator, Linear, Module, Sequential, Tensor, torch

Tree = Any
"""None, bool, int, float, str, a list of trees, or a dict with the one key that names its kind."""

DTYPES = {
    name: getattr(torch, name)
    for name in ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
    if INSTALLED
}
SCALARS = frozenset({bool, int, float, str, type(None)})
"""What most parts of a value are, and what need not be looked into."""
MAX_BYTES = 32 << 20
"""The largest tensor that is sent."""
MAX_DEPTH = 20
MAX_DIMENSIONS = 16
MAX_OBJECTS = 100
"""The most generators, layers and functions in one value."""
MAX_PARTS = 200_000
"""The most values, counted at every depth, of which one value may be made."""
TENSOR_BYTES = 500
"""What a tensor takes besides its elements, of which it may have none."""
TYPES = frozenset(
    [
        *(name for name, thing in vars(builtins).items() if isinstance(thing, type)),
        *("coroutine", "function", "generator", "module", "method", "builtin_function_or_method", "collections.deque"),
        *("numpy.ndarray", "numpy.float32", "numpy.float64", "numpy.int64", "numpy.bool_", "numpy.bool"),
        "a value nested too deeply",
        f"a tensor over {MAX_BYTES >> 20} MiB",
        "a tensor of another kind",
    ]
)
"""What is said of values that are not sent. Any other name could be the learner's own words."""


class ValueFormatError(ValueError):
    """The data does not describe a value."""


@dataclass(frozen=True)
class Opaque:
    """Stands for a value of a type that is not sent, such as a NumPy array."""

    type_name: str


def encode(value: object) -> tuple[Tree, list[bytes]]:
    """Turn a value into a tree and the bytes of its tensors, in the order of the tree."""
    buffers: list[bytes] = []
    return _encode(value, buffers, 0), buffers


def decode(tree: Tree, buffers: bytes | bytearray | memoryview) -> Any:
    """Build the value that `encode` described.

    Raises:
        ValueFormatError: if the tree is of no known form, or the bytes are not exactly those it names.
    """
    reader = _Reader(memoryview(buffers))
    value = _decode(tree, reader, 0)
    if reader.remaining:
        raise ValueFormatError(f"{reader.remaining} bytes more than the tensors need")
    return value


def size_of(value: object) -> int:
    """About how many bytes of memory a decoded value takes."""
    if isinstance(value, Tensor):
        return TENSOR_BYTES + value.numel() * value.itemsize
    if isinstance(value, Module):
        return 100 + sum(map(size_of, value.parameters()))
    if isinstance(value, (list, tuple)):
        return 100 + sum(map(size_of, value))
    if isinstance(value, dict):
        return 100 + sum(size_of(key) + size_of(item) for key, item in value.items())
    return 100 + len(value) if isinstance(value, (str, bytes)) else 100


def plain_text(text: str, length: int) -> str:
    """At most `length` characters of a text from a sandbox, without what no file can hold."""
    return text[:length].encode("utf-8", "replace").decode("utf-8").replace("\0", "?")


def to_text(value: object) -> str:
    """Encode a value as one line of JSON."""
    tree, buffers = encode(value)
    return json.dumps({"tree": tree, "bytes": base64.b64encode(b"".join(buffers)).decode("ascii")})


def from_text(text: str) -> Any:
    """Decode what `to_text` wrote. Raises ValueFormatError where the text is something else."""
    try:
        data = json.loads(text)
        tree, buffers = data["tree"], base64.b64decode(data["bytes"], validate=True)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueFormatError("the text is not an encoded value") from error
    return decode(tree, buffers)


def _encode(value: object, buffers: list[bytes], depth: int) -> Tree:
    if depth > MAX_DEPTH:
        return {"opaque": "a value nested too deeply"}
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Tensor):
        return _encode_tensor(value, buffers)
    if isinstance(value, list):
        return [_encode(item, buffers, depth + 1) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [_encode(item, buffers, depth + 1) for item in value]}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: _encode(item, buffers, depth + 1) for key, item in value.items()}}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, Generator):
        return {"generator": value.initial_seed()}
    if type(value) is Linear:
        return {"linear": [_encode(value.weight, buffers, depth + 1), _encode(value.bias, buffers, depth + 1)]}
    if type(value) is Sequential:
        return {"sequential": _encode_layers(list(value), buffers, depth + 1)}
    if name := functions.name_of(value):
        return {"function": name}
    if isinstance(value, Opaque):
        return {"opaque": value.type_name}
    return {"opaque": f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")}


def _encode_layers(layers: list[Module], buffers: list[bytes], depth: int) -> list[Tree]:
    """The layers of a sequence; one that stood in it before is the number of its first place."""
    first = [next(place for place, other in enumerate(layers) if other is layer) for layer in layers]
    return [
        _encode(layer, buffers, depth) if first[place] == place else first[place] for place, layer in enumerate(layers)
    ]


def _encode_tensor(tensor: Tensor, buffers: list[bytes]) -> Tree:
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype not in DTYPES or tensor.layout != torch.strided or tensor.device.type != "cpu":
        return {"opaque": "a tensor of another kind"}
    if tensor.numel() * tensor.itemsize > MAX_BYTES:
        return {"opaque": f"a tensor over {MAX_BYTES >> 20} MiB"}
    plain = tensor.detach().resolve_conj().resolve_neg().contiguous()
    # A single number counts as contiguous whatever its stride, and with another than 1 it is no view of bytes.
    flat = plain.reshape(-1).clone(memory_format=torch.contiguous_format) if plain.numel() == 1 else plain.reshape(-1)
    buffers.append(flat.view(torch.uint8).numpy().tobytes() if plain.numel() else b"")
    return {
        "tensor": {
            "dtype": dtype,
            "shape": list(tensor.shape),
            "contiguous": tensor.is_contiguous(),
            "requires_grad": tensor.requires_grad,
        }
    }


class _Reader:
    def __init__(self, buffer: memoryview) -> None:
        self._buffer = buffer
        self._position = 0
        self._objects = 0
        self._parts = 0

    @property
    def remaining(self) -> int:
        return len(self._buffer) - self._position

    def take(self, length: int) -> bytearray:
        if length > self.remaining:
            raise ValueFormatError(f"a tensor needs {length} bytes and {self.remaining} are left")
        self._position += length
        return bytearray(self._buffer[self._position - length : self._position])

    def count_part(self) -> None:
        # Two characters of data become sixty bytes of empty list.
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise ValueFormatError(f"more than {MAX_PARTS} values in one")

    def count_object(self) -> None:
        # Twenty characters of data become five thousand bytes of generator.
        self._objects += 1
        if self._objects > MAX_OBJECTS:
            raise ValueFormatError(f"more than {MAX_OBJECTS} generators, layers and functions in one")


def _decode(tree: Tree, reader: _Reader, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise ValueFormatError("the value is nested too deeply")
    reader.count_part()
    if tree is None or isinstance(tree, (bool, int, float, str)):
        return tree
    if isinstance(tree, list):
        return [_decode(item, reader, depth + 1) for item in tree]
    if not isinstance(tree, dict) or len(tree) != 1:
        raise ValueFormatError("a tree is a plain value, a list, or a dict with one key")
    (kind, content), *_ = tree.items()
    if kind == "tensor":
        return _decode_tensor(content, reader)
    if kind == "tuple" and isinstance(content, list):
        return tuple(_decode(item, reader, depth + 1) for item in content)
    if kind == "dict" and isinstance(content, dict):
        return {key: _decode(item, reader, depth + 1) for key, item in content.items()}
    if kind == "bytes" and isinstance(content, str):
        return _decode_bytes(content)
    # `type(content) is int`: True is an int too.
    if kind == "generator" and type(content) is int and 0 <= content < 1 << 63:
        reader.count_object()
        return Generator().manual_seed(content)
    if kind == "linear" and isinstance(content, list) and len(content) == 2:
        reader.count_object()
        return _linear(*(_decode(item, reader, depth + 1) for item in content))
    if kind == "sequential" and isinstance(content, list):
        reader.count_object()
        return _sequential([_decode(item, reader, depth + 1) for item in content])
    if kind == "function" and isinstance(content, str) and content in functions.MAKERS:
        reader.count_object()
        return functions.named(content)
    if kind == "opaque" and isinstance(content, str):
        return Opaque(content if content in TYPES else "a value of another type")
    raise ValueFormatError(f"unknown kind of value {kind!r}")


def _linear(weight: Any, bias: Any) -> Linear:
    if not isinstance(weight, Tensor) or weight.dim() != 2 or not isinstance(bias, (Tensor, type(None))):
        raise ValueFormatError("a linear layer is a matrix and a bias")
    if not weight.is_floating_point() or (bias is not None and bias.shape != weight.shape[:1]):
        raise ValueFormatError("a linear layer's weight and bias do not fit")
    layer = Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta")
    layer.weight = torch.nn.Parameter(weight.detach(), requires_grad=weight.requires_grad)
    if bias is not None:
        layer.bias = torch.nn.Parameter(bias.detach(), requires_grad=bias.requires_grad)
    return layer


def _sequential(layers: list[Any]) -> Sequential:
    found: list[Module] = []
    for layer in layers:
        # `type(layer) is int`: True is an int too. A sequence in several places, each of its parts one too, grows
        # without end when it is shown.
        if type(layer) is int and 0 <= layer < len(found) and isinstance(found[layer], Linear):
            layer = found[layer]
        if not isinstance(layer, Module):
            raise ValueFormatError("a sequence of layers holds something else")
        found.append(layer)
    return Sequential(*found)


def _decode_bytes(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except ValueError as error:
        raise ValueFormatError("bytes are not base64") from error


def _decode_tensor(content: Tree, reader: _Reader) -> Tensor:
    # What a sandbox sends as dtype need not be hashable.
    name = content.get("dtype") if isinstance(content, dict) else None
    if not isinstance(name, str) or name not in DTYPES:
        raise ValueFormatError("a tensor without a known dtype")
    dtype, shape = DTYPES[name], content.get("shape")
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
        raise ValueFormatError("a tensor without a shape")
    # `type(size) is int`: True is an int too.
    if not all(type(size) is int and 0 <= size < 1 << 40 for size in shape):
        raise ValueFormatError(f"a tensor's shape is made of sizes, not {shape!r}")
    # A tensor without elements may claim sizes whose strides overflow.
    if math.prod(max(size, 1) for size in shape) * dtype.itemsize > MAX_BYTES:
        raise ValueFormatError(f"a tensor of shape {shape!r} is over {MAX_BYTES >> 20} MiB")
    data = reader.take(math.prod(shape) * dtype.itemsize)
    tensor = _from_bytes(data, dtype).reshape(shape) if data else torch.empty(shape, dtype=dtype)
    if content.get("contiguous") is False:
        tensor = _spread(tensor)
    return tensor.requires_grad_(content.get("requires_grad") is True and dtype.is_floating_point)


def _from_bytes(data: bytearray, dtype: torch.dtype) -> Tensor:
    if dtype == torch.bool:
        # A byte that is neither 0 nor 1 would make a truth value whose comparisons nobody can rely on.
        return torch.frombuffer(data, dtype=torch.uint8) != 0
    return torch.frombuffer(data, dtype=dtype)


def _spread(tensor: Tensor) -> Tensor:
    """The same values with gaps between them, so that the tensor is not contiguous."""
    if not tensor.dim():
        return tensor
    *outer, last = tensor.shape
    # One number more per row: with gaps of one size everywhere, `view` could still join the rows.
    return tensor.new_zeros((*outer, 2 * last + 1))[..., : 2 * last : 2].copy_(tensor)
