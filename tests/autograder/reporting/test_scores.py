"""Tables for spreadsheets and learning platforms, and the penalty for late submissions."""

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from autograder.records.result import GRADED, NOT_GRADED
from autograder.reporting.canvas import fill_canvas_list
from autograder.reporting.scores import Score, Table, canvas_table, moodle_table, plain_table, write_table
from autograder.students.late import DAY, PenaltyPerDay
from autograder.students.roster import RosterError

AT = datetime(2026, 10, 12, 9, 30)
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
BEFORE = ("", " ", "\t", "\r", "\n", "a;", "a,", "a\t", "a|", "a\n", "a\r", "a;  ", "a;\t", 'a";')
FORMULAS = [f"{before}{sign}1+1" for before in BEFORE for sign in SIGNS]
"""Names of students; who opens a table may separate its cells by a comma, a semicolon, a tab or a stroke."""


@pytest.mark.parametrize("table", [plain_table, canvas_table, moodle_table])
def test_no_spreadsheet_finds_a_formula_in_a_name(table: Callable[[list[Score]], Table], tmp_path: Path) -> None:
    # A platform's table has an id as it is, if all that it could do is to add up.
    names = [name for name in FORMULAS if table is plain_table or not re.fullmatch(r"[=+\-@\w .]*", name)]
    names += ["=HYPERLINK(A1)", "+cmd|'/C calc'!A0", "-A1:A9", "@SUM(A1)"]
    scores = [Score(f"a;={number}", name, GRADED, AT, 1.0, 0.0, 1.0, 2.0) for number, name in enumerate(names)]
    write_table(tmp_path / "grades.csv", table(scores))
    text = (tmp_path / "grades.csv").read_text(encoding="utf-8")
    for separator in ",;\t|":
        quoted = [cell for row in csv.reader(text.splitlines(), delimiter=separator) for cell in row]
        plain = [cell.strip('"') for line in text.splitlines() for cell in line.split(separator)]
        cells = [*quoted, *plain]
        assert [cell for cell in cells if cell.lstrip(" \t").startswith(tuple(SIGNS))] == []


@pytest.mark.parametrize("student", ["+ada", "-bert", "@cleo", "=dora", "@ada.lovelace-1"])
def test_a_platform_finds_ids_that_begin_like_a_formula(student: str) -> None:
    scores = [Score("a", student, GRADED, AT, 1.0, 0.0, 1.0, 2.0, name="Ada", lms_user_id="+7")]
    assert [*canvas_table(scores)][-1][:4] == ["Ada", "+7", "", student]
    assert [*moodle_table(scores)][-1][0] == student
    assert [*plain_table(scores)][-1][1] == f"'{student}", "people open this one"


def test_honest_names_stay_as_they_are() -> None:
    for name in ("ada", "O'Brien-Smith", "a@b.org", "x+y", "Lovelace, Ada", "a;b"):
        assert [row[1] for row in plain_table([Score("a", name, GRADED, AT, -1.0, 0.0, -1.0, 2.0)])][1] == name


CANVAS_LIST = """Student,ID,SIS User ID,SIS Login ID,Section,Attention (9001),05_attention (9002),Final Score
    Points Possible,,,,,20,22.0,(read only)
"Lovelace, Ada",101,s-1,+ada,LLM,3,,91
"Noether, Emmy",102,s-2,e.noether,LLM,7,,92
"Turing, Alan",103,s-3,alan,LLM,,,93
"Student, Test",104,,x,LLM,,,0
"""


def test_canvass_own_list_keeps_its_ids_and_columns_and_what_has_no_score(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(CANVAS_LIST)
    # Ada is known by her login, Emmy by Canvas's number; Emmy's could not be graded.
    people = {"+ada": (GRADED, 16.25, ""), "emmy": (NOT_GRADED, None, "102"), "zoe": (GRADED, 1.0, "")}
    scores = [
        Score("Attention (9001)", student, status, AT, score, 0.0, score, 22.0, lms_user_id=number)
        for student, (status, score, number) in people.items()
    ]
    table, notes = fill_canvas_list(tmp_path / "list.csv", scores)
    assert table == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Attention (9001)"],
        ["    Points Possible", "", "", "", "", "20"],
        ["Lovelace, Ada", "101", "s-1", "+ada", "LLM", "16.25"],
        ["Noether, Emmy", "102", "s-2", "e.noether", "LLM", "7"],
    ]
    assert notes == [
        "Attention (9001) is worth 20 points in Canvas and 22 here: change one of them.",
        "In Canvas's list only, and left out: Turing, Alan.",
        "Not in Canvas's list, and left out: zoe.",
    ]
    table, _ = fill_canvas_list(tmp_path / "list.csv", [replace(scores[0], assignment="05_attention")])
    assert [row[-1] for row in table] == ["05_attention (9002)", "22.0", "16.25"], (
        "its own column is found by the title"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            CANVAS_LIST,
            r"has no columns for ps1: name one by --assignment and --column, such as 'Attention \(9001\)' or",
        ),
        ("Student,ID,Section\n", r"has no columns for ps1: name one by --assignment and --column\.$"),
        ("Name,Score\n", "has no columns Student, ID and Section: export the gradebook from Canvas"),
        ("", "has no columns Student, ID and Section"),
    ],
)
def test_a_list_that_is_not_canvass_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(RosterError, match=sentence):
        fill_canvas_list(tmp_path / "list.csv", [Score("ps1", "ada", GRADED, AT, 1.0, 0.0, 1.0, 2.0)])


@pytest.mark.parametrize(("seconds", "penalty"), [(1, 1.0), (DAY, 1.0), (DAY + 1, 2.0), (30 * DAY, 10.0)])
def test_a_day_begun_costs_its_share_and_never_more_than_the_score(seconds: float, penalty: float) -> None:
    assert PenaltyPerDay(share=0.1).late_submission_penalty("ada", 10.0, seconds) == penalty
