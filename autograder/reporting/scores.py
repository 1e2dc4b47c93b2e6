"""The table of scores: what every student has in every assignment, out of nbgrader's gradebook and the results.

All that tells scores reads it: the report, the tables that spreadsheets and learning platforms import, nbgrader's own
export, and the JSON that another program may hand on. Its form has a version.
"""

import csv
import json
import math
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Assignment, Gradebook, SubmittedAssignment
from nbgrader.plugins import CsvExportPlugin
from sqlalchemy import Row

from autograder.nbgrader_bridge.gradebook_rows import read_grades
from autograder.notebooks.notebooks import MADE_UP, titles_of_cells
from autograder.records.result import GRADED, NOT_GRADED, Result, in_points, read_result
from autograder.students.by_hand import HandScore, kept_scores, notes_on
from autograder.students.departed import departed
from autograder.students.extensions import Extension, read_extensions
from autograder.students.late import DAY
from autograder.students.roster import Person, people_in
from autograder.submissions.course_files import result_path
from autograder.submissions.hand_in import NotGradable, check_student, shown, submitted_folders

VERSION = 1
"""Of the table. A reader may count on the fields of `Score` as they are as long as this stays."""
NOT_HANDED_IN = "not handed in"
NOTHING = "Nothing was handed in."
UNGRADED = "It is handed in and not graded yet: grade it."
NOBODY = Person("")
Table = Iterator[list[str]]
FORMULA = re.compile(r"(^|[,;|\t\r\n])(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")
"""Where a cell may begin that is a formula (OWASP, "CSV Injection"), also for who separates cells by another character.

Quotes hold a cell together only for who separates by the comma. An apostrophe makes a text of it.
"""
PLAIN_ID = re.compile(r"[=+\-@\w .]*")
"""What a formula cannot do anything with but add up: to call and to fetch, it needs brackets, strokes or quotes."""


@dataclass(frozen=True)
class CellScore:
    """What one graded cell gave. One without a score waits for it; `by_hand` says that a person gave it."""

    name: str
    score: float | None
    max_score: float
    by_hand: bool
    auto_score: float | None = None
    """What the grader gave: nothing where a person grades, or the 0 of an answer that was left as it was released."""
    title: str = ""
    """What people call it: its name, or the heading above it where nbgrader made up the name."""

    @property
    def words(self) -> str:
        """What a person gave, such as "essay 3", or "mask 2 to 1.5" in the place of the grader's."""
        given = "none" if self.score is None else in_points(self.score)
        before = "" if self.auto_score is None else f"{in_points(self.auto_score)} to "
        return f"{self.title} {before}{given}"


@dataclass(frozen=True)
class Score:
    """What one student has in one assignment.

    What could not be graded, or was not handed in, has no score: it is no score of zero. Times are in UTC.
    """

    assignment: str
    student_id: str
    status: str
    timestamp: datetime | None
    raw_score: float | None
    late_submission_penalty: float | None
    score: float | None
    max_score: float
    reason: str = ""
    """Why it is not graded."""
    flags: str = ""
    """What the instructor should look at."""
    name: str = ""
    """The student's own, as the gradebook knows it."""
    lms_user_id: str = ""
    late_days: int = 0
    """Days begun after what was due, an extension counted in."""
    due: str = ""
    """When it was due for this student, and why then."""
    cells: tuple[CellScore, ...] = ()
    by_hand: str = ""
    """What a person gave, and what a person changed, in words."""

    @property
    def waiting(self) -> list[str]:
        """The titles of the cells that have no score yet."""
        return [cell.title for cell in self.cells if cell.score is None]

    @property
    def so_far(self) -> float:
        """The sum of the scores that are there; a penalty is not taken off."""
        return sum(cell.score for cell in self.cells if cell.score is not None)


def read_scores(gradebook: Gradebook, name: str = "") -> list[Score]:
    """The table: by assignment, or of one, and student, of all who are in the gradebook or handed in."""
    people = people_in(gradebook)
    return [
        score
        for assignment in sorted(gradebook.assignments, key=lambda item: item.name)
        if name in ("", assignment.name)
        for score in sorted(_scores_of(gradebook, assignment, people), key=lambda row: row.student_id)
    ]


