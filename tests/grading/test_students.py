"""Students: a roster, those who hand in nothing, more time for some, days late and what they cost, with the reason."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from tests.banks.sources import answer, asserts, essay, handed_in, write_source
from tests.grading.conftest import Course, copy_of

pytestmark = pytest.mark.grading
NAME = "ps1"
RULE = """
from autograder.students.late import PenaltyPerDay
c.AssignLatePenalties.plugin_class = PenaltyPerDay
c.PenaltyPerDay.share = 0.25
"""
ROSTER = """id,first_name,last_name,email,lms_user_id
ada,Ada,Lovelace,ada@example.org,101
bob,Bob,Grün,bob@example.org,102
cleo,Cleo,"Smith, Jr.",,
"""
RIGHT = "def one():\n    return 1"
LATE = "2026-10-13 13:00:00.000000 UTC"
"""A day and an hour."""


@pytest.fixture(scope="module")
def small_course(empty_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with a small assignment that is due, and a penalty for each day; to be copied."""
    empty = copy_of(empty_course, tmp_path_factory.mktemp("small"))
    cells = [answer("one-answer", "def one():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION")]
    write_source(empty.folder, NAME, [*cells, asserts("one", 8, "assert one() == 1"), essay("why", 4)])
    empty.configure(RULE)
    (empty.folder / "students.csv").write_text(ROSTER, encoding="utf-8")
    empty.done("release", NAME, "--due", "2026-10-12T12:00+00:00")
    return empty.folder


@pytest.fixture
def small(small_course: Path, tmp_path: Path) -> Course:
    return copy_of(small_course, tmp_path)


def submit(course: Course, student: str, at: str, why: str = "") -> None:
    path = handed_in(course.folder, NAME, student, {"one-answer": RIGHT} | ({"why": why} if why else {}))
    (path.parent / "timestamp.txt").write_text(at)


def test_who_hands_in_nothing_is_in_every_table_and_has_no_zero(small: Course) -> None:
    run = small.llm_course("roster", "students.csv")
    assert run.stdout.splitlines() == ["ada: new.", "bob: new.", "cleo: new.", "The course has 3 students."]
    submit(small, "ada", "2026-10-12 11:00:00.000000 UTC")
    submit(small, "dora", "2026-10-12 11:00:00.000000 UTC")
    before = small.rows()
    assert {student: row["status"] for student, row in before.items()} == {
        "ada": "not graded", "bob": "not handed in", "cleo": "not handed in", "dora": "not graded",
    }  # fmt: skip
    run = small.done("grade", NAME, "--workers", "1")
    assert "Handed in nothing: bob, cleo." in run.stdout
    found = small.rows()
    # An essay that was left as it is counts 0, as in nbgrader.
    assert {student: (row["status"], row["score"]) for student, row in found.items()} == {
        "ada": ("graded", "8.0"), "bob": ("not handed in", ""), "cleo": ("not handed in", ""),
        "dora": ("graded", "8.0"),
    }  # fmt: skip
    assert (found["bob"]["name"], found["bob"]["reason"]) == ("Bob Grün", "Nothing was handed in.")
    small.done("export", "canvas.csv", "--table", "canvas")
    text = (small.folder / "canvas.csv").read_text(encoding="utf-8")
    assert "Ada Lovelace,101,,ada,,8.0" in text and "Bob Grün,102,,bob,,\n" in text.replace("\r", "")
    (small.folder / "list.csv").write_text('Student,ID,SIS Login ID,Section,Why (7)\n"Lovelace, Ada",101,ada,S,\n')
    column = ("--table", "canvas", "--assignment", NAME, "--column", "Why (7)", "--canvas-list", "list.csv")
    assert "Not in Canvas's list, and left out: bob, cleo, dora." in small.done("export", "canvas.csv", *column).stdout
    assert (small.folder / "canvas.csv").read_text().splitlines()[1:] == ['"Lovelace, Ada",101,ada,S,8.0']
    small.done("export", "moodle.csv", "--table", "moodle")
    assert (small.folder / "moodle.csv").read_text().split() == ["username,ps1", "ada,8.0", "bob,", "cleo,", "dora,8.0"]
    assert list(small.rows("--assignment", NAME)) == ["ada", "bob", "cleo", "dora"]
    report = small.report()
    assert "2 submissions, 0 of them not graded." in report
    assert "<bdi>Bob Grün</bdi>, <bdi>Cleo Smith, Jr.</bdi>." in report


