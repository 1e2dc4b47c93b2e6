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
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder.judging.grade import not_graded
from autograder.nbgrader_bridge.converters import source_files, withdraw_scores
from autograder.nbgrader_bridge.gradebook_rows import Rows
from autograder.records.refusal import Refusal
from autograder.records.result import NOT_GRADED, Result, write_result
from autograder.records.unfinished import in_one_step
from autograder.running.work import Outcome, Task
from autograder.students.by_hand import HandScore, note_scores, scores_by_hand
from autograder.students.extensions import apply_extensions, read_extensions
from autograder.submissions.course_files import result_path, stored_result
from autograder.submissions.hand_in import HandIn, NotGradable, check_student, lay_beside

BATCH = 20
"""Submissions in one transaction."""
LOCK_FILE = ".llm_course_grading"
LOCK_DEADLINE = 10.0
"""Seconds in which a killed run's processes are gone."""
OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Failures that no submission is the cause of: the next one would fail, too."""


class WriterError(Refusal):
    """Grades cannot be written; the message says why and what to do."""


class Writer:
    """Writes the outcomes of one grading run; a context manager, and the only one of its course at a time."""

    def __init__(self, course: CourseDirectory, config: Config, assignment: str) -> None:
        self._course, self._config, self._assignment = course, config, assignment
        self._waiting: dict[str, tuple[Outcome, Mapping[str, bytes]]] = {}
        self.refused: dict[str, Result] = {}
        """Student -> result, of submissions that were graded and then could not be written."""

    def __enter__(self) -> "Writer":
        """Raises WriterError if another run grades in this course, or the gradebook cannot be opened.

        Raises ExtensionError where extensions.csv cannot be read, before anything is graded.
        """
        self._extensions = read_extensions(Path(self._course.root), self._assignment)
        with contextlib.ExitStack() as stack, refusing():
            stack.enter_context(course_lock(Path(self._course.root)))
            self._gradebook = stack.enter_context(Gradebook(self._course.db_url, self._course.course_id))
            self._rows = Rows(self._gradebook, self._assignment)
            self._grades, self._timestamps = self._rows.grades(), self._rows.timestamps()
            self.by_hand = note_scores(self._assignment, self._grades)
            self._files = _Files(self._course, self._config, self._assignment)
            self._opened = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Write what is still to be written, also after an error or Ctrl-C."""
        with self._opened:
            self.flush()

    def is_written(self, student: str, result: Result, submitted_at: datetime | None) -> bool:
        """Whether a result of an earlier run has reached the gradebook and autograded/."""
        if result.status == NOT_GRADED or student not in self._grades:
            return False
        kept = {name: row.auto_score for name, row in self._grades[student].items()}
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
        with refusing():
            if outcome.result != task.stored:
                write_result(result_path(self._assignment, outcome.student), outcome.result)
            if outcome.result.status == NOT_GRADED:
                self._withdraw(outcome.student)
        if outcome.autograded is not None and isinstance(task.content, HandIn):
            self._waiting[outcome.student] = outcome, task.content.files
        if len(self._waiting) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write all that is to be written. Raises WriterError."""
        batch, self._waiting = self._waiting, {}
        autograded = {student: outcome.autograded for student, (outcome, _) in batch.items() if outcome.autograded}
        if not autograded:
            return
        with refusing():
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
        if student in self._grades:
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
        with refusing():
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

    def __init__(self, course: CourseDirectory, assignment: str) -> None:
        self._course, self._assignment = course, assignment
        self.refused: dict[str, Result] = {}

    def __enter__(self) -> "DryRun":
        """Raises WriterError if the gradebook cannot be opened."""
        with refusing(), Gradebook(self._course.db_url, self._course.course_id) as gradebook:
            grades = Rows(gradebook, self._assignment).grades()
        self.by_hand = {
            student: {name: HandScore(row.manual_score, code="") for name, row in scores_by_hand(rows).items()}
            for student, rows in grades.items()
        }
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
def refusing() -> Iterator[None]:
    """Turn what a database or a disk says into one sentence. Raises WriterError."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        if isinstance(error, OSError):
            told = f"{error.filename} cannot be moved or written ({error.strerror})"
        else:
            told = f"The gradebook cannot be used ({str(getattr(error, 'orig', error)).strip().splitlines()[0]})"
        raise WriterError(f"{told}: mend it, then run this command again; what is done is kept.") from error


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
    descriptor = os.open(course / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    end = time.monotonic() + LOCK_DEADLINE
    try:
        while not _is_locked(descriptor):
            if time.monotonic() > end:
                raise WriterError("Another grading of this course is running: wait until it ends.")
            time.sleep(0.1)
        yield
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    """Lock a file until it is closed, if no other descriptor has."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
