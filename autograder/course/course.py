"""An nbgrader course folder: making one, releasing, students, collecting, grading. All work in the current folder.

Each step is nbgrader's own, so formgrader and the plain nbgrader commands see the same course.
"""

import itertools
import logging
import re
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import is_grade, is_locked, is_solution, is_task
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder.authoring.checks import packed_checks, write_checks
from autograder.authoring.source_remarks import changed_since_release, remarks
from autograder.collecting.collect import collect_in
from autograder.collecting.laying import Collected
from autograder.course.course_folder import (
    CONFIG_FILE,
    CourseError,
    assignment_called,
    course_directory,
    nbgrader_api,
    released_assignment,
    require_course,
    submitted_in,
    who_departed,
    writing,
)
from autograder.course.drop import bring_back
from autograder.course.drop import drop as drop_student
from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from autograder.judging.variants import first_variant
from autograder.nbgrader_bridge.converters import TrustedGrade, read_source_files, source_files
from autograder.nbgrader_bridge.gradebook import DryRun, Writer
from autograder.notebooks.notebooks import DIGEST, NotebookError, is_edited, source_notebook
from autograder.notebooks.own_exercises import OWN, lay_out
from autograder.records.result import GRADED, Result, in_points
from autograder.records.source_cells import read_source_cells
from autograder.reporting.scores import above_maximum
from autograder.running.work import DEFECT, Job, Task
from autograder.running.workers import dask_workers, local_workers
from autograder.students.by_hand import HandScore
from autograder.students.departed import departed
from autograder.students.extensions import Extension, read_extensions, set_extension
from autograder.students.penalties import Foreseen, foresee
from autograder.students.roster import Person, enroll, people_in, read_roster
from autograder.submissions.course_assignments import names_in
from autograder.submissions.course_files import NOT_FOR_GIT, RESULTS, course_secret, stored_result
from autograder.submissions.hand_in import (
    NotGradable,
    check_student,
    read_hand_in,
    read_timestamp,
    shown,
    submitted_folders,
)

CONFIG_TEXT = '''"""nbgrader's configuration of this course. `configure` makes every autograding go the trusted way."""

from autograder.course.configuration import configure

c = get_config()  # noqa: F821  (nbgrader defines it)
c.CourseDirectory.course_id = {course_id!r}
{database}configure(c)
'''


LOG = logging.getLogger(__name__)
CAUSE = re.compile(r"^\s*[\w.]+(?:Error|Exception): .+$", re.MULTILINE)
"""Why something failed, in a log of nbgrader's."""


@dataclass(frozen=True)
class Released:
    """A released notebook, a zip of it for a class, and what is to be told of its source."""

    notebook: Path
    archive: Path
    notes: tuple[str, ...]


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
    course, _ = course_directory(folder)
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
    assignment = assignment_called(name)
    if assignment.folder:
        try_exercises(name)
    notes = _write_source(assignment, Path(), anew)
    api = nbgrader_api()
    _require_same_cells(api, name)
    _source_files(api.coursedir, api.config, name)
    _succeed(api.generate_assignment(name, force=True), f"nbgrader could not release {name}")
    released = released_assignment(api.coursedir, name)
    if due:
        with api.gradebook as gradebook:
            gradebook.update_or_create_assignment(name, duedate=due.astimezone(UTC).replace(tzinfo=None))
    with api.gradebook as gradebook:
        notes += [*remarks(released, _read_source(name)), *above_maximum(gradebook, name)]
    return Released(Path("release") / name / f"{name}.ipynb", _pack(assignment), tuple(notes))


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


def new_exercise(name: str) -> list[Path]:
    """Begin an assignment of one's own: files with a working example."""
    require_course()
    if name in names_in(Path()):
        raise CourseError(f"There is an assignment {name!r} already: take another name.")
    return lay_out(Path(), name)


