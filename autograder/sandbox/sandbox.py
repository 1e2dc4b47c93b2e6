"""The sandbox where one learner's code runs, seen from the judge's side.

    with open_sandbox() as sandbox:
        sandbox.run_cell("def f(x): return x", deadline=30)
        sandbox.call("f", Call({"x": 1}), deadline=10)

Code that runs over its deadline is interrupted, as by Ctrl-C; if that does not stop it, it is killed. Time in which
it was ready to run but others had the processors does not count, within limits. A sandbox that dies or has to be killed
raises SandboxLost; it is then closed, and nothing it started is left.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograder.sandbox import wire
from autograder.sandbox.caps import Caps
from autograder.sandbox.messages import BUILTIN, Line, lines_of, sanitized
from autograder.sandbox.outputs import clean_outputs
from autograder.sandbox.zygote_client import TIERS, SandboxError, SandboxProcess, Times, ZygoteClient, shared_zygote
from llm_course.checking.calls import Call, Failure, Reply, reply_from_data
from llm_course.checking.values import ValueFormatError

GRACE = 3.0
"""Seconds between the interrupt and the kill: honest code has to end its children and show where it was."""
PATIENCE = 1.0
"""How much of its deadline code is granted once more at most, because others kept the processors busy."""
FOR_EACH_SECOND = 3.0
"""Seconds of waiting that are granted for each second of work: what sleeps, or waits for what it started, gets none."""
STARVED = 0.25
"""The share of a time in which code that was stopped then waited, from which on it may have been stopped for that."""
NOT_WORTH_GRANTING = 0.05
"""Seconds."""
WATCHED_CALLS = 2
"""Calls of a function, of those that give a value, in which shortcuts are looked for: watching triples their time."""
TRANSFER_DEADLINE = 15.0
"""Seconds for an answer that has begun to arrive."""
READY_DEADLINE = 60.0
"""Seconds for locking in a new process on a busy machine."""


class SandboxLost(Exception):
    """The learner's process died or had to be killed; the message says why, in words for the learner."""


class CallInterrupted(Exception):
    """A call was interrupted at its deadline and the sandbox goes on; the message says so, in words for the learner."""


@dataclass(frozen=True)
class CellReply:
    """What running a cell left: whether it ran without an error, and its outputs in nbformat's form."""

    ok: bool
    outputs: list[dict[str, Any]]


@dataclass(frozen=True)
class Tested:
    """What an instructor's tests said: whether they ran through, and the number that they ended in.

    It is `odd` that they ended in a value that is no number: nothing follows from it, which may not be meant so.
    If not, the `line` of the tests that failed, the `kind` of what was raised, or a `reason` in words.
    """

    ok: bool
    credit: float | None = None
    odd: bool = False
    line: int | None = None
    kind: str = ""
    reason: str = ""


