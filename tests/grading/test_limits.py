"""What a submission may spend: its time is up at some point, however small the steps, and its outputs are cut."""

from collections.abc import Mapping

import pytest

from autograder.exercises import assignments
from autograder.judging import notebook_run
from autograder.judging.grade import grade
from autograder.judging.rules import Rules
from autograder.records.result import Result
from tests.banks.submissions import references, submission

pytestmark = pytest.mark.grading
ATTENTION = assignments()["05_attention"]
RULES = Rules(cell_deadline=1, call_deadline=1, submission_deadline=1)
LATE_CELL = """
import time
try:
    time.sleep(1000)
except KeyboardInterrupt:
    time.sleep(0.5)
"""
DRIPPED_REPLIES = """
import json, signal, struct, sys, time

FAILURE = ["LookupError", "", None, ""]
FIELDS = {"value": None, "failure": FAILURE, "changed": [], "gradients": {"dict": {}}, "largest": None}

def reply(connection):
    header = json.dumps({"reply": {"dict": FIELDS}, "seen": []}).encode()
    data = struct.pack("<II", len(header), 0) + header
    connection.sendall(data[:1])
    time.sleep(0.3)
    connection.sendall(data[1:])

def causal_mask(**arguments):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    frame = sys._getframe()
    while not {"connection", "frames", "shell"} <= set(frame.f_locals): frame = frame.f_back
    connection, frames = frame.f_locals["connection"], frame.f_locals["frames"]
    connection.settimeout(None)
    header = frame.f_locals["header"]
    while True:
        reply(connection)
        header, _ = frames.receive(None)
"""


@pytest.fixture
def little_overtime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook_run, "OVERTIME", 1.0)


def graded(answers: Mapping[str, str], extra: Mapping[int, str] | None = None) -> Result:
    return grade(submission(ATTENTION, answers, extra), ATTENTION, b"secret", RULES)


def test_cells_that_stop_late_are_not_run_for_ever(little_overtime: None) -> None:
    result = graded({}, {2: LATE_CELL, **dict.fromkeys(range(3, 15), LATE_CELL)})
    assert 2 < len(result.outputs) < 10
    assert "out of time" in str([*result.outputs.values()][-1])


def test_replies_that_come_drop_by_drop_are_not_waited_for_for_ever(little_overtime: None) -> None:
    hints = [exercise.hint for exercise in graded({"causal_mask": DRIPPED_REPLIES}).exercises]
    assert "LookupError" in hints[0]
    assert "out of time" in hints[-1]


def test_a_quick_answer_counts_after_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook_run, "QUICK", 10.0)  # on a busy machine nothing is quick
    slow = "import time\ntime.sleep(0.9)\n" * 2
    first, *_ = graded({"causal_mask": references(ATTENTION)["causal_mask"]}, {2: slow}).exercises
    assert first.score == first.points


def test_outputs_of_one_submission_are_cut_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook_run, "OUTPUT_OF_A_SUBMISSION", 20_000)
    prints = {1: "print('a' * 15_000)", 2: "print('b' * 15_000)", 3: "print('c' * 1_000)"}
    result = grade(submission(ATTENTION, references(ATTENTION), prints), ATTENTION, b"secret")
    printed = [output["text"] for outputs in result.outputs.values() for output in outputs if "text" in output]
    assert [text[:2] for text in printed[:3]] == ["aa", "[t", "cc"]
    assert sum(map(len, printed)) < 20_000
    assert result.score == result.points
