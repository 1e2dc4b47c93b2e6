"""The grader's side of the fork server: starts it on first use, asks it for processes, starts it again when it died."""

import atexit
import contextlib
import functools
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from autograder.records.refusal import Refusal
from autograder.sandbox.caps import Caps
from autograder.sandbox.linux import status_of
from autograder.sandbox.session import END_DEADLINE, TOKEN_VARIABLE, sweep_after

TIERS = ("namespaces", "landlock", "process")
"""From the strongest to the weakest; `jail` says what each means."""
NOT_HELD = {
    "namespaces": "",
    "landlock": "learners' code can fill the disk, and reach services of this machine that listen on Unix sockets",
    "process": "learners' code can use the network, fill the disk, and read what its user can, such as the solutions; "
    "its user is yours unless root grades, and then it can also change the gradebook, leave files, and end the grading",
}
"""What each tier cannot keep learners' code from, in words for the instructor."""
START_DEADLINE = 180.0
"""Seconds for importing torch on a busy machine."""
ANSWER_DEADLINE = 60.0
MAX_ANSWER = 1 << 16


class SandboxError(Refusal):
    """No sandbox can be had; the message says why and what to do."""


@dataclass(frozen=True)
class Times:
    """Seconds for which a thread had a processor, and for which it was ready to run and had none."""

    ran: float = 0.0
    waited: float = 0.0


