"""A semester in small ends with the same table on SQLite and on a real PostgreSQL server that the test starts."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.exercises.spec import Assignment
from tests.banks.sources import ONE, asserts, essay, handed_in, write_source
from tests.banks.submissions import references
from tests.grading.conftest import Course, cell_of, editing
from tests.grading.test_own_exercises import COLUMNS, RIGHT
from tests.grading.test_students import LATE, ROSTER, RULE

pytestmark = pytest.mark.grading
MISSING = "PostgreSQL is not installed: the tests need it (apt-get install postgresql)."
CHAPTER, OWN, PLAIN = "05_attention", "sorting", "ps1"
DUE = "2026-10-12T12:00+00:00"
MINUTE = datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()


def program(name: str) -> str:
    """Debian keeps the server's programs off the PATH."""
    found = [*sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), shutil.which(name)]
    assert found[0] is not None, MISSING
    return str(found[0])


def run(*command: str) -> None:
    # The server refuses to run as root; Debian's package made this user.
    other_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*other_user, *command], cwd="/", capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The URL of an empty database on a server that listens on a socket in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        data = f"{folder}/data"
        run(program("initdb"), "--pgdata", data, "--username", "grader", "--auth", "trust", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run(program("pg_ctl"), "--pgdata", data, "--log", f"{folder}/log", "--options", options, "--wait", "start")
        try:
            # The folder is the server's own; the grader only needs to reach the socket in it.
            Path(folder).chmod(0o755)
            run(program("createdb"), "--host", folder, "--username", "grader", "grades")
            yield f"postgresql+psycopg://grader@/grades?host={folder}"
        finally:
            run(program("pg_ctl"), "--pgdata", data, "--mode", "immediate", "--wait", "stop")


def semester(course: Course, url: str, attention: Assignment) -> list[dict[str, Any]]:
    """Roster, three releases, hand-ins, grades by hand, an extension, a hand-in after it; the table in the end."""

    def do(*arguments: str) -> str:
        return course.done(*arguments).stdout

    (course.folder / "students.csv").write_text(ROSTER, encoding="utf-8")
    do("roster", "students.csv")
    with editing(course.folder / "source" / CHAPTER / f"{CHAPTER}.ipynb") as notebook:
        cell_of(notebook, "causal_mask").metadata.nbgrader.points = 20
        notebook.cells.append(essay("why", 4))
    do("new-exercise", OWN)
    write_source(course.folder, PLAIN, [ONE, asserts("one", 2, "assert one == 1")])
    for name in (CHAPTER, OWN, PLAIN):
        do("release", name, "--due", DUE)

    right = {f"{name}-answer": source for name, source in references(attention).items()}
    handed_in(course.folder, CHAPTER, "ada", right | {"why": "Because."})
    late = handed_in(course.folder, CHAPTER, "bob", {"why": "Perhaps."})
    (late.parent / "timestamp.txt").write_text(LATE)
    # Their times are told: one minute for both databases, whatever the clock says when each is at work.
    os.utime(late, (MINUTE, MINUTE))
    for student, source in (("ada", RIGHT), ("bob", COLUMNS)):
        late = handed_in(course.folder, OWN, student, {"double_largest-answer": source})
        (late.parent / "timestamp.txt").write_text(LATE)
        os.utime(late, (MINUTE, MINUTE))
    handed_in(course.folder, PLAIN, "cleo", {"one-answer": "one = 1"})
    handed_in(course.folder, PLAIN, "bob", {}).write_text("{")
    for name in (CHAPTER, OWN):
        do("grade", name, "--workers", "1")
    assert course.llm_course("grade", PLAIN, "--workers", "1").returncode == 1
    with Gradebook(url) as gradebook:
        for student, score in (("ada", 4.0), ("bob", 2.0)):
            grade = gradebook.find_grade("why", CHAPTER, CHAPTER, student)
            grade.manual_score, grade.needs_manual_grade = score, False
        gradebook.db.commit()
    assert "bob: late penalty 0 to 1 points." in do("grade", CHAPTER, "--workers", "1")
    assert "ada: late penalty 1 to 0 points." in do("extend", OWN, "ada", "--days", "2", "--reason", "a fair")
    handed_in(course.folder, CHAPTER, "ada", right | {"why": "Because of something else."})
    assert "why has 4 points by hand, given to another answer" in do("grade", CHAPTER, "--workers", "1")
    for name in (CHAPTER, OWN, PLAIN):
        do("feedback", name)
    do("report", "report.html")
    do("export", "scores.json")
    table: list[dict[str, Any]] = json.loads((course.folder / "scores.json").read_text(encoding="utf-8"))["scores"]
    return table


def test_a_semester_is_the_same_on_either_database(
    database: str, empty: Course, attention: Assignment, tmp_path: Path
) -> None:
    course, other = empty, Course(tmp_path / "other")
    Course(tmp_path).done("init", "other", "--database", database)
    shutil.copy(course.folder / ".llm_course_secret", other.folder)
    for each in (course, other):
        each.configure(RULE)
    found = semester(course, f"sqlite:///{course.folder / 'gradebook.db'}", attention)
    assert not (other.folder / "gradebook.db").exists()
    assert semester(other, database, attention) == found

    scores = {(row["assignment"], row["student_id"]): row for row in found}
    points = attention.points - attention.exercise("causal_mask").points + 20
    assert {key: row["score"] for key, row in scores.items()} == {
        (CHAPTER, "ada"): points + 4,
        (CHAPTER, "bob"): 1,  # 2 for the essay, of which two days late cost a half
        (CHAPTER, "cleo"): None,
        (OWN, "ada"): 2,
        (OWN, "bob"): 0,
        (OWN, "cleo"): None,
        (PLAIN, "ada"): None,
        (PLAIN, "bob"): None,
        (PLAIN, "cleo"): 2,
    }
    assert "not valid JSON" in scores[PLAIN, "bob"]["reason"]
    assert scores[OWN, "ada"]["due"] == "2026-10-14 12:00 (2 days more: a fair)"
    assert "look at it again" in scores[CHAPTER, "ada"]["flags"]


def test_a_database_that_cannot_be_opened_is_one_sentence(tmp_path: Path, course: Course) -> None:
    nowhere = f"postgresql+psycopg://grader@/grades?host={tmp_path}"
    assert "The gradebook cannot be opened (" in Course(tmp_path).refused("init", "new", "--database", nowhere)
    Course(tmp_path).refused("init", "newer", "--database", "elephants")
    refusal = course.refused("init", ".", "--database", "sqlite:///other.db")
    assert "is a course already: set c.CourseDirectory.db_url" in refusal
