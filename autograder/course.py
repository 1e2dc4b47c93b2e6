"""An nbgrader course folder: making one, releasing, grading, feedback, export. All work in the current folder.

Each step is nbgrader's own, so formgrader and the plain nbgrader commands see the same course.
"""

import contextlib
import itertools
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.autograded import SourceCell
from autograder.by_hand import HandScore
from autograder.checks import write_checks
from autograder.collect import Collected, Student
from autograder.collect import collect as collect_from
from autograder.converters import TrustedGrade
from autograder.course_files import course_secret, stored_result
from autograder.draws import first_draw
from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from autograder.feedback import FeedbackPage, make_pages, make_refusals, pack
from autograder.gradebook import DryRun, Writer, read_source_cells
from autograder.hand_in import NotGradable, check_student, read_hand_in, submitted_folders
from autograder.notebooks import is_edited, released_notebook, source_notebook
from autograder.result import Result
from autograder.scores import TABLES, read_scores, refusals, write_table
from autograder.submission import grade_ids, ids_in, learner_cells, submission_of
from autograder.work import Job, Task
from autograder.workers import dask_workers, local_workers

if TYPE_CHECKING:
    from autograder.similar import Pair

CONFIG_FILE = Path("nbgrader_config.py")
CONFIG_TEXT = '''"""nbgrader's configuration of this course. `configure` makes every autograding go the trusted way."""

from autograder.configuration import configure

c = get_config()  # noqa: F821  (nbgrader defines it)
c.CourseDirectory.course_id = {course_id!r}
{database}configure(c)
'''


NOT_FOR_GIT = """\
# What is learners' own, and the secret that the hidden inputs depend on.
.llm_course_secret*
gradebook.db
submitted/
collected/
replaced/
results/
autograded/
feedback/
"""


class CourseError(Exception):
    """A step cannot be done; the message says why, and what to do, in one sentence."""


@dataclass(frozen=True)
class Released:
    """A released notebook, a zip of it for a class, and what is to be told of its source."""

    notebook: Path
    archive: Path
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Exported:
    """How many rows were written, and how many submissions in them have no score."""

    rows: int
    not_graded: int


@dataclass(frozen=True)
class Graded:
    """One line of a grading run: the result, that of an earlier one, and the scores that a person gave, by exercise."""

    student: str
    result: Result
    before: Result | None = None
    by_hand: Mapping[str, HandScore] = field(default_factory=dict)


