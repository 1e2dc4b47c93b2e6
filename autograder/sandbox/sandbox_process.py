"""The process in a sandbox: runs a learner's cells in an IPython shell and answers calls of the functions they define.

Learners' code may do anything to it; nothing it says is believed beyond the values in its replies.

Requests and answers, as frame headers:
    {"op": "files", "files": [[path, length of its bytes]]}  -> {}
    {"op": "lend", "sources": {name: source}}  -> {}, and from then on only calls of these functions are answered
    {"op": "substitute", "names": [name]}      -> {}, and the functions of another sandbox that lends them take the
                                               place of what cells define under these names
    {"op": "cell", "source": str}  -> {"ok": bool, "outputs": [nbformat outputs]}
    {"op": "test", "source": str}  -> {"ok": true, "credit": number or null, "odd": bool}
                                   or {"ok": false, "line": int or null, "kind": str}
    {"op": "call", "name": str, "call": tree, "watch": [str]}
                                   -> {"reply": tree, "seen": [str]}
"""

import ast
import contextlib
import importlib
import signal
import socket
import sys
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
from IPython.core.interactiveshell import InteractiveShell
from torch import Tensor

from autograder.sandbox import wire
from autograder.sandbox.remote import MODULE, RemoteFunctions, serve_functions
from autograder.sandbox.shell import LOG, LogStream
from autograder.sandbox.watch import watch
from llm_course.checking.calls import Failure, Reply, call_from_data, reply_to_data
from llm_course.checking.invocation import describe, invoke
from llm_course.checking.values import Tree

TESTS = "<tests>"
"""The name of the file that an instructor's tests are, in a traceback."""


def run(
    connection: socket.socket, shell: InteractiveShell, output_limit: int, lender: socket.socket | None = None
) -> None:
    """Say that the sandbox is ready, then serve. A `lender` is a sandbox whose functions are to stand in this one."""
    signal.signal(signal.SIGINT, _ignore)
    sys.stdout, sys.stderr = LogStream("stdout"), LogStream("stderr")
    sys.path.insert(0, "")
    LOG.limit = output_limit
    wire.send(connection, {"ready": True})
    serve(connection, shell, lender)


def serve(connection: socket.socket, shell: InteractiveShell, lender: socket.socket | None = None) -> None:
    """Answer requests until the other side hangs up."""
    frames = wire.FrameReader(connection)
    substitutes: dict[str, Any] = {}
    while True:
        # Waiting in `receive` itself, it would wake up each time the other side has read what it sent.
        frames.wait(deadline=None)
        try:
            header, body = frames.receive(deadline=None)
        except wire.WireError:
            return
        if header["op"] == "files":
            _lay_files(header["files"], body)
            wire.send(connection, {})
        elif header["op"] == "lend":
            functions = {name: _defined(name, source) for name, source in header["sources"].items()}
            wire.send(connection, {})
            # Who asks from now on is a learner's code, which must be given nothing but values.
            serve_functions(connection, frames, functions)
            return
        elif header["op"] == "substitute":
            assert lender is not None
            remote = RemoteFunctions(lender)
            substitutes = {name: remote.function(name) for name in header["names"]}
            shell.user_ns.update(substitutes)
            wire.send(connection, {})
        elif header["op"] == "cell":
            LOG.clear()
            reply = _run_cell(shell, header["source"])
            # Before the next cell can give the learner's own another name.
            shell.user_ns.update(substitutes)
            wire.send(connection, reply)
        elif header["op"] == "test":
            LOG.clear()
            wire.send(connection, _run_tests(shell, header["source"]))
        else:
            LOG.clear()
            seen: set[str] = set()
            around = watch(frozenset(header["watch"]), seen)
            data = _call(shell, header["name"], header["call"], body, around)
            _send_reply(connection, *data, sorted(seen))


def _lay_files(files: list[tuple[str, int]], body: bytearray) -> None:
    start = 0
    for name, length in files:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body[start : start + length])
        start += length
    # The folder may have been looked into a moment ago, when it was empty.
    importlib.invalidate_caches()


