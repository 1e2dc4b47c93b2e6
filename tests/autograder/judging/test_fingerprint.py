"""Whatever a score depends on, a change of it makes another fingerprint."""

from pathlib import Path

import pytest

from _ext.sources import reachable_modules
from autograder.exercises import assignments
from autograder.judging.fingerprint import JUDGING, graders_fingerprint

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "file",
    [
        "autograder/judging/grade.py",
        "autograder/judging/judge.py",
        "autograder/judging/notebook_run.py",
        "autograder/sandbox/sandbox_process.py",
        "autograder/exercises/drawing.py",
        "autograder/exercises/spec.py",
        "autograder/exercises/language_models/perplexity.py",
        "autograder/exercises/language_models/inputs.py",
        "llm_course/checking/compare.py",
        "solutions/language_models.py",
    ],
)
def test_a_changed_file_changes_the_fingerprint(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fingerprint_with(monkeypatch, file) != graders_fingerprint(assignments()["01_language_models"])


@pytest.mark.parametrize("file", ["autograder/reporting/report.py", "solutions/positions.py"])
def test_what_no_score_depends_on_changes_nothing(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fingerprint_with(monkeypatch, file) == graders_fingerprint(assignments()["01_language_models"])


def test_what_grading_imports_is_counted_or_decides_no_score() -> None:
    # The others tell, draw and keep.
    decide_nothing = {"markdown", "notebooks", "pictures", "refusal", "result", "unfinished"}
    imported = {
        file.stem
        for file in reachable_modules({"autograder.judging.grade.*"}, ROOT) - set(ROOT.glob("autograder/capstone/*"))
        if file.parent.parent == ROOT / "autograder" and file not in JUDGING and file.stem != "capstone"
    }
    assert imported - {"__init__"} == decide_nothing


def fingerprint_with(monkeypatch: pytest.MonkeyPatch, file: str) -> str:
    """The fingerprint that 01_language_models has where one file holds a line more."""
    assert (ROOT / file).exists()
    read = Path.read_bytes
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda path: read(path) + (b"# more" if path == ROOT / file else b""))
        return graders_fingerprint.__wrapped__(assignments()["01_language_models"])
