"""The tables and rows of nbgrader's gradebook, a class at once: its own objects would take ten times as long."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from nbgrader import api
from nbgrader.api import Gradebook
from sqlalchemy import Connection, Row, Table, bindparam, func, insert, or_, select, update

from autograder.running.autograded import Autograded

SUBMISSION: Table = api.SubmittedAssignment.__table__
NOTEBOOK: Table = api.SubmittedNotebook.__table__
GRADE: Table = api.Grade.__table__
CELL: Table = api.BaseCell.__table__
GRADE_CELL: Table = api.GradeCell.__table__
TASK_CELL: Table = api.TaskCell.__table__
STUDENT: Table = api.Student.__table__
COMMENT: Table = api.Comment.__table__


def read_grades(gradebook: Gradebook, assignment: str) -> list[Row[Any]]:
    """A row for each graded cell of each submission of an assignment, which is given by its id.

    Rows have `student_id`, `name`, `auto_score`, `manual_score`, `extra_credit`, `needs_manual_grade` and `max_score`.
    """
    scores = (GRADE.c.auto_score, GRADE.c.manual_score, GRADE.c.extra_credit, GRADE.c.needs_manual_grade)
    max_score = func.coalesce(GRADE_CELL.c.max_score, TASK_CELL.c.max_score).label("max_score")
    query = (
        select(SUBMISSION.c.student_id, CELL.c.name, *scores, max_score)
        .select_from(SUBMISSION)
        .join(NOTEBOOK, NOTEBOOK.c.assignment_id == SUBMISSION.c.id)
        .join(GRADE, GRADE.c.notebook_id == NOTEBOOK.c.id)
        .join(CELL, CELL.c.id == GRADE.c.cell_id)
        .outerjoin(GRADE_CELL, GRADE_CELL.c.id == CELL.c.id)
        .outerjoin(TASK_CELL, TASK_CELL.c.id == CELL.c.id)
        .where(SUBMISSION.c.assignment_id == assignment)
    )
    with gradebook.engine.connect() as connection:
        return [*connection.execute(query)]


class Rows:
    """The gradebook's rows of one assignment."""

    def __init__(self, gradebook: Gradebook, assignment: str) -> None:
        self._gradebook = gradebook
        found = gradebook.find_assignment(assignment)
        self._name, self._assignment, self._has_due_date = assignment, found.id, found.duedate is not None
        self._notebooks = {notebook.id: notebook.name for notebook in found.notebooks}
        self._cells: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        with gradebook.engine.connect() as connection:
            query = select(CELL.c.type, CELL.c.notebook_id, CELL.c.id, CELL.c.name)
            for kind, *cell in connection.execute(query.where(CELL.c.notebook_id.in_(self._notebooks))):
                self._cells[kind].append(tuple(cell))
        gradebook.db.rollback()

    def grades(self) -> dict[str, dict[str, Row[Any]]]:
        """Student -> grade id -> row of `read_grades`."""
        found: dict[str, dict[str, Row[Any]]] = defaultdict(dict)
        for row in read_grades(self._gradebook, self._assignment):
            found[row.student_id][row.name] = row
        return dict(found)

    def penalties(self) -> dict[str, float]:
        """Student -> what is taken off for being late."""
        columns = (SUBMISSION.c.student_id, func.coalesce(func.sum(NOTEBOOK.c.late_submission_penalty), 0.0))
        query = select(*columns).join(NOTEBOOK, NOTEBOOK.c.assignment_id == SUBMISSION.c.id)
        with self._gradebook.engine.connect() as connection:
            of_this = query.where(SUBMISSION.c.assignment_id == self._assignment)
            return dict(connection.execute(of_this.group_by(SUBMISSION.c.student_id)).all())

    def timestamps(self) -> dict[str, datetime | None]:
        """Student -> when the submission in the gradebook was handed in."""
        query = select(SUBMISSION.c.student_id, SUBMISSION.c.timestamp)
        with self._gradebook.engine.connect() as connection:
            rows = connection.execute(query.where(SUBMISSION.c.assignment_id == self._assignment))
            return dict(rows.all())

    def save(self, batch: Mapping[str, Autograded], timestamps: Mapping[str, datetime | None]) -> None:
        """Write scores and comments in one transaction, making the rows that are missing."""
        with self._gradebook.engine.begin() as connection:
            _ensure(connection, STUDENT, ("id",), [(student,) for student in batch])
            owners = [(student, self._assignment) for student in batch]
            submissions = _ensure(connection, SUBMISSION, ("student_id", "assignment_id"), owners)
            of_student = {student: submissions[student, self._assignment] for student in batch}
            pairs = [(submission, notebook) for submission in of_student.values() for notebook in self._notebooks]
            notebooks = _ensure(connection, NOTEBOOK, ("assignment_id", "notebook_id"), pairs)
            grades = self._ensure_cells(connection, GRADE, ("GradeCell", "TaskCell"), notebooks)
            comments = self._ensure_cells(connection, COMMENT, ("SolutionCell", "TaskCell"), notebooks)
            times = {of_student[student]: at for student, at in timestamps.items() if at is not None}
            _update(connection, SUBMISSION, "timestamp", times)
            _forget_penalties(connection, [notebooks[pair] for pair in pairs])
            scores = {
                grades[of_student[student], name]: score
                for student, autograded in batch.items()
                for name, score in autograded.scores.items()
            }
            _update(connection, GRADE, "auto_score", scores)
            tasks = {name for _, _, name in self._cells["TaskCell"]}
            _ask_again(connection, [*scores], [row for (_, name), row in grades.items() if name in tasks])
            told = {
                comments[of_student[student], name]: comment
                for student, autograded in batch.items()
                for name, comment in autograded.comments.items()
            }
            _update(connection, COMMENT, "auto_comment", told)

    def late_among(self, students: Iterable[str]) -> list[str]:
        """Those whose submission came after the due date and their extension."""
        if not self._has_due_date:
            return []
        self._gradebook.db.expire_all()
        late = [
            student
            for student in students
            if self._gradebook.find_submission(self._name, student).total_seconds_late > 0
        ]
        self._gradebook.db.rollback()
        return late

    def _ensure_cells(
        self, connection: Connection, table: Table, kinds: tuple[str, ...], notebooks: Mapping[tuple[str, ...], str]
    ) -> dict[tuple[str, str], str]:
        """Row ids by submission and grade id, of the assignment's main notebook."""
        cells = [cell for kind in kinds for cell in self._cells[kind]]
        places = {
            (submitted, cell): (submission, name, self._notebooks[notebook])
            for (submission, notebook), submitted in notebooks.items()
            for of_notebook, cell, name in cells
            if of_notebook == notebook
        }
        rows = _ensure(connection, table, ("notebook_id", "cell_id"), list(places))
        return {
            (submission, name): rows[place]
            for place, (submission, name, notebook) in places.items()
            if notebook == self._name
        }