@dataclass
class SandboxProcess:
    """A process of a sandbox, seen from outside."""

    connection: socket.socket
    pid: int
    pidfd: int
    tier: str
    generation: int
    """Which fork server it comes from: the first, or one that replaced a dead one."""

    def __post_init__(self) -> None:
        try:
            # Kept open, for it is read once a call: opening it each time takes longer than most calls.
            self._schedstat = os.open(f"/proc/{self.pid}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._schedstat = -1

    def times(self) -> Times:
        """The times of its first thread until now; 0 where the kernel does not say."""
        try:
            ran, waited, _ = os.pread(self._schedstat, 100, 0).split()
        except (OSError, ValueError):
            return Times()
        return Times(int(ran) / 1e9, int(waited) / 1e9)

    def is_ready_to_run(self) -> bool:
        """Whether its first thread runs now or waits for a processor, and does not sleep."""
        try:
            return status_of(self.pid)[0] == "R"
        except OSError:
            return False

    def close(self) -> None:
        """Let go of it."""
        self.connection.close()
        os.close(self.pidfd)
        if self._schedstat >= 0:
            os.close(self._schedstat)

    def interrupt(self) -> None:
        """Ask it to stop what it does, as Ctrl-C would."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """Kill it, and in the tier with namespaces all that it started, and wait until they are gone."""
        self._signal(signal.SIGKILL)
        if not select.select([self.pidfd], [], [], END_DEADLINE)[0]:
            raise SandboxError(
                f"the process {self.pid} of a sandbox cannot be killed; look for a disk or driver that hangs"
            )

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, number)


class ZygoteClient:
    """A fork server process, restarted when it died. Safe to use from several threads."""

    def __init__(self, tiers: tuple[str, ...] = TIERS) -> None:
        self._tiers = tiers
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._complaints: IO[bytes] | None = None
        self._is_shared = False
        self._tier = ""
        self._generation = 0
        self._token = ""
        self.pid: int | None = None
        """The fork server's own process, once it has been started."""
        self.processor: int | None = None
        """The one on which all its sandboxes run, if not on all: there they take no time from sandboxes elsewhere."""
        self.shortfalls: list[str] = []
        """Why the stronger tiers are not to be had, one sentence each."""

    @property
    def tier(self) -> str:
        """The tier that this machine allows. Starts the fork server. Raises SandboxError."""
        with self._lock:
            self._ensure_started()
            return self._tier

    def start(self) -> None:
        """Begin to start the fork server, if there is none yet; the first request waits for it. Raises SandboxError."""
        with self._lock:
            if not self._is_running():
                self._launch()

    def share(self) -> "ZygoteClient":
        """This fork server for a process that will be forked from this one; close it here after the fork.

        The other process has a connection of its own: its requests do not wait for ours, and its sandboxes end with it.
        If the fork server dies, it starts one of its own. Raises SandboxError.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with self._lock, theirs:
            self._ask({"op": "connect"}, [theirs.fileno()])
        ours.settimeout(ANSWER_DEADLINE)
        other = ZygoteClient(self._tiers)
        other._control, other._is_shared, other._generation = ours, True, 1
        other._tier, other.shortfalls, other.pid = self._tier, self.shortfalls, self.pid
        return other

    def open_process(self, caps: Caps, lender: SandboxProcess | None = None) -> SandboxProcess:
        """Fork a process for a sandbox; it gets our end of the connection to a `lender`. Raises SandboxError."""
        ours, theirs = socket.socketpair()
        try:
            with self._lock, theirs:
                request = {"op": "open", "caps": vars(caps), "processor": self.processor}
                descriptors = [theirs.fileno(), *([lender.connection.fileno()] if lender else [])]
                answer, pidfds = self._ask(request, descriptors)
            return SandboxProcess(ours, answer["pid"], pidfds[0], self._tier, self._generation)
        except BaseException:
            ours.close()
            raise

    def end_process(self, process: SandboxProcess) -> None:
        """Kill a process and remove all that is left of it."""
        try:
            process.kill()
            # A fork server that died took its sandboxes with it.
            with self._lock, contextlib.suppress(_ServerDied):
                if process.generation == self._generation:
                    self._ask_once({"op": "end", "pid": process.pid}, [])
        finally:
            process.close()

    def close(self) -> None:
        """End the fork server and all its sandboxes."""
        with self._lock:
            self._stop()

    def _ask(self, request: dict[str, Any], descriptors: list[int]) -> tuple[dict[str, Any], list[int]]:
        for _ in range(2):
            self._ensure_started()
            try:
                return self._ask_once(request, descriptors)
            except _ServerDied:
                self._stop()
        raise SandboxError("the fork server died twice over one sandbox; is the machine's memory at its end?")

    def _ask_once(self, request: dict[str, Any], descriptors: list[int]) -> tuple[dict[str, Any], list[int]]:
        if self._control is None:
            raise _ServerDied
        try:
            socket.send_fds(self._control, [json.dumps(request).encode()], descriptors)
            message, received, _, _ = socket.recv_fds(self._control, MAX_ANSWER, 1)
        except OSError as error:
            raise _ServerDied from error
        if not message:
            raise _ServerDied
        answer = json.loads(message)
        if "error" in answer:
            raise SandboxError(f"the fork server could not {request['op']} a sandbox: {answer['error']}")
        return answer, received

    def _ensure_started(self) -> None:
        if not self._is_running():
            self._launch()
        if not self._tier:
            self._greet()

    def _is_running(self) -> bool:
        return self._is_shared or (self._process is not None and self._process.poll() is None)

    def _launch(self) -> None:
        if sys.platform != "linux":
            raise SandboxError("sandboxes for learners' code need Linux: grade in a Linux container or virtual machine")
        self._stop()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._token = secrets.token_hex(8)
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (read and closed when the greeting is there)
        arguments = [str(theirs.fileno()), *self._tiers]
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "autograder.sandbox.zygote", *arguments],
                pass_fds=[theirs.fileno()],
                cwd="/",
                env=_environment(self._token),
                stdin=subprocess.DEVNULL,
                stdout=self._complaints,
                stderr=self._complaints,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def _greet(self) -> None:
        assert self._control is not None and self._complaints is not None
        self._control.settimeout(START_DEADLINE)
        try:
            greeting = json.loads(self._control.recv(MAX_ANSWER) or b'{"error": ""}')
        except OSError as error:
            greeting = {"error": str(error)}
        with self._complaints as complaints:
            if "error" in greeting:
                self._stop()
                complaints.seek(0)
                last_line = (complaints.read().decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
                raise SandboxError(f"the fork server did not start: {greeting['error'] or last_line}")
        self._control.settimeout(ANSWER_DEADLINE)
        self._generation += 1
        self._tier, self.shortfalls = greeting["tier"], greeting["shortfalls"]
        if self._tier != self._tiers[0]:
            warnings.warn(
                f"learners' code runs in the weaker sandbox tier {self._tier!r}: {NOT_HELD[self._tier]}. "
                f"Why no stronger one: {'; '.join(self.shortfalls)}",
                stacklevel=2,
            )

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(ANSWER_DEADLINE if self._tier else 0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
            sweep_after(self._token)
        self._tier, self._is_shared = "", False


class _ServerDied(Exception):
    """The fork server does not answer any more."""


@functools.cache
def shared_zygote() -> ZygoteClient:
    """The fork server of this process, for all sandboxes that name no other."""
    server = ZygoteClient()
    atexit.register(server.close)
    return server


# A forked child must not talk on its parent's socket.
os.register_at_fork(after_in_child=shared_zygote.cache_clear)


def _environment(token: str) -> dict[str, str]:
    """What the fork server needs of the environment; sandboxes see it too, so nothing secret."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return {
        **kept,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        # Sets and random numbers come in the same order in each sandbox, so that a regrade says what the grade said.
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        # Memory comes in huge pages at once: moving it there later takes about half a second more.
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
        TOKEN_VARIABLE: token,
    }
