"""The one writer of a grading run: results, rows in nbgrader's gradebook, files in autograded/.

It leaves what nbgrader's Autograde leaves, but much quicker: submissions go into the gradebook twenty at a time, in one
transaction. First the result is kept, then the rows, and the notebook last. A submission whose notebook is older than
its result, or whose scores are not in the gradebook, was interrupted in between and is written again.
"""

import contextlib
import errno
import fcntl
import os
import shutil
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from nbformat import NotebookNode
from nbgrader import api, utils
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import Boolean, ColumnElement, Connection, Select, Table, bindparam, func, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder.judging.grade import not_graded
from autograder.nbgrader_bridge.converters import source_files, withdraw_scores
from autograder.nbgrader_bridge.gradebook_tables import CELL, GRADE, NOTEBOOK, SUBMISSION, select_grades
from autograder.records.result import NOT_GRADED, Result, write_result
from autograder.records.unfinished import in_one_step
from autograder.running.autograded import Autograded
from autograder.running.work import Outcome, Task
from autograder.students.by_hand import HandScore, note_scores
from autograder.students.extensions import apply_extensions, read_extensions
from autograder.submissions.course_files import result_path, stored_result
from autograder.submissions.hand_in import HandIn, NotGradable, check_student, lay_beside

BATCH = 20
"""Submissions in one transaction."""
AGE = 2.0
"""Seconds after which a graded submission no longer waits for others."""
LOCK_FILE = ".llm_course_grading"
LOCK_DEADLINE = 10.0
"""Seconds in which a killed run's processes are gone."""
OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Failures that no submission is the cause of: the next one would fail, too."""

STUDENT: Table = api.Student.__table__
COMMENT: Table = api.Comment.__table__


class WriterError(Exception):
    """Grades cannot be written; the message says why and what to do."""


class Writer:
    """Writes the outcomes of one grading run; a context manager, and the only one of its course at a time."""

    def __init__(self, course: CourseDirectory, config: Config, assignment: str) -> None:
        self._course, self._config, self._assignment = course, config, assignment
        self._waiting: dict[str, tuple[Outcome, Mapping[str, bytes]]] = {}
        self._oldest = 0.0
        self.refused: dict[str, Result] = {}
        """Student -> result, of submissions that were graded and then could not be written."""

    def __enter__(self) -> "Writer":
        """Raises WriterError if another run grades in this course, or the gradebook cannot be opened.

        Raises ExtensionError where extensions.csv cannot be read, before anything is graded.
        """
        self._extensions = read_extensions(Path(self._course.root), self._assignment)
        self._lock = _lock(Path(self._course.root) / LOCK_FILE)
        try:
            self._gradebook = Gradebook(self._course.db_url, self._course.course_id)
            self._rows = _Rows(self._gradebook, self._assignment)
            self._scores, self._timestamps = self._rows.scores(), self._rows.timestamps()
            self.by_hand = note_scores(self._assignment, self._rows.scores_by_hand(), self._rows.to_confirm())
        except SQLAlchemyError as error:
            os.close(self._lock)
            raise _gradebook_refusal(error) from error
        self._files = _Files(self._course, self._config, self._assignment)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is still to be written, also after an error or Ctrl-C."""
        try:
            self.flush()
        finally:
            self._gradebook.close()
            os.close(self._lock)

    def is_written(self, student: str, result: Result, submitted_at: datetime | None) -> bool:
        """Whether a result of an earlier run has reached the gradebook and autograded/."""
        kept = self._scores.get(student)
        if result.status == NOT_GRADED or kept is None:
            return False
        if any(kept.get(exercise.name) != exercise.score for exercise in result.exercises):
            return False
        if submitted_at is not None and self._timestamps.get(student) != submitted_at:
            return False
        # A score does not depend on prose and pictures, but the page that is shown does.
        sources = (result_path(self._assignment, student), self._files.handed_in(student))
        return all(self._files.is_newer(student, path) for path in sources)

    def add(self, outcome: Outcome, task: Task) -> None:
        """Keep the outcome of a task; the gradebook may have it a little later. Raises WriterError."""
        if not _has_a_name(outcome.student):
            return
        with _refusing():
            if outcome.result != task.stored:
                write_result(result_path(self._assignment, outcome.student), outcome.result)
            if outcome.result.status == NOT_GRADED:
                self._withdraw(outcome.student)
        if outcome.autograded is not None and isinstance(task.content, HandIn):
            self._oldest = self._oldest if self._waiting else time.monotonic()
            self._waiting[outcome.student] = outcome, task.content.files
        if len(self._waiting) >= BATCH or (self._waiting and time.monotonic() - self._oldest > AGE):
            self.flush()

    def flush(self) -> None:
        """Write all that is to be written. Raises WriterError."""
        batch, self._waiting = self._waiting, {}
        autograded = {student: outcome.autograded for student, (outcome, _) in batch.items() if outcome.autograded}
        if not autograded:
            return
        with _refusing():
            self._rows.save(autograded, {student: outcome.submitted_at for student, (outcome, _) in batch.items()})
            self._extend(list(batch))
            # What was handed in without a time may still have one from before.
            timed = [name for name, (outcome, _) in batch.items() if outcome.submitted_at or self._timestamps.get(name)]
            self._assign_penalties(timed)
            for student, finished in autograded.items():
                with self._standing_alone(student):
                    self._files.write(student, finished.text, batch[student][1])

    def _withdraw(self, student: str) -> None:
        """Take back the scores that an earlier submission of a student got; what people wrote about it is kept."""
        if student in self._scores:
            withdraw_scores(self._course, self._assignment, student)
        with self._standing_alone(student):
            self._files.remove(student)

    @contextlib.contextmanager
    def _standing_alone(self, student: str) -> Iterator[None]:
        """What goes wrong with the files of one submission refuses that one. Raises OSError where it is the machine."""
        try:
            yield
        except (OSError, RecursionError, UnicodeError) as error:
            if isinstance(error, OSError) and error.errno in OF_THE_MACHINE:
                raise
            withdraw_scores(self._course, self._assignment, student)
            folder = f"{self._course.autograded_directory}/{student}/{self._assignment}"
            refused = not_graded(
                self._assignment,
                f"{folder} cannot be written ({_reason_of(error)}): remove it and grade again.",
                stored_result(self._assignment, student),
            )
            write_result(result_path(self._assignment, student), refused)
            self.refused[student] = refused

    def update_penalties(self, students: Sequence[str]) -> list[tuple[str, float, float]]:
        """Work penalties out anew. Returns those that are another now: student, before, after. Raises WriterError."""
        with _refusing():
            known = [student for student in students if student in self._timestamps]
            before = self._rows.penalties()
            self._extend(known)
            self._assign_penalties(known, [student for student in known if before[student]])
            after = self._rows.penalties()
        return [(student, before[student], after[student]) for student in known if before[student] != after[student]]

    def _extend(self, students: Sequence[str]) -> None:
        if self._extensions:
            apply_extensions(self._gradebook, self._assignment, students, self._extensions)

    def _assign_penalties(self, students: list[str], others: Sequence[str] = ()) -> None:
        """Let nbgrader's own preprocessor look at late submissions, and at `others`, which had a penalty."""
        for student in {*self._rows.late_among(students), *others}:
            names = {"notebook": self._assignment, "assignment": self._assignment, "student": student}
            resources = {"nbgrader": {**names, "db_url": self._course.db_url}}
            AssignLatePenalties(config=self._config)(NotebookNode(cells=[]), resources)