def _ensure(
    connection: Connection, table: Table, keys: tuple[str, ...], wanted: Sequence[tuple[str, ...]]
) -> dict[tuple[str, ...], str]:
    """The ids of the wanted rows by their keys; those that are missing are made, as nbgrader makes them."""
    columns = [table.c[key] for key in keys]
    query = select(table.c.id, *columns).where(columns[0].in_({first for first, *_ in wanted}))
    found = {tuple(row[1:]): row[0] for row in connection.execute(query)}
    missing = [{"id": api.new_uuid(), **dict(zip(keys, key, strict=True))} for key in wanted if key not in found]
    if missing:
        connection.execute(insert(table), missing)
    made = {tuple(row[key] for key in keys): row["id"] for row in missing}
    return {key: (found | made)[key] for key in wanted}


def _update(connection: Connection, table: Table, column: str, values: Mapping[str, Any]) -> None:
    """Set a column of rows, which are given by their ids."""
    rows = [{"row": row, "value": value} for row, value in values.items()]
    if rows:
        statement = update(table).where(table.c.id == bindparam("row"))
        connection.execute(statement.values({column: bindparam("value")}), rows)


def _forget_penalties(connection: Connection, notebooks: list[str]) -> None:
    connection.execute(update(NOTEBOOK).where(NOTEBOOK.c.id.in_(notebooks)).values(late_submission_penalty=None))


def _ask_again(connection: Connection, scored: list[str], tasks: list[str]) -> None:
    """Let formgrader ask for a person's look: a score given by hand stays, and is to be looked at again."""
    by_hand = GRADE.c.manual_score.is_not(None)
    asked = update(GRADE).where(GRADE.c.id.in_(scored))
    connection.execute(asked.values(needs_manual_grade=or_(by_hand, GRADE.c.auto_score.is_(None))))
    connection.execute(update(GRADE).where(GRADE.c.id.in_(tasks), by_hand).values(needs_manual_grade=True))
