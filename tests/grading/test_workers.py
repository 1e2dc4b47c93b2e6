"""One submission after the other, in processes or on a Dask cluster: the same results, and no one lost."""

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import termios
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from autograder.exercises.spec import Assignment
from autograder.judging.grade import not_graded
from autograder.running import workers as grading_workers
from autograder.running.work import Job, Outcome, Task, refuse
from autograder.running.workers import LOST, local_workers
from autograder.sandbox.zygote_client import SandboxError
from autograder.submissions.hand_in import HandIn, NotGradable
from tests.banks.submissions import fill, hand_in, references, wrong_answer
from tests.grading.conftest import Course, CourseOfAShell

NAME = "05_attention"
TIMES = ("started", "seconds")


class NoServer:
    """Stands in for the fork server where no sandbox is needed."""

    def start(self) -> None: ...

    def share(self) -> "NoServer":
        return self

    def close(self) -> None: ...


def job() -> Job:
    return Job(NAME, bytes(32), {}, Config())


def tasks(*students: str) -> list[Task]:
    return [Task(student, HandIn(b"")) for student in students]


def stand_in(job: Job, task: Task, server: NoServer) -> Outcome:
    """What a worker does in the tests below, by the student's name."""
    if task.student == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    if task.student == "deadly once" and not Path(os.environ["TRACE"]).exists():
        Path(os.environ["TRACE"]).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if task.student == "roomless":
        raise SandboxError("there is no sandbox")
    if "where" in task.student:
        return refuse(job, task, f"{sorted(os.sched_getaffinity(0))}")
    return refuse(job, task, f"{task.student} by another process: {os.getpid() != int(os.environ['PARENT'])}")


@pytest.fixture
def no_sandboxes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(grading_workers, "shared_zygote", NoServer)
    monkeypatch.setattr(grading_workers, "ZygoteClient", NoServer)
    monkeypatch.setattr(grading_workers, "prepare", lambda job, variants: None)
    monkeypatch.setattr(grading_workers, "work", stand_in)
    monkeypatch.setenv("TRACE", str(tmp_path / "trace"))
    monkeypatch.setenv("PARENT", str(os.getpid()))


def run(count: int, given: Iterable[Task]) -> dict[str, str]:
    with local_workers(job(), count) as grading:
        return {outcome.student: outcome.result.reason for outcome in grading(given)}


@pytest.mark.parametrize("count", [2, 7, 13])
def test_processes_share_the_work(no_sandboxes: None, count: int) -> None:
    students = [f"s{number}" for number in range(20)]
    assert run(count, tasks(*students)) == {name: f"{name} by another process: True" for name in students}


def test_a_worker_runs_on_the_processor_of_its_sandboxes(no_sandboxes: None) -> None:
    allowed = sorted(os.sched_getaffinity(0))
    students = [f"where {number}" for number in range(4 * len(allowed))]
    # With one, the grading stays in this process.
    if len(allowed) > 1:
        assert set(run(len(allowed), tasks(*students)).values()) <= {f"[{processor}]" for processor in allowed}
    assert run(len(allowed) + 1, tasks(*students)) == dict.fromkeys(students, str(allowed))


def test_a_process_that_dies_costs_one_submission(no_sandboxes: None) -> None:
    found = run(2, tasks("a", "deadly", "b", "deadly once", "c"))
    assert found.pop("deadly") == LOST
    assert found == {name: f"{name} by another process: True" for name in ("a", "b", "deadly once", "c")}


def test_without_sandboxes_the_run_ends(no_sandboxes: None) -> None:
    with pytest.raises(SandboxError, match="there is no sandbox"):
        run(2, tasks("a", "roomless", "b"))


def test_a_defect_of_the_grader_costs_one_submission(monkeypatch: pytest.MonkeyPatch, attention: Assignment) -> None:
    from autograder.running import work as working

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(working, "grade_if_changed", fail)
    content = json.dumps(fill(attention, {})).encode()
    outcome = working.work(job(), Task("ada", HandIn(content)))
    assert outcome.result.reason.startswith("The grader failed on it (ZeroDivisionError)")


