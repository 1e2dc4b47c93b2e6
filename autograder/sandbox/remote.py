"""Functions that stand in a sandbox under their names and run in another one, where there is no code of learners'.

What is in a learner's sandbox, their code can read. So of such a function there is nothing but its name: a call goes to
the other sandbox, which holds the function, and a value comes back. It seems to run where it is called: gradients flow
through it, what it changes of its arguments is changed, it moves generators on, and what it raises is raised.

    RemoteFunctions     in the learner's sandbox: gives functions by name
    serve_functions     in the other sandbox: answers calls until the learner's hangs up

Calls and answers, as frame headers:
    {"number": int, "op": "call", "of": int or null, "name": str, "grad": bool, "measure": bool, "given": tree}
        -> {"number": int, "value": tree, "kept": null, "graph" or "object", "same": bool}
    {"number": int, "op": "backward", "graph": int, "given": tree}  -> {"number": int, "value": tree}
or  -> {"number": int, "failure": name of a builtin exception, "value": tree of its arguments}
"""

import builtins
import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.utils._python_dispatch import _disable_current_modes, _get_current_dispatch_mode
from torch.utils._pytree import tree_map

from autograder.sandbox import wire
from llm_course.checking.invocation import LargestTensor, generator_states
from llm_course.checking.values import SCALARS, Opaque, decode, encode

MODULE = "substitute"
"""The module that such a function says it is of."""
WITHOUT_END = 3600.0
"""Seconds for sending: the judge ends both sandboxes long before."""
MOST_CALLS = 100_000
"""Calls that are answered; the exercises of the book need a thousand for a submission."""
MOST_KEPT = 10_000
"""Objects and graphs that are kept for later calls."""
MOST_KNOWN, LARGEST_KNOWN = 1000, 1 << 14
"""Answers that are kept where the same call gives the same, and bytes of a call and its answer."""


