"""Safetensors are read as hostile bytes: what a file claims costs nothing before it is checked."""

import json
import struct
import tracemalloc
from typing import Any

import pytest
import torch
from safetensors.torch import save

from autograder.capstone.tensors import MAX_HEADER, check_shapes, read_tensors
from llm_course.capstone.format import CapstoneError

EIGHT_BYTES = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
ONE = json.dumps(EIGHT_BYTES)


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


WHOLE = "is no whole safetensors file"
HOSTILE = {
    "empty": (b"", WHOLE),
    "pickle": (b"\x80\x04\x95cposix\nsystem\n", "header of"),
    "ten gigabytes of header": (struct.pack("<Q", 10 << 30) + b"{}", "header of 10,737,418,240 bytes"),
    "header beyond the end": (struct.pack("<Q", 1000) + b"{}", WHOLE),
    "no JSON": (written(b"{"), WHOLE),
    "no UTF-8": (written(b"\xff"), WHOLE),
    "deep": (written(b'{"a":' + b"[" * 100_000), WHOLE),
    "a list": (written([]), WHOLE),
    "NaN in the header": (written(b'{"a": NaN}'), WHOLE),
    "endless number": (written(b'{"a": ' + b"9" * 10_000 + b"}"), WHOLE),
    "nothing": (written({}), WHOLE),
    "too few bytes for many": (
        written({f"{n}": {**EIGHT_BYTES, "data_offsets": [8 * n, 8 * n + 8]} for n in range(2000)}), WHOLE,
    ),
    "name that breaks a line": (written({"a\nb": EIGHT_BYTES}), "name is none"),
    "name that breaks a line and a place that is none": (written({"a\nb": EIGHT_BYTES, "c": EIGHT_BYTES}), WHOLE),
    "dtype of no tensor": (written({"a": {**EIGHT_BYTES, "dtype": "F4", "shape": [16]}}), WHOLE),
    "dtype that is no text": (written({"a": {**EIGHT_BYTES, "dtype": []}}), WHOLE),
    "negative shape": (written({"a": {**EIGHT_BYTES, "shape": [-2]}}), WHOLE),
    "shape of a bool": (written({"a": {**EIGHT_BYTES, "shape": [True, 2]}}), WHOLE),
    "terabytes": (written({"a": {**EIGHT_BYTES, "shape": [1 << 30, 1 << 10]}}), WHOLE),
    "empty tensor": (written({"a": {**EIGHT_BYTES, "shape": [0], "data_offsets": [0, 0]}}), WHOLE),
    "offsets turned": (written({"a": {**EIGHT_BYTES, "data_offsets": [8, 0]}}), WHOLE),
    "offsets beyond": (written({"a": {**EIGHT_BYTES, "data_offsets": [0, 8]}}, bytes(4)), WHOLE),
    "aliases": (written({"a": EIGHT_BYTES, "b": EIGHT_BYTES}), WHOLE),
    "gap": (written({"a": {**EIGHT_BYTES, "data_offsets": [8, 16]}}, bytes(16)), WHOLE),
    "hidden bytes": (written({"a": EIGHT_BYTES}, bytes(64)), WHOLE),
    "NaN": (save({"a": torch.tensor([1.0, float("nan")])}), "a holds NaN"),
    "infinity in half": (save({"a": torch.tensor([1.0, float("inf")]).half()}), "a holds NaN or infinity"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_are_answered_in_one_sentence(name: str) -> None:
    data, said = HOSTILE[name]
    tracemalloc.start()
    try:
        with pytest.raises(CapstoneError) as fault:
            read_tensors(data, "model.safetensors")
        assert tracemalloc.get_traced_memory()[1] < 40 * MAX_HEADER
    finally:
        tracemalloc.stop()
    assert said in str(fault.value)
    assert str(fault.value).startswith("model.safetensors") and "\n" not in str(fault.value)


@pytest.mark.parametrize(
    "header", [f'{{"a": {ONE}, "a": {ONE}}}', f'{{"a": {ONE[:-1]}, "code": "exit()"}}}}'], ids=["twice", "more fields"]
)
def test_what_a_header_says_beside_its_tensors_changes_none(header: str) -> None:
    assert read_tensors(written(header.encode()), "m")["a"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float8_e4m3fn, torch.bool, torch.complex64])
def test_numbers_of_every_dtype_are_read(dtype: torch.dtype) -> None:
    """That they are none of a model's is told beside the model's shapes."""
    assert read_tensors(save({"a": torch.zeros(4, dtype=dtype)}), "m")["a"].numel() == 4


def test_names_and_shapes_are_those_of_the_decoder() -> None:
    tensors = {"a": torch.zeros(2, 3), "b": torch.zeros(4)}
    check_shapes(tensors, {"a": (2, 3), "b": (4,)}, "m")
    for shapes, said in (
        ({"a": (2, 3)}, "holds b"),
        ({"a": (2, 3), "b": (4,), "c": (1,)}, "lacks c"),
        ({"a": (3, 2), "b": (4,)}, r"a has the shape \(2, 3\)"),
    ):
        with pytest.raises(CapstoneError, match=said):
            check_shapes(tensors, shapes, "m")
