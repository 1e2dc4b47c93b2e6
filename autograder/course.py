"""An nbgrader course folder: making one, releasing, grading, feedback, export. All work in the current folder.

Each step is nbgrader's own, so formgrader and the plain nbgrader commands see the same course.
"""

import csv
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from autograder.grade import not_graded
from autograder.gradebook import course_secret, grade_once, quarantine_special_files, result_path
from autograder.notebooks import source_notebook
from autograder.result import NOT_GRADED, Result, ResultError, read_result, write_result
from autograder.submission import NotGradable, read_submission

CONFIG_FILE = Path("nbgrader_config.py")
CONFIG_TEXT = '''"""nbgrader's configuration of this course. `configure` makes every autograding go the trusted way."""

from autograder.gradebook import configure

c = get_config()  # noqa: F821  (nbgrader defines it)
c.CourseDirectory.course_id = "{course_id}"
configure(c)
'''
COLUMNS = (
    "assignment",
    "student_id",
    "status",
    "timestamp",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)


class CourseError(Exception):
    """A step cannot be done; the message says why, and what to do, in one sentence."""


@dataclass(frozen=True)
class Graded:
    """One line of a grading run."""

    student: str
    result: Result


def init_course(folder: Path) -> None:
    """Make a course folder: its configuration, its gradebook, its secret and the sources of all assignments.

    Raises CourseError if the folder holds something else already.
    """
    config = folder / CONFIG_FILE
    if folder.exists() and not folder.is_dir():
        raise CourseError(f"{folder} is a file: name a new folder.")
    if folder.is_dir() and any(folder.iterdir()) and not config.exists():
        raise CourseError(f"{folder} is not empty and no course folder: name a new one.")
    folder.mkdir(parents=True, exist_ok=True)
    if not config.exists():
        config.write_text(CONFIG_TEXT.format(course_id=folder.resolve().name), encoding="utf-8")
    course_secret(folder)
    for assignment in assignments().values():
        _write_source(assignment, folder)
    Gradebook(f"sqlite:///{folder.resolve() / 'gradebook.db'}").close()


def release(name: str) -> tuple[Path, Path]:
    """Release an assignment by nbgrader. Returns the released notebook and a zip of it for a class."""
    _write_source(_assignment(name), Path())
    _succeed(_api().generate_assignment(name, force=True), f"nbgrader could not release {name}")
    notebook, archive = Path("release") / name / f"{name}.ipynb", Path("release") / f"{name}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.write(notebook, f"{name}/{name}.ipynb")
    return notebook, archive


def grade_all(name: str, student: str, report: Callable[[Graded], None]) -> list[Graded]:
    """Grade the submissions of an assignment and write nbgrader's gradebook and autograded/.

    `student` is a student's id or a pattern. `report` is told of each submission as soon as it is graded. One that
    cannot be graded is reported as such, has no score, and does not stop the others.
    """
    assignment, api = _assignment(name), _api()
    with api.gradebook as gradebook:
        if name not in {known.name for known in gradebook.assignments if known.notebooks}:
            raise CourseError(f"{name} is not released yet: run `llm-course release {name}` first.")
    folders = sorted(path for path in Path("submitted").glob(f"{student}/{name}") if path.is_dir())
    if not folders:
        raise CourseError(f"There are no submissions in submitted/{student}/{name}/: lay them there and grade again.")
    lines = []
    for folder in folders:
        lines.append(Graded(folder.parent.name, _grade_one(api, assignment, folder)))
        report(lines[-1])
    return lines


def feedback(name: str) -> list[Path]:
    """Make the learners' feedback pages of all graded submissions. Returns the pages."""
    _assignment(name)
    if not any(Path("autograded").glob(f"*/{name}/{name}.ipynb")):
        raise CourseError(f"No submission of {name} is graded yet: run `llm-course grade {name}` first.")
    _succeed(_api().generate_feedback(name, force=True), f"nbgrader could not make the feedback of {name}")
    return sorted(Path("feedback").glob(f"*/{name}/*.html"))