def test_more_time_takes_a_penalty_off_and_the_table_says_why(small: Course) -> None:
    small.done("roster", "students.csv")
    for student in ("ada", "bob"):
        submit(small, student, LATE)
    small.done("grade", NAME, "--workers", "1")
    found = small.rows()
    assert [found["ada"][name] for name in ("score", "late_submission_penalty", "late_days", "due")] == [
        "4.0", "4.0", "2", "2026-10-12 12:00",
    ]  # fmt: skip
    run = small.llm_course("extend", NAME, "ada", "--days", "1", "--reason", "ill, with a note")
    assert run.stdout == "ada: 1 day more for ps1: ill, with a note.\nada: late penalty 4 to 2 points.\n"
    run = small.llm_course("extend", NAME, "cleo", "--days", "7", "--reason", "a fair")
    assert run.stdout == "cleo: 7 days more for ps1: a fair.\n"
    after = small.rows()
    assert after["bob"] == found["bob"]
    assert [after["ada"][name] for name in ("score", "late_days", "due")] == [
        "6.0", "1", "2026-10-13 12:00 (1 day more: ill, with a note)",
    ]  # fmt: skip
    assert (after["cleo"]["status"], after["cleo"]["due"]) == (
        "not handed in",
        "2026-10-19 12:00 (7 days more: a fair)",
    )
    # It holds for what comes later, by either command.
    submit(small, "cleo", "2026-10-18 12:00:00.000000 UTC")
    small.done_by_nbgrader("autograde", NAME, "--force")
    again = small.rows()
    assert (again["cleo"]["score"], again["cleo"]["late_days"]) == ("8.0", "0")
    assert (again["ada"]["score"], again["bob"]["score"]) == ("6.0", "4.0")
    small.done("grade", NAME, "--workers", "1", "--again")
    assert small.rows() == again


def test_more_time_until_a_moment_holds_also_where_the_due_date_moves(small: Course) -> None:
    small.done("roster", "students.csv")
    submit(small, "ada", LATE)
    small.done("grade", NAME, "--workers", "1")
    no_later = small.refused("extend", NAME, "ada", "--until", "2026-10-12T12:00Z")
    assert "ps1 is due at 2026-10-12 12:00 UTC, which is no earlier" in no_later
    said = small.done("extend", NAME, "ada", "--until", "2026-10-13T12:30Z", "--reason", "ill").stdout
    assert "for ps1: ill.\nada: late penalty 4 to 2 points." in said
    row = small.rows()["ada"]
    assert (row["due"], row["late_days"], row["score"]) == ("2026-10-13 12:30 (extended: ill)", "1", "6.0")
    small.done("release", NAME, "--due", "2026-10-11T12:00Z")
    assert "late penalty" not in small.done("grade", NAME, "--workers", "1").stdout
    assert small.rows()["ada"]["due"] == row["due"]
    # A file without the column was written before there was one.
    (small.folder / "extensions.csv").write_text("assignment,student,days,reason\nps1,ada,3,\n")
    small.done("extend", NAME, "bob", "--until", "2026-10-13T12:30Z")
    assert (small.folder / "extensions.csv").read_text().splitlines()[1] == "ps1,ada,3,,"


def test_an_extension_that_was_given_in_nbgraders_way_stays(small: Course) -> None:
    submit(small, "ada", LATE)
    small.done("grade", NAME, "--workers", "1")
    with small.gradebook() as gradebook:
        gradebook.find_submission(NAME, "ada").extension = timedelta(days=3)
        gradebook.db.commit()
    run = small.llm_course("grade", NAME, "--workers", "1")
    assert "ada: late penalty 4 to 0 points." in run.stdout
    assert (small.rows()["ada"]["score"], small.rows()["ada"]["due"]) == ("8.0", "2026-10-15 12:00 (3 days more)")