def init_course(folder: Path, database: str | None = None) -> tuple[str, ...]:
    """Make a course folder: its configuration, its gradebook, its secret and the sources of all assignments.

    Sources that a person edited are kept as they are; what is returned says so, in sentences. The gradebook is a file
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
    notes = [note for assignment in assignments().values() for note in _write_source(assignment, folder)]
    course, _ = _course_directory(folder)
    try:
        Gradebook(course.db_url, course.course_id).close()
    except (SQLAlchemyError, ImportError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CourseError(f"The gradebook cannot be opened ({reason}): mend c.CourseDirectory.db_url.") from error
    return tuple(notes)


def release(name: str, due: datetime | None = None, anew: bool = False) -> Released:
    """Release an assignment by nbgrader: the notebook, and a zip of it for a class, with the checks beside it.

    `due` is when it is to be handed in; without one, what the gradebook says is left. A source that a person edited is
    released as it is, except `anew`: then it is made anew, and a copy of the edited one is kept.
    """
    notes = _write_source(_assignment(name), Path(), anew)
    api = _api()
    _succeed(api.generate_assignment(name, force=True), f"nbgrader could not release {name}")
    if due:
        with api.gradebook as gradebook:
            gradebook.update_or_create_assignment(name, duedate=due.astimezone(UTC).replace(tzinfo=None))
    notebook, archive = Path("release") / name / f"{name}.ipynb", Path("release") / f"{name}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.write(notebook, f"{name}/{name}.ipynb")
        bundle.write(write_checks(_assignment(name))[0], f"{name}/{name}.checks.json")
    return Released(notebook, archive, tuple(notes))


def grade_all(
    name: str,
    student: str = "*",
    report: Callable[[Graded], None] = lambda line: None,
    workers: int = 1,
    scheduler: str | None = None,
    again: bool = False,
    dry: bool = False,
) -> list[Graded]:
    """Grade the submissions of an assignment and write nbgrader's gradebook and autograded/; nothing where `dry`.

    `student` is a student's id or a pattern. `report` is told of each submission as soon as it is graded. One that
    cannot be graded is reported as such, has no score, and does not stop the others. The work is done by `workers`
    processes, or by the Dask cluster of `scheduler`. What has not changed is not graded once more, except `again`.
    """
    course, config = _course_directory()
    job = Job(
        name,
        course_secret(),
        _released_cells(course, _assignment(name)),
        Config(LimitOutput=config.LimitOutput),
        again,
        TrustedGrade(config=config).rules,
    )
    folders = _submitted_folders(course, name, student)
    draws = {first_draw(job.secret, name, folder.parent.name) for folder in folders}
    read: dict[str, Task] = {}
    lines: dict[str, Graded] = {}

    def tell(line: Graded) -> None:
        line = replace(line, by_hand=writer.by_hand.get(line.student, {}))
        lines[line.student] = line
        report(line)

    with (
        dask_workers(job, scheduler) if scheduler else local_workers(job, min(workers, len(folders)), draws) as grading,
        DryRun() if dry else Writer(course, config, name) as writer,
    ):
        waiting: list[Task] = []
        before: dict[str, Result | None] = {}
        for outcome in grading(_tasks(folders, read, writer, course.ignore)):
            task = read.pop(outcome.student)
            writer.add(outcome, task)
            if outcome.result.final:
                tell(Graded(outcome.student, outcome.result, task.stored))
            else:
                before[outcome.student] = task.stored
                waiting.append(replace(task, stored=outcome.result, is_written=False, alone=True))
        # What others may have kept from the processor is graded once more when they are done, one after the other.
        for task in waiting:
            for outcome in grading([task]):
                writer.add(outcome, task)
                tell(Graded(outcome.student, outcome.result, before[outcome.student]))
    for student, result in writer.refused.items():
        tell(Graded(student, result))
    return list(lines.values())


def collect(path: Path) -> Collected:
    """Lay what a platform gave, a folder or an archive, into submitted/. Raises CourseError and ArchiveError."""
    if not path.exists():
        raise CourseError(f"There is no {path}: name a folder, a zip or a tar with what was handed in.")
    course, _ = _course_directory()
    sources = {
        notebook.stem: ids_in(nbformat.read(notebook, as_version=4))
        for notebook in sorted(Path(course.source_directory).glob("*/*.ipynb"))
        if notebook.stem == notebook.parent.name
    }
    with Gradebook(course.db_url, course.course_id) as gradebook:
        students = [
            Student(known.id, f"{known.first_name or ''} {known.last_name or ''}".strip(), known.lms_user_id or "")
            for known in gradebook.students
        ]
    return collect_from(path, sources, students)


def similar(name: str, at_least: float) -> "tuple[list[Pair], list[str]]":
    """The pairs of submissions that are alike by a share or more; and, in sentences, who could not be compared."""
    assignment = _assignment(name)
    course, _ = _course_directory()
    released = {source for _, source in learner_cells(released_notebook(assignment))}
    texts: dict[str, str] = {}
    unread: list[str] = []
    for folder in _submitted_folders(course, name, "*"):
        try:
            submission = submission_of(read_hand_in(folder / f"{name}.ipynb", course.ignore), assignment)
        except NotGradable as reason:
            unread.append(f"{folder.parent.name} is not compared. {reason}")
            continue
        cells = [source for _, source in learner_cells(submission.notebook) if source not in released]
        code = [content.decode(errors="replace") for file, content in submission.files.items() if file.endswith(".py")]
        texts[folder.parent.name] = "\n".join(cells + code)
    # It loads what draws, which no other command needs.
    from autograder.similar import similar as similar_texts

    return similar_texts(texts, "\n".join(released), at_least), unread


def count_submissions(name: str, student: str = "*") -> int:
    """How many submissions `grade_all` would look at. Raises CourseError if none."""
    return len(_submitted_folders(_course_directory()[0], name, student))


def feedback(name: str, archive: Path | None = None) -> tuple[list[FeedbackPage], list[FeedbackPage]]:
    """Make the learners' feedback pages of all submissions: of the graded ones, and of those that could not be.

    With an `archive`, all of them are packed into it, a zip.
    """
    _assignment(name)
    if archive and archive.suffix != ".zip":
        raise CourseError(f"{archive} is no zip: name one that ends in .zip.")
    refused = refusals(name)
    if not refused and not any(Path("autograded").glob(f"*/{name}/{name}.ipynb")):
        raise CourseError(f"No submission of {name} is graded yet: run `llm-course grade {name}` first.")
    course, config = _course_directory()
    pages = [page for page in make_pages(course, config, name) if page.student not in refused]
    reasons = make_refusals(course, name, refused)
    if archive:
        with _writing(archive):
            pack([*pages, *reasons], archive)
    return pages, reasons


def export(path: Path, table: str = "plain") -> Exported:
    """Write the scores of all submissions as CSV, as one of `TABLES`."""
    if path.suffix != ".csv":
        raise CourseError(f"{path} is no CSV file: name one that ends in .csv.")
    with _api().gradebook as gradebook, _writing(path):
        scores = read_scores(gradebook)
        return Exported(write_table(path, TABLES[table](scores)), sum(score.score is None for score in scores))


def report(path: Path) -> None:
    """Write the class report, an HTML page."""
    if path.suffix != ".html":
        raise CourseError(f"{path} is no HTML file: name one that ends in .html.")
    api = _api()
    with api.gradebook as gradebook:
        scores = read_scores(gradebook)
    if not scores:
        raise CourseError("No submission is graded yet: run `llm-course grade ASSIGNMENT` first.")
    # It draws, and grading need not wait until what draws is loaded.
    from autograder.report import class_report

    page = class_report(api.coursedir.course_id, scores, datetime.now().astimezone())
    with _writing(path):
        path.write_text(page, encoding="utf-8")


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CourseError(f"{path} cannot be written: {error.strerror}.") from error


def _released_cells(course: CourseDirectory, assignment: Assignment) -> dict[str, SourceCell]:
    with Gradebook(course.db_url, course.course_id) as gradebook:
        cells = read_source_cells(gradebook, assignment.name)
    if not cells:
        raise CourseError(f"{assignment.name} is not released yet: run `llm-course release {assignment.name}` first.")
    if set(cells) != set(grade_ids(assignment)):
        expected = set(grade_ids(assignment))
        missing, more = (", ".join(sorted(names)) or "none" for names in (expected - set(cells), set(cells) - expected))
        raise CourseError(
            f"The release of {assignment.name} has other cells than are graded (missing: {missing}; more: {more}): "
            "mend its source and release it again, or make it anew by "
            f"`llm-course release {assignment.name} --regenerate`, which keeps a copy of yours."
        )
    return cells


def _submitted_folders(course: CourseDirectory, name: str, student: str) -> list[Path]:
    excluded = set(course.student_id_exclude.split(","))
    found = submitted_folders(Path("submitted"), student, name)
    folders = [path for path in found if path.parent.name not in excluded]
    if not folders:
        raise CourseError(f"There are no submissions in submitted/{student}/{name}/: lay them there and grade again.")
    return folders


def _tasks(
    folders: Iterable[Path], read: dict[str, Task], writer: Writer | DryRun, passed_over: Sequence[str]
) -> Iterator[Task]:
    """Read the submissions one after the other, each when it is asked for, and keep it in `read`."""
    for folder in folders:
        student = folder.parent.name
        read[student] = _task(folder, writer, passed_over)
        yield read[student]


def _task(folder: Path, writer: Writer | DryRun, passed_over: Sequence[str]) -> Task:
    student = folder.parent.name
    stored: Result | None = None
    try:
        check_student(student)
        stored = stored_result(folder.name, student)
        hand_in = read_hand_in(folder / f"{folder.name}.ipynb", passed_over)
    except NotGradable as reason:
        return Task(student, reason, stored)
    return Task(
        student, hand_in, stored, stored is not None and writer.is_written(student, stored, hand_in.submitted_at)
    )


def _write_source(assignment: Assignment, folder: Path, anew: bool = False) -> list[str]:
    """Write an assignment's source, but not over one that a person edited, except `anew`: then that one is copied.

    Returns what is to be told, in sentences.
    """
    path = folder / "source" / assignment.name / f"{assignment.name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    notes = []
    if path.exists() and is_edited(path):
        if not anew:
            return [
                f"{path} was edited: it is kept and used. `llm-course release {assignment.name} --regenerate` makes it "
                "anew, and keeps a copy of yours."
            ]
        copy = _free_path(path.parents[1] / f"{assignment.name}.{datetime.now():%Y-%m-%d-%H%M%S}.ipynb")
        shutil.copy2(path, copy)
        notes.append(f"{path} is made anew; yours is kept as {copy}.")
    nbformat.write(source_notebook(assignment), path)
    return notes


def _free_path(path: Path) -> Path:
    """The path, or one that differs in a number, where nothing is yet."""
    numbered = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(2))
    return next(candidate for candidate in itertools.chain([path], numbered) if not candidate.exists())


def _assignment(name: str) -> Assignment:
    _require_course()
    if name not in assignments():
        raise CourseError(f"There is no assignment {name!r}: the course has {', '.join(assignments())}.")
    return assignments()[name]


def _require_course(folder: Path = Path()) -> None:
    if not (folder / CONFIG_FILE).exists():
        raise CourseError("This is no course folder: change into one, or make one with `llm-course init DIR`.")


def _api() -> NbGraderAPI:
    course, config = _course_directory()
    return NbGraderAPI(course, config=config)


def _course_directory(folder: Path = Path()) -> tuple[CourseDirectory, Config]:
    _require_course(folder)
    config = _load_config(folder)
    config.CourseDirectory.root = str(folder.resolve())
    return CourseDirectory(config=config), config


def _load_config(folder: Path) -> Config:
    file = folder / CONFIG_FILE
    try:
        return PyFileConfigLoader(file.name, path=str(folder)).load_config()
    except Exception as error:
        # It is the instructor's program, and may fail in any way.
        if isinstance(error, ImportError) and (error.name or "").startswith("autograder"):
            raise CourseError(
                f"{file} imports what this version of the course does not have ({error.name}): "
                "`configure` is imported by `from autograder.configuration import configure`."
            ) from error
        reason = (str(error).splitlines() or [""])[0]
        raise CourseError(f"{file} fails with {type(error).__name__} ({reason}): mend it.") from error


def _succeed(outcome: dict[str, Any], problem: str) -> None:
    if not outcome["success"]:
        text = (outcome.get("error") or outcome.get("log") or "no reason given").strip()
        raise CourseError(f"{problem}: {text.splitlines()[-1]}")
