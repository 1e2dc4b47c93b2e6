"""Making a course folder, and releasing assignments: sources, what a class gets, exercises of one's own.

Each step is nbgrader's own, so formgrader and the plain nbgrader commands see the same course.
"""

import re
import shutil
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.utils import is_grade, is_locked, is_solution, is_task
from sqlalchemy.exc import SQLAlchemyError

from autograder.authoring.checks import current_checks
from autograder.authoring.source_remarks import changed_since_release, remarks
from autograder.course.course_folder import (
    CONFIG_FILE,
    CourseError,
    assignment_called,
    course_directory,
    laid_beside,
    nbgrader_api,
    released_assignment,
    require_course,
)
from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from autograder.notebooks.notebooks import DIGEST, NotebookError, is_edited, source_notebook
from autograder.notebooks.own_exercises import OWN, lay_out
from autograder.records.source_cells import read_source_cells
from autograder.reporting.scores import above_maximum
from autograder.submissions.course_assignments import names_in
from autograder.submissions.course_files import NOT_FOR_GIT, course_secret

CONFIG_TEXT = '''"""nbgrader's configuration of this course. `configure` makes every autograding go the trusted way."""

from autograder.course.configuration import configure

c = get_config()  # noqa: F821  (nbgrader defines it)
c.CourseDirectory.course_id = {course_id!r}
{database}configure(c)
'''
CAUSE = re.compile(r"^\s*[\w.]+(?:Error|Exception): .+$", re.MULTILINE)
"""Why something failed, in a log of nbgrader's."""