class RemoteFunctions:
    """Functions that run at the other end of a connection. Safe to use from several threads of one process."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._frames = wire.FrameReader(connection)
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._number = 0
        self._known: dict[bytes, tuple[dict[str, Any], bytearray]] = {}

    def function(self, name: str, of: int | None = None) -> Callable[..., Any]:
        """The function of that name, or the method of an object."""

        def remote(*args: Any, **kwargs: Any) -> Any:
            return self._call(name, of, args, kwargs)

        remote.__name__ = remote.__qualname__ = name
        remote.__module__ = MODULE
        return remote

    def backward(self, graph: int, gradients: tuple[Tensor | None, ...]) -> list[Tensor | None]:
        """The gradients of what a call was given, from those of what it gave."""
        _, value = self._ask({"op": "backward", "graph": graph}, list(gradients))
        return list(value)

    def _call(self, name: str, of: int | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = [list(args), kwargs]
        generators = list(_parts(given, torch.Generator))
        measure = _get_current_dispatch_mode() is not None
        request = {"op": "call", "of": of, "name": name, "grad": torch.is_grad_enabled(), "measure": measure}
        sent = [_sent(given, name), [generator.get_state() for generator in generators]]
        answer, (value, changed, states, largest) = self._ask(request, sent)
        if measure:
            # For who looks for the largest tensor: it takes no memory.
            torch.empty(largest, device="meta")
        if changed is not None:
            _become(given, changed)
        for generator, state in zip(generators, states, strict=True):
            generator.set_state(state)
        if answer["kept"] == "object":
            return RemoteObject(self, value)
        if answer["kept"] == "graph":
            number, value = value
            outputs = _with_gradient(value)
            joined = _Joined.apply(self, number, outputs, *_with_gradient(given))
            new = dict(zip(map(id, outputs), joined, strict=True))
            return tree_map(lambda part: new.get(id(part), part), value)
        return value

    def _ask(self, request: dict[str, Any], given: Any) -> tuple[dict[str, Any], Any]:
        """The answer to a request, and the value that came with it. Raises what the other side says was raised."""
        if os.getpid() != self._process:
            raise RuntimeError("the substitute for an earlier answer can be called in the notebook's own process only")
        with _disable_current_modes():
            tree, buffers = encode(given)
            header = wire.to_json({**request, "given": tree})
            key = header + b"".join(buffers) if request.get("of") is None else b""
            answer, body = self._known.get(key) or self._answer_of(header, buffers)
            if answer.get("same") and len(key) + len(body) <= LARGEST_KNOWN and len(self._known) < MOST_KNOWN:
                self._known[key] = answer, body
            value = decode(answer["value"], body)
        if "failure" in answer:
            raise getattr(builtins, answer["failure"])(*value)
        return answer, value

    def _answer_of(self, header: bytes, buffers: list[bytes]) -> tuple[dict[str, Any], bytearray]:
        with self._lock:
            self._number += 1
            try:
                wire.send(self._connection, b'{"number": %d, ' % self._number + header[1:], buffers, WITHOUT_END)
                while True:
                    answer, body = self._frames.receive(deadline=None)
                    # One that was interrupted while it waited has left its answer.
                    if answer["number"] == self._number:
                        return answer, body
            except wire.WireError as error:
                raise RuntimeError("the substitute for an earlier answer does not answer any more") from error


class RemoteObject:
    """An object that is at the other end: it can be called, and has the methods and attributes that it has there."""

    def __init__(self, functions: RemoteFunctions, number: int) -> None:
        self._functions, self._number = functions, number

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._functions.function("__call__", self._number)(*args, **kwargs)

    def __len__(self) -> int:
        return int(self._functions.function("__len__", self._number)())

    def __getitem__(self, key: Any) -> Any:
        return self._functions.function("__getitem__", self._number)(key)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        value = self._functions.function("__getattribute__", self._number)(name)
        return self._functions.function(name, self._number) if isinstance(value, Opaque) else value


class _Joined(torch.autograd.Function):
    """What a remote call gave, joined to what it was given, so that gradients flow."""

    @staticmethod
    def forward(
        context: Any, functions: RemoteFunctions, graph: int, outputs: list[Tensor], *inputs: Tensor
    ) -> tuple[Tensor, ...]:
        context.functions, context.graph = functions, graph
        context.set_materialize_grads(False)
        return tuple(output.detach() for output in outputs)

    @staticmethod
    @once_differentiable
    def backward(context: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        return None, None, None, *context.functions.backward(context.graph, gradients)


def serve_functions(connection: socket.socket, frames: wire.FrameReader, functions: Mapping[str, Any]) -> None:
    """Answer calls of these functions until the other side hangs up or has asked too often."""
    server = _Server(functions)
    for _ in range(MOST_CALLS):
        try:
            header, body = frames.receive(deadline=None)
            _answer(connection, server, header, body)
        except wire.WireError:
            return


def _answer(connection: socket.socket, server: "_Server", header: dict[str, Any], body: bytearray) -> None:
    number = header.get("number")
    try:
        answer, value = server.answer(header, body)
        tree, buffers = encode(value)
        wire.send(connection, {"number": number, "value": tree, **answer}, buffers, WITHOUT_END)
    except Exception as error:
        if isinstance(error, wire.WireError) and not isinstance(error, wire.FrameTooLarge):
            raise
        # Whatever a call led to is said to who made it.
        wire.send(connection, {"number": number, **_failure(error)}, [], WITHOUT_END)


def _failure(error: Exception) -> dict[str, Any]:
    kind = next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")
    said = list(error.args) if all(type(item) in SCALARS for item in error.args) else [str(error)]
    return {"failure": kind.__name__, "value": encode(said)[0]}


class _Server:
    def __init__(self, functions: Mapping[str, Any]) -> None:
        self._functions = functions
        self._objects: list[Any] = []
        self._graphs: list[tuple[list[Tensor], list[Tensor]]] = []

    def answer(self, header: dict[str, Any], body: bytearray) -> tuple[dict[str, Any], Any]:
        """What is to be said of a request's answer, and the value that goes with it."""
        given = decode(header["given"], body)
        if header["op"] == "backward":
            return {}, self._gradients(header["graph"], given)
        (args, kwargs), states = given
        generators = list(_parts([args, kwargs], torch.Generator))
        for generator, state in zip(generators, states, strict=True):
            generator.set_state(state)
        random, meter = generator_states(), LargestTensor()
        function = self._function(header["of"], header["name"])
        with torch.set_grad_enabled(header["grad"]), meter if header["measure"] else contextlib.nullcontext():
            value = function(*args, **kwargs)
        kept, value = self._keep(value, [args, kwargs], header["of"])
        tree, buffers = encode([args, kwargs])
        is_as_given = tree == header["given"][0] and body.startswith(b"".join(buffers))
        moved = [generator.get_state() for generator in generators]
        same = header["of"] is None and kept is None and is_as_given and not moved and random == generator_states()
        return {"kept": kept, "same": same}, [value, None if is_as_given else [args, kwargs], moved, meter.largest]

    def _function(self, of: int | None, name: str) -> Callable[..., Any]:
        found = self._functions[name] if of is None else getattr(self._objects[of], name)
        if not callable(found):
            raise TypeError(f"{name} cannot be called")
        return found

    def _keep(self, value: Any, given: Any, of: int | None) -> tuple[str | None, Any]:
        """What of a call's value stays here, if anything, and what is sent."""
        if len(self._objects) + len(self._graphs) >= MOST_KEPT:
            raise RuntimeError("the substitute for an earlier answer was asked to keep too much")
        if of is None and type(value).__module__ == MODULE:
            self._objects.append(value)
            return "object", len(self._objects) - 1
        outputs = _with_gradient(value)
        if not outputs:
            return None, value
        self._graphs.append((_with_gradient(given), outputs))
        return "graph", (len(self._graphs) - 1, value)

    def _gradients(self, graph: int, gradients: list[Tensor | None]) -> list[Tensor | None]:
        inputs, outputs = self._graphs[graph]
        # Given what to weight the outputs with, torch would load its tracer first, for a fifth of a second.
        sums = [(end * weight).sum() for end, weight in zip(outputs, gradients, strict=True) if weight is not None]
        if not inputs or not sums:
            return [None] * len(inputs)
        return list(torch.autograd.grad(sums, inputs, retain_graph=True, allow_unused=True))