def test_the_same_refusal_is_no_new_result(attention: Assignment) -> None:
    stored = not_graded(attention.name, "It is gone.")
    task = Task("ada", NotGradable("It is gone."), stored=stored)
    assert grading_workers.work(job(), task).result is stored


def hand_in_some(course: Course, assignment: Assignment) -> None:
    right = references(assignment)
    wrong = {item.name: wrong_answer(item, item.mistakes[0]) for item in assignment.exercises}
    for number, answers in enumerate((right, {}, right | wrong)):
        for copy in range(2):
            hand_in(course.folder, f"s{number}{copy}", NAME, fill(assignment, answers))
    hand_in(course.folder, "broken", NAME, {})


def graded(course: Course, *arguments: str) -> dict[str, Any]:
    """The results of a first grading, but for their times."""
    shutil.rmtree(course.folder / "results", ignore_errors=True)
    run = course.llm_course("grade", NAME, *arguments)
    assert "Graded 6 of 7" in run.stdout, run.stdout + run.stderr
    found = {path.stem: json.loads(path.read_text()) for path in (course.folder / "results" / NAME).glob("*.json")}
    return {
        student: {name: value for name, value in result.items() if name not in TIMES}
        for student, result in found.items()
    }


@pytest.mark.grading
@pytest.mark.timeout(1800)  # three runs and a cluster
def test_serial_parallel_and_distributed_results_are_the_same(course: Course, attention: Assignment) -> None:
    hand_in_some(course, attention)
    serial = graded(course, "--workers", "1")
    scores = course.scores(NAME)
    assert graded(course, "--workers", "3") == serial
    assert course.scores(NAME) == scores
    with DaskCluster(2) as address:
        assert graded(CourseOfAShell(course.folder), "--scheduler", address) == serial
    assert course.scores(NAME) == scores


@pytest.mark.grading
def test_a_scheduler_that_does_not_answer_is_one_sentence(course: Course, attention: Assignment) -> None:
    hand_in_some(course, attention)
    for address in ("tcp://127.0.0.1:1", "nonsense://x"):
        run = CourseOfAShell(course.folder).llm_course("grade", NAME, "--scheduler", address)
        assert run.returncode == 1
        assert f"No Dask scheduler answers at {address}" in run.stderr.strip().splitlines()[-1]
        assert "Traceback" not in run.stderr


@pytest.mark.grading
def test_a_terminal_shows_speed_and_time_left(course: Course, attention: Assignment) -> None:
    hand_in_some(course, attention)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))  # in one without columns nothing is drawn
    command = [sys.executable, "-m", "autograder", "grade", NAME, "--workers", "2"]
    process = subprocess.Popen(command, cwd=course.folder, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while data := os.read(ours, 4096):
            shown += data
    except OSError:
        pass  # Linux says so when the other side of a terminal is closed
    process.wait()
    os.close(ours)
    assert b"7/7" in shown
    assert b"submission/s" in shown or b"s/submission" in shown


class DaskCluster:
    """A scheduler and workers as an instructor starts them: `with DaskCluster(2) as address`."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def __enter__(self) -> str:
        dask = str(Path(sys.executable).with_name("dask"))
        scheduler = [dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
        self._processes = [subprocess.Popen(scheduler, stderr=subprocess.PIPE, text=True)]
        address = next(line.split()[-1] for line in self._processes[0].stderr if "Scheduler at:" in line)
        worker = [dask, "worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        for _ in range(self._workers):
            self._processes.append(subprocess.Popen(worker, env=environment, stderr=subprocess.DEVNULL))
        return address

    def __exit__(self, *_: object) -> None:
        # Workers first: one whose scheduler goes away while it ends may wait for ever.
        for process in reversed(self._processes):
            process.terminate()
            process.communicate(timeout=300)