def test_the_table_has_a_version_and_the_cells(small: Course) -> None:
    small.done("roster", "students.csv")
    submit(small, "ada", LATE, why="Because.")
    small.done("grade", NAME, "--workers", "1")
    small.done("export", "scores.json")
    table = json.loads((small.folder / "scores.json").read_text(encoding="utf-8"))
    assert (table["version"], table["course"]) == (1, "course")
    ada, bob, _ = table["scores"]
    assert ada["cells"] == [
        {"name": "one", "score": 8.0, "max_score": 8.0, "by_hand": False, "auto_score": 8.0, "title": "one"},
        {"name": "why", "score": None, "max_score": 4.0, "by_hand": False, "auto_score": None, "title": "why"},
    ]
    assert (ada["score"], ada["status"], bob["score"], bob["cells"]) == (None, "not graded", None, [])
    small.done("export", "cells.csv", "--table", "cells")
    text = (small.folder / "cells.csv").read_text(encoding="utf-8").splitlines()
    assert text[1:] == [
        "ps1,ada,Ada Lovelace,not graded,one,8.0,8.0,False,8.0,one",
        "ps1,ada,Ada Lovelace,not graded,why,,4.0,False,,why",
    ]


LISTS = {
    "canvas": "Student,ID,SIS User ID,SIS Login ID,Section,05 (1)\n    Points Possible,,,,,3\n"
    '"Lovelace, Ada",7,,ada,S1,\n"Student, Test",8,,,S1,\n',
    "moodle": "\ufeffFirst name;Last name;ID number;Email address\nAda;Lovelace;ada;a@b.org\n",
    "nbgrader": "id,first_name,last_name,lms_user_id\nada,Ada,Lovelace,7\n",
}


@pytest.mark.parametrize("platform", LISTS)
def test_lists_of_platforms_are_read_and_nobody_is_removed(small: Course, platform: str) -> None:
    (small.folder / "list.csv").write_text(LISTS[platform], encoding="utf-8")
    small.done("roster", "students.csv")
    run = small.done("roster", "list.csv")
    assert run.stdout.splitlines()[-1] == "The course has 3 students."
    listed = small.llm_course("roster").stdout.splitlines()
    # What the list does not know is kept.
    assert listed[0] == f"ada, Ada Lovelace, {'a@b.org' if platform == 'moodle' else 'ada@example.org'}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"name\nada\n", "has no column with the students' ids"),
        (b"", "has no column with the students' ids"),
        (b"id\n", "names no student"),
        (b"id\nada\nada\n", "names ada more than once"),
        (b"id,name\n..,Ada\n", "Ada has no id that can be used"),
        (b"id,name\n,Ada Lovelace\n", "Ada Lovelace has no id that can be used"),
        ("id,name\nada,Grün\n".encode("cp1252"), "is not UTF-8"),
        (b"id\n\0\n", ""),
    ],
)
def test_a_list_that_cannot_be_read_changes_nothing(small: Course, text: bytes, sentence: str) -> None:
    (small.folder / "list.csv").write_bytes(text)
    assert sentence in small.refused("roster", "list.csv")
    assert small.llm_course("roster").stdout == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("extend", NAME, "nobody", "--days", "1"), "Nobody is called 'nobody'"),
        (("extend", "99_nothing", "ada", "--days", "1"), "There is no assignment '99_nothing'"),
        (("extend", "05_attention", "ada", "--days", "1"), "05_attention is not released yet"),
        (("extend", NAME, "ada", "--days", "nan"), "nan is no number of days from 0 to 3650"),
        (("extend", NAME, "ada", "--days", "-1"), "-1 is no number of days from 0 to 3650"),
        (("roster", "no.csv"), "no.csv cannot be read: No such file or directory"),
        (("export", "grades.csv", "--column", "Why (7)"), "--column is the column of one assignment: name that by"),
        (("export", "grades.csv", "--assignment", "ps9"), "ps9 is not released, or has no students yet"),
        (("export", "grades.csv", "--canvas-list", "no.csv"), "--canvas-list is for a CSV by --table canvas"),
    ],
)
def test_what_cannot_be_is_one_sentence(small: Course, arguments: tuple[str, ...], sentence: str) -> None:
    small.done("roster", "students.csv")
    assert sentence in small.refused(*arguments)
    assert not (small.folder / "extensions.csv").exists()


@pytest.mark.parametrize(
    "line", ["ps1,ada,many,,ill", "ps1,ada,,,", "ps1", "ps1,ada,-4,,ill", "ps1,ada,,noon,", "ps1,ada,1,2026-12-01,"]
)
def test_a_file_of_extensions_that_was_spoiled_is_named_with_its_line(small: Course, line: str) -> None:
    (small.folder / "extensions.csv").write_text(f"assignment,student,days,until,reason\n{line}\n")
    submit(small, "ada", LATE)
    assert "extensions.csv, line 2" in small.refused("export", "grades.csv")