def init(folder: Path, database: str | None) -> Iterator[str]:
    """Make a course folder: its configuration, its gradebook, its secret and the sources of all assignments.

    Sources that a person edited are kept as they are. The gradebook is a file
    in the folder, or the database of a SQLAlchemy URL. Raises CourseError if the folder holds something else already,
    or the database cannot be opened.
    """
    config = folder / CONFIG_FILE
    if folder.exists() and not folder.is_dir():
        raise CourseError(f"{folder} is a file: name a new folder.")
    if folder.is_dir() and any(folder.iterdir()) and not config.exists():
        raise CourseError(f"{folder} is not empty and no course folder: name a new one.")
    if config.exists() and database:
        raise CourseError(f"{folder} is a course already: set c.CourseDirectory.db_url in {config}.")
    folder.mkdir(parents=True, exist_ok=True)
    if not config.exists():
        line = f"c.CourseDirectory.db_url = {database!r}\n" if database else ""
        text = CONFIG_TEXT.format(course_id=folder.resolve().name, database=line)
        config.write_text(text, encoding="utf-8")
    course_secret(folder)
    if not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text(NOT_FOR_GIT, encoding="utf-8")
    for assignment in assignments().values():
        yield from _write_source(assignment, folder)
    course, _ = course_directory(folder)
    try:
        Gradebook(course.db_url, course.course_id).close()
    except (SQLAlchemyError, ImportError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CourseError(f"The gradebook cannot be opened ({reason}): mend c.CourseDirectory.db_url.") from error
    yield f"Made the course folder {folder}: change into it, then `llm-course release 05_attention`."


def release(name: str, regenerate: bool, due: datetime | None) -> Iterator[str]:
    """Release an assignment by nbgrader: the notebook, and a zip of it for a class, with the checks beside it.

    `due` is when it is to be handed in; without one, what the gradebook says is left. A source that a person edited is
    released as it is, except to `regenerate` it: then it is made anew, and a copy of the edited one is kept.
    """
    assignment = assignment_called(name)
    if assignment.folder:
        _require_good_exercises(name)
    notes = _write_source(assignment, Path(), regenerate)
    api = nbgrader_api()
    _require_same_cells(api, name)
    laid_beside(api.coursedir, api.config, name)
    _succeed(api.generate_assignment(name, force=True), f"nbgrader could not release {name}")
    released = released_assignment(api.coursedir, name)
    if due:
        with api.gradebook as gradebook:
            gradebook.update_or_create_assignment(name, duedate=due.astimezone(UTC).replace(tzinfo=None))
    with api.gradebook as gradebook:
        notes += [*remarks(released, _read_source(name)), *above_maximum(gradebook, name)]
    archive = _pack(assignment)
    yield from notes
    yield f"Released {Path('release') / name / f'{name}.ipynb'}; for a class: {archive}."


def _require_same_cells(api: NbGraderAPI, name: str) -> None:
    """nbgrader lets no cell come or go once something is graded, and takes the release away before it says so."""
    with api.gradebook as gradebook:
        released = set(read_source_cells(gradebook, name))
        graded = len(gradebook.find_notebook(name, name).submissions) if released else 0
    if not graded:
        return
    notebook = _read_source(name)
    kinds = (is_grade, is_solution, is_locked, is_task)
    asked = {cell.metadata.nbgrader.grade_id for cell in notebook.cells if any(kind(cell) for kind in kinds)}
    if asked != released:
        more, gone = (", ".join(sorted(names)) or "none" for names in (asked - released, released - asked))
        raise CourseError(
            f"{graded} submissions of {name} are graded, and then nbgrader lets no graded cell come or go "
            f"(new: {more}; gone: {gone}). Text, points and order may change."
        )


def _read_source(name: str) -> NotebookNode:
    path = Path("source") / name / f"{name}.ipynb"
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises this and that
        raise CourseError(f"{path} is no notebook that can be read ({type(error).__name__}): mend it.") from error


def new_exercise(name: str) -> Iterator[str]:
    """Begin an assignment of one's own: files with a working example."""
    require_course()
    if name in names_in(Path()):
        raise CourseError(f"There is an assignment {name!r} already: take another name.")
    yield from map(str, lay_out(Path(), name))
    yield f"A working example: change it, then `llm-course try {name}` and `llm-course release {name}`."


def try_exercises(name: str) -> Iterator[str]:
    """Try exercises of one's own."""
    _require_good_exercises(name)
    yield f"{name} tells right answers from wrong ones, and each known mistake by its own hint."


def _require_good_exercises(name: str) -> None:
    """Raise CourseError with all that is wrong with exercises of one's own."""
    folder = Path(OWN) / name
    if assignment_called(name).folder is None:
        raise CourseError(f"{name} is none of your own exercises: there is no {folder}/exercises.md.")
    # It loads what tells answers apart, which no other command but `release` needs.
    from autograder.authoring.trial import faults_in

    if faults := faults_in(folder):
        raise CourseError(f"{folder} does not tell right from wrong:\n" + "\n".join(f"  {fault}" for fault in faults))


def _pack(assignment: Assignment) -> Path:
    """A zip for a class of what is released, with the checks beside the notebook."""
    folder = Path("release") / assignment.name
    checks = f"{assignment.name}.checks.json.gz"
    if assignment.folder:
        # Whoever fetches it by nbgrader's exchange has these checks from nowhere else.
        (folder / checks).write_bytes(current_checks(assignment))
    archive = folder.with_name(f"{assignment.name}.zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            bundle.write(file, file.relative_to(folder.parent))
        if assignment.exercises and not assignment.folder:
            bundle.writestr(f"{assignment.name}/{checks}", current_checks(assignment))
    return archive


def not_released(name: str) -> list[str]:
    """Where the source counts otherwise than what was released, in sentences."""
    path = Path("source") / name / f"{name}.ipynb"
    if not path.exists():
        return []
    course, _ = course_directory()
    counts = f"`llm-course release {name}` makes it count."
    changed = changed_since_release(released_assignment(course, name), _read_source(name))
    notes = [f"{path} was changed since it was released ({', '.join(changed)}): {counts}"][: len(changed)]
    if _is_newer_than_source(assignment_called(name), path):
        notes.append(f"{OWN}/{name} was changed since it was released: {counts}")
    return notes


def _is_newer_than_source(assignment: Assignment, path: Path) -> bool:
    """Whether exercises of the instructor's own say another text or other points than the source made of them."""
    if assignment.folder is None or is_edited(path):
        return False
    try:
        return bool(source_notebook(assignment).metadata[DIGEST] != _read_source(assignment.name).metadata[DIGEST])
    except NotebookError:
        return True


def _write_source(assignment: Assignment, folder: Path, anew: bool = False) -> list[str]:
    """Write an assignment's source, but not over one that a person edited, except `anew`: then that one is copied.

    Returns what is to be told, in sentences.
    """
    path = folder / "source" / assignment.name / f"{assignment.name}.ipynb"
    if not assignment.points:
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    notes = []
    if path.exists() and is_edited(path):
        if not anew:
            return [
                f"{path} was edited: it is kept and used. `llm-course release {assignment.name} --regenerate` makes it "
                "anew, and keeps a copy of yours."
            ]
        copy = path.parents[1] / f"{assignment.name}.{datetime.now():%Y-%m-%d-%H%M%S-%f}.ipynb"
        shutil.copy2(path, copy)
        notes.append(f"{path} is made anew; yours is kept as {copy}.")
    nbformat.write(source_notebook(assignment), path)
    return notes


def _succeed(outcome: dict[str, Any], problem: str) -> None:
    if not outcome["success"]:
        text = (outcome.get("error") or outcome.get("log") or "no reason given").strip()
        # The last one says only that there was one.
        causes = [line for line in CAUSE.findall(text) if "NbGraderException" not in line]
        raise CourseError(f"{problem}: {(causes or text.splitlines())[-1].strip()}")