def current_results(gradebook: Gradebook, name: str) -> dict[str, Result]:
    """Student -> result of the newest submission, of all who are in the gradebook or handed in. Raises ResultError."""
    people = people_in(gradebook)
    return read_results(name, people.keys() | _laid_folders(name, people).keys())


def read_results(name: str, students: Collection[str]) -> dict[str, Result]:
    """Student -> result of the newest submission of an assignment, of these students. Raises ResultError.

    There may be results of more: of students who were taken out of the gradebook.
    """
    paths = sorted(result_path(name, "x").parent.glob("*.json"))
    return {path.stem: read_result(path) for path in paths if path.stem in students}


def above_maximum(gradebook: Gradebook, name: str) -> Iterator[str]:
    """Scores by hand above what a cell is worth, as after a release with fewer points, in sentences."""
    rows = read_grades(gradebook, gradebook.find_assignment(name).id)
    titles = _titles(name, rows)
    over: dict[tuple[str, float], list[str]] = defaultdict(list)
    for row in rows:
        if row.manual_score is not None and row.manual_score > row.max_score:
            over[row.name, row.max_score].append(f"{shown(row.student_id)} ({in_points(row.manual_score)})")
    for (cell, worth), given in sorted(over.items()):
        yield (
            f"{titles.get(cell, cell)} is worth {in_points(worth)} points, and more was given by hand to "
            f"{', '.join(sorted(given))}: grade these again in formgrader, or raise the points and release again."
        )


def plain_table(scores: Iterable[Score]) -> Table:
    """One row for each student and assignment."""
    yield list(PLAIN)
    for score in scores:
        yield [as_cell(getattr(score, name)) for name in PLAIN]


def cells_table(scores: Iterable[Score]) -> Table:
    """One row for each student, assignment and graded cell."""
    yield ["assignment", "student_id", "name", "status", "cell", *[column.name for column in fields(CellScore)][1:]]
    for score in scores:
        for cell in score.cells:
            row = (score.assignment, score.student_id, score.name, score.status, *vars(cell).values())
            yield [as_cell(value) for value in row]


def canvas_table(scores: Iterable[Score]) -> Table:
    """One row for each student, as Canvas's gradebook imports it: students are found by their SIS Login ID."""
    wide = _Wide(scores)
    yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *map(as_cell, wide.maxima)]
    yield ["    Points Possible", "", "", "", "", *map(as_cell, wide.maxima.values())]
    for student, known in wide.students.items():
        yield [as_cell(known.name or student), as_id(known.lms_user_id), "", as_id(student), "", *wide.row(student)]


def moodle_table(scores: Iterable[Score]) -> Table:
    """One row for each student, as Moodle imports it: map `username` to the user, and each assignment to its item."""
    wide = _Wide(scores)
    yield ["username", *map(as_cell, wide.maxima)]
    for student in wide.students:
        yield [as_id(student), *wide.row(student)]


def scores_json(course_id: str, scores: Iterable[Score], made: datetime) -> str:
    """The table as JSON, for a program that hands scores on, to a platform by LTI for one."""
    data = {
        "version": VERSION,
        "course": course_id,
        "made": made.isoformat(timespec="seconds"),
        "scores": [asdict(score, dict_factory=_rounded) for score in scores],
    }
    return json.dumps(data, indent=1, ensure_ascii=False, default=datetime.isoformat) + "\n"


PLAIN = (
    *("assignment", "student_id", "status", "timestamp", "raw_score", "late_submission_penalty", "score", "max_score"),
    *("reason", "flags", "name", "late_days", "due", "by_hand"),
)
"""The columns of the plain table."""
TABLES: dict[str, Callable[[Iterable[Score]], Table]] = {
    "plain": plain_table,
    "cells": cells_table,
    "canvas": canvas_table,
    "moodle": moodle_table,
}
"""What `export` can write, by name."""