def test_a_spoiled_file_of_extensions_takes_nobodys_score(small: Course) -> None:
    submit(small, "ada", LATE)
    small.done("grade", NAME, "--workers", "1")
    before = small.scores(NAME)
    (small.folder / "extensions.csv").write_text("assignment,student,days,reason\nps1,ada,soon,\n")
    run = small.nbgrader("autograde", NAME, "--force")
    assert run.returncode == 1
    assert "'soon' is no number of days" in run.stderr
    assert small.scores(NAME) == before


def test_an_extension_of_nobody_is_told(small: Course) -> None:
    small.done("roster", "students.csv")
    submit(small, "dora", LATE)
    file = small.folder / "extensions.csv"
    file.write_text("assignment,student,days,reason\nps1,dora,3,\nps1,bob,3,\nps1,doro,3,\nps,ada,3,\n")
    told = "extensions.csv gives {} more time for {}, and there is no such student or released assignment: correct"
    doro, ada = told.format("doro", "ps1"), told.format("ada", "ps")
    graded = small.llm_course("grade", NAME, "--workers", "1")
    exported = small.llm_course("export", "grades.csv")
    assert (graded.returncode, exported.returncode) == (0, 0)
    assert (graded.stdout.count("extensions.csv"), doro in graded.stdout) == (1, True)
    assert (exported.stdout.count("extensions.csv"), doro in exported.stdout, ada in exported.stdout) == (2, True, True)


def test_a_file_of_extensions_that_cannot_be_written_is_one_sentence(small: Course) -> None:
    small.done("roster", "students.csv")
    (small.folder / f".extensions.csv.{os.getpid()}.unfinished").mkdir()
    assert "extensions.csv cannot be written: Is a directory" in small.refused("extend", NAME, "ada", "--days", "1")


def test_a_column_of_somebodys_own_is_not_dropped(small: Course) -> None:
    small.done("roster", "students.csv")
    file = small.folder / "extensions.csv"
    file.write_text("assignment,student,days,reason,approved by\nps1,ada,1,ill,the dean\n")
    before = file.read_text()
    assert "other columns" in small.refused("extend", NAME, "bob", "--days", "1")
    assert file.read_text() == before


def test_a_dry_run_tells_what_late_ones_would_lose_and_writes_nothing(small: Course) -> None:
    for student in ("ada", "bob"):
        submit(small, student, LATE, "Because.")
    assert small.llm_course("grade", NAME, "--dry-run").stdout.splitlines()[-3:] == [
        "ada: late penalty 0 to 4 points.",
        "bob: late penalty 0 to 4 points.",
        f"2 of 2 submissions of {NAME} would change; nothing was written.",
    ]
    small.done("grade", NAME, "--workers", "1")
    with small.gradebook() as gradebook:
        grade = gradebook.find_grade("why", NAME, NAME, "ada")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 3.0, 1.0, False
        gradebook.find_grade("one", NAME, NAME, "bob").manual_score = 0.0
        gradebook.db.commit()
    (small.folder / "extensions.csv").write_text(f"assignment,student,days,reason\n{NAME},bob,1,ill\n")
    before = small.rows()
    *told, last = small.llm_course("grade", NAME, "--dry-run").stdout.splitlines()
    assert sorted(told) == ["ada: late penalty 4 to 6 points.", "bob: late penalty 4 to 0 points."]
    assert last == f"2 of 2 submissions of {NAME} would change; nothing was written."
    assert small.rows() == before
    assert small.llm_course("grade", NAME, "--workers", "1").stdout.count("late penalty 4 to") == 2
    assert float(small.rows()["ada"]["late_submission_penalty"]) == 6
    assert small.llm_course("grade", NAME, "--dry-run").stdout.startswith("0 of 2")


def test_a_penalty_stays_while_a_late_hand_in_is_graded_again(small: Course) -> None:
    submit(small, "ada", LATE)
    small.done("grade", NAME, "--workers", "1")
    before = small.rows()["ada"]
    assert float(before["late_submission_penalty"]) == 4
    # The gradebook knows the time, and no file says it any more.
    (small.folder / "submitted" / "ada" / NAME / "timestamp.txt").unlink()
    again = small.llm_course("grade", NAME, "--workers", "1", "--again")
    assert "late penalty" not in again.stdout
    after = small.rows()["ada"]
    for name in ("timestamp", "late_submission_penalty", "score"):
        assert after[name] == before[name]