class DryRun:
    """Takes the place of a Writer, and writes nothing."""

    def __init__(self) -> None:
        self.refused: dict[str, Result] = {}
        self.by_hand: dict[str, dict[str, HandScore]] = {}

    def __enter__(self) -> "DryRun":
        return self

    def __exit__(self, *_: object) -> None:
        """There is nothing to write."""

    def is_written(self, student: str, result: Result, submitted_at: datetime | None) -> bool:
        """No notebook need be made."""
        return True

    def add(self, outcome: Outcome, task: Task) -> None:
        """Nothing is kept."""


def _has_a_name(student: str) -> bool:
    """Whether anything can be kept of a student. If not, each run says so anew."""
    try:
        check_student(student)
    except NotGradable:
        return False
    return True


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """Turn what a database or a disk says into one sentence."""
    try:
        yield
    except SQLAlchemyError as error:
        raise _gradebook_refusal(error) from error
    except OSError as error:
        raise WriterError(f"{error.filename} cannot be written ({error.strerror}): mend it and grade again.") from error


def _gradebook_refusal(error: SQLAlchemyError) -> WriterError:
    reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
    return WriterError(f"The gradebook cannot be used ({reason}): mend it and grade again; results/ is kept.")


class _Rows:
    """The gradebook's rows of one assignment. nbgrader's own objects would take ten times as long."""

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

    def scores(self) -> dict[str, dict[str, float | None]]:
        """Student -> grade id -> automatic score."""
        return self._by_student_and_cell(self._grades(GRADE.c.auto_score))

    def scores_by_hand(self) -> dict[str, dict[str, float]]:
        """Student -> grade id -> score that a person gave."""
        return self._by_student_and_cell(self._grades(GRADE.c.manual_score).where(GRADE.c.manual_score.is_not(None)))

    def to_confirm(self) -> dict[str, dict[str, bool]]:
        """Student -> grade id -> True, where nbgrader asks for a person's look."""
        return self._by_student_and_cell(self._grades(GRADE.c.needs_manual_grade).where(GRADE.c.needs_manual_grade))

    def _grades(self, score: ColumnElement[Any]) -> Select[Any]:
        return select_grades(self._assignment, SUBMISSION.c.student_id, CELL.c.name, score)

    def _by_student_and_cell(self, query: Select[Any]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = defaultdict(dict)
        with self._gradebook.engine.connect() as connection:
            for student, name, score in connection.execute(query):
                found[student][name] = score
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
            _update_timestamps(connection, of_student, timestamps)
            _forget_penalties(connection, [notebooks[pair] for pair in pairs])
            _update_grades(
                connection,
                {
                    grades[of_student[student], name]: score
                    for student, autograded in batch.items()
                    for name, score in autograded.scores.items()
                },
            )
            tasks = {name for _, _, name in self._cells["TaskCell"]}
            _ask_again(connection, [row for (_, name), row in grades.items() if name in tasks])
            _update_comments(
                connection,
                {
                    comments[of_student[student], name]: comment
                    for student, autograded in batch.items()
                    for name, comment in autograded.comments.items()
                },
            )

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


def _update_timestamps(
    connection: Connection, submissions: Mapping[str, str], timestamps: Mapping[str, datetime | None]
) -> None:
    rows = [{"row": submissions[student], "at": at} for student, at in timestamps.items() if at is not None]
    if rows:
        statement = update(SUBMISSION).where(SUBMISSION.c.id == bindparam("row"))
        connection.execute(statement.values(timestamp=bindparam("at")), rows)


def _forget_penalties(connection: Connection, notebooks: list[str]) -> None:
    connection.execute(update(NOTEBOOK).where(NOTEBOOK.c.id.in_(notebooks)).values(late_submission_penalty=None))


def _update_grades(connection: Connection, scores: Mapping[str, float | None]) -> None:
    statement = update(GRADE).where(GRADE.c.id == bindparam("row"))
    # A score given by hand stays, and asks to be looked at again.
    by_hand = or_(GRADE.c.manual_score.is_not(None), bindparam("unscored", type_=Boolean))
    rows: list[dict[str, Any]] = [
        {"row": row, "score": score, "unscored": score is None} for row, score in scores.items()
    ]
    if rows:
        connection.execute(statement.values(auto_score=bindparam("score"), needs_manual_grade=by_hand), rows)


def _ask_again(connection: Connection, tasks: list[str]) -> None:
    """Let formgrader ask to look again at tasks that a person scored, as it asks for other cells."""
    if tasks:
        scored = update(GRADE).where(GRADE.c.id.in_(tasks), GRADE.c.manual_score.is_not(None))
        connection.execute(scored.values(needs_manual_grade=True))


def _update_comments(connection: Connection, comments: Mapping[str, str | None]) -> None:
    statement = update(COMMENT).where(COMMENT.c.id == bindparam("row"))
    rows = [{"row": row, "comment": comment} for row, comment in comments.items()]
    if rows:  # a notebook may have no answer cells
        connection.execute(statement.values(auto_comment=bindparam("comment")), rows)


class _Files:
    """The folders of one assignment in autograded/."""

    def __init__(self, course: CourseDirectory, config: Config, assignment: str) -> None:
        self._course, self._assignment = course, assignment
        self._converter = Autograde(coursedir=course, config=config)
        self._source_files = source_files(self._converter, assignment)

    def is_newer(self, student: str, path: Path) -> bool:
        """Whether a student's autograded notebook is there and not older than `path`."""
        try:
            return self._notebook(student).stat().st_mtime_ns >= path.stat().st_mtime_ns
        except OSError:
            return False

    def handed_in(self, student: str) -> Path:
        """Where a student's own notebook is."""
        folder = Path(self._course.format_path(self._course.submitted_directory, student, self._assignment))
        return folder / f"{self._assignment}.ipynb"

    def write(self, student: str, text: str, beside: Mapping[str, bytes]) -> None:
        """Make a student's folder anew; the notebook appears in one step, when all else is there."""
        notebook = self._notebook(student)
        self.remove(student)
        notebook.parent.mkdir(parents=True)
        lay_beside(notebook.parent, beside, above=self._source_files)
        for name, path in self._source_files.items():
            (notebook.parent / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, notebook.parent / name)
        # Not inside the folder, where the learner has a say in what is there.
        # And last of all: once the notebook is there, no later run looks at the folder again.
        with in_one_step(notebook, notebook.parent.parent) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
            unfinished.chmod(int(str(self._converter.permissions), 8))
            self._converter.set_permissions(self._assignment, student)

    def remove(self, student: str) -> None:
        """Remove a student's folder, if there is one."""
        folder = self._notebook(student).parent
        if folder.exists():
            utils.rmtree(str(folder))

    def _notebook(self, student: str) -> Path:
        folder = Path(self._course.format_path(self._course.autograded_directory, student, self._assignment))
        return folder / f"{self._assignment}.ipynb"


def _reason_of(error: OSError | RecursionError | UnicodeError) -> str:
    if isinstance(error, OSError):
        return str(error.strerror)
    return "its folders are too deep" if isinstance(error, RecursionError) else "it holds a text that no file can hold"


@contextlib.contextmanager
def course_lock(course: Path) -> Iterator[None]:
    """Keep other graders out of a course. Raises WriterError where one is at work."""
    descriptor = _lock(course / LOCK_FILE)
    try:
        yield
    finally:
        os.close(descriptor)


def _lock(path: Path) -> int:
    """A descriptor that locks the course against other graders until it is closed. Raises WriterError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    end = time.monotonic() + LOCK_DEADLINE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError as error:
            if time.monotonic() > end:
                os.close(descriptor)
                raise WriterError("Another grading of this course is running: wait until it ends.") from error
            time.sleep(0.1)