class TrustedExport(CsvExportPlugin):
    """nbgrader's own export, `nbgrader export`, with an empty cell and the reason where nothing could be graded."""

    def export(self, gradebook: Gradebook) -> None:
        """Write the table that nbgrader's own plugin writes, and the reason."""
        write_table(Path(self.to or "grades.csv"), self._table(gradebook))

    def _table(self, gradebook: Gradebook) -> Table:
        numbers = ("raw_score", "late_submission_penalty", "score", "max_score")
        person = ("last_name", "first_name", "email")
        yield ["assignment", "duedate", "timestamp", "student_id", *person, *numbers, "reason"]
        people = {student.id: [getattr(student, field) for field in person] for student in gradebook.students}
        for assignment in gradebook.assignments:
            if self.assignment and assignment.name not in self.assignment:
                continue
            scores = {score.student_id: score for score in read_scores(gradebook, assignment.name)}
            for student in dict.fromkeys([*people, *scores]):
                score = scores[student]
                if self.student and student not in self.student:
                    continue
                if score.status == NOT_HANDED_IN:
                    # nbgrader gives who handed in nothing a 0.
                    score = replace(score, raw_score=0.0, late_submission_penalty=0.0, score=0.0, reason="")
                whose = [student, *people.get(student, [None] * len(person))]
                row = [assignment.name, assignment.duedate, score.timestamp, *whose]
                yield [as_cell(value) for value in (*row, *(getattr(score, name) for name in numbers), score.reason)]


def write_table(path: Path, table: Table) -> int:
    """Write a table as CSV. Returns its number of rows without the header. Raises OSError."""
    rows = list(table)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return len(rows) - 1


class _Wide:
    """Scores by student and assignment; who has none in one has an empty cell there."""

    def __init__(self, scores: Iterable[Score]) -> None:
        self._scores = {(score.student_id, score.assignment): score for score in scores}
        self.maxima = {score.assignment: score.max_score for score in self._scores.values()}
        self.students = {student: self._scores[student, name] for student, name in sorted(self._scores)}

    def row(self, student: str) -> list[str]:
        found = (self._scores.get((student, assignment)) for assignment in self.maxima)
        return [as_cell(score.score) if score else "" for score in found]


def _laid_folders(name: str, people: Collection[str]) -> dict[str, str]:
    """Who handed in, as it can be written into a table, and has not left the course -> why there is no score yet."""
    students = [folder.parent.name for folder in submitted_folders(Path("submitted"), "*", name)]
    left = departed(students, people)
    found: dict[str, str] = {}
    for student in students:
        try:
            check_student(student)
        except NotGradable as reason:
            found[shown(student)] = str(reason)
        else:
            found |= {} if student in left else {student: UNGRADED}
    return found


def _scores_of(gradebook: Gradebook, assignment: Assignment, people: Mapping[str, Person]) -> Iterator[Score]:
    name = assignment.name
    laid = _laid_folders(name, people)
    results = read_results(name, people.keys() | laid.keys())
    by_hand, extensions = kept_scores(name), read_extensions(Path(), name)
    all_cells = _cells_of(gradebook, assignment)
    submissions = {submission.student.id: submission for submission in gradebook.assignment_submissions(name)}
    # A score of an earlier hand-in is not that of one that cannot be graded.
    refused = {student: result.reason for student, result in results.items() if result.status == NOT_GRADED}
    for student, reason in (dict.fromkeys(people, NOTHING) | laid | refused).items():
        person, extension = people.get(student, NOBODY), extensions.get(student)
        status = NOT_HANDED_IN if reason == NOTHING else NOT_GRADED
        score = Score(name, student, status, None, None, None, None, assignment.max_score, reason)
        score = replace(score, name=person.name, lms_user_id=person.lms_user_id)
        submission = submissions.get(student)
        if submission:
            extension, cells = _given(submission, extension), all_cells.get(student, ())
            late_days = math.ceil(submission.total_seconds_late / DAY)
            score = replace(score, timestamp=submission.timestamp, late_days=late_days, cells=cells)
        if submission and student not in refused:
            flags = flags_of(results[student], by_hand.get(student, {})) if student in results else []
            score = _counted(score, submission, flags)
        yield replace(score, due=_due(assignment.duedate, extension), by_hand=_words_by_hand(score.cells))