def _defined(name: str, source: str) -> Any:
    """What a source defines under a name, apart from the names of the notebook."""
    namespace: dict[str, Any] = {"__name__": MODULE}
    exec(source, namespace)
    return namespace[name]


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """While the learner's code runs, and only then, an interrupt raises KeyboardInterrupt and an alarm rings."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        # Left set, it would end the sandbox while that waits.
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGINT, _ignore)


def _ignore(number: int, frame: object) -> None:
    """An interrupt that came too late. A handler, for children would inherit SIG_IGN."""


def _run_cell(shell: InteractiveShell, source: str) -> dict[str, Any]:
    try:
        with _interruptible():
            ok = bool(shell.run_cell(source, store_history=True).success)
    except BaseException as error:  # SystemExit and the deadline's KeyboardInterrupt among them
        ok = False
        LOG.add({"output_type": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": []}, 0)
    return {"ok": ok, "outputs": LOG.outputs()}


def _run_tests(shell: InteractiveShell, source: str) -> dict[str, Any]:
    """Run an instructor's tests among the learner's names, but not through what cells can change of the shell."""
    try:
        with _interruptible():
            value = _value_of_last(shell, source)
            credit = _number(value)
    except BaseException as error:  # SystemExit and the deadline's KeyboardInterrupt among them
        places = [place.lineno for place in traceback.extract_tb(error.__traceback__) if place.filename == TESTS]
        return {"ok": False, "line": places[-1] if places else None, "kind": type(error).__name__}
    return {"ok": True, "credit": credit, "odd": value is not None and credit is None}


def _value_of_last(shell: InteractiveShell, source: str) -> Any:
    """Run a cell; the value of its last expression, None where it ends in none."""
    try:
        tree = ast.parse(source, TESTS)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        before = compile(tree, TESTS, "exec")
        ending = compile(ast.Expression(last.value), TESTS, "eval") if isinstance(last, ast.Expr) else None
    except SyntaxError:
        # It holds magics, or awaits. Only then, for an answer that raises SyntaxError must not send it to the shell.
        done = shell.run_cell(source, store_history=True)
        done.raise_error()
        return done.result
    exec(before, shell.user_ns)
    return eval(ending, shell.user_ns) if ending else None


def _number(value: Any) -> float | None:
    """What tests end in where that is a number, be it NumPy's or torch's, and so partial credit."""
    if isinstance(value, np.generic) or (isinstance(value, Tensor) and value.numel() == 1):
        value = value.item()
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _call(
    shell: InteractiveShell, name: str, tree: Tree, body: bytearray, around: AbstractContextManager[None]
) -> tuple[Tree, list[bytes]]:
    """The reply to one call, in the form in which it is sent."""
    if name not in shell.user_ns:
        return _failed(Failure("Missing", f"{name} is not defined"))
    function = shell.user_ns[name]
    if not callable(function):
        found = type(function).__name__
        return _failed(Failure("NotCallable", f"{name} is a {found}, not a function"))
    call = call_from_data(tree, body)
    try:
        # Describing the reply runs learners' code too: a value may be of a class of theirs.
        with _interruptible():
            return reply_to_data(invoke(function, call, around))
    except BaseException as error:  # a KeyboardInterrupt is the deadline
        return _failed(describe(error, function))


def _failed(failure: Failure) -> tuple[Tree, list[bytes]]:
    return reply_to_data(Reply(failure=failure))


def _send_reply(connection: socket.socket, tree: Tree, buffers: list[bytes], seen: list[str]) -> None:
    try:
        wire.send(connection, {"reply": tree, "seen": seen}, buffers)
    except wire.FrameTooLarge as error:
        reply = Reply(failure=Failure("ReplyTooLarge", f"the value is too large to be looked at: {error}"))
        wire.send(connection, {"reply": reply_to_data(reply)[0], "seen": seen})
