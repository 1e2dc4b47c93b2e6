"""Safetensors are read as hostile bytes: what a file claims costs nothing before it is checked."""

import json
import struct
import tracemalloc
from typing import Any

import pytest
import torch
from safetensors.torch import save

from autograder.capstone.tensors import MAX_HEADER, FileFault, check_shapes, read_tensors

EIGHT_BYTES = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def written(header: Any, numbers: bytes = bytes(8)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + numbers


def test_what_the_library_writes_is_read() -> None:
    tensors = {
        "b": torch.randn(3, 2),
        "a": torch.randn(5).half(),
        "c": torch.arange(4, dtype=torch.int8),
        "d": torch.randn(2, 2).bfloat16(),
    }
    read = read_tensors(save(tensors, metadata={"format": "pt"}), "model.safetensors")
    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[name], tensor) and read[name].dtype == tensor.dtype for name, tensor in tensors.items())


HOSTILE = {
    "empty": (b"", "no safetensors"),
    "pickle": (b"\x80\x04\x95cposix\nsystem\n", "header of"),
    "ten gigabytes of header": (struct.pack("<Q", 10 << 30) + b"{}", "header of 10,737,418,240 bytes"),
    "header beyond the end": (struct.pack("<Q", 1000) + b"{}", "ends within its header"),
    "no JSON": (written(b"{"), "no header in JSON"),
    "no UTF-8": (written(b"\xff"), "no header in JSON"),
    "deep": (written(b'{"a":' + b"[" * 100_000), "no header in JSON"),
    "a list": (written([]), "names no tensors"),
    "NaN in the header": (written(b'{"a": NaN}'), "no header in JSON"),
    "endless number": (written(b'{"a": ' + b"9" * 10_000 + b"}"), "no header in JSON"),
    "twice": (written(f'{{"a": {json.dumps(EIGHT_BYTES)}, "a": {json.dumps(EIGHT_BYTES)}}}'.encode()), "twice"),
    "nothing": (written({}), "holds 0 tensors"),
    "too many": (written({f"{n}": {**EIGHT_BYTES, "data_offsets": [8 * n, 8 * n + 8]} for n in range(2000)}), "2000"),
    "name that breaks a line": (written({"a\nb": EIGHT_BYTES}), "name is none"),
    "dtype": (written({"a": {**EIGHT_BYTES, "dtype": "F64", "shape": [1]}}), "another dtype"),
    "dtype that is no text": (written({"a": {**EIGHT_BYTES, "dtype": []}}), "another dtype"),
    "negative shape": (written({"a": {**EIGHT_BYTES, "shape": [-2]}}), "no shape"),
    "shape of a bool": (written({"a": {**EIGHT_BYTES, "shape": [True, 2]}}), "no shape"),
    "terabytes": (written({"a": {**EIGHT_BYTES, "shape": [1 << 30, 1 << 10]}}), "takes 8 bytes"),
    "empty tensor": (written({"a": {**EIGHT_BYTES, "shape": [0], "data_offsets": [0, 0]}}), "takes 0 bytes"),
    "offsets turned": (written({"a": {**EIGHT_BYTES, "data_offsets": [8, 0]}}), "no place"),
    "offsets beyond": (written({"a": {**EIGHT_BYTES, "data_offsets": [0, 8]}}, bytes(4)), "ends within its tensors"),
    "aliases": (written({"a": EIGHT_BYTES, "b": EIGHT_BYTES}), "shares bytes"),
    "gap": (written({"a": {**EIGHT_BYTES, "data_offsets": [8, 16]}}, bytes(16)), "unused bytes before it"),
    "hidden bytes": (written({"a": EIGHT_BYTES}, bytes(64)), "unused bytes at its end"),
    "more fields": (written({"a": {**EIGHT_BYTES, "code": ""}}), "nothing else"),
    "NaN": (save({"a": torch.tensor([1.0, float("nan")])}), "a holds NaN"),
    "infinity in half": (save({"a": torch.tensor([1.0, float("inf")]).half()}), "a holds NaN or infinity"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_are_answered_in_one_sentence(name: str) -> None:
    data, said = HOSTILE[name]
    tracemalloc.start()
    try:
        with pytest.raises(FileFault) as fault:
            read_tensors(data, "model.safetensors")
        assert tracemalloc.get_traced_memory()[1] < 40 * MAX_HEADER
    finally:
        tracemalloc.stop()
    assert said in str(fault.value)
    assert str(fault.value).startswith("model.safetensors") and "\n" not in str(fault.value)


def test_names_and_shapes_are_those_of_the_decoder() -> None:
    tensors = {"a": torch.zeros(2, 3), "b": torch.zeros(4)}
    check_shapes(tensors, {"a": (2, 3), "b": (4,)}, "m")
    for shapes, said in (
        ({"a": (2, 3)}, "holds b"),
        ({"a": (2, 3), "b": (4,), "c": (1,)}, "lacks c"),
        ({"a": (3, 2), "b": (4,)}, r"a has the shape \(2, 3\)"),
    ):
        with pytest.raises(FileFault, match=said):
            check_shapes(tensors, shapes, "m")
