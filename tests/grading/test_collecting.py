"""What an instructor collects from a platform: who is asked, what is kept, and what comes of it in the gradebook."""

import json
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest

from tests.banks.sources import answer, asserts, write_source
from tests.grading.conftest import Course
from tests.grading.test_students import RULE

pytestmark = pytest.mark.grading
NAME = "ps1"
RIGHT, WRONG = "import helper\none = helper.one", "one = 2"
ROSTER = "id,first_name,last_name,lms_user_id\nzoe,Zoe,Doe,777\neve,Eve,Roe,666\n"


@pytest.fixture
def small(empty_course: Path, tmp_path: Path) -> Course:
    """A course with a roster, an assignment that is due, and a penalty for each day."""
    shutil.copytree(empty_course, tmp_path / "course")
    course = Course(tmp_path / "course")
    cells = [
        answer("one-answer", "### BEGIN SOLUTION\none = 1\n### END SOLUTION"),
        asserts("one", 8, "assert one == 1"),
    ]
    write_source(course.folder, NAME, cells)
    course.configure(RULE)
    (course.folder / "students.csv").write_text(ROSTER, encoding="utf-8")
    course.done("release", NAME, "--due", "2026-10-12T12:00+00:00")
    course.done("roster", "students.csv")
    return course


def answered(course: Course, source: str) -> bytes:
    notebook = nbformat.read(course.folder / "release" / NAME / f"{NAME}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "one-answer":
            cell.source = source
    return nbformat.writes(notebook).encode()


def pack(course: Course, files: Mapping[str, bytes], name: str = "all.zip") -> str:
    with zipfile.ZipFile(course.folder / name, "w") as bundle:
        for path, content in files.items():
            bundle.writestr(zipfile.ZipInfo(path, (2026, 10, 1, 0, 0, 0)), content)
    return name


def lay(course: Course, path: str, content: bytes) -> Path:
    file = course.folder / "submitted" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def scores(course: Course) -> dict[str, tuple[str, str]]:
    """Student -> score and late penalty."""
    return {student: (row["score"], row["late_submission_penalty"]) for student, row in course.rows().items()}


def test_a_display_name_that_is_anothers_id_replaces_nothing(small: Course) -> None:
    lay(small, f"zoe/{NAME}/{NAME}.ipynb", answered(small, "one = 1"))
    archive = pack(small, {"zoe_99_assignsubmission_file_/a.ipynb": answered(small, WRONG)})
    told = small.done("collect", archive).stdout
    small.done("grade", NAME, "--workers", "1")
    assert scores(small)["zoe"] == ("8.0", "0.0")
    assert "zoe is a name in Moodle and the id of a student here" in told


def test_a_place_and_a_stranger_are_asked_about_and_nothing_changes_before(small: Course) -> None:
    before = lay(small, f"zoe/{NAME}/{NAME}.ipynb", answered(small, "one = 1")).read_bytes()
    files = {"doezoe_777_1_a.ipynb": answered(small, WRONG), "stranger_5_2_a.ipynb": answered(small, "one = 1")}
    archive = pack(small, files)
    found = sorted(small.folder.rglob("*"))
    run = small.llm_course("collect", archive)
    assert (run.returncode, len(run.stderr.strip().splitlines())) == (1, 1)
    assert (
        run.stderr == "llm-course: Nothing was collected: look at what is listed above, and agree to it with --yes.\n"
    )
    assert run.stdout.splitlines() == [
        "Not on the roster: stranger.",
        f"zoe: {NAME} was laid by hand or fetched by the exchange, and doezoe_777_1_a.ipynb of doezoe in Canvas would "
        "take its place.",
    ]
    assert sorted(small.folder.rglob("*")) == found
    small.done("collect", archive, "--yes")
    assert (small.folder / "submitted" / "zoe" / NAME / f"{NAME}.ipynb").read_bytes() != before
    assert (small.folder / "submitted" / "stranger" / NAME).exists()


@pytest.mark.parametrize(("typed", "status"), [("y\n", 0), ("\n", 1), ("no\n", 1), ("", 1)])
def test_at_a_terminal_a_person_is_asked(
    small: Course, typed: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal:
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return typed

    monkeypatch.setattr("sys.stdin", Terminal())
    archive = pack(small, {"stranger_5_2_a.ipynb": answered(small, WRONG)})
    assert small.llm_course("collect", archive).returncode == status
    assert (small.folder / "submitted").exists() == (status == 0)


def test_what_is_handed_in_again_on_canvas_keeps_its_files(small: Course) -> None:
    first = {"doezoe_777_1_ps1.ipynb": answered(small, RIGHT), "doezoe_777_2_helper.py": b""}
    small.done("collect", pack(small, first))
    again = {"doezoe_777_3_ps1-1.ipynb": answered(small, RIGHT), "doezoe_777_4_helper-1.py": b"one = 1"}
    assert "zoe: helper-1.py is used as helper.py." in small.done("collect", pack(small, again)).stdout
    small.done("grade", NAME, "--workers", "1")
    assert scores(small)["zoe"] == ("8.0", "0.0")


@pytest.mark.parametrize("command", ["llm-course", "nbgrader"])
def test_numbers_that_a_browser_added_are_understood_when_it_is_graded(small: Course, command: str) -> None:
    lay(small, f"zoe/{NAME}/{NAME} (1).ipynb", answered(small, RIGHT))
    lay(small, f"zoe/{NAME}/helper (1).py", b"one = 1")
    if command == "nbgrader":
        run = small.nbgrader("autograde", NAME)
        assert run.returncode == 0, run.stderr
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


def test_collected_again_a_time_and_its_penalty_stay_and_a_better_time_takes_it_back(small: Course) -> None:
    folder, content = "Zoe Doe_12_assignsubmission_file_", answered(small, "one = 1")
    small.done("collect", pack(small, {f"{folder}/a.ipynb": content}), "--at", "2026-10-13T11:00+00:00")
    small.done("grade", NAME, "--workers", "1")
    assert scores(small)["zoe"] == ("6.0", "2.0")
    newer = pack(small, {f"{folder}/a.ipynb": answered(small, "one = 1  # newer")})
    small.done("collect", newer)
    assert (small.folder / "submitted" / "zoe" / NAME / "timestamp.txt").read_text().startswith("2026-10-13 11:00")
    small.done("grade", NAME, "--workers", "1")
    assert scores(small)["zoe"] == ("6.0", "2.0")
    (small.folder / "sheet.csv").write_text(
        "Identifier,Full name,Last modified (submission)\nParticipant 12,Zoe Doe,2026-10-01 12:00\n"
    )
    assert "as before. Handed in at 2026-10-01" in small.done("collect", newer, "--worksheet", "sheet.csv").stdout
    small.done("grade", NAME, "--workers", "1")
    assert scores(small)["zoe"] == ("8.0", "0.0")


def test_what_a_kill_left_is_gone_with_the_next_command(small: Course) -> None:
    ended = 2**22 + 1  # more than a process can have
    left = [small.folder / place / f".x.{ended}.unfinished" for place in (".", "results", "submitted/zoe")]
    for path in left:
        path.mkdir(parents=True)
    small.done("roster")
    assert not any(path.exists() for path in left)