def export(path: Path) -> int:
    """Write the scores of all submissions as CSV. Returns the number of rows."""
    if path.suffix != ".csv":
        raise CourseError(f"{path} is no CSV file: name one that ends in .csv.")
    rows = list(_score_rows())
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise CourseError(f"{path} cannot be written: {error.strerror}.") from error
    return len(rows)


def _grade_one(api: NbGraderAPI, assignment: Assignment, folder: Path) -> Result:
    student, path = folder.parent.name, folder / f"{assignment.name}.ipynb"
    quarantine_special_files([str(path)])
    try:
        submission = read_submission(path, assignment)
    except NotGradable as reason:
        result = not_graded(assignment, reason)
        write_result(result_path(assignment.name, student), result)
        return result
    before = _stored_result(assignment.name, student)
    result = grade_once(submission, assignment, student)
    if result != before or not _is_written(api, assignment.name, student):
        problem = f"nbgrader could not write the grades of {student}"
        _succeed(api.autograde(assignment.name, student, force=True), problem)
    return result


def _stored_result(name: str, student: str) -> Result | None:
    try:
        return read_result(result_path(name, student))
    except (FileNotFoundError, ResultError):
        return None


def _is_written(api: NbGraderAPI, name: str, student: str) -> bool:
    """Whether a result has reached autograded/ and the gradebook; an interrupted run may have left it in results/."""
    if not (Path("autograded") / student / name / f"{name}.ipynb").exists():
        return False
    with api.gradebook as gradebook:
        grades = [
            grade
            for submission in gradebook.assignment_submissions(name)
            if submission.student.id == student
            for notebook in submission.notebooks
            for grade in notebook.grades
        ]
    return bool(grades) and all(grade.auto_score is not None for grade in grades)


def _score_rows() -> Iterator[dict[str, Any]]:
    with _api().gradebook as gradebook:
        for assignment in sorted(gradebook.assignments, key=lambda item: item.name):
            students = set()
            for submission in gradebook.assignment_submissions(assignment.name):
                students.add(submission.student.id)
                yield {
                    "assignment": assignment.name,
                    "student_id": _no_formula(submission.student.id),
                    "status": "graded",
                    "timestamp": submission.timestamp,
                    "raw_score": submission.score,
                    "late_submission_penalty": submission.late_submission_penalty,
                    "score": max(0.0, submission.score - submission.late_submission_penalty),
                    "max_score": submission.max_score,
                }
            for path in sorted(result_path(assignment.name, "x").parent.glob("*.json")):
                if path.stem not in students and read_result(path).status == NOT_GRADED:
                    yield {
                        "assignment": assignment.name,
                        "student_id": _no_formula(path.stem),
                        "status": NOT_GRADED,
                        "max_score": assignment.max_score,
                    }


def _no_formula(text: str) -> str:
    """A spreadsheet would run a cell that begins like a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def _write_source(assignment: Assignment, folder: Path) -> None:
    path = folder / "source" / assignment.name / f"{assignment.name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(source_notebook(assignment), path)


def _assignment(name: str) -> Assignment:
    _require_course()
    if name not in assignments():
        raise CourseError(f"There is no assignment {name!r}: the course has {', '.join(assignments())}.")
    return assignments()[name]


def _require_course() -> None:
    if not CONFIG_FILE.exists():
        raise CourseError("This is no course folder: change into one, or make one with `llm-course init DIR`.")


def _api() -> NbGraderAPI:
    _require_course()
    config: Config = PyFileConfigLoader(CONFIG_FILE.name, path=".").load_config()
    config.CourseDirectory.root = str(Path.cwd())
    return NbGraderAPI(CourseDirectory(config=config), config=config)


def _succeed(outcome: dict[str, Any], problem: str) -> None:
    if not outcome["success"]:
        text = (outcome.get("error") or outcome.get("log") or "no reason given").strip()
        raise CourseError(f"{problem}: {text.splitlines()[-1]}")
