"""A function whose parameters have other names than the stub's is called by place, where the places are clear."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
from torch import Tensor, nn, ones

from llm_course.checking.calls import Call, call_from_text, call_to_text
from llm_course.checking.invocation import invoke

CALL = Call({"a": 1, "b": 2}, parameters=("a", "b", "c"))


def only(a: int, b: int, /) -> list[int]:
    return [a, b]


def by_keyword(*, a: int, b: int) -> list[int]:
    return [a, b]


def kept(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(x: int, y: int) -> Any:
        return function(x, y)

    return wrapper


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b, c=0: [a, b],
        lambda a, b: [a, b],
        lambda first, b: [first, b],
        lambda a, second, third=3: [a, second],
        lambda first, second, third=3, more=4: [first, second],
        lambda b, a: [a, b],
        lambda **arguments: [*arguments.values()],
        lambda *arguments: [*arguments],
        lambda first, *others: [first, *others],
        lambda *first, b: [*first, b],
        only,
        by_keyword,
        kept(lambda x, y: [x, y]),
    ],
)
def test_renamed_parameters_are_called_by_place(function: Callable[..., Any]) -> None:
    assert invoke(function, CALL).value == [1, 2]


@pytest.mark.parametrize(
    "function",
    [lambda b, other: None, lambda a, x, b: None, lambda a: None, lambda: None, lambda x, y, z: None, lambda x, a: 0],
)
def test_parameters_whose_places_are_not_clear_are_a_failure_of_their_own(function: Callable[..., Any]) -> None:
    failure = invoke(function, CALL).failure
    assert failure is not None and failure.type == "Parameters"


def test_an_error_of_the_function_stays_its_own() -> None:
    calls = []

    def function(x: int, y: int) -> Any:
        calls.append(x)
        return only(x, y, 3)  # type: ignore[call-arg]

    failure = invoke(function, CALL).failure
    assert failure is not None and failure.type == "TypeError" and "positional" in failure.message
    assert calls == [1]


def test_methods_of_a_class_may_rename_too() -> None:
    class Layer(nn.Module):
        def __init__(self, width: int, factor: float) -> None:
            super().__init__()
            self.factor = factor

        def forward(self, inputs: Tensor) -> Tensor:
            return inputs * self.factor

        def scaled(self, by: float) -> float:
            return self.factor * by

    script = (("call", {"x": ones(2)}), ("method", "scaled", {"scale": 3.0}))
    call = Call({"size": 2, "factor": 2.0}, script=script, parameters=("size", "factor"))
    value = invoke(Layer, call).value
    assert [value[0].tolist(), value[1]] == [[2.0, 2.0], 6.0]
    reply = invoke(Layer, Call(call.arguments, script=(("method", "scaled", {}),), parameters=call.parameters))
    assert reply.failure is not None and reply.failure.type == "TypeError"


def test_the_names_make_the_round_trip() -> None:
    assert call_from_text(call_to_text(CALL)) == CALL
    assert "parameters" not in call_to_text(Call({}))
