"""Arguments by name, for a function whose parameters a learner may have renamed.

The stub gives each parameter a name and a place. Where the names are others and the places still tell which is which,
the arguments go by place; where they do not, the learner is told so instead of reading Python's TypeError.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter
from typing import Any

WITH_PLACE = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


class NoPlace(Exception):
    """A function does not take the arguments, by their names or by their places."""


def call_with(function: Callable[..., Any], arguments: Mapping[str, Any], parameters: Sequence[str]) -> Any:
    """Call a function whose parameters have these names, or others in the same order. Raises NoPlace."""
    try:
        return function(**arguments)
    except TypeError as error:
        # Raised further in, it is the function's own, which took the arguments.
        if error.__traceback__ is None or error.__traceback__.tb_next is not None:
            raise
        by_place, by_name = place(function, arguments, parameters)
    return function(*by_place, **by_name)


def place(
    function: Callable[..., Any], arguments: Mapping[str, Any], parameters: Sequence[str]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments as a function takes them: those without a name to use, and those by its own names. Raises NoPlace.

    `parameters` are all names of the stub, in their order.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise NoPlace from error
    own = [item.name for item in signature.parameters.values() if item.kind in WITH_PLACE]
    for ours, theirs in zip(parameters, own, strict=False):
        if ours != theirs and (ours in own or theirs in parameters):
            # One of the stub's names stands in another place: nobody can say what the others mean.
            raise NoPlace
    new_names = dict(zip(parameters, own, strict=False))
    by_name = {new_names.get(name, name): value for name, value in arguments.items()}
    kinds = {item.name: item.kind for item in signature.parameters.values()}
    nameless = [name for name, kind in kinds.items() if kind is Parameter.POSITIONAL_ONLY]
    if Parameter.VAR_POSITIONAL in kinds.values():
        # As a decorator's `*args`: what has no name of its own goes by the stub's places.
        places = [new_names.get(name, name) for name in parameters]
        nameless = [name for name in places if kinds.get(name) is not Parameter.KEYWORD_ONLY]
    given = [name for name in nameless if name in by_name]
    if given != nameless[: len(given)]:
        raise NoPlace
    by_place = [by_name.pop(name) for name in given]
    try:
        signature.bind(*by_place, **by_name)
    except TypeError as error:
        raise NoPlace from error
    return by_place, by_name
