"""What counts as the same value, and what is said first about one that is not."""

import math
from copy import deepcopy

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from llm_course.checking.compare import MINIMUM_SLACK, agree, identical, mismatch
from llm_course.checking.values import Opaque


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0 + 1e-7])),
        (torch.tensor([1.0, 2.0], dtype=torch.float64), torch.tensor([1.0, 2.0])),
        (torch.tensor([1, 2], dtype=torch.int32), torch.tensor([1, 2])),
        (torch.tensor([math.inf, math.nan, -math.inf]), torch.tensor([math.inf, math.nan, -math.inf])),
        ([torch.ones(2), 3], (torch.ones(2), 3)),
        (1, 1.0),
        ({"a": None}, {"a": None}),
        (torch.empty(0, 3), torch.empty(0, 3)),
    ],
)
def test_same(actual: object, expected: object) -> None:
    assert agree(actual, expected)


ALIKE = [
    torch.tensor([1.0, math.nan, -math.inf]),
    torch.tensor([[1, 2]], dtype=torch.int8),
    torch.tensor(2.5, dtype=torch.bfloat16),
    torch.tensor([True, False]),
    torch.empty(0, 3),
    [(1, 2.5), {"a": None, "b": "text"}, -0.0, True],
]


@pytest.mark.parametrize("value", ALIKE, ids=str)
def test_what_is_identical_agrees(value: object) -> None:
    copy = deepcopy(value)
    assert identical(copy, value) and agree(copy, value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (torch.tensor([1.0]), torch.tensor([1.0 + 1e-7])),
        (torch.tensor([0.0]), torch.tensor([-0.0])),
        (torch.tensor([1.0]), torch.tensor([1.0], dtype=torch.float64)),
        (torch.tensor([1.0]), torch.tensor([[1.0]])),
        (torch.tensor([1.0]), torch.nn.Parameter(torch.tensor([1.0]))),
        (torch.eye(2).to_sparse(), torch.eye(2)),
        (torch.eye(2).to_sparse(), torch.eye(2).to_sparse()),
        (torch.tensor([1j]).conj().imag, torch.tensor([-1.0])),
        (1, 1.0),
        (1, True),
        (0.0, -0.0),
        ([1], (1,)),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (Opaque("function"), Opaque("function")),
        pytest.param(object(), None, id="an object"),
    ],
    ids=str,
)
def test_what_may_look_different_is_not_identical(one: object, other: object) -> None:
    assert not identical(one, other)


def test_a_tensor_with_gaps_or_that_requires_gradients_is_identical_to_its_plain_copy() -> None:
    plain = torch.arange(6.0).reshape(2, 3)
    assert identical(torch.arange(12.0).reshape(2, 6)[:, ::2] / 2, torch.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]))
    assert identical(plain.clone().requires_grad_(), plain)


@pytest.mark.parametrize(
    ("actual", "told"),
    [
        (torch.ones(2, 3), "(2, 3)"),
        (torch.empty(0, 20_719), ""),
        (torch.empty(0, *[1] * 6), ""),
        ([0] * 20_719, ""),
        (tuple([0] * 20_719), ""),
    ],
)
@pytest.mark.parametrize("expected", [torch.ones(2), (torch.ones(2), torch.ones(2)), {"a": 1}])
def test_no_shape_or_length_is_told_that_could_be_a_message(actual: object, told: str, expected: object) -> None:
    found = mismatch(actual, expected)
    assert found is not None and told in found
    assert told or not any(text in found for text in ("20719", "1, 1, 1"))


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.001])),
        (torch.tensor([math.nan, 2.0]), torch.tensor([1.0, 2.0])),
        (torch.tensor([1.0, 2.0]), torch.tensor([math.nan, 2.0])),
        (torch.tensor([math.inf]), torch.tensor([-math.inf])),
        (torch.tensor([1e300], dtype=torch.float64), torch.tensor([1.0])),
        (torch.tensor([1.0, 0.0]), torch.tensor([True, False])),
        (torch.tensor([2, 1]), torch.tensor([True, True])),
        (torch.tensor([1 << 33]), torch.tensor([0], dtype=torch.int32)),
        (torch.tensor([253], dtype=torch.uint8), torch.tensor([-3], dtype=torch.int8)),
        ((1, 2), [1, 2]),
        ([1, 2, 3], [1, 2]),
        (True, 1),
        (1, True),
        (torch.tensor(1.0), 1.0),
        (Opaque("numpy.ndarray"), torch.ones(2)),
        (math.nan, 1.0),
        (10**400, 1.0),
        ({"a": 1}, {"b": 1}),
        (None, torch.ones(1)),
    ],
)
def test_different(actual: object, expected: object) -> None:
    assert not agree(actual, expected)


def test_the_first_thing_is_said() -> None:
    expected = torch.ones(2, 3)
    assert mismatch([1], expected) == "it returned a list of 1, expected a tensor"
    assert mismatch(torch.ones(3, 2, dtype=torch.int64), expected) == "the shape is (3, 2), expected (2, 3)"
    assert mismatch(torch.ones(2, 3, dtype=torch.int64), expected) == "the dtype is int64, expected float32"
    assert mismatch(torch.zeros(2, 3), expected) is None


EDGES = [0.0, -0.0, 1.0, 1.0 + 2.0**-23, 1.0 + 2.0**-16, 1e-46, 3.5e38, -1e300, math.inf, -math.inf, math.nan]


@given(*[st.floats(width=64) | st.sampled_from(EDGES)] * 2, st.sampled_from([MINIMUM_SLACK, 1e6]))
@example(1.0, 1.0 + 2.0**-16, MINIMUM_SLACK)
@example(3.5e38, math.inf, MINIMUM_SLACK)
def test_numbers_agree_as_they_would_in_tensors_of_float32(actual: float, expected: float, slack: float) -> None:
    tensors = torch.tensor(actual, dtype=torch.float32), torch.tensor(expected, dtype=torch.float32)
    assert agree(actual, expected, slack) == agree(*tensors, slack)
