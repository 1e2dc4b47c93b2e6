"""What one submission takes from the processor costs no other a point for good."""

import contextlib
import itertools
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from traitlets.config import Config

from autograder.exercises import assignments
from autograder.judging import grade as grading
from autograder.judging.grade import NOT_FINAL, grade_if_changed
from autograder.judging.rules import Rules
from autograder.records.result import Result, read_result
from autograder.running import quiet
from autograder.running import work as working
from autograder.running.work import Job, Task, work
from autograder.sandbox import sandbox as sandboxes
from autograder.sandbox.sandbox import Sandbox
from autograder.sandbox.zygote_client import SandboxProcess, Times
from autograder.submissions.hand_in import HandIn
from autograder.submissions.submission import submission_of
from tests.banks.hostile.starving import STARVING, slow
from tests.banks.submissions import fill, hand_in, references
from tests.grading.conftest import Course

NAME = "05_attention"
ATTENTION = assignments()[NAME]
ALWAYS = "loops in a cell"
ATTACKS = [pytest.param(name, marks=() if name == ALWAYS else pytest.mark.slow) for name in STARVING]
DEADLINES = """
c.TrustedGrade.cell_deadline = 30
c.TrustedGrade.call_deadline = 1
c.TrustedGrade.submission_deadline = 30
"""


@pytest.mark.grading
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_neighbor_in_need_of_time_loses_nothing_for_good(course: Course, attack: str) -> None:
    course.configure(DEADLINES)
    answers = {exercise.name: "" for exercise in ATTENTION.exercises} | {"causal_mask": STARVING[attack]}
    hand_in(course.folder, "a-hog", NAME, fill(ATTENTION, answers))
    right = references(ATTENTION)
    hand_in(course.folder, "b-slow", NAME, fill(ATTENTION, right | {"causal_mask": slow(right["causal_mask"], 0.3)}))
    run = course.done("grade", NAME, "--workers", "2")
    assert re.search(rf"^a-hog: 0 of {ATTENTION.points} points$", run.stdout, re.MULTILINE), run.stdout
    result = read_result(course.folder / "results" / NAME / "b-slow.json")
    # On a machine that others keep busy all the time it may not be final yet; never is a lost point.
    assert result.score == ATTENTION.points or not result.final, run.stdout


def result_of(final: bool) -> Result:
    exercises = ()
    flags = () if final else (NOT_FINAL,)
    return Result(NAME, "graded", "", exercises, flags, {}, "same", "", "", "", 0.0, {}, "", final=final)


def test_what_is_not_final_is_graded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "inputs_of", lambda *_: "same")
    monkeypatch.setattr(grading, "grade", lambda *_: result_of(final=True))
    submission = submission_of(HandIn(json.dumps(fill(ATTENTION, {})).encode()), ATTENTION)
    for stored in (result_of(final=False), result_of(final=True)):
        found = grade_if_changed(submission, ATTENTION, b"", "ada", stored)
        assert (found == stored) == stored.final
        assert found.final


def graded(monkeypatch: pytest.MonkeyPatch, alone: bool, meanwhile: Callable[[], None]) -> Result:
    """The result of a submission that was stopped because something kept it waiting."""

    def grade(*_: object) -> Result:
        meanwhile()
        return result_of(final=False)

    monkeypatch.setattr(working, "grade_if_changed", grade)
    monkeypatch.setattr(working, "finish", lambda *_: None)
    content = HandIn(json.dumps(fill(ATTENTION, {})).encode())
    return work(Job(NAME, bytes(32), {}, Config()), Task("ada", content, alone=alone)).result


