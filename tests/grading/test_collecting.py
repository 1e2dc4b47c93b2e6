"""What an instructor collects from a platform: who is asked, what is kept, and what comes of it in the gradebook."""

import json
from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest

from tests.autograder.collecting.downloads import packed
from tests.banks.sources import ONE, asserts, write_source
from tests.grading.conftest import Course, cell_of
from tests.grading.test_students import RULE

pytestmark = pytest.mark.grading
NAME = "ps1"
RIGHT, WRONG = "import helper\none = helper.one", "one = 2"
ROSTER = "id,first_name,last_name,lms_user_id\nzoe,Zoe,Doe,777\neve,Eve,Roe,666\n"


@pytest.fixture
def small(empty: Course) -> Course:
    """A course with a roster, an assignment that is due, and a penalty for each day."""
    write_source(empty.folder, NAME, [ONE, asserts("one", 8, "assert one == 1")])
    empty.configure(RULE)
    (empty.folder / "students.csv").write_text(ROSTER, encoding="utf-8")
    empty.done("release", NAME, "--due", "2026-10-12T12:00+00:00")
    empty.done("roster", "students.csv")
    return empty


def answered(course: Course, source: str) -> bytes:
    notebook = nbformat.read(course.folder / "release" / NAME / f"{NAME}.ipynb", as_version=4)
    cell_of(notebook, "one-answer").source = source
    return nbformat.writes(notebook).encode()


def pack(course: Course, files: Mapping[str, bytes], name: str = "all.zip") -> str:
    (course.folder / name).write_bytes(packed(files, 2026))
    return name


def lay(course: Course, path: str, content: bytes) -> Path:
    file = course.folder / "submitted" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def scores(course: Course) -> dict[str, tuple[str, str]]:
    """Student -> score and late penalty."""
    return {student: (row["score"], row["late_submission_penalty"]) for student, row in course.rows().items()}


@pytest.mark.parametrize(
    ("typed", "options", "status"), [("y\n", (), 0), ("\n", (), 1), ("no\n", (), 1), ("", (), 1), ("", ("--yes",), 0)]
)
def test_at_a_terminal_a_person_is_asked(
    small: Course, typed: str, options: tuple[str, ...], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal:
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return typed

    monkeypatch.setattr("sys.stdin", Terminal())
    archive = pack(small, {"stranger_5_2_a.ipynb": answered(small, WRONG)})
    assert small.llm_course("collect", archive, *options).returncode == status
    assert (small.folder / "submitted").exists() == (status == 0)


@pytest.mark.parametrize("command", ["llm-course", "nbgrader"])
def test_numbers_that_a_browser_added_are_understood_when_it_is_graded(small: Course, command: str) -> None:
    lay(small, f"zoe/{NAME}/{NAME} (1).ipynb", answered(small, RIGHT))
    lay(small, f"zoe/{NAME}/helper (1).py", b"one = 1")
    if command == "nbgrader":
        small.done_by_nbgrader("autograde", NAME)
    else:
        told = small.done("grade", NAME, "--workers", "1").stdout
        assert f"note: {NAME} (1).ipynb is used as {NAME}.ipynb." in told
        assert "note: helper (1).py is used as helper.py." in told
    assert scores(small)["zoe"] == ("8.0", "0.0")
    flags = json.loads((small.folder / "results" / NAME / "zoe.json").read_text(encoding="utf-8"))["flags"]
    assert len(flags) == 2
    assert (small.folder / "autograded" / "zoe" / NAME / f"{NAME}.ipynb").exists()
    assert small.done("feedback", NAME).stdout


def test_a_misplaced_notebook_is_named(small: Course) -> None:
    lay(small, f"eve/{NAME}.ipynb", answered(small, "one = 1"))
    sentence = f"submitted/eve/{NAME}.ipynb is not graded: lay it into submitted/eve/{NAME}/."
    run = small.llm_course("grade", NAME)
    assert run.returncode == 1 and sentence in run.stderr
    lay(small, f"zoe/{NAME}/{NAME}.ipynb", answered(small, "one = 1"))
    assert sentence in small.done("grade", NAME, "--workers", "1").stdout


def test_a_late_mark_costs_what_it_costs_and_a_time_that_is_told_later_counts(small: Course) -> None:
    late, content = "doezoe_LATE_777_1_a.ipynb", answered(small, "one = 1")
    small.done("collect", pack(small, {late: content}))
    small.done("grade", NAME, "--workers", "1")
    assert scores(small)["zoe"] == ("6.0", "2.0")
    small.done("collect", pack(small, {late: content}))
    small.done("grade", NAME, "--workers", "1")
    assert scores(small)["zoe"] == ("6.0", "2.0")
    # Three days late, as the instructor sees in Canvas.
    newer = {late.replace("1_a", "2_a"): answered(small, "one = 1  # newer")}
    small.done("collect", pack(small, newer), "--at", "2026-10-15T11:00+00:00")
    small.done("grade", NAME, "--workers", "1")
    assert scores(small)["zoe"] == ("2.0", "6.0")
    # The first is kept, and the history has both with their times.
    zoe, first, second = small.done("history", NAME).stdout.splitlines()
    assert (zoe, second) == ("zoe", "  2026-10-15 11:00 UTC: counts, from doezoe in Canvas")
    assert first.startswith(f"  2026-10-12 12:00 UTC: kept in replaced/zoe.{NAME}.2")
    assert "Nobody called kim handed in" in small.refused("history", NAME, "--student", "kim")


def test_a_worksheet_tells_a_better_time_and_takes_the_penalty_back(small: Course) -> None:
    archive = pack(small, {"Zoe Doe_12_assignsubmission_file_/a.ipynb": answered(small, "one = 1")})
    small.done("collect", archive, "--at", "2026-10-13T11:00+00:00")
    small.done("grade", NAME, "--workers", "1")
    assert scores(small)["zoe"] == ("6.0", "2.0")
    header = "Identifier,Full name,Last modified (submission)\n"
    (small.folder / "sheet.csv").write_text(header + "Participant 12,Zoe Doe,2026-10-01 12:00\n")
    assert "as before. Handed in at 2026-10-01" in small.done("collect", archive, "--worksheet", "sheet.csv").stdout
    small.done("grade", NAME, "--workers", "1")
    assert scores(small)["zoe"] == ("8.0", "0.0")


def test_what_a_kill_left_is_gone_with_the_next_command(small: Course) -> None:
    ended = 2**22 + 1  # more than a process can have
    left = [small.folder / place / f".x.{ended}.unfinished" for place in (".", "results", "submitted/zoe")]
    for path in left:
        path.mkdir(parents=True)
    small.done("roster")
    assert not any(path.exists() for path in left)
