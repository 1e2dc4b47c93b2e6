"""The fork server: imports once what nearly all learners import, then forks a locked-in process for each sandbox.

It reads requests from SOCK_SEQPACKET sockets, a JSON object each, and answers each:
    {"op": "open", "caps": caps, "processor": number or null}, with the process's end of its connection, and maybe
        that of one to a sandbox that lends it functions                      -> {"pid": int}, with its pidfd
    {"op": "end", "pid": int}, when the process is dead                     -> {}
    {"op": "connect"}, with another socket to read requests from           -> {}
Anything else is answered {"error": str}. When a socket closes, its sandboxes end. The fork server ends when its first
socket closes or the process that started it dies, and takes all sandboxes with it. It never imports a solution or an
exercise: what it knows, learners' code can read.
"""

import contextlib
import gc
import json
import os
import random
import select
import signal
import socket
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any, NoReturn

# What is imported stays: looking for what of it is not used any more costs half a second.
gc.disable()
# An environment may lie below a link. A sandbox has it only where it really lies.
sys.path[:] = [os.path.realpath(entry) for entry in sys.path]

import matplotlib

matplotlib.use("agg")

import matplotlib.font_manager
import matplotlib.pyplot
import numpy
import torch
import torch.utils.data

from autograder.sandbox import sandbox_process, wire
from autograder.sandbox.caps import Caps
from autograder.sandbox.jail import JAILS, REPOSITORY, Jail, shortfall
from autograder.sandbox.linux import collapse_memory
from autograder.sandbox.semaphores import use_event_semaphores
from autograder.sandbox.session import open_session, sweep
from llm_course import check  # noqa: F401

MAX_REQUEST = 1 << 16


class Zygote:
    """Answers requests with sandboxes."""

    def __init__(self, control: socket.socket, jail: Jail, shell: sandbox_process.LearnerShell) -> None:
        self._control = control
        self._jail = jail
        self._shell = shell
        self._sandboxes: dict[socket.socket, set[int]] = {control: set()}
        """The sandboxes of each socket."""

    def serve(self) -> None:
        """Answer requests until nobody can ask any more, then end all sandboxes."""
        parent = os.pidfd_open(os.getppid())
        while self._control in self._sandboxes:
            waiting: list[Any] = [parent, *self._sandboxes]
            ready, _, _ = select.select(waiting, [], [])
            if parent in ready:
                break
            for asker in ready:
                if not self._answer_one(asker):
                    self._leave(asker)
        for asker in list(self._sandboxes):
            self._leave(asker)

    def _answer_one(self, asker: socket.socket) -> bool:
        """Answer one request; returns whether there may be another."""
        try:
            message, descriptors, _, _ = socket.recv_fds(asker, MAX_REQUEST, 2)
        except OSError:
            return False
        if not message:
            return False
        try:
            answer, pidfds = self._answer(asker, message, descriptors)
        except (ValueError, KeyError, TypeError, OSError) as error:
            answer, pidfds = {"error": str(error) or type(error).__name__}, []
        try:
            # Whoever asked may be gone already; the next read says so.
            with contextlib.suppress(OSError):
                socket.send_fds(asker, [json.dumps(answer).encode()], pidfds)
        finally:
            for descriptor in (*descriptors, *pidfds):
                os.close(descriptor)
        return True

    def _answer(self, asker: socket.socket, message: bytes, descriptors: list[int]) -> tuple[dict[str, Any], list[int]]:
        request = json.loads(message)
        if request["op"] == "open":
            pid = self._fork(descriptors, Caps(**request["caps"]), request["processor"])
            self._sandboxes[asker].add(pid)
            return {"pid": pid}, [os.pidfd_open(pid)]
        if request["op"] == "end":
            self._end(asker, request["pid"])
            return {}, []
        if request["op"] == "connect":
            self._sandboxes[socket.socket(fileno=os.dup(_only(descriptors)))] = set()
            return {}, []
        raise ValueError(f"unknown request {request['op']!r}")

    def _fork(self, connections: list[int], caps: Caps, processor: int | None) -> int:
        pid = self._jail.fork()
        if pid == 0:
            if processor is not None:
                os.sched_setaffinity(0, {processor})
            _run_sandbox(connections, self._jail, caps, self._shell)
        return pid

    def _end(self, asker: socket.socket, pid: Any) -> None:
        if pid not in self._sandboxes[asker]:
            raise ValueError(f"there is no sandbox {pid!r}")
        # Only here is a sandbox's process id given back, so until now it could not mean another process.
        os.waitpid(pid, 0)
        self._sandboxes[asker].remove(pid)
        self._jail.end(pid)

    def _leave(self, asker: socket.socket) -> None:
        for pid in list(self._sandboxes[asker]):
            os.kill(pid, signal.SIGKILL)
            self._end(asker, pid)
        del self._sandboxes[asker]
        asker.close()


