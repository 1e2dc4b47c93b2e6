"""`llm-course grade`: the submissions of an assignment are graded, and what each got, or would get, is told.

Each step is nbgrader's own, so formgrader and the plain nbgrader commands see the same course.
"""

import contextlib
import logging
import signal
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import starmap
from pathlib import Path
from types import FrameType

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from tqdm import tqdm
from traitlets.config import Config

from autograder.course import outcomes, releasing
from autograder.course.course_folder import (
    CourseError,
    course_directory,
    laid_beside,
    released_assignment,
    submitted_in,
    who_departed,
)
from autograder.judging.variants import first_variant
from autograder.nbgrader_bridge.converters import TrustedGrade
from autograder.nbgrader_bridge.gradebook import DryRun, Writer
from autograder.records.result import GRADED, Result, in_points
from autograder.reporting.scores import Score
from autograder.running.work import DEFECT, Job, Task
from autograder.running.workers import dask_workers, local_workers
from autograder.students.by_hand import HandScore, notes_on
from autograder.students.extensions import read_extensions
from autograder.students.late import foresee
from autograder.submissions.course_files import course_secret, stored_result
from autograder.submissions.hand_in import (
    NotGradable,
    check_student,
    misplaced,
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


def grade(name: str, student: str, workers: int, scheduler: str | None, again: bool, dry_run: bool) -> Iterator[str]:
    """Grade submissions, and say of each what it got; of a dry run, what would change."""
    lines = _grade_and_show(name, student, workers, scheduler, again, dry_run)
    yield from releasing.not_released(name)
    yield from _left_out(name, student)
    yield from _changes(name, lines) if dry_run else _totals(name, lines)


def _grade_and_show(
    name: str, student: str, workers: int, scheduler: str | None, again: bool, dry_run: bool
) -> list[Graded]:
    total = len(submitted_in(course_directory()[0], name, student))
    lines: dict[str, Graded] = {}
    # On a terminal only: how far it is, how fast, how long still. Its own thread would be in the way of forks.
    tqdm.monitor_interval = 0
    with (
        tqdm(total=total, unit="submission", disable=None) as progress,
        kept_interrupts() as interrupt_again,
        contextlib.closing(grade_all(name, student, workers, scheduler, again, dry_run)) as graded,
    ):
        for line in graded:
            lines[line.student] = line
            for text in _change(line) if dry_run else ():
                progress.write(text)
            sys.stdout.flush()
            progress.update()
            interrupt_again()
    return list(lines.values())


def _changes(name: str, lines: Sequence[Graded]) -> Iterator[str]:
    """What a dry run says when all is graded."""
    penalties = sorted(_foresee_penalties(name, lines))
    yield from starmap(_moved_penalty, penalties)
    if edited := sum(line.before is not None and _is_edited(line.result, line.before) for line in lines):
        yield (
            f"exercises/{name} was edited since {edited} of these were graded: `llm-course grade {name}` grades them "
            "again."
        )
    changed = {line.student for line in lines if _change(line)} | {student for student, *_ in penalties}
    yield f"{len(changed)} of {len(lines)} submissions of {name} would change; nothing was written."


def _totals(name: str, lines: Sequence[Graded]) -> Iterator[str]:
    """What each got. The totals are the gradebook's: only when all is graded, all is in it, penalties too."""
    graded = [line for line in lines if line.result.status == GRADED]
    yield from update_penalties(name, [line.student for line in graded])
    yield from misplaced(Path("submitted"), "*", name)
    scores, still_open = outcomes.standing(name)
    for line in sorted(lines, key=lambda line: line.student):
        yield from _lines(line, scores.get(line.student))
    yield f"Graded {len(graded)} of {len(lines)} submissions of {name}."
    yield from still_open
    yield from outcomes.same_models(name)
    if len(graded) < len(lines):
        raise CourseError(f"{len(lines) - len(graded)} could not be graded; the reasons stand above.")


def grade_all(
    name: str, student: str, workers: int, scheduler: str | None, again: bool, dry: bool
) -> Generator[Graded]:
    """Grade the submissions of an assignment and write nbgrader's gradebook and autograded/; nothing where `dry`.

    `student` is a student's id or a pattern. Each submission is told as soon as it is graded. One that cannot be graded
    is told as such, has no score, and does not stop the others. The work is done by `workers` processes, or by the Dask
    cluster of `scheduler`. What has not changed is not graded once more, except `again`.
    """
    course, config = course_directory()
    job = replace(_job(course, config, name), again=again)
    folders = submitted_in(course, name, student)
    variants = {first_variant(job.secret, name, folder.parent.name) for folder in folders}
    read: dict[str, Task] = {}

    def graded(student: str, result: Result, before: Result | None = None) -> Graded:
        return Graded(student, result, before, writer.by_hand.get(student, {}))

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
                yield graded(outcome.student, outcome.result, task.stored)
            else:
                before[outcome.student] = task.stored
                waiting.append(replace(task, stored=outcome.result, is_written=False, alone=True))
        # What others may have kept from the processor is graded once more when they are done, one after the other.
        for task in waiting:
            for outcome in grading([task]):
                writer.add(outcome, task)
                yield graded(outcome.student, outcome.result, before[outcome.student])
    yield from starmap(graded, writer.refused.items())


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


def update_penalties(name: str, students: Sequence[str]) -> list[str]:
    """Let extensions, due date and scores by hand decide what is taken off late submissions; says what has changed.

    nbgrader works a penalty out when it grades, and so before a person has graded what is left to a person.
    """
    course, config = course_directory()
    with Writer(course, config, name) as writer:
        return [*starmap(_moved_penalty, writer.update_penalties(students))]


def _moved_penalty(student: str, before: float, after: float) -> str:
    return f"{shown(student)}: late penalty {in_points(before)} to {in_points(after)} points."


def _foresee_penalties(name: str, lines: Iterable[Graded]) -> list[tuple[str, float, float]]:
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


def _left_out(name: str, student: str) -> list[str]:
    """Who handed in and has left the course, in sentences."""
    course, _ = course_directory()
    folders = submitted_folders(Path("submitted"), student, name)
    return list(who_departed(course, (folder.parent.name for folder in folders)).values())


@contextlib.contextmanager
def kept_interrupts() -> Iterator[Callable[[], None]]:
    """Gives a function that raises KeyboardInterrupt if Ctrl-C was pressed before, and nothing came of it.

    Python drops an exception that falls into a finalizer or into a callback of a weak reference.
    """
    pressed = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        signal.default_int_handler(number, frame)

    def interrupt_again() -> None:
        if pressed:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield interrupt_again
    finally:
        signal.signal(signal.SIGINT, before)


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


def _lines(line: Graded, score: Score | None) -> list[str]:
    """What a student has by the gradebook, and what is to be told of the submission."""
    result, student = line.result, shown(line.student)
    notes = [f"  note: {flag}" for flag in (*result.flags, *notes_on(line.by_hand, result))]
    if result.status != GRADED or score is None:
        return [f"{student}: not graded. {result.reason}", *notes]
    return [f"{student}: {_total(score)}", *notes]


def _total(score: Score) -> str:
    """The one total of a student, and what of it is not the grader's."""
    by_hand = [score.by_hand] if score.by_hand else []
    if score.score is None:
        waiting = f"to be graded by hand: {', '.join(score.waiting)}"
        return "; ".join(
            [f"{in_points(score.so_far)} of {in_points(score.max_score)} points so far", *by_hand, waiting]
        )
    penalty, days = score.late_submission_penalty, score.late_days
    late = [f"{in_points(penalty)} off for {days} day{'s' * (days != 1)} late"] if penalty else []
    return "; ".join([f"{in_points(score.score)} of {in_points(score.max_score)} points", *by_hand, *late])


def _change(line: Graded) -> list[str]:
    """What a dry run says: how a score would change, where it would, and why."""
    new, old, student = line.result, line.before, shown(line.student)
    if new.status != GRADED:
        gone = old is not None and old.status == GRADED
        return [f"{student}: would lose its score. {new.reason}"] if gone else []
    if old is None or old.status != GRADED:
        return [f"{student}: {_points(new, line.by_hand)} of {in_points(new.points)} points, and no score before."]
    before = {exercise.name: exercise.score for exercise in old.exercises}
    moved = [
        f"{exercise.name} {in_points(before.get(exercise.name, 0))} to {in_points(exercise.score)}"
        for exercise in new.exercises
        if exercise.score != before.get(exercise.name)
    ]
    if not moved:
        return []
    scores = f"{_points(old, line.by_hand)} to {_points(new, line.by_hand)} of {in_points(new.points)} points"
    return [f"{student}: {scores} ({', '.join(moved)}): {_why(new, old)}."]


def _points(result: Result, by_hand: Mapping[str, HandScore]) -> str:
    """What a result gives with the scores that a person gave, which take the places of the judge's."""
    changed = [by_hand[item.name].score - item.score for item in result.exercises if item.name in by_hand]
    return in_points(result.score + sum(changed))


def _is_edited(new: Result, old: Result) -> bool:
    """Whether the instructor's own exercises were edited between two results."""
    return new.specification != old.specification and bool(old.specification)


def _why(new: Result, old: Result) -> str:
    if new.code != old.code:
        return "other code was handed in"
    if _is_edited(new, old):
        return f"exercises/{new.assignment} was edited"
    if old.release not in ("", new.release):
        return "other points or tests were released"
    pairs = ((name, old.versions.get(name), version) for name, version in new.versions.items())
    moved = [f"{name} {before} to {after}" for name, before, after in pairs if before != after]
    return f"other versions ({', '.join(moved)})" if moved else "other graders or rules"
