"""Calls are made alike, whatever a notebook has set."""

import random
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


def test_repeated_calls_draw_from_one_generator_that_moves_on() -> None:
    def draw(generator: torch.Generator) -> float:
        return torch.rand((), generator=generator).item()

    arguments = {"generator": torch.Generator().manual_seed(5)}
    found = invoke(draw, Call(arguments, repeat=3)).value
    assert found == torch.rand(3, generator=torch.Generator().manual_seed(5)).tolist()
    # The next call begins where this one began.
    assert invoke(draw, Call(arguments, repeat=3)).value == found


@pytest.mark.parametrize(
    ("use", "changed"),
    [
        (lambda: random.Random(3).random(), ()),
        (lambda: random.seed(3), ("random",)),
        (lambda: np.random.rand(2), ("numpy.random",)),
        (lambda: torch.manual_seed(3), ("torch.random",)),
    ],
)
def test_use_of_a_global_generator_is_seen_where_asked_for(use: Callable[[], Any], changed: tuple[str, ...]) -> None:
    def function() -> int:
        use()
        return 1

    call = call_from_text(call_to_text(Call({}, generators=True)))
    assert invoke(function, call).changed == changed
    assert invoke(function, Call({})).changed == ()


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
