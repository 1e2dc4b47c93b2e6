"""What is done with an object that a learner's class made: a script of steps, each with a result that is looked at.

Steps, as tuples:
    ("call", {name: value})              the object called
    ("method", name, {name: value})      a method called
    ("refused", name, {name: value})     the kind of exception that a method raises, None where it raises none
    ("spoil", name, {name: value})       a method called that makes a module, and that module's parameters set to 0
    ("set", {name: tensor})              parameters given new values
    ("get", name)                        an attribute
    ("start", name)                      the shape of a tensor, and whether it holds zeros, one number or several
    ("mode", "train" or "eval")          the module's mode
    ("trained",)                         the shapes of the parameters that are trained, by the last part of their names
    ("gradients", {name: value}, names)  the object called, and the gradients of its arguments and named parameters
"""

import copy
from collections.abc import Sequence
from types import MethodType
from typing import Any

from llm_course.checking.binding import NoPlace, place
from llm_course.checking.tensors import Linear, Module, Tensor, torch
from llm_course.checking.values import Opaque

Step = tuple[Any, ...]


def run_script(thing: Any, script: Sequence[Step]) -> list[Any]:
    """Run the steps on an object. Returns one result a step, None where there is nothing to see."""
    # On copies: a step must not see what the object did to another's arguments.
    return [_plain(_run_step(thing, *copy.deepcopy(step))) for step in script]


def _run_step(thing: Any, kind: str, *details: Any) -> Any:
    if kind == "call":
        return _called(thing, details[0])
    if kind == "method":
        return _called(getattr(thing, details[0]), details[1])
    if kind == "refused":
        return _refusal(getattr(thing, details[0]), details[1])
    if kind == "spoil":
        _set_to_zero(_called(getattr(thing, details[0]), details[1]))
        return None
    if kind == "set":
        with torch.no_grad():
            for name, value in details[0].items():
                getattr(thing, name).copy_(value)
        return None
    if kind == "get":
        return getattr(thing, details[0])
    if kind == "start":
        return _start(getattr(thing, details[0]))
    if kind == "mode":
        thing.train(details[0] == "train")
        return None
    if kind == "trained":
        found = {name: item for name, item in thing.named_parameters() if item.requires_grad}
        return {name.rpartition(".")[2]: list(item.shape) for name, item in sorted(found.items())}
    if kind == "gradients":
        return _gradients(thing, *details)
    raise ValueError(f"a script has no step called {kind!r}")


def _called(thing: Any, arguments: dict[str, Any]) -> Any:
    """What an object or a method returns, whose parameters may be renamed. A step gives the first of them, in order."""
    function = thing.forward if isinstance(thing, Module) else thing
    try:
        by_place, by_name = place(function, arguments, tuple(arguments))
    except NoPlace:
        # Python says best what a method does not take.
        return thing(**arguments)
    return thing(*by_place, **by_name)


def _refusal(method: Any, arguments: dict[str, Any]) -> str | None:
    """The builtin exception that a method raises, or the next one above a class of the learner's."""
    try:
        _called(method, arguments)
    except NotImplementedError:
        raise  # not written yet
    except Exception as error:
        return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")
    return None


def _set_to_zero(made: Module) -> None:
    with torch.no_grad():
        for item in made.parameters():
            item.zero_()


def _start(tensor: Tensor) -> tuple[list[int], str]:
    """What can be said of first values that are drawn anew each time."""
    numbers = len(set(tensor.flatten().tolist()))
    filling = "zeros" if not tensor.any() else "one number" if numbers == 1 else "several numbers"
    return list(tensor.shape), filling


def _gradients(thing: Any, arguments: dict[str, Tensor], names: Sequence[str]) -> dict[str, Tensor | None]:
    for argument in arguments.values():
        argument.requires_grad_()
    thing.zero_grad()
    output = _called(thing, arguments)
    # Without a history it has no gradients, which is what is told, and no error of torch's.
    if output.requires_grad:
        fixed_weighted_sum(output).backward()
    found = {**arguments, **{name: getattr(thing, name) for name in names}}
    return {name: item.grad for name, item in found.items()}


def fixed_weighted_sum(output: Tensor) -> Tensor:
    """A sum of all elements with fixed, different weights, so that no gradient cancels or repeats."""
    return (output * torch.cos(torch.arange(output.numel(), dtype=output.dtype)).reshape(output.shape)).sum()


def _plain(result: Any) -> Any:
    """A result as it is now, whatever later steps do. A module is told as a linear layer: if it is one, its tensors."""
    if isinstance(result, Module):
        tensors = {name: _plain(getattr(result, name, None)) for name in ("weight", "bias")}
        return {"linear": isinstance(result, Linear), **tensors}
    if isinstance(result, MethodType):
        # Those of two objects are never equal. It is not sent, so it is here what it is there.
        return Opaque("method")
    if type(result) in (list, dict):
        # It may be the object's own, which later steps add to.
        return result.copy()
    return result.detach().clone() if isinstance(result, Tensor) else result