class Sandbox:
    """A process of its own and the connection to it."""

    def __init__(self, server: ZygoteClient, process: SandboxProcess, lender: SandboxProcess | None = None) -> None:
        self.tier = process.tier
        """How strong the sandbox is: "namespaces", "landlock" or "process"."""
        self._server = server
        self._process = process
        self._all = [process, lender] if lender else [process]
        """With the process that it waits for when its code calls a function that is lent."""
        self._frames = wire.FrameReader(process.connection)
        self._times = Times()
        self.starved = False
        """Whether something was stopped that waited for a processor longer than is granted."""
        self.granted_until = math.inf
        """By the clock of time.monotonic: from then on no time is granted for waiting any more."""
        self._open = True
        self.seen: set[str] = set()
        """The watched functions that the last calls ran, as far as torch saw them."""
        self._lines: set[Line] = set()

    def lay_files(self, files: Mapping[str, bytes]) -> None:
        """Lay files into the working folder, by their path from there. Raises SandboxLost."""
        sizes = [[name, len(content)] for name, content in files.items()]
        self._send({"op": "files", "files": sizes}, list(files.values()), TRANSFER_DEADLINE)
        self._receive(TRANSFER_DEADLINE)

    def lend(self, sources: Mapping[str, str]) -> None:
        """From now on the sandbox has functions of these sources, by name, and answers calls of them alone.

        They come from the sandbox that got this one as its lender. Raises SandboxLost.
        """
        self._send({"op": "lend", "sources": dict(sources)}, [], TRANSFER_DEADLINE)
        self._receive(TRANSFER_DEADLINE)

    def substitute(self, names: Iterable[str]) -> None:
        """From now on functions of the lender take the place of the cells', by name. Raises SandboxLost."""
        self._send({"op": "substitute", "names": list(names)}, [], TRANSFER_DEADLINE)
        self._receive(TRANSFER_DEADLINE)

    def run_cell(self, source: str, deadline: float) -> CellReply:
        """Run one cell; a cell that is interrupted at its deadline (seconds) is not ok. Raises SandboxLost."""
        self._lines |= lines_of(source)
        self._send({"op": "cell", "source": source}, [], deadline)
        header, _, _ = self._receive(deadline)
        return CellReply(header.get("ok") is True, clean_outputs(header.get("outputs")))

    def run_tests(self, source: str, deadline: float) -> Tested:
        """Run an instructor's tests, as nbgrader does: in the learner's process, which sees them. Raises
        SandboxLost."""
        self._send({"op": "test", "source": source}, [], deadline)
        header, _, late = self._receive(deadline)
        if late:
            return Tested(False, reason=_too_late(deadline))
        credit, line, kind = _credit(header.get("credit")), header.get("line"), header.get("kind")
        return Tested(
            # A number that is none is no credit, and least of all full marks.
            ok=header.get("ok") is True and (credit is None or math.isfinite(credit)),
            credit=credit,
            odd=credit is None and header.get("odd") is True,
            line=line if type(line) is int and line > 0 else None,
            kind=kind if isinstance(kind, str) and kind in BUILTIN else "Exception",
        )

    def call(self, name: str, call: Call, deadline: float, watch: Sequence[str] = ()) -> Reply:
        """`call_each` with one call."""
        (reply,) = self.call_each(name, [call], lambda: deadline, watch)
        return reply

    def call_each(
        self, name: str, calls: Sequence[Call], deadline: Callable[[], float], watch: Sequence[str] = ()
    ) -> Iterator[Reply]:
        """Call a function that the cells defined once for each call; `seen` gets those in `watch` that torch ran.

        `deadline` gives the seconds that the next call may take. Raises CallInterrupted and SandboxLost.
        """
        self.seen = set()
        watched = 0
        for call in calls:
            seconds = deadline()
            # One at a time: what is sent lies in the learner's process, and there no frame is out of its reach.
            names = list(watch) if watched < WATCHED_CALLS else []
            request = wire.to_json({"op": "call", "name": name, "watch": names}, call=call.text)
            self._send(request, call.data[1], seconds)
            header, body, late = self._receive(seconds)
            seen = header.get("seen")
            self.seen |= {known for known in watch if isinstance(seen, list) and known in seen}
            reply = self._reply(header, body)
            watched += reply.failure is None
            if reply.failure and reply.failure.type == "KeyboardInterrupt":
                raise CallInterrupted(_too_late(seconds))
            if late:
                # It took the interrupt for something else, or was ready at that moment and the next call got it.
                self.close()
                raise SandboxLost(_too_late(seconds))
            yield reply

    def _reply(self, header: dict[str, Any], body: bytearray) -> Reply:
        try:
            reply = reply_from_data(header.get("reply"), body)
        except ValueFormatError:
            reply = Reply(failure=Failure("Reply", ""))
        return replace(reply, failure=sanitized(reply.failure, self._lines)) if reply.failure else reply

    def seconds_kept_waiting(self) -> float:
        """How long its code was ready to run and had no processor, as far as it is known."""
        return max(self._times.waited, self._times_of_all().waited if self._open else 0.0)

    def close(self) -> None:
        """Kill the process and all that it started."""
        if self._open:
            self._open = False
            self._server.end_process(self._process)

    def wait_until_ready(self) -> None:
        """Wait until the process has locked itself in. Raises SandboxError."""
        try:
            greeting, _ = self._frames.receive(READY_DEADLINE)
        except (wire.WireError, wire.DeadlineExceeded) as error:
            raise SandboxError(f"a sandbox could not be opened: {error}") from error
        if "error" in greeting:
            raise SandboxError(f"a sandbox could not be opened: {greeting['error']}")

    def _send(self, header: dict[str, Any] | bytes, buffers: list[bytes], deadline: float) -> None:
        if not self._open:
            raise SandboxLost("the process that ran it ended earlier")
        with self._lost_if_it_fails(deadline):
            wire.send(self._process.connection, header, buffers, deadline)

    def _receive(self, deadline: float) -> tuple[dict[str, Any], bytearray, bool]:
        """The next frame, and whether it came only after an interrupt."""
        with self._lost_if_it_fails(deadline):
            in_time = self._wait(deadline)
            if not in_time:
                self._process.interrupt()
                if not self._frames.wait(GRACE):
                    raise wire.DeadlineExceeded
            return *self._frames.receive(TRANSFER_DEADLINE), not in_time

    def _wait(self, deadline: float) -> bool:
        """Wait for an answer to begin. The time in which the sandbox got no processor does not count, within limits."""
        before, began = self._times_of_all(), time.monotonic()
        self._times = before
        granted, left = 0.0, deadline
        while not self._frames.wait(left):
            self._times = self._times_until_now(before, time.monotonic() - began)
            # All of its waiting, not the last part of it: what ran late makes up for earlier waiting, too.
            ran, waited = self._times.ran - before.ran, self._times.waited - before.waited
            excused = min(waited, FOR_EACH_SECOND * ran, PATIENCE * deadline)
            left = min(excused - granted, self.granted_until - time.monotonic())
            if left < NOT_WORTH_GRANTING:
                self.starved |= waited - granted >= NOT_WORTH_GRANTING and waited >= STARVED * deadline
                return False
            granted += left
        return True

    def _times_of_all(self) -> Times:
        times = [process.times() for process in self._all]
        return Times(sum(item.ran for item in times), sum(item.waited for item in times))

    def _times_until_now(self, before: Times, elapsed: float) -> Times:
        """The times, `elapsed` seconds after those `before`.

        The kernel counts a wait only once it is over: fifty others make one of nearly a second. What is missing in the
        times of a process that is ready to run is such a wait.
        """
        now = self._times_of_all()
        if not any(process.is_ready_to_run() for process in self._all):
            return now
        return replace(now, waited=max(now.waited, before.waited + elapsed - (now.ran - before.ran)))

    @contextlib.contextmanager
    def _lost_if_it_fails(self, deadline: float) -> Iterator[None]:
        try:
            yield
        except wire.DeadlineExceeded as error:
            self.close()
            raise SandboxLost(_too_late(deadline)) from error
        except wire.WireError as error:
            self.close()
            raise SandboxLost("the process that ran it ended") from error


