"""Functions that stand in a sandbox under their names and run in another one, where there is no code of learners'.

What is in a learner's sandbox, their code can read. So of such a function there is nothing but its name: a call goes to
the other sandbox, which holds the function, and a value comes back. It seems to run where it is called: gradients flow
through it, and what it raises is raised. Only values cross: a function that gives an object, takes a generator or
changes its arguments does not do here what it would do in its place.

    RemoteFunctions     in the learner's sandbox: gives functions by name
    serve_functions     in the other sandbox: answers calls until the learner's hangs up

Calls and answers, as frame headers:
    {"number": int, "op": "call", "name": str, "grad": bool, "given": tree}
        -> {"number": int, "value": tree, "graph": int or null, "same": bool}
    {"number": int, "op": "backward", "graph": int, "given": tree}  -> {"number": int, "value": tree}
or  -> {"number": int, "failure": name of a builtin exception, "value": tree of its arguments}
"""

import builtins
import os
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.utils._python_dispatch import _disable_current_modes
from torch.utils._pytree import tree_leaves, tree_map

from autograder.sandbox import wire
from llm_course.checking.invocation import generator_states
from llm_course.checking.values import SCALARS, decode, encode

MODULE = "substitute"
"""The module that such a function says it is of."""
WITHOUT_END = 3600.0
"""Seconds for sending: the judge ends both sandboxes long before."""
MOST_CALLS = 100_000
"""Calls that are answered; the exercises of the book need a thousand for a submission."""
MOST_KEPT = 10_000
"""Graphs that are kept for their gradients."""
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

    def function(self, name: str) -> Callable[..., Any]:
        """The function of that name."""

        def remote(*args: Any, **kwargs: Any) -> Any:
            return self._call(name, args, kwargs)

        remote.__name__ = remote.__qualname__ = name
        remote.__module__ = MODULE
        return remote

    def backward(self, graph: int, gradients: tuple[Tensor | None, ...]) -> list[Tensor | None]:
        """The gradients of what a call was given, from those of what it gave."""
        _, value = self._ask({"op": "backward", "graph": graph}, list(gradients))
        return list(value)

    def _call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = _sent([list(args), kwargs], name)
        answer, value = self._ask({"op": "call", "name": name, "grad": torch.is_grad_enabled()}, given)
        if answer["graph"] is None:
            return value
        outputs = _with_gradient(value)
        joined = _Joined.apply(self, answer["graph"], outputs, *_with_gradient(given))
        new = dict(zip(map(id, outputs), joined, strict=True))
        return tree_map(lambda part: new.get(id(part), part), value)

    def _ask(self, request: dict[str, Any], given: Any) -> tuple[dict[str, Any], Any]:
        """The answer to a request, and the value that came with it. Raises what the other side says was raised."""
        if os.getpid() != self._process:
            raise RuntimeError("the substitute for an earlier answer can be called in the notebook's own process only")
        with _disable_current_modes():
            tree, buffers = encode(given)
            header = wire.to_json({**request, "given": tree})
            key = header + b"".join(buffers)
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
        self._graphs: list[tuple[list[Tensor], list[Tensor]]] = []

    def answer(self, header: dict[str, Any], body: bytearray) -> tuple[dict[str, Any], Any]:
        """What is to be said of a request's answer, and the value that goes with it."""
        given = decode(header["given"], body)
        if header["op"] == "backward":
            return {}, self._gradients(header["graph"], given)
        args, kwargs = given
        random = generator_states()
        with torch.set_grad_enabled(header["grad"]):
            value = self._functions[header["name"]](*args, **kwargs)
        graph = self._keep(value, given)
        return {"graph": graph, "same": graph is None and random == generator_states()}, value

    def _keep(self, value: Any, given: Any) -> int | None:
        """The number under which the graph of a call's value is kept, if it has one."""
        outputs = _with_gradient(value)
        if not outputs:
            return None
        if len(self._graphs) >= MOST_KEPT:
            raise RuntimeError("the substitute for an earlier answer was asked to keep too much")
        self._graphs.append((_with_gradient(given), outputs))
        return len(self._graphs) - 1

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
    if not isinstance(value, Tensor) and (isinstance(value, torch.Generator) or _is_opaque(value)):
        raise TypeError(
            f"the substitute for `{name}` takes numbers, texts, lists, dicts and tensors, not {type(value)}"
        )
    return value


def _is_opaque(value: Any) -> bool:
    tree, _ = encode(value)
    return isinstance(tree, dict) and "opaque" in tree


def _with_gradient(value: Any) -> list[Tensor]:
    return [part for part in tree_leaves(value) if isinstance(part, Tensor) and part.requires_grad]
