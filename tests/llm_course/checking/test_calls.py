"""Calls are made alike, whatever a notebook has set."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from llm_course.checking.calls import Call, call_from_text, call_to_text
from llm_course.checking.invocation import invoke


def test_the_default_dtype_of_a_notebook_changes_no_reply() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        reply = invoke(lambda n: torch.ones(n), Call({"n": 2}))
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert reply.value.dtype == torch.float32


def test_autocast_that_a_notebook_left_open_changes_no_reply() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        reply = invoke(lambda x: x @ x, Call({"x": torch.ones(2, 2)}))
    assert reply.value.dtype == torch.float32


@pytest.mark.parametrize("function", [lambda x, y: [y[:1]], lambda x, y: (1, {"a": y}), lambda x, y: y.T])
def test_memory_that_comes_back_is_seen_where_asked_for(function: Callable[..., Any]) -> None:
    arguments = {"x": torch.ones(2, 2), "y": torch.ones(2, 2)}
    call = call_from_text(call_to_text(Call(arguments, new=True)))
    assert invoke(function, call).changed == ("y",)
    assert invoke(function, Call(arguments)).changed == ()
    assert invoke(lambda x, y: y.clone(), call).changed == ()


def test_a_list_that_comes_back_is_seen_where_asked_for() -> None:
    call = call_from_text(call_to_text(Call({"x": [{"a": 1}]}, new=True)))
    assert invoke(lambda x: x, call).changed == ("x",)
    assert invoke(lambda x: list(x), call).changed == ()


@pytest.mark.parametrize("number", [np.float32(1.5), np.int64(3), np.bool_(True)])
def test_a_number_of_numpy_is_a_number(number: np.generic) -> None:
    value = invoke(lambda: [number], Call({})).value
    assert value == [number] and type(value[0]) is type(number.item())


def test_an_exception_without_a_message_says_that_there_is_none() -> None:
    def silent(x: int) -> int:
        raise ValueError

    failure = invoke(silent, Call({"x": 1})).failure
    assert failure is not None
    assert failure.message == "it came without a message"
