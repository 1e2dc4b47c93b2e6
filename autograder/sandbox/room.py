"""The room where one learner's code runs, seen from the judge's side.

    with open_room() as room:
        room.run_cell("def f(x): return x", deadline=30)
        room.call("f", Call({"x": 1}), deadline=10)

A room that dies or runs over a deadline raises RoomLost; it is then closed, and nothing it started is left.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.sandbox import wire
from llm_course.calls import Call, Failure, Reply, call_to_data, reply_from_data
from llm_course.values import ValueFormatError

START_DEADLINE = 120.0
"""Seconds for importing torch on a busy machine."""


class RoomLost(Exception):
    """The learner's process died or had to be killed; the message says why, in words for the learner."""


@dataclass(frozen=True)
class CellReply:
    """What running a cell left: whether it ran without an error, and its outputs in nbformat's form."""

    ok: bool
    outputs: list[dict[str, Any]]


class Room:
    """A worker process and the connection to it."""

    tier = "process"

    def __init__(self, process: subprocess.Popen[bytes], connection: socket.socket) -> None:
        self._process = process
        self._connection = connection

    def run_cell(self, source: str, deadline: float) -> CellReply:
        """Run one cell. Raises RoomLost."""
        header, _ = self._ask({"op": "cell", "source": source}, [], deadline)
        outputs = header.get("outputs")
        return CellReply(header.get("ok") is True, outputs if isinstance(outputs, list) else [])

    def call(self, name: str, call: Call, deadline: float) -> Reply:
        """Call a function that the cells defined. Raises RoomLost."""
        tree, buffers = call_to_data(call)
        header, body = self._ask({"op": "call", "name": name, "call": tree}, buffers, deadline)
        try:
            return reply_from_data(header.get("reply"), body)
        except ValueFormatError as error:
            return Reply(failure=Failure("Reply", f"the reply could not be read: {error}"))

    def close(self) -> None:
        """Kill the process and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._connection.close()

    def _ask(self, header: dict[str, Any], buffers: list[bytes], deadline: float) -> tuple[dict[str, Any], bytearray]:
        try:
            wire.send(self._connection, header, buffers, deadline)
            return wire.receive(self._connection, deadline)
        except wire.DeadlineExceeded as error:
            raise RoomLost(f"it did not finish within {deadline:.0f} seconds") from error
        except wire.WireError as error:
            raise RoomLost("the process that ran it ended") from error


@contextlib.contextmanager
def open_room() -> Iterator[Room]:
    """Start a worker process; on leaving, it and all that it started are gone."""
    ours, theirs = socket.socketpair()
    with tempfile.TemporaryDirectory(prefix="llm-course-room-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "autograder.sandbox.worker", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        room = Room(process, ours)
        try:
            wire.receive(ours, START_DEADLINE)
            yield room
        finally:
            room.close()


def _environment(folder: str) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": folder,
        "MPLCONFIGDIR": folder,
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
