"""The class report takes results as they are, also from before an exercise was added."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.records.result import write_result
from autograder.reporting.report import class_report
from autograder.reporting.scores import CellScore, Score
from tests.autograder.records.test_result import EXERCISE, RESULT


def test_results_of_other_exercises_are_counted_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    later = dataclasses.replace(RESULT, exercises=(EXERCISE, dataclasses.replace(EXERCISE, name="g")))
    for student, result in (("ada", RESULT), ("zoe", later)):
        path = Path("results") / RESULT.assignment / f"{student}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_result(path, result)
    cells = tuple(CellScore(name, 1.5, 4.0, False, 1.5, name) for name in ("f", "g"))
    scores = [
        Score(RESULT.assignment, student, "graded", None, 1.5, 0.0, 1.5, 4.0, cells=cells) for student in ("ada", "zoe")
    ]
    page = class_report("course", scores, datetime.now(UTC))
    assert "<code>f</code>" in page and "<code>g</code>" in page