def try_exercises(name: str) -> None:
    """Try exercises of one's own. Raises CourseError with all that is wrong with them."""
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
        (folder / checks).write_bytes(packed_checks(assignment))
    archive = folder.with_name(f"{assignment.name}.zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            bundle.write(file, file.relative_to(folder.parent))
        if assignment.exercises and not assignment.folder:
            bundle.write(write_checks(assignment)[0], f"{assignment.name}/{checks}")
    return archive


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
    course, config = course_directory()
    job = Job(
        name,
        course_secret(),
        released_assignment(course, name).cells,
        Config(LimitOutput=config.LimitOutput),
        again,
        TrustedGrade(config=config).rules,
        course.root,
        _source_files(course, config, name),
    )
    folders = submitted_in(course, name, student)
    variants = {first_variant(job.secret, name, folder.parent.name) for folder in folders}
    read: dict[str, Task] = {}
    lines: dict[str, Graded] = {}

    def tell(line: Graded) -> None:
        line = replace(line, by_hand=writer.by_hand.get(line.student, {}))
        lines[line.student] = line
        report(line)

    with (
        dask_workers(job, scheduler)
        if scheduler
        else local_workers(job, min(workers, len(folders)), variants) as grading,
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


def roster(path: Path | None = None) -> tuple[list[str], list[Person]]:
    """The students of the course, after those of a CSV were added; and what was done, in sentences."""
    course, _ = course_directory()
    listed = {person.id: person for person in read_roster(path)} if path else {}
    with Gradebook(course.db_url, course.course_id) as gradebook:
        left = departed(listed, people_in(gradebook))
        lines = [*enroll(gradebook, [person for id, person in listed.items() if id not in left]), *left.values()]
        people = people_in(gradebook)
    if missing := sorted(people.keys() - listed.keys()) if path else []:
        lines.append(
            f"In the gradebook and not on this list: {', '.join(map(shown, missing))}. `llm-course drop STUDENT` takes "
            "out who has left the course."
        )
    return lines, list(people.values())


def drop(student: str, undo: bool = False) -> list[str]:
    """Take a student out of the course and keep all that there was, or bring one back; says what was done.

    Raises DropError.
    """
    course, _ = course_directory()
    if undo:
        return [*bring_back(course, student), f"{shown(student)} is in the course again, with all that was kept."]
    folder = drop_student(course, student)
    return [f"{shown(student)} is no longer in the course. All that there was is kept in {shown(str(folder))}/."]


def extend(name: str, student: str, days: float, reason: str) -> list[str]:
    """Give a student more time for an assignment, and say what becomes of a penalty. Raises ExtensionError."""
    assignment_called(name)
    course, _ = course_directory()
    handed_in = {path.parent.name for path in submitted_folders(Path("submitted"), "*", name)}
    with Gradebook(course.db_url, course.course_id) as gradebook:
        known = handed_in | set(people_in(gradebook))
        if student not in known:
            raise CourseError(f"Nobody is called {student!r}: `llm-course roster` lists the students.")
        if name not in {assignment.name for assignment in gradebook.assignments}:
            raise CourseError(f"{name} is not released yet: run `llm-course release {name}` first.")
    set_extension(Path(), name, student, Extension(days, reason))
    return update_penalties(name, [student])


def update_penalties(name: str, students: Sequence[str]) -> list[str]:
    """Let extensions, due date and scores by hand decide what is taken off late submissions; says what has changed.

    nbgrader works a penalty out when it grades, and so before a person has graded what is left to a person.
    """
    course, config = course_directory()
    with Writer(course, config, name) as writer:
        changes = writer.update_penalties(students)
    return [
        f"{shown(student)}: late penalty {in_points(old)} to {in_points(new)} points." for student, old, new in changes
    ]


def foresee_penalties(name: str, lines: Iterable[Graded]) -> list[Foreseen]:
    """The late penalties that `grade` and `update_penalties` would change, for what a dry run has graded."""
    course, config = course_directory()
    extensions = read_extensions(Path(course.root), name)
    graded = [
        (line.student, line.result, read_timestamp(Path("submitted", line.student, name)))
        for line in lines
        if line.result.status == GRADED
    ]
    with Gradebook(course.db_url, course.course_id) as gradebook:
        return list(foresee(gradebook, config, name, graded, extensions))


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


def collect(
    path: Path, agree: Callable[[Sequence[str]], bool], at: datetime | None = None, worksheet: Path | None = None
) -> Collected:
    """Lay what a platform gave into submitted/; see `collect_in`. Raises CourseError where that cannot be done."""
    if not path.exists():
        raise CourseError(f"There is no {path}: name a folder, a zip or a tar with what was handed in.")
    with writing(RESULTS):
        return collect_in(course_directory()[0], path, agree, at, worksheet)


def left_out(name: str, student: str = "*") -> list[str]:
    """Who handed in and has left the course, in sentences."""
    course, _ = course_directory()
    folders = submitted_folders(Path("submitted"), student, name)
    return list(who_departed(course, (folder.parent.name for folder in folders)).values())


def count_submissions(name: str, student: str = "*") -> int:
    """How many submissions `grade_all` would look at. Raises CourseError if none."""
    return len(submitted_in(course_directory()[0], name, student))


def _source_files(course: CourseDirectory, config: Config, name: str) -> dict[str, bytes]:
    try:
        return read_source_files(source_files(Autograde(coursedir=course, config=config), name))
    except NotGradable as reason:
        raise CourseError(str(reason)) from reason


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
    except Exception as error:
        # A defect of ours must cost neither the batch nor the learner.
        LOG.exception("%s cannot be read", folder)
        return Task(student, NotGradable(DEFECT.format(type(error).__name__)), stored)
    return Task(
        student, hand_in, stored, stored is not None and writer.is_written(student, stored, hand_in.submitted_at)
    )


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
        copy = _free_path(path.parents[1] / f"{assignment.name}.{datetime.now():%Y-%m-%d-%H%M%S}.ipynb")
        shutil.copy2(path, copy)
        notes.append(f"{path} is made anew; yours is kept as {copy}.")
    nbformat.write(source_notebook(assignment), path)
    return notes


def _free_path(path: Path) -> Path:
    """The path, or one that differs in a number, where nothing is yet."""
    numbered = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(2))
    return next(candidate for candidate in itertools.chain([path], numbered) if not candidate.exists())


def _succeed(outcome: dict[str, Any], problem: str) -> None:
    if not outcome["success"]:
        text = (outcome.get("error") or outcome.get("log") or "no reason given").strip()
        # The last one says only that there was one.
        causes = [line for line in CAUSE.findall(text) if "NbGraderException" not in line]
        raise CourseError(f"{problem}: {(causes or text.splitlines())[-1].strip()}")
