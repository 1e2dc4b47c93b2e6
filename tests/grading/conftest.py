"""A course folder for the tests that go through real nbgrader."""

import contextlib
import csv
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_core.application import NoStart
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderApp
from sqlalchemy.exc import SAWarning

from autograder.cli import main
from autograder.exercises import assignments
from autograder.exercises.spec import Assignment

Run = subprocess.CompletedProcess[str]
TEMPORARY = Path(tempfile.gettempdir())
ATTACKED = "llm-course-attacked-"
A_DAY = 24 * 3600


class Course:
    """A course folder and the commands that work in it, run in this process: what they import is there already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def llm_course(self, *arguments: str) -> Run:
        return self._here(main, arguments)

    def nbgrader(self, *arguments: str) -> Run:
        return self._here(run_nbgrader, arguments)

    def done(self, *arguments: str) -> Run:
        """A command of llm-course that succeeds."""
        run = self.llm_course(*arguments)
        assert run.returncode == 0, (arguments, run.stdout, run.stderr)
        return run

    def refused(self, *arguments: str) -> str:
        """What a command of llm-course says that is refused: one sentence, of no traceback."""
        run = self.llm_course(*arguments)
        assert (run.returncode, len(run.stderr.strip().splitlines())) == (1, 1), run.stderr
        return run.stderr

    def done_by_nbgrader(self, *arguments: str) -> Run:
        """A command of nbgrader that succeeds."""
        run = self.nbgrader(*arguments)
        assert run.returncode == 0, (arguments, run.stderr[-3000:])
        return run

    def report(self) -> str:
        """The HTML of the report on the class."""
        self.done("report", "report.html")
        return (self.folder / "report.html").read_text(encoding="utf-8")

    def rows(self, *options: str) -> dict[str, dict[str, str]]:
        """Student -> row of the exported table."""
        self.done("export", "grades.csv", *options)
        with (self.folder / "grades.csv").open(encoding="utf-8") as file:
            return {row["student_id"]: row for row in csv.DictReader(file)}

    def gradebook(self) -> Gradebook:
        """nbgrader's own gradebook, to be used in a `with`."""
        return Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}")

    def grade_by_hand(self, name: str, student: str, cell: str, score: float) -> None:
        """What formgrader's page of a submission does."""
        with self.gradebook() as gradebook:
            grade = gradebook.find_grade(cell, name, name, student)
            grade.manual_score, grade.needs_manual_grade = score, False
            gradebook.db.commit()

    def configure(self, lines: str) -> None:
        """Add lines to nbgrader_config.py."""
        with (self.folder / "nbgrader_config.py").open("a") as config:
            config.write(lines)

    def scores(self, assignment: str) -> dict[str, dict[str, float | None]]:
        """Student -> exercise -> points by nbgrader's own gradebook."""
        return {
            student: {name: automatic for name, (automatic, *_) in found["grades"].items()}
            for student, found in self.submissions(assignment).items()
        }

    def submissions(self, assignment: str) -> dict[str, dict[str, Any]]:
        """Student -> all that nbgrader's own gradebook holds of a submission, but for its random ids."""
        found = {}
        with self.gradebook() as gradebook:
            for submission in gradebook.assignment_submissions(assignment):
                (notebook,) = submission.notebooks
                found[submission.student.id] = {
                    "grades": {
                        grade.name: (grade.auto_score, grade.manual_score, grade.extra_credit, grade.needs_manual_grade)
                        for grade in notebook.grades
                    },
                    "comments": {item.name: (item.auto_comment, item.manual_comment) for item in notebook.comments},
                    "times": (submission.timestamp, submission.extension, submission.total_seconds_late),
                    "penalty": notebook.late_submission_penalty,
                }
        return found

    def feedback_page(self, student: str, assignment: str) -> str:
        """The HTML that a student reads."""
        return (self.folder / "feedback" / student / assignment / f"{assignment}.html").read_text(encoding="utf-8")

    def _here(self, command: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> Run:
        with (
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(io.StringIO()) as said,
            contextlib.redirect_stderr(io.StringIO()) as complained,
            what_a_process_keeps_to_itself(),
        ):
            try:
                status = command(arguments)
            except SystemExit as end:
                status = int(end.code or 0)
        return Run(arguments, status, said.getvalue(), complained.getvalue())


@contextlib.contextmanager
def editing(path: Path) -> Iterator[NotebookNode]:
    """A notebook, which is written when the block ends."""
    notebook = nbformat.read(path, as_version=4)
    yield notebook
    nbformat.write(notebook, path)


def cell_of(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


@contextlib.contextmanager
def what_a_process_keeps_to_itself() -> Iterator[None]:
    """Take back what a command sets for its whole process."""
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.filterwarnings("ignore", category=SAWarning)  # nbgrader's own use of SQLAlchemy
        patch.setenv("PATH", os.environ["PATH"])
        yield


def run_nbgrader(arguments: Sequence[str]) -> int:
    """Run a command of nbgrader as its own tests do. Returns 0, or ends with nbgrader's exit code."""
    app = NbGraderApp.instance()
    try:
        app.initialize([*arguments])
        with contextlib.suppress(NoStart):
            app.start()
    finally:
        for each in filter(None, (app.subapp, app)):
            each.close_handlers()
            each.clear_instance()
    return 0


class CourseOfAShell(Course):
    """A course whose commands run as a shell starts them, each in a process of its own."""

    def llm_course(self, *arguments: str) -> Run:
        return self._run(sys.executable, "-m", "autograder", *arguments)

    def nbgrader(self, *arguments: str) -> Run:
        return self._run(sys.executable, "-m", "nbgrader", *arguments)

    def _run(self, *command: str) -> Run:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=7200)


@contextlib.contextmanager
def folder_for_attacks() -> Iterator[Path]:
    """A folder outside of pytest's own, open to all users.

    Attacks nest folders deeper than Python can remove. pytest removes what earlier runs left there, also runs that
    were killed, and would end of it before it has told how the tests went.
    """
    for left in TEMPORARY.glob(f"{ATTACKED}*"):
        if time.time() - left.stat().st_mtime > A_DAY:
            remove(left)
    folder = Path(tempfile.mkdtemp(prefix=ATTACKED, dir=TEMPORARY))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        remove(folder)


def remove(folder: Path) -> None:
    """Remove a folder, however deep."""
    subprocess.run(["rm", "-rf", folder], check=True)


def copy_of(folder: Path, tmp_path: Path) -> Course:
    """A course of a test's own."""
    return Course(shutil.copytree(folder, tmp_path / "course"))


@pytest.fixture(scope="session")
def empty_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course folder in which nothing is released, to be copied."""
    folder = tmp_path_factory.mktemp("empty") / "course"
    Course(folder.parent).done("init", folder.name)
    return folder


@pytest.fixture(scope="session")
def released_course(empty_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course folder with 05_attention released, to be copied."""
    course = copy_of(empty_course, tmp_path_factory.mktemp("released"))
    course.done("release", "05_attention")
    return course.folder


@pytest.fixture
def empty(empty_course: Path, tmp_path: Path) -> Course:
    """A fresh course folder in which nothing is released."""
    return copy_of(empty_course, tmp_path)


@pytest.fixture
def course(released_course: Path, tmp_path: Path) -> Course:
    """A fresh course folder with 05_attention released."""
    return copy_of(released_course, tmp_path)


@pytest.fixture(scope="session")
def attention() -> Assignment:
    return assignments()["05_attention"]
