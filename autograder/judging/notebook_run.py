"""A learner's notebook as it runs: its cells, the sandbox they run in, and the time that it may take."""

import contextlib
import math
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from autograder.judging.judge import Answer
from autograder.judging.rules import Rules
from autograder.sandbox.caps import OUTPUT_OF_A_SUBMISSION
from autograder.sandbox.sandbox import CallInterrupted, CellReply, Sandbox, SandboxLost, Tested, open_sandbox
from autograder.sandbox.zygote_client import ZygoteClient
from autograder.submissions.hand_in import NotGradable
from llm_course.checking import values
from llm_course.checking.calls import Call, Failure, Reply

MAX_SANDBOXES = 8
"""Sandboxes that one submission may use up by crashing or hanging."""
OVERTIME = 20.0
"""Seconds after a submission's deadline in which the functions not called yet may still give quick answers."""
QUICK = 0.1
"""Seconds within which an answer is quick."""
NOTICED_WAIT = 0.1
"""The share of a submission's time from which on waiting for a processor may be why it ran out."""
RESET = re.compile(r"^%reset\b", re.MULTILINE)
"""The magic that deletes all names of a notebook."""
MISSING_MODULE = re.compile(r"No module named '([\w.]{1,80})'")


class NotebookRun:
    """A notebook in one sandbox, and in a new one after each that it crashed or blocked.

    What opens a sandbox raises NotGradable where the files beside the notebook cannot be laid into it.
    """

    def __init__(
        self,
        cells: Iterable[tuple[int, str]],
        files: Mapping[str, bytes],
        rules: Rules,
        server: ZygoteClient | None,
        tests: Collection[int] = (),
    ) -> None:
        self.cells = Cells(cells, tests)
        self.tier = ""
        self.seen: dict[str, set[str]] = {}
        """The watched functions that torch ran when each of the learner's functions was called."""
        self._time = _Time(rules.submission_deadline)
        self._substitutes: dict[str, str] = {}
        self._files = files
        self._rules = rules
        self._server = server
        self._stack = contextlib.ExitStack()
        self._sandbox: Sandbox | None = None
        self._used = 0

    def __enter__(self) -> "NotebookRun":
        return self

    def __exit__(self, *_: Any) -> None:
        self._leave()

    @property
    def starved(self) -> bool:
        """Whether something was stopped because others kept the processor busy, as far as that can be seen."""
        return self._time.was_taken(self._sandbox)

    def on_references(self, sources: Mapping[str, str]) -> "NotebookRun":
        """The same cells in a sandbox of their own, in the same time, with functions of ours for some of the learner's.

        The functions are given by name and source; they run elsewhere. What was called here before is not known there.
        """
        other = NotebookRun(self.cells.sources.items(), self._files, self._rules, self._server)
        other._time, other._substitutes = self._time, dict(sources)
        return other

    def tested(self) -> dict[int, Tested]:
        """Run all cells; what the instructor's tests among them said, by number."""
        reason = ""
        try:
            self._open()
        except SandboxLost as lost:
            reason = str(lost)
        return {number: self.cells.tested.get(number, Tested(False, reason=reason)) for number in self.cells.tests}

    def answer(self, name: str, watch: tuple[str, ...] = ()) -> Answer:
        """The learner's function as an answer. Once it has crashed or run too long, it is not called again."""

        def answer(calls: Sequence[Call]) -> Iterator[Reply]:
            answered = 0
            try:
                sandbox = self._open()
                for reply in sandbox.call_each(name, calls, lambda: self._time.of(self._rules.call_deadline), watch):
                    self.seen.setdefault(name, set()).update(sandbox.seen)
                    answered += 1
                    yield reply
                return
            except CallInterrupted as interrupted:
                reason = str(interrupted)
            except SandboxLost as lost:
                self._leave()
                reason = str(lost)
            self._time.stopped = True
            for _ in range(answered, len(calls)):
                yield Reply(failure=Failure("Stopped", reason))

        return answer

    def _open(self) -> Sandbox:
        while self._sandbox is None:
            if self._used == MAX_SANDBOXES or self._time.is_up:
                raise SandboxLost("the notebook crashed or ran out of time too often")
            self._used += 1
            opening = open_sandbox(self._rules.minimum_tier, server=self._server, substitutes=self._substitutes)
            self._sandbox = self._stack.enter_context(opening)
            self._time.begin()
            self.tier = self._sandbox.tier
            self._sandbox.granted_until = self._time.end
            if self._files:
                self._lay_files(self._sandbox)
            self._run_cells(self._sandbox)
        return self._sandbox

    def _lay_files(self, sandbox: Sandbox) -> None:
        try:
            sandbox.lay_files(self._files)
        except SandboxLost as lost:
            # No code of the learner's has run in this sandbox: what failed is no answer of theirs, and no 0.
            raise NotGradable(
                f"What lies beside the notebook, files: {len(self._files)}, could not be laid into the sandbox "
                f"({lost}): take out, of source/ too, what the notebook does not need, and grade again."
            ) from lost

    def _run_cells(self, sandbox: Sandbox) -> None:
        try:
            self._time.stopped |= self.cells.run(sandbox, lambda: self._time.of(self._rules.cell_deadline))
        except SandboxLost:
            self._time.stopped = True
            self._leave()

    def _leave(self) -> None:
        if self._sandbox is not None:
            self._time.count_wait(self._sandbox)
        self._stack.close()
        self._sandbox = None