def _only(descriptors: list[int]) -> int:
    if len(descriptors) != 1:
        raise ValueError("this request needs one connection")
    return descriptors[0]


def _run_sandbox(connections: list[int], jail: Jail, caps: Caps, shell: sandbox_process.LearnerShell) -> NoReturn:
    """The life of a sandbox's process, from fork to exit."""
    status = 1
    try:
        own, *lender = _keep_only(connections)
        try:
            folder = jail.enter(caps)
        except OSError as error:
            wire.send(own, {"error": str(error)})
            os._exit(1)
        _settle(folder)
        sandbox_process.run(own, shell, caps.output, *lender)
        status = 0
    finally:
        os._exit(status)


def _keep_only(connections: list[int]) -> list[socket.socket]:
    """Close all descriptors but some; standard input, output and error lead nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nowhere, standard)
    # Copied first, for one of them may have the number that another is to get.
    copies = [os.dup(connection) for connection in connections]
    kept = [os.dup2(copy, 3 + place, inheritable=False) for place, copy in enumerate(copies)]
    os.closerange(3 + len(kept), os.sysconf("SC_OPEN_MAX"))
    return [socket.socket(fileno=descriptor) for descriptor in kept]


def _settle(folder: Path) -> None:
    """Give the process the surroundings of a notebook, the same for each sandbox, and none of the grader's."""
    home, temporary = folder / "home", folder / "tmp"
    os.environ.clear()
    os.environ.update(
        {
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.defpath)),
            "HOME": str(home),
            "USER": "learner",
            "TMPDIR": str(temporary),
            "LANG": "C.UTF-8",
            "MPLCONFIGDIR": str(temporary),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "HF_HOME": str(temporary),
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
            "TOKENIZERS_PARALLELISM": "false",
            # There is no network, and `!pip install` would try again for many seconds.
            "PIP_RETRIES": "0",
            # torch.compile then gives the function back: compiling takes longer than a call may.
            "TORCHDYNAMO_DISABLE": "1",
        }
    )
    tempfile.tempdir = None
    os.chdir(home)
    # Python seeds this one anew after a fork; numpy's and torch's are seeded before.
    random.seed(0)


def _forget_the_repository() -> None:
    """Leave no way to import the grader. `llm_course` stays: it is imported, and knows where its modules are."""
    sys.path[:] = [entry for entry in sys.path if entry and Path(entry).resolve() != REPOSITORY]
    sys.argv[:] = [""]
    for name in [name for name in sys.modules if name.partition(".")[0] == "autograder"]:
        del sys.modules[name]


def _strongest_jail(tiers: list[str], session: Path) -> tuple[Jail, list[str]]:
    """The first jail that this machine allows, and why it does not allow those before it."""
    reasons: list[str] = []
    for jail in (kind(session) for kind in JAILS if kind.tier in tiers):
        reason = shortfall(jail)
        if not reason:
            return jail, reasons
        reasons.append(f"{jail.tier}: {reason}")
    raise OSError("no sandbox is possible on this machine: " + "; ".join(reasons))


def main(descriptor: int, tiers: list[str]) -> None:
    """Serve on an inherited socket, with the strongest of some tiers."""
    control = socket.socket(fileno=descriptor)
    torch.set_num_threads(1)
    use_event_semaphores()
    sweep()
    with open_session() as session:
        try:
            jail, reasons = _strongest_jail(tiers, session)
            shell = sandbox_process.make_shell()
            jail.prepare()
        except Exception as error:
            traceback.print_exc()
            control.send(json.dumps({"error": str(error)}).encode())
            return
        numpy.random.seed(0)
        torch.manual_seed(0)
        # After each fork matplotlib lets go of its fonts, for processes cannot share them: here it is done once.
        matplotlib.font_manager._get_font.cache_clear()  # type: ignore[attr-defined]
        _forget_the_repository()
        # The forgotten modules lie in cycles: learners would find them among the collector's objects.
        gc.collect()
        gc.freeze()
        gc.enable()
        collapse_memory()
        control.send(json.dumps({"tier": jail.tier, "shortfalls": reasons}).encode())
        Zygote(control, jail, shell).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
