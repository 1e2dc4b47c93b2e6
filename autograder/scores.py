"""Scores out of nbgrader's gradebook: rows, and the tables that spreadsheets and learning platforms import."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path

from nbgrader.api import Gradebook, SubmittedAssignment
from nbgrader.plugins import CsvExportPlugin

from autograder.by_hand import HandScore, kept_scores, notes_on
from autograder.course_files import result_path
from autograder.result import GRADED, NOT_GRADED, Result, read_result

Table = Iterator[list[str]]
FORMULA = re.compile(r"(^|[,;|\t\r\n])(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")
"""Where a cell may begin that is a formula (OWASP, "CSV Injection"), also for who separates cells by another character.

Quotes hold a cell together only for who separates by the comma. An apostrophe makes a text of it.
"""


@dataclass(frozen=True)
class Score:
    """One student's submission of one assignment. One that could not be graded has no score: it is no score of zero."""

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


def read_scores(gradebook: Gradebook) -> list[Score]:
    """All submissions, by assignment and student."""
    return [
        score
        for assignment in sorted(gradebook.assignments, key=lambda item: item.name)
        for score in sorted(
            _scores_of(gradebook, assignment.name, assignment.max_score), key=lambda row: row.student_id
        )
    ]


def refusals(name: str) -> dict[str, str]:
    """Students whose newest submission cannot be graded -> why."""
    return {student: result.reason for student, result in read_results(name).items() if result.status == NOT_GRADED}


def read_results(name: str) -> dict[str, Result]:
    """Student -> result of the newest submission of an assignment. Raises ResultError."""
    return {path.stem: read_result(path) for path in sorted(result_path(name, "x").parent.glob("*.json"))}


def plain_table(scores: Iterable[Score]) -> Table:
    """One row for each submission."""
    yield [field.name for field in fields(Score)]
    for score in scores:
        yield [_cell(value) for value in asdict(score).values()]


def canvas_table(scores: Iterable[Score]) -> Table:
    """One row for each student, as Canvas's gradebook imports it: students are found by their SIS Login ID."""
    wide = _Wide(scores)
    yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *map(_cell, wide.maxima)]
    yield ["    Points Possible", "", "", "", "", *map(_cell, wide.maxima.values())]
    for student in wide.students:
        yield [_cell(student), "", "", _cell(student), "", *wide.row(student)]


def moodle_table(scores: Iterable[Score]) -> Table:
    """One row for each student, as Moodle imports it: map `username` to the user, and each assignment to its item."""
    wide = _Wide(scores)
    yield ["username", *map(_cell, wide.maxima)]
    for student in wide.students:
        yield [_cell(student), *wide.row(student)]


TABLES: dict[str, Callable[[Iterable[Score]], Table]] = {
    "plain": plain_table,
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
        known = {(score.assignment, score.student_id): score for score in read_scores(gradebook)}
        people = {student.id: [getattr(student, field) for field in person] for student in gradebook.students}
        for assignment in gradebook.assignments:
            refused = [student for name, student in known if name == assignment.name and student not in people]
            for student in [*people, *refused]:
                if (self.assignment and assignment.name not in self.assignment) or (
                    self.student and student not in self.student
                ):
                    continue
                # nbgrader gives who handed in nothing a 0.
                nothing = Score(assignment.name, student, GRADED, None, 0.0, 0.0, 0.0, assignment.max_score)
                score = known.get((assignment.name, student), nothing)
                whose = [student, *people.get(student, [None] * len(person))]
                row = [assignment.name, assignment.duedate, score.timestamp, *whose]
                yield [_cell(value) for value in (*row, *(getattr(score, name) for name in numbers), score.reason)]


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
        self.students = sorted({student for student, _ in self._scores})

    def row(self, student: str) -> list[str]:
        found = (self._scores.get((student, assignment)) for assignment in self.maxima)
        return [_cell(score.score) if score else "" for score in found]


def _scores_of(gradebook: Gradebook, name: str, max_score: float) -> Iterator[Score]:
    results, by_hand = read_results(name), kept_scores(name)
    # A score of an earlier hand-in is not that of one that cannot be graded.
    refused = refusals(name)
    for submission in gradebook.assignment_submissions(name):
        student = submission.student.id
        if student not in refused and (waiting := _ungraded_cells(submission)):
            refused[student] = f"No grade yet for {', '.join(waiting)}: grade it again, or by hand in formgrader."
        if student not in refused:
            penalty = submission.late_submission_penalty
            yield Score(
                name,
                student,
                GRADED,
                submission.timestamp,
                submission.score,
                penalty,
                max(0.0, submission.score - penalty),
                submission.max_score,
                flags=" ".join(flags_of(results[student], by_hand.get(student, {}))) if student in results else "",
            )
    for student, reason in refused.items():
        yield Score(name, student, NOT_GRADED, None, None, None, None, max_score, reason)


def flags_of(result: Result, by_hand: Mapping[str, HandScore]) -> list[str]:
    """What the instructor should look at in a submission as a whole."""
    return [*result.flags, *notes_on(by_hand, result)]


def _ungraded_cells(submission: SubmittedAssignment) -> list[str]:
    """The cells that have no score, whichever command left them without. nbgrader's own sum takes them for 0."""
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    return sorted(grade.name for grade in grades if grade.auto_score is None and grade.manual_score is None)


def _cell(value: object) -> str:
    """A value as text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    # Databases add up in different orders; scores have four digits.
    text = str(round(value, 4) if isinstance(value, float) else value)
    return FORMULA.sub(r"\1'", text) if isinstance(value, str) else text