class Cells:
    """The cells of a notebook by number, and what each left when it ran last.

    Those in `tests` are an instructor's own tests; what such a cell said first counts.
    """

    def __init__(self, sources: Iterable[tuple[int, str]], tests: Collection[int] = ()) -> None:
        self.sources = dict(sources)
        self.tests = tuple(tests)
        self.replies: dict[int, CellReply] = {}
        self.tested: dict[int, Tested] = {}
        self._printed: dict[int, int] = {}

    def run(self, sandbox: Sandbox, deadline: Callable[[], float]) -> bool:
        """Run all cells; returns whether one was interrupted. `deadline` gives the seconds of the next.

        Raises SandboxLost. The cell that cost the sandbox is left out from then on, so that the others still count.
        """
        interrupted = False
        for number, source in list(self.sources.items()):
            try:
                if number in self.tests:
                    tested = sandbox.run_tests(source, deadline())
                    interrupted |= bool(tested.reason)
                    self.tested.setdefault(number, tested)
                    continue
                reply = sandbox.run_cell(source, deadline())
            except SandboxLost as lost:
                del self.sources[number]
                if number in self.tests:
                    self.tested.setdefault(number, Tested(False, reason=str(lost)))
                else:
                    self.replies[number] = CellReply(False, [_stopped_output(lost)])
                raise
            self.replies[number] = self._with_outputs_that_fit(number, reply)
            interrupted |= any(output.get("ename") == "KeyboardInterrupt" for output in reply.outputs)
        return interrupted

    def missing_modules(self) -> list[str]:
        """The modules that the cells could not import, in their order."""
        errors = (output for reply in self.replies.values() for output in reply.outputs)
        texts = (str(error.get("evalue")) for error in errors if error.get("ename") == "ModuleNotFoundError")
        found = (MISSING_MODULE.fullmatch(text) for text in texts)
        return list(dict.fromkeys(match[1] for match in found if match))

    def failures_behind(self, hint: str) -> list[str]:
        """What cells ended with that should have defined or imported a name in the code of a hint, in sentences."""
        asked = _names_in_code(hint)
        return [
            f"The cell that should bring {' and '.join(f'`{name}`' for name in names)} ended with {failure}."
            for number, reply in self.replies.items()
            if (failure := _failure_of(reply))
            and (names := sorted(names_brought(self.sources.get(number, "")) & asked))
        ]

    def deletions_behind(self, hint: str) -> list[str]:
        """The cells that delete names in the code of a hint, in sentences."""
        asked = _names_in_code(hint)
        return [
            f"Cell {number + 1} deletes {deleted}: leave it out, for functions are called after the last cell."
            for number, source in self.sources.items()
            if (deleted := deleted_of(asked, source))
        ]

    def _with_outputs_that_fit(self, number: int, reply: CellReply) -> CellReply:
        # By cell, for a new sandbox runs them all again.
        self._printed[number] = values.size_of(reply.outputs)
        if sum(self._printed.values()) <= OUTPUT_OF_A_SUBMISSION:
            return reply
        self._printed[number] = 0
        note = "[the output was left out: the notebook prints too much]\n"
        return CellReply(reply.ok, [{"output_type": "stream", "name": "stdout", "text": note}])


