"""What one submission takes from the processor costs no other a point for good.

LLM_COURSE_STARVING=all tries each attack of the bank by itself, beside an honest learner whose calls need time.
"""

import json
import os
import re
from types import SimpleNamespace

import pytest
from traitlets.config import Config

from autograder import grade as grading
from autograder import work as working
from autograder.exercises import assignments
from autograder.grade import NOT_FINAL, grade_if_changed
from autograder.hand_in import HandIn
from autograder.result import Result, read_result, write_result
from autograder.rules import Rules
from autograder.sandbox import room as rooms
from autograder.sandbox.room import Room
from autograder.sandbox.zygote_client import RoomProcess, Times
from autograder.submission import submission_of
from autograder.work import Job, Task, work
from autograder.workers import _processors
from tests.banks.hostile.starving import STARVING, slow
from tests.banks.submissions import fill, hand_in, references
from tests.grading.conftest import Course

NAME = "05_attention"
ATTENTION = assignments()[NAME]
TRIED = [*STARVING] if os.environ.get("LLM_COURSE_STARVING") == "all" else ["loops in a cell"]
DEADLINES = """
c.TrustedGrade.cell_deadline = 30
c.TrustedGrade.call_deadline = 1
c.TrustedGrade.submission_deadline = 30
"""


@pytest.mark.grading
@pytest.mark.parametrize("attack", TRIED)
def test_a_neighbor_in_need_of_time_loses_nothing_for_good(course: Course, attack: str) -> None:
    with (course.folder / "nbgrader_config.py").open("a") as file:
        file.write(DEADLINES)
    answers = {exercise.name: "" for exercise in ATTENTION.exercises} | {"causal_mask": STARVING[attack]}
    hand_in(course.folder, "a-hog", NAME, fill(ATTENTION, answers))
    right = references(ATTENTION)
    hand_in(course.folder, "b-slow", NAME, fill(ATTENTION, right | {"causal_mask": slow(right["causal_mask"], 0.3)}))
    run = course.llm_course("grade", NAME, "--workers", "2")
    assert run.returncode == 0, run.stderr
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


@pytest.mark.parametrize(
    ("alone", "idle", "final"),
    [(True, [1.5, 1.5], True), (True, [0.1, 1.5], False), (True, [1.5, 0.1], False), (False, [1.5, 1.5], False)],
)
def test_alone_on_a_quiet_machine_a_stop_is_final(
    monkeypatch: pytest.MonkeyPatch, alone: bool, idle: list[float], final: bool
) -> None:
    monkeypatch.setattr(working, "grade_if_changed", lambda *_: result_of(final=False))
    left = idle.copy()
    monkeypatch.setattr(working, "idle_processors", lambda seconds: left.pop(0))
    monkeypatch.setattr(working, "finish", lambda *_: None)
    content = HandIn(json.dumps(fill(ATTENTION, {})).encode())
    outcome = work(Job(NAME, bytes(32), {}, Config()), Task("ada", content, alone=alone))
    assert outcome.result.final == final
    assert (NOT_FINAL in outcome.result.flags) == (not final)


def test_older_results_are_final(tmp_path) -> None:
    path = tmp_path / "ada.json"
    write_result(path, result_of(final=False))
    assert not read_result(path).final
    data = json.loads(path.read_text())
    del data["final"]
    path.write_text(json.dumps(data))
    assert read_result(path).final


class Process:
    """A room's process that never answers; of each second it runs and waits for a processor so long."""

    tier, connection, pid, generation = "namespaces", None, 0, 0

    def __init__(self, ran: float, waited: float) -> None:
        self._ran, self._waited = ran, waited
        self.waits: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return False

    def times(self) -> Times:
        return Times(self._ran * sum(self.waits), self._waited * sum(self.waits))


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
    monkeypatch.setattr(rooms.wire, "FrameReader", lambda connection: process)
    room = Room(SimpleNamespace(end_process=lambda process: None), process)
    assert room._wait(10.0) is False
    assert sum(process.waits) == pytest.approx(seconds, abs=0.2)
    assert room.starved == starved


def test_workers_have_a_processor_each_where_there_are_enough() -> None:
    allowed = sorted(os.sched_getaffinity(0))
    assert _processors(len(allowed)) == allowed
    assert _processors(len(allowed) + 1) == [None] * (len(allowed) + 1)


@pytest.mark.grading
def test_a_submission_that_waited_most_of_its_time_is_not_final(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = references(ATTENTION) | {"flash_attention": "import time\ntime.sleep(1000)"}
    submission = submission_of(HandIn(json.dumps(fill(ATTENTION, answers)).encode()), ATTENTION)
    for waited, final in ((0.0, True), (3.0, False)):
        monkeypatch.setattr(Room, "seconds_kept_waiting", lambda room, waited=waited: waited)
        monkeypatch.setattr(RoomProcess, "times", lambda process: Times())
        result = grading.grade(submission, ATTENTION, b"s", Rules(submission_deadline=1.0))
        assert (result.final, NOT_FINAL not in result.flags) == (final, final)
