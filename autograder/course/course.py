"""What is done with students and what they hand in: roster, collecting, grading. All work in the current folder.

Each step is nbgrader's own, so formgrader and the plain nbgrader commands see the same course.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.collecting.collect import collect_in
from autograder.collecting.history import hand_ins
from autograder.collecting.laying import Collected
from autograder.course.course_folder import (
    CourseError,
    assignment_called,
    course_directory,
    laid_beside,
    released_assignment,
    submitted_in,
    who_departed,
    writing,
)
from autograder.course.drop import bring_back
from autograder.course.drop import drop as drop_student
from autograder.judging.variants import first_variant
from autograder.nbgrader_bridge.converters import TrustedGrade
from autograder.nbgrader_bridge.gradebook import DryRun, Writer
from autograder.records.result import GRADED, Result, in_points
from autograder.running.work import DEFECT, Job, Task
from autograder.running.workers import dask_workers, local_workers
from autograder.students.by_hand import HandScore
from autograder.students.departed import departed
from autograder.students.extensions import Extension, read_extensions, set_extension
from autograder.students.penalties import Foreseen, foresee
from autograder.students.roster import Person, enroll, people_in, read_roster
from autograder.submissions.course_files import RESULTS, course_secret, stored_result
from autograder.submissions.hand_in import (
    NotGradable,
    check_student,
    read_hand_in,
    read_timestamp,
    shown,
    submitted_folders,
)

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Graded:
    """One line of a grading run: the result, that of an earlier one, and the scores that a person gave, by exercise."""

    student: str
    result: Result
    before: Result | None = None
    by_hand: Mapping[str, HandScore] = field(default_factory=dict)


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
    job = replace(_job(course, config, name), again=again)
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
        DryRun(course, name) if dry else Writer(course, config, name) as writer,
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


def job_of(name: str) -> Job:
    """What all submissions of an assignment share, as it was released. Raises CourseError."""
    return _job(*course_directory(), name)


def _job(course: CourseDirectory, config: Config, name: str) -> Job:
    return Job(
        name,
        course_secret(),
        released_assignment(course, name).cells,
        Config(LimitOutput=config.LimitOutput),
        rules=TrustedGrade(config=config).rules,
        course=course.root,
        files=laid_beside(course, config, name),
    )


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


def extend(name: str, student: str, extension: Extension) -> list[str]:
    """Give a student more time for an assignment, and say what becomes of a penalty. Raises ExtensionError."""
    assignment_called(name)
    course, _ = course_directory()
    handed_in = {path.parent.name for path in submitted_folders(Path("submitted"), "*", name)}
    with Gradebook(course.db_url, course.course_id) as gradebook:
        known = handed_in | set(people_in(gradebook))
        if student not in known:
            raise CourseError(f"Nobody is called {student!r}: `llm-course roster` lists the students.")
        due = {assignment.name: assignment.duedate for assignment in gradebook.assignments}
    if name not in due:
        raise CourseError(f"{name} is not released yet: run `llm-course release {name}` first.")
    if extension.until and not (due[name] and extension.after(due[name])):
        when = f"due at {due[name]:%Y-%m-%d %H:%M} UTC, which is no earlier" if due[name] else "never due"
        raise CourseError(f"{name} is {when}: name a time after that, or set another due date first.")
    set_extension(Path(), name, student, extension)
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


def collect(
    path: Path,
    agree: Callable[[Sequence[str]], bool],
    at: datetime | None = None,
    worksheet: Path | None = None,
    prefix: str = "",
) -> Collected:
    """Lay what a platform gave into submitted/; see `collect_in`. Raises CourseError where that cannot be done."""
    if not path.exists():
        raise CourseError(f"There is no {path}: name a folder, a zip or a tar with what was handed in.")
    with writing(RESULTS):
        return collect_in(course_directory()[0], path, agree, at, worksheet, prefix)


def hand_ins_of(name: str, student: str) -> dict[str, list[str]]:
    """Student -> hand-ins of an assignment, in words. Raises CourseError if there are none."""
    assignment_called(name)
    if found := hand_ins(name, student):
        return found
    raise CourseError(f"Nobody called {student} handed in {name}." if student != "*" else f"Nobody handed in {name}.")


def left_out(name: str, student: str = "*") -> list[str]:
    """Who handed in and has left the course, in sentences."""
    course, _ = course_directory()
    folders = submitted_folders(Path("submitted"), student, name)
    return list(who_departed(course, (folder.parent.name for folder in folders)).values())


def count_submissions(name: str, student: str = "*") -> int:
    """How many submissions `grade_all` would look at. Raises CourseError if none."""
    return len(submitted_in(course_directory()[0], name, student))


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