def _sent(value: Any, name: str) -> Any:
    """A value as it is sent. Raises TypeError where it would not arrive as what it is."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        items = [item if type(item) in SCALARS else _sent(item, name) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _sent(item, name) for key, item in value.items()}
    tree, _ = encode(value) if not isinstance(value, Tensor) else (None, None)
    if isinstance(tree, dict) and "opaque" in tree:
        raise TypeError(
            f"the substitute for `{name}` takes numbers, texts, lists, dicts and tensors, not {type(value)}"
        )
    return value


def _become(value: Any, other: Any) -> Any:
    """Make a value what another is, in its place where that can be; returns what now stands for it."""
    if isinstance(value, Tensor) and isinstance(other, Tensor) and value.shape == other.shape:
        if not torch.isclose(value, other, rtol=0, atol=0, equal_nan=True).all():
            with torch.no_grad():
                value.copy_(other)
        return value
    if isinstance(value, list) and isinstance(other, list):
        value[:] = [*map(_become, value, other), *other[len(value) :]]
        return value
    if isinstance(value, dict) and isinstance(other, dict):
        merged = {key: _become(value.get(key), item) for key, item in other.items()}
        value.clear()
        value.update(merged)
        return value
    if isinstance(value, tuple) and isinstance(other, tuple):
        return tuple(map(_become, value, other))
    return other


def _parts(value: Any, kind: type) -> Iterator[Any]:
    """What is of a kind in a value, in the order in which it stands in lists, tuples and dicts."""
    if isinstance(value, kind):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _parts(item, kind)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _parts(item, kind)


def _with_gradient(value: Any) -> list[Tensor]:
    return [tensor for tensor in _parts(value, Tensor) if tensor.requires_grad]