def names_brought(source: str) -> set[str]:
    """The names that a cell imports or defines in lines of their own, even one that is no Python."""
    imports = re.findall(r"^[ \t]*(?:from|import)[ \t](.*)$", source, re.MULTILINE)
    defined = re.findall(r"^[ \t]*(?:def|class)[ \t]+(\w+)|^(\w+)[ \t]*=(?!=)", source, re.MULTILINE)
    imported = {name for line in imports for name in re.findall(r"\w+", line)} - {"as", "import"}
    return imported | {name for pair in defined for name in pair if name}


def deleted_of(names: Collection[str], source: str) -> str:
    """Those of the names that a cell deletes in lines of their own, in words, or nothing."""
    if RESET.search(source):
        return "all names"
    lines = re.findall(r"^[ \t]*del\b([^#;\n]*)", source, re.MULTILINE)
    found = {name.strip(" \t()") for line in lines for name in line.split(",")}
    return " and ".join(f"`{name}`" for name in sorted(found.intersection(names)))


def _names_in_code(hint: str) -> set[str]:
    return set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", hint))))


def _failure_of(reply: CellReply) -> str:
    """What a cell ended with, in words, or nothing."""
    error = next((output for output in reply.outputs if output.get("output_type") == "error"), None)
    if error is None:
        return ""
    said = re.sub(r" \(<[^>]*>, line (\d+)\)$", r" in line \1", str(error.get("evalue"))[:200])
    kind = str(error.get("ename"))[:80]
    return f"{kind}: {said}" if said else kind


class _Time:
    """The time that a submission may take, and whether others took some of it."""

    def __init__(self, seconds: float) -> None:
        self.end = math.inf
        self.stopped = False
        """Whether anything of the submission was stopped."""
        self._seconds = seconds
        self._waited = 0.0
        self._starved = False

    def begin(self) -> None:
        """Count from here, if not yet: the first submission need not pay for the start of the fork server."""
        if self.end == math.inf:
            self.end = time.monotonic() + self._seconds

    @property
    def is_up(self) -> bool:
        return time.monotonic() >= self.end

    def of(self, seconds: float) -> float:
        """The seconds that a cell or call may take of it. Raises SandboxLost when the submission has had its time."""
        left = self.end - time.monotonic()
        if left < -OVERTIME:
            raise SandboxLost("the notebook ran out of time")
        return max(min(seconds, left), QUICK)

    def count_wait(self, sandbox: Sandbox) -> None:
        """Keep what a sandbox waited for a processor, before it is left."""
        self._starved |= sandbox.starved
        self._waited += sandbox.seconds_kept_waiting()

    def was_taken(self, sandbox: Sandbox | None) -> bool:
        """Whether waiting for a processor, in the sandboxes left and in this one, may be why something was stopped."""
        waited = self._waited + (sandbox.seconds_kept_waiting() if sandbox else 0.0)
        ran_out = self.is_up and waited > NOTICED_WAIT * self._seconds
        return self._starved or (self.stopped and ran_out) or (sandbox is not None and sandbox.starved)


def _stopped_output(lost: SandboxLost) -> dict[str, Any]:
    return {"output_type": "error", "ename": "Stopped", "evalue": str(lost), "traceback": [f"Stopped: {lost}"]}
