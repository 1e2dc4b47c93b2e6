"""Values make the round trip, and data that lie about themselves are refused."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from llm_course.checking.compare import agree
from llm_course.checking.values import Opaque, ValueFormatError, decode, encode, from_text, size_of, to_text


def test_layout_and_gradient_mark_come_back() -> None:
    strided = torch.randn(3, 4).T.requires_grad_()
    back = from_text(to_text(strided))
    assert not back.is_contiguous() and back.requires_grad
    assert torch.equal(back, strided)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4), (1, 2, 3, 4)])
def test_a_tensor_with_gaps_cannot_be_viewed_as_one_row(shape: tuple[int, ...]) -> None:
    back = from_text(to_text(torch.ones(shape).transpose(-1, -2)))
    with pytest.raises(RuntimeError, match="view"):
        back.view(-1)
    with pytest.raises(RuntimeError, match="view"):
        back.view(*back.shape[:-2], -1)


def test_what_is_not_sent_is_named() -> None:
    import numpy

    assert from_text(to_text(numpy.zeros(2))) == Opaque("numpy.ndarray")
    assert from_text(to_text({1: 2})) == Opaque("dict")
    assert from_text(to_text(torch.zeros(2, 2).to_sparse())) == Opaque("a tensor of another kind")
    assert "over" in from_text(to_text(torch.zeros(1).expand(1 << 40))).type_name
    nested: list[object] = []
    for _ in range(100):
        nested = [nested]
    assert "nested too deeply" in to_text(nested)


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"a": 1, "b": 2},
        {"tensor": None},
        {"tensor": {"dtype": "float32", "shape": [2]}},
        {"tensor": {"dtype": "float32", "shape": [-1]}},
        {"tensor": {"dtype": "float32", "shape": [True]}},
        {"tensor": {"dtype": "float32", "shape": [1.0]}},
        {"tensor": {"dtype": "float32", "shape": [1 << 50]}},
        {"tensor": {"dtype": "float32", "shape": [1] * 100}},
        {"tensor": {"dtype": "complex64", "shape": [1]}},
        {"tensor": {"dtype": "float32"}},
        {"tensor": {"shape": [1]}},
        {"tensor": {"dtype": "object", "shape": [1]}},
        {"tensor": {"dtype": ["float32"], "shape": [1]}},
        {"tensor": {"dtype": "float32", "shape": "11"}},
        {"tensor": {"dtype": "float32", "shape": [0, 1 << 39, 1 << 39]}},
        {"tensor": {"dtype": "float32", "shape": [0, 1 << 38], "contiguous": False}},
        {"tuple": 3},
        {"dict": []},
        {"bytes": "*"},
        {"generator": -1},
        {"generator": True},
        {"linear": [1, 2]},
        {"sequential": [1]},
        {"sequential": [0]},
        {"sequential": [{"sequential": []}, True]},
        {"sequential": [{"sequential": []}, -1]},
        {"function": "eval"},
        {"function": ["add"]},
        {"pickle": "x"},
    ],
)
def test_lies_are_refused(tree: object) -> None:
    with pytest.raises(ValueFormatError):
        decode(tree, b"")


def test_bytes_left_over_are_refused() -> None:
    tree, buffers = encode(torch.ones(2))
    with pytest.raises(ValueFormatError, match="more than"):
        decode(tree, b"".join(buffers) + b"x")


KEYS = st.sampled_from(["a", "b", "tensor", "tuple", "linear", "dict", "function"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=10,
)


@given(JSON, st.binary(max_size=16))
def test_any_tree_ends_in_a_value_or_an_error(tree: object, data: bytes) -> None:
    try:
        value = decode(tree, data)
    except ValueFormatError:
        return
    assert agree(decode(tree, data), value)


def test_tensors_without_elements_take_memory_too() -> None:
    # A reply of eight megabytes can hold so many; each takes some 400 bytes.
    assert size_of([torch.empty(0)] * 150_000) > 150_000 * 400


def test_a_single_number_out_of_a_larger_tensor_makes_the_round_trip() -> None:
    number = torch.arange(24.0).reshape(2, 3, 4)[:1, 1, 2]
    assert number.stride() != (1,)
    assert torch.equal(from_text(to_text(number)), number)
