"""What is done with an object that a learner's class made: a script of steps, each with a result that is looked at.

Steps, as tuples:
    ("call", {name: value})              the object called
    ("method", name, {name: value})      a method called
    ("set", {name: tensor})              parameters given new values
    ("get", name)                        an attribute
    ("mode", "train" or "eval")          the module's mode
    ("parameters",)                      each parameter's shape and whether it is trained
    ("gradients", {name: value})         the object called, and the gradient of each parameter
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

Step = tuple[Any, ...]


def run_script(thing: Any, script: Sequence[Step]) -> list[Any]:
    """Run the steps on an object. Returns one result a step, None where there is nothing to see."""
    return [_plain(_run_step(thing, *step)) for step in script]


def _run_step(thing: Any, kind: str, *details: Any) -> Any:
    if kind == "call":
        return thing(**details[0])
    if kind == "method":
        return getattr(thing, details[0])(**details[1])
    if kind == "set":
        with torch.no_grad():
            for name, value in details[0].items():
                getattr(thing, name).copy_(value)
        return None
    if kind == "get":
        return getattr(thing, details[0])
    if kind == "mode":
        thing.train(details[0] == "train")
        return None
    if kind == "parameters":
        return {name: [list(item.shape), item.requires_grad] for name, item in sorted(thing.named_parameters())}
    if kind == "gradients":
        return _gradients(thing, details[0])
    raise ValueError(f"a script has no step called {kind!r}")


def _gradients(thing: nn.Module, arguments: dict[str, Any]) -> dict[str, Tensor | None]:
    thing.zero_grad()
    fixed_weighted_sum(thing(**arguments)).backward()
    return {name: item.grad for name, item in sorted(thing.named_parameters())}


def fixed_weighted_sum(output: Tensor) -> Tensor:
    """A sum of all elements with fixed, different weights, so that no gradient cancels or repeats."""
    return (output * torch.cos(torch.arange(output.numel(), dtype=output.dtype)).reshape(output.shape)).sum()


def _plain(result: Any) -> Any:
    """A linear layer in a result is looked at as its type and tensors."""
    if isinstance(result, nn.Linear):
        bias = None if result.bias is None else result.bias.detach()
        return {"type": type(result).__name__, "weight": result.weight.detach(), "bias": bias}
    return result.detach() if isinstance(result, Tensor) else result