@pytest.mark.parametrize(
    ("alone", "is_quiet", "final"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_alone_on_a_quiet_machine_a_stop_is_final(
    monkeypatch: pytest.MonkeyPatch, alone: bool, is_quiet: bool, final: bool
) -> None:
    monkeypatch.setattr(working, "watch_others", lambda server: contextlib.nullcontext(is_quiet))
    result = graded(monkeypatch, alone, lambda: None)
    assert result.final == final
    assert (NOT_FINAL in result.flags) == (not final)


@pytest.mark.parametrize(
    ("free", "is_quiet"),
    [
        pytest.param([1.5, 1.5, 1.5], True, id="quiet"),
        pytest.param([0.1, 1.5, 1.5], False, id="others are busy at first"),
        pytest.param([1.5, 0.1, 1.5], False, id="others are busy in the middle"),
        pytest.param([1.5, 1.5, 0.1], False, id="others are busy at last"),
        pytest.param([1.5, -20.0, 23.0, 1.5], True, id="what ended was missing for a moment"),
        pytest.param([1.5, 1.5, -20.0], False, id="what ended is missing for good"),
    ],
)
def test_each_moment_has_to_be_quiet(monkeypatch: pytest.MonkeyPatch, free: list[float], is_quiet: bool) -> None:
    left_to_us, seconds = itertools.accumulate(free, initial=0.0), itertools.count()
    monkeypatch.setattr(quiet, "_left_to_us", lambda server: next(left_to_us))
    monkeypatch.setattr(quiet, "time", SimpleNamespace(sleep=lambda _: None, monotonic=lambda: next(seconds)))
    is_over = iter([False] * (len(free) - 1) + [True])
    seen = quiet.Quiet()
    quiet._watch(seen, SimpleNamespace(is_set=lambda: next(is_over)), None)
    assert bool(seen) == is_quiet


def test_others_that_are_busy_only_in_the_middle_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy_in_the_middle() -> None:
        time.sleep(2 * quiet.WINDOW)
        loops = f"timeout {4 * quiet.WINDOW} sh -c 'while :; do :; done' &" * (2 * (os.cpu_count() or 1))
        # The shell ends at once: its loops are nobody's children.
        subprocess.run(["sh", "-c", loops], check=True)
        time.sleep(6 * quiet.WINDOW)

    result = graded(monkeypatch, alone=True, meanwhile=busy_in_the_middle)
    assert not result.final
    assert NOT_FINAL in result.flags


class Process:
    """A sandbox's process that never answers; of each second it runs and waits for a processor so long."""

    tier, connection, pid, generation = "namespaces", None, 0, 0

    def __init__(self, ran: float, waited: float, is_ready: bool = False) -> None:
        self._ran, self._waited, self._is_ready = ran, waited, is_ready
        self.waits: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return False

    def times(self) -> Times:
        return Times(self._ran * sum(self.waits), self._waited * sum(self.waits))

    def is_ready_to_run(self) -> bool:
        return self._is_ready


@pytest.mark.parametrize(
    ("ran", "waited", "seconds", "starved"),
    [
        pytest.param(1.0, 0.0, 10, False, id="it ran all the time"),
        pytest.param(0.0, 0.001, 10, False, id="it slept"),
        pytest.param(0.0, 0.99, 10, True, id="it slept often, on a busy machine"),
        pytest.param(0.01, 0.99, 10.3, True, id="it waited for fifty others, or for its own"),
        pytest.param(0.25, 0.75, 20, True, id="it waited for three others, or for its own"),
        pytest.param(0.5, 0.5, 20, False, id="it shared the processor with another, and had all its time"),
        pytest.param(0.9, 0.1, 11.1, False, id="it waited a little, and had that time once more"),
    ],
)
def test_waiting_is_granted_for_work_and_never_more_than_the_deadline_once_more(
    monkeypatch: pytest.MonkeyPatch, ran: float, waited: float, seconds: float, starved: bool
) -> None:
    process = Process(ran, waited)
    monkeypatch.setattr(sandboxes.wire, "FrameReader", lambda connection: process)
    sandbox = Sandbox(SimpleNamespace(end_process=lambda process: None), process)
    assert sandbox._wait(10.0) is False
    assert sum(process.waits) == pytest.approx(seconds, abs=0.2)
    assert sandbox.starved == starved


@pytest.mark.parametrize("is_ready", [True, False], ids=["it waits still", "it sleeps"])
def test_a_wait_counts_before_the_kernel_counts_it(monkeypatch: pytest.MonkeyPatch, is_ready: bool) -> None:
    """The kernel adds a wait when it ends: of one that lasts beside fifty loops, nothing is seen until then."""
    seconds = itertools.count(step=10)
    monkeypatch.setattr(sandboxes, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    process = Process(0.01, 0.0, is_ready)
    monkeypatch.setattr(sandboxes.wire, "FrameReader", lambda connection: process)
    sandbox = Sandbox(SimpleNamespace(end_process=lambda process: None), process)
    assert sandbox._wait(10.0) is False
    assert sandbox.starved == is_ready


@pytest.mark.parametrize(("script", "is_ready"), [("while :; do :; done", True), ("exec sleep 1000", False)])
def test_who_is_ready_to_run_is_told_from_who_sleeps(script: str, is_ready: bool) -> None:
    with subprocess.Popen(["sh", "-c", script]) as child:
        process = SandboxProcess(socket.socket(), child.pid, os.pidfd_open(child.pid), "", 0)
        end = time.monotonic() + 60
        # A shell that becomes another program sleeps and runs by turns until it has.
        while (seen := process.is_ready_to_run()) != is_ready and time.monotonic() < end:
            time.sleep(0.01)
        child.kill()
    assert seen == is_ready
    assert not process.is_ready_to_run()
    process.close()


@pytest.mark.grading
def test_a_submission_that_waited_most_of_its_time_is_not_final(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = references(ATTENTION) | {"flash_attention": "import time\ntime.sleep(1000)"}
    submission = submission_of(HandIn(json.dumps(fill(ATTENTION, answers)).encode()), ATTENTION)
    for waited, final in ((0.0, True), (3.0, False)):
        monkeypatch.setattr(Sandbox, "seconds_kept_waiting", lambda sandbox, waited=waited: waited)
        monkeypatch.setattr(SandboxProcess, "times", lambda process: Times())
        monkeypatch.setattr(SandboxProcess, "is_ready_to_run", lambda process: False)  # it is, on a busy machine
        result = grading.grade(submission, ATTENTION, b"s", Rules(submission_deadline=1.0))
        assert (result.final, NOT_FINAL not in result.flags) == (final, final)