def _counted(score: Score, submission: SubmittedAssignment, flags: Iterable[str]) -> Score:
    """With what the gradebook has in the place of a reason, unless a cell still waits for a score."""
    if score.waiting:
        reason = f"No grade yet for {', '.join(score.waiting)}: grade it again, or by hand in formgrader."
        return replace(score, status=NOT_GRADED, reason=reason)
    penalty = submission.late_submission_penalty
    return replace(
        score,
        status=GRADED,
        raw_score=submission.score,
        late_submission_penalty=penalty,
        score=max(0.0, submission.score - penalty),
        max_score=submission.max_score,
        reason="",
        flags=" ".join(flags),
    )


def _cells_of(gradebook: Gradebook, assignment: Assignment) -> dict[str, tuple[CellScore, ...]]:
    """Student -> graded cells. Those that wait for a score have none, whichever command left them so."""
    rows = read_grades(gradebook, assignment.id)
    titles = _titles(assignment.name, rows)
    found: dict[str, list[CellScore]] = defaultdict(list)
    for row in rows:
        by_hand, title = row.manual_score is not None, titles.get(row.name, row.name)
        given = row.manual_score if by_hand else row.auto_score
        score = None if given is None else given + (row.extra_credit or 0.0)
        found[row.student_id].append(CellScore(row.name, score, row.max_score, by_hand, row.auto_score, title))
    # Each database has an order of its own.
    return {student: tuple(sorted(cells, key=lambda cell: cell.name)) for student, cells in found.items()}


def _words_by_hand(cells: Iterable[CellScore]) -> str:
    by_hand = [cell for cell in cells if cell.by_hand]
    kinds = {
        "changed by hand": [cell.words for cell in by_hand if cell.auto_score is not None],
        "by hand": [cell.words for cell in by_hand if cell.auto_score is None],
    }
    return "; ".join(f"{kind}: {', '.join(words)}" for kind, words in kinds.items() if words)


def _titles(name: str, rows: Iterable[Row[Any]]) -> dict[str, str]:
    """What people call the cells of these rows, as far as it is another than the cells' names."""
    if not any(MADE_UP.fullmatch(row.name) for row in rows):
        return {}
    path = Path("release", name, f"{name}.ipynb")
    try:
        return titles_of_cells(nbformat.read(path, as_version=4))
    except Exception:  # nbformat raises this and that; the names will do
        return {}


def _given(submission: SubmittedAssignment, noted: Extension | None) -> Extension | None:
    """The extension that counts: the gradebook's, with the reason where it is the one that was noted."""
    due, more = submission.assignment.duedate, submission.extension
    if not due or not more:
        return None
    return noted if noted and noted.after(due) == more else Extension(more / timedelta(days=1))


def _due(due: datetime | None, extension: Extension | None) -> str:
    """When it was due, in words."""
    if due is None:
        return ""
    more = extension.after(due) if extension else timedelta()
    words = f" ({extension.words})" if extension and more else ""
    return f"{due + more:%Y-%m-%d %H:%M}{words}"


def flags_of(result: Result, by_hand: Mapping[str, HandScore]) -> list[str]:
    """What the instructor should look at in a submission as a whole."""
    return [*result.flags, *notes_on(by_hand, result)]


def _rounded(fields: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: round(value, 2) if isinstance(value, float) else value for name, value in fields}


def as_cell(value: object) -> str:
    """A value as text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    text = str(round(value, 2) if isinstance(value, float) else value)
    return FORMULA.sub(r"\1'", text) if isinstance(value, str) else text


def as_id(student: str) -> str:
    """An id in a table that a platform reads: as it is, for the platform looks for it, if no formula can harm by it."""
    return student if PLAIN_ID.fullmatch(student) else as_cell(student)
