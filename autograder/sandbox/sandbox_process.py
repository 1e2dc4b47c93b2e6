"""The process in a sandbox: runs a learner's cells in an IPython shell and answers calls of the functions they define.

It lives in a process of its own that learners' code may do anything to; nothing it says is believed beyond the
values in its replies. What it must keep is what learners use: magics, top-level await, rich outputs for the
instructor's view, within a cap.

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
import inspect
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from torch import Tensor
from traitlets import Type
from traitlets.config import Config

from autograder.sandbox import wire
from autograder.sandbox.output_log import LOG, LogDisplayHook, LogPublisher, LogStream
from autograder.sandbox.remote import MODULE, RemoteFunctions, serve_functions
from autograder.sandbox.watch import watch
from llm_course.checking.calls import Failure, Reply, call_from_data, reply_to_data
from llm_course.checking.invocation import describe, invoke
from llm_course.checking.values import Tree

FIRST_CELL = """\
import matplotlib.pyplot, torch
matplotlib.pyplot.plot(torch.arange(4.0), label="$x$")
matplotlib.pyplot.legend()
matplotlib.pyplot.show()
# With it, each figure that a cell leaves open would be drawn once more, for a window that is not there.
matplotlib.pyplot.uninstall_repl_displayhook()
1
"""
TESTS = "<tests>"
"""The name of the file that an instructor's tests are, in a traceback."""


class LearnerShell(InteractiveShell):
    """An IPython shell without terminal, history or kernel, whose outputs go to the log."""

    displayhook_class = Type(LogDisplayHook)
    display_pub_class = Type(LogPublisher)

    def transform_cell(self, raw_cell: str) -> str:
        """A cell as Python. What is Python already is not searched for magics, which takes longer than compiling it."""
        # A single line may be the name of a magic.
        if "\n" in raw_cell.strip() and _is_python(raw_cell):
            return raw_cell
        return super().transform_cell(raw_cell)

    def system(self, cmd: str) -> None:
        """Run a shell command and show what it prints."""
        self.user_ns["_exit_code"], text = self._run_command(cmd)
        print(text, end="")

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """What a shell command prints."""
        _, text = self._run_command(cmd)
        return SList(text.splitlines()) if split else text

    def _run_command(self, command: str) -> tuple[int, str]:
        # IPython's own way needs a terminal, and a sandbox has none. A pipe would stay open as long as what the command
        # left in the background.
        with tempfile.TemporaryFile() as printed:
            done = subprocess.run(
                ["/bin/sh", "-c", self.var_expand(command, depth=2)],
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                check=False,
            )
            printed.seek(0)
            return done.returncode, printed.read().decode(errors="replace")

    def showtraceback(self, *args: Any, **keywords: Any) -> None:
        """Show an exception."""
        # IPython asks four times which module a cell's file is of, and each time Python would look at all modules, of
        # which there are thousands.
        for frame, _ in traceback.walk_tb(sys.exc_info()[2]):
            if frame.f_globals is self.user_ns:
                inspect.modulesbyfile.setdefault(frame.f_code.co_filename, "__main__")
                inspect.modulesbyfile.setdefault(inspect.getabsfile(frame), "__main__")
        super().showtraceback(*args, **keywords)

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        name = getattr(etype, "__name__", str(etype))
        output = {"output_type": "error", "ename": name, "evalue": str(evalue), "traceback": list(stb)}
        LOG.add(output, sum(map(len, stb)))

    def enable_gui(self, gui: Any = None) -> None:
        """There is no event loop to join."""

    def init_virtualenv(self) -> None:
        """The environment is the grader's own."""

    def ask_exit(self) -> None:
        """`exit` in a cell does not end the grading."""


def make_shell() -> LearnerShell:
    """A fresh shell, with inline figures and without standard input, in which FIRST_CELL has run."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.cache_size = 0
    with tempfile.TemporaryDirectory() as folder:
        shell = LearnerShell.instance(config=config, ipython_dir=folder)
    shell.run_line_magic("matplotlib", "inline")
    shell.raw_input = _refuse_input  # type: ignore[attr-defined]
    shell.builtin_trap.auto_builtins["input"] = _refuse_input
    # What a first cell, figure and error load late, so that each sandbox has it from the start.
    if not shell.run_cell(FIRST_CELL).success:
        raise RuntimeError(f"the first cell failed: {LOG.outputs()}")
    shell.run_cell("1 / 0")
    del sys.last_type, sys.last_value, sys.last_traceback
    start_anew(shell)
    return shell


def start_anew(shell: LearnerShell) -> None:
    """Forget the cells that ran, and what they defined."""
    shell.reset(new_session=True)
    shell.execution_count = 1
    LOG.clear()


def _is_python(source: str) -> bool:
    with warnings.catch_warnings():
        # What is to be said of the cell is said when it is compiled.
        warnings.simplefilter("ignore")
        try:
            ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def _refuse_input(prompt: str = "") -> str:
    raise StdinNotImplementedError("input() has nobody to ask while a notebook is graded")


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
