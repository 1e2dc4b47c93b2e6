"""The worker: runs a learner's cells in an IPython shell and answers calls of the functions they define.

It lives in a process of its own that learners' code may do anything to; nothing it says is believed beyond the
values in its replies. What it must keep is what learners use: magics, top-level await, rich outputs for the
instructor's view, within a cap.

Requests and answers, as frame headers:
    {"op": "cell", "source": str}               -> {"ok": bool, "outputs": [nbformat outputs]}
    {"op": "call", "name": str, "call": tree}   -> {"reply": tree}
"""

import base64
import os
import socket
from collections.abc import Mapping
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from autograder.sandbox import wire
from llm_course.calls import Failure, Reply, call_from_data, describe, invoke, reply_to_data

MAX_OUTPUT = 1 << 20
"""Characters of output kept of one cell; the rest is cut and said to be."""


class OutputLog:
    """The outputs of the running cell in nbformat's form, up to a cap."""

    def __init__(self, limit: int = MAX_OUTPUT) -> None:
        self._limit = limit
        self.clear()

    def clear(self) -> None:
        self.outputs: list[dict[str, Any]] = []
        self._length = 0

    def add(self, output: dict[str, Any], length: int) -> None:
        if self._length > self._limit:
            return
        self._length += length
        if self._length > self._limit:
            output = {"output_type": "stream", "name": "stdout", "text": "\n[the rest of the output was cut]\n"}
        last = self.outputs[-1] if self.outputs else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            self.outputs.append(output)

    def add_data(self, data: Mapping[str, Any], metadata: Mapping[str, Any] | None, **kind: Any) -> None:
        text = {
            name: base64.b64encode(item).decode() if isinstance(item, bytes) else item for name, item in data.items()
        }
        length = sum(len(str(item)) for item in text.values())
        self.add({**kind, "data": text, "metadata": dict(metadata or {})}, length)


LOG = OutputLog()
"""IPython makes its display classes itself, so they reach the log by name."""


class LogStream:
    """A text stream that writes to the log."""

    encoding = "utf-8"
    errors = "replace"
    closed = False

    def __init__(self, name: str) -> None:
        self.name = name

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            LOG.add({"output_type": "stream", "name": self.name, "text": text}, len(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False


class LogPublisher(DisplayPublisher):
    """Puts what is displayed into the log."""

    def publish(self, data: Any, metadata: Any = None, **_: Any) -> None:
        LOG.add_data(data, metadata, output_type="display_data")

    def clear_output(self, wait: bool = False) -> None:
        LOG.clear()


class LogDisplayHook(DisplayHook):
    """Puts the value of a cell's last expression into the log."""

    def write_output_prompt(self) -> None:
        """There is no prompt to write."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        LOG.add_data(format_dict, md_dict, output_type="execute_result", execution_count=self.prompt_count)

    def finish_displayhook(self) -> None:
        """There is no line to end."""


class LearnerShell(InteractiveShell):
    """An IPython shell without terminal, history or kernel, whose outputs go to the log."""

    displayhook_class = Type(LogDisplayHook)
    display_pub_class = Type(LogPublisher)
    system = InteractiveShell.system_piped

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
    """A fresh shell, with inline figures and without standard input."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.cache_size = 0
    shell = LearnerShell.instance(config=config)
    shell.run_line_magic("matplotlib", "inline")
    shell.raw_input = _refuse_input  # type: ignore[attr-defined]
    shell.builtin_trap.auto_builtins["input"] = _refuse_input
    return shell


def _refuse_input(prompt: str = "") -> str:
    raise StdinNotImplementedError("input() has nobody to ask while a notebook is graded")


def serve(connection: socket.socket, shell: InteractiveShell) -> None:
    """Answer requests until the other side hangs up."""
    while True:
        try:
            header, body = wire.receive(connection, deadline=None)
        except wire.WireError:
            return
        LOG.clear()
        if header["op"] == "cell":
            wire.send(connection, _run_cell(shell, header["source"]))
        else:
            tree, buffers = reply_to_data(_call(shell, header["name"], header["call"], body))
            wire.send(connection, {"reply": tree}, buffers)


def _run_cell(shell: InteractiveShell, source: str) -> dict[str, Any]:
    try:
        ok = bool(shell.run_cell(source, store_history=True).success)
    except BaseException as error:  # SystemExit and the deadline's KeyboardInterrupt among them
        ok = False
        LOG.add({"output_type": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": []}, 0)
    return {"ok": ok, "outputs": LOG.outputs}


def _call(shell: InteractiveShell, name: str, tree: Any, body: bytearray) -> Reply:
    if name not in shell.user_ns:
        return Reply(failure=Failure("Missing", f"{name} is not defined"))
    function = shell.user_ns[name]
    if not callable(function):
        return Reply(failure=Failure("NotCallable", f"{name} is a {type(function).__name__}, not a function"))
    try:
        return invoke(function, call_from_data(tree, body))
    except BaseException as error:  # a KeyboardInterrupt is the deadline
        return Reply(failure=describe(error, function))


def main(descriptor: int) -> None:
    """Serve on an inherited socket, in a process started for one submission."""
    import sys

    connection = socket.socket(fileno=descriptor)
    shell = make_shell()
    sys.stdout, sys.stderr = LogStream("stdout"), LogStream("stderr")  # type: ignore[assignment]
    wire.send(connection, {"ready": os.getpid()})
    serve(connection, shell)
    os._exit(0)


if __name__ == "__main__":
    import sys

    main(int(sys.argv[1]))
