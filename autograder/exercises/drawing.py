"""What draws the arguments of a call from a seeded generator, which specifications call `draw`."""

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

import torch
from torch import Generator, Tensor

Parameters = ParamSpec("Parameters")
Arguments = dict[str, Any]
ArgumentMaker = Callable[[Generator], Arguments]
"""Draws the arguments of a call."""


def argument_maker(
    function: Callable[Concatenate[Generator, Parameters], Arguments],
) -> Callable[Parameters, ArgumentMaker]:
    """A decorator: `@argument_maker def square(draw, size)` is called as `square(3)`, and draws later.

    So does `composite` of Hypothesis.
    """

    @functools.wraps(function)
    def given_the_others(*others: Parameters.args, **named: Parameters.kwargs) -> ArgumentMaker:
        return lambda draw: function(draw, *others, **named)

    return given_the_others


def given(**arguments: Any) -> ArgumentMaker:
    """Arguments that are the same in every run."""
    return lambda draw: dict(arguments)


def within(**arguments: Any) -> ArgumentMaker:
    """Numbers drawn from ranges, each the pair of its ends, integers or floats as these are; all else is as given."""

    def drawn(draw: Generator, value: Any) -> Any:
        if not isinstance(value, tuple):
            return value
        return randint(draw, *value) if isinstance(value[0], int) else uniform(draw, *value)

    return lambda draw: {name: drawn(draw, value) for name, value in arguments.items()}


def each_tensor(change: Callable[[Tensor], Tensor], arguments: ArgumentMaker) -> ArgumentMaker:
    """The same arguments, with all tensors of floats changed, those in lists and dicts as well."""

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: changed(item) for name, item in value.items()}
        if isinstance(value, list):
            return [changed(item) for item in value]
        return change(value) if isinstance(value, Tensor) and value.is_floating_point() else value

    return lambda draw: changed(arguments(draw))


def randn(draw: Generator, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Standard normal numbers."""
    return torch.randn(*shape, generator=draw, dtype=torch.float64).to(dtype)


def uniform(draw: Generator, low: float, high: float) -> float:
    """A number from low to high."""
    return low + (high - low) * float(torch.rand((), generator=draw, dtype=torch.float64))


def randint(draw: Generator, low: int, high: int) -> int:
    """An integer from low to high, both included."""
    return int(torch.randint(low, high + 1, (), generator=draw))