def _credit(said: Any) -> float | None:
    """The points that a sandbox says its tests ended in; None where they ended in nothing that counts."""
    if not isinstance(said, int | float):
        return None
    # A whole number may be too large for a float.
    return float(said) if abs(said) < 1 << 1000 else math.inf


def _too_late(seconds: float) -> str:
    return f"it did not finish within {round(seconds, 1):g} seconds"


@contextlib.contextmanager
def open_sandbox(
    minimum_tier: str = "process",
    caps: Caps | None = None,
    server: ZygoteClient | None = None,
    substitutes: Mapping[str, str] | None = None,
) -> Iterator[Sandbox]:
    """A new sandbox; on leaving, it and all that it started are gone.

    Functions of the sources in `substitutes`, by name, stand in the place of what its cells define. They run in a
    sandbox of their own, and none of their code is in this one.

    Raises:
        SandboxError: if the machine does not allow `minimum_tier`, or no sandbox at all.
        SandboxLost: if a substitute cannot be had.
    """
    server = server or shared_zygote()
    _demand(minimum_tier, server)
    with contextlib.ExitStack() as stack:
        if not substitutes:
            yield _opened(server, caps or Caps(), stack)
            return
        lender = _opened(server, caps or Caps(), stack)
        lender.lend(substitutes)
        sandbox = _opened(server, caps or Caps(), stack, lender)
        sandbox.substitute(substitutes)
        yield sandbox


def _opened(server: ZygoteClient, caps: Caps, stack: contextlib.ExitStack, lender: Sandbox | None = None) -> Sandbox:
    of_lender = lender._process if lender else None
    sandbox = Sandbox(server, server.open_process(caps, of_lender), of_lender)
    stack.callback(sandbox.close)
    sandbox.wait_until_ready()
    return sandbox


def _demand(minimum_tier: str, server: ZygoteClient) -> None:
    if minimum_tier not in TIERS:
        raise SandboxError(f"there is no sandbox tier {minimum_tier!r}; choose one of {', '.join(TIERS)}")
    if TIERS.index(server.tier) > TIERS.index(minimum_tier):
        reasons = "; ".join(server.shortfalls)
        raise SandboxError(
            f"the course demands the sandbox tier {minimum_tier!r}, and this machine allows {server.tier!r} ({reasons})"
        )
