"""What the commands of llm-course do. Each takes the options that `cli` read, and gives the exit code."""

import argparse
import contextlib
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from sqlalchemy.exc import SAWarning
from tqdm import tqdm

from autograder.course import course, elsewhere, outcomes, releasing
from autograder.course.course_folder import CONFIG_FILE, CourseError
from autograder.exercises import assignments
from autograder.records.refusal import Refusal
from autograder.records.result import GRADED, Result, in_points
from autograder.records.unfinished import remove_unfinished
from autograder.reporting.scores import Score
from autograder.students.by_hand import HandScore, notes_on
from autograder.students.extensions import Extension
from autograder.submissions.hand_in import misplaced, printable, shown


def run(options: argparse.Namespace) -> int:
    """Run `options.command`. Returns the exit code: 0, or 1 (of grade-one 2) with one sentence on stderr."""
    # nbgrader's own use of SQLAlchemy warns at each new submission; an instructor can do nothing about it.
    warnings.filterwarnings("ignore", category=SAWarning)
    commands = {
        "init": init,
        "release": release,
        "new-exercise": new_exercise,
        "try": try_exercises,
        "roster": roster,
        "drop": drop,
        "extend": extend,
        "collect": collect,
        "history": history,
        "grade": grade,
        "grade-one": elsewhere.grade_one,
        "gradescope": elsewhere.gradescope,
        "github": elsewhere.github,
        "feedback": feedback,
        "report": report,
        "similar": similar,
        "export": export,
    }
    if CONFIG_FILE.exists():
        remove_unfinished(CONFIG_FILE.parent)
    try:
        return commands[options.command](options)
    except Refusal as error:
        print(f"llm-course: {error}", file=sys.stderr)
        return elsewhere.NOT_GRADED if options.command == "grade-one" else 1


def init(options: argparse.Namespace) -> int:
    """Make a course folder."""
    for note in releasing.init_course(options.folder, options.database):
        print(note)
    print(f"Made the course folder {options.folder}: change into it, then `llm-course release 05_attention`.")
    return 0


def release(options: argparse.Namespace) -> int:
    """Release an assignment to a class."""
    released = releasing.release(options.assignment, options.due, options.regenerate)
    for note in released.notes:
        print(note)
    print(f"Released {released.notebook}; for a class: {released.archive}.")
    return 0


def new_exercise(options: argparse.Namespace) -> int:
    """Begin an assignment of one's own."""
    name = options.assignment
    for path in releasing.new_exercise(name):
        print(path)
    print(f"A working example: change it, then `llm-course try {name}` and `llm-course release {name}`.")
    return 0


def try_exercises(options: argparse.Namespace) -> int:
    """Try exercises of one's own."""
    releasing.try_exercises(options.assignment)
    print(f"{options.assignment} tells right answers from wrong ones, and each known mistake by its own hint.")
    return 0


def roster(options: argparse.Namespace) -> int:
    """Add the students of a CSV, or list those of the course."""
    lines, people = course.roster(options.file)
    for line in lines:
        print(line)
    if options.file:
        print(f"The course has {len(people)} students.")
        return 0
    for person in people:
        print(", ".join(filter(None, map(printable, (person.id, person.name, person.email)))))
    return 0


def drop(options: argparse.Namespace) -> int:
    """Take a student out of the course, or bring one back."""
    for line in course.drop(options.student, options.undo):
        print(line)
    return 0


def extend(options: argparse.Namespace) -> int:
    """Give a student more time."""
    until = options.until.isoformat() if options.until else ""
    lines = course.extend(options.assignment, options.student, Extension(options.days or 0.0, options.reason, until))
    more = f"until {until}" if until else f"{options.days:g} day{'s' * (options.days != 1)} more"
    print(
        printable(f"{options.student}: {more} for {options.assignment}{': ' * bool(options.reason)}{options.reason}.")
    )
    for line in lines:
        print(line)
    return 0


def collect(options: argparse.Namespace) -> int:
    """Take what was handed in from an archive or a folder, and say of each file that is not taken why."""

    def agree(questions: Sequence[str]) -> bool:
        for line in questions:
            print(printable(line))
        return bool(options.yes) or _agreed("Collect all of it?")

    collected = course.collect(options.path, agree, options.at, options.worksheet, options.prefix)
    for line in collected.taken + collected.notes + collected.left_out:
        print(printable(line))
    print(f"Notebooks in submitted/ now: {len(collected.taken)}. Left out: {collected.number_left_out}.")
    return 0


def history(options: argparse.Namespace) -> int:
    """List what was handed in, and when."""
    for student, lines in course.hand_ins_of(options.assignment, options.student).items():
        print("\n  ".join([shown(student), *lines]))
    return 0


def _agreed(question: str) -> bool:
    """Ask whoever sits at the terminal; where nobody does, nobody agrees."""
    if not sys.stdin.isatty():
        return False
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def grade(options: argparse.Namespace) -> int:
    """Grade submissions, and say of each what it got."""
    lines = _grade_all(options)
    for text in (*releasing.not_released(options.assignment), *course.left_out(options.assignment, options.student)):
        print(text)
    return _tell_changes(options.assignment, lines) if options.dry_run else _tell_totals(options.assignment, lines)


def _grade_all(options: argparse.Namespace) -> list[course.Graded]:
    total = course.count_submissions(options.assignment, options.student)
    # On a terminal only: how far it is, how fast, how long still. Its own thread would be in the way of forks.
    tqdm.monitor_interval = 0
    with tqdm(total=total, unit="submission", disable=None) as progress, kept_interrupts() as interrupt_again:

        def report(line: course.Graded) -> None:
            for text in _change(line) if options.dry_run else ():
                progress.write(text)
            sys.stdout.flush()
            progress.update()
            interrupt_again()

        return course.grade_all(
            options.assignment,
            options.student,
            report,
            options.workers,
            options.scheduler,
            options.again,
            options.dry_run,
        )


def _tell_changes(name: str, lines: Sequence[course.Graded]) -> int:
    """What a dry run says when all is graded."""
    penalties = sorted(course.foresee_penalties(name, lines), key=lambda found: found.student)
    for found in penalties:
        print(f"{shown(found.student)}: late penalty {in_points(found.before)} to {in_points(found.after)} points.")
    if edited := sum(line.before is not None and _is_edited(line.result, line.before) for line in lines):
        print(
            f"exercises/{name} was edited since {edited} of these were graded: `llm-course grade {name}` grades them "
            "again."
        )
    changed = {line.student for line in lines if _change(line)} | {found.student for found in penalties}
    print(f"{len(changed)} of {len(lines)} submissions of {name} would change; nothing was written.")
    return 0


def _tell_totals(name: str, lines: Sequence[course.Graded]) -> int:
    """What each got. The totals are the gradebook's: only when all is graded, all is in it, penalties too."""
    graded = [line for line in lines if line.result.status == GRADED]
    elsewhere = misplaced(Path("submitted"), "*", name)
    for text in (*course.update_penalties(name, [line.student for line in graded]), *elsewhere):
        print(text)
    scores, still_open = outcomes.standing(name)
    for line in sorted(lines, key=lambda line: line.student):
        print("\n".join(_lines(line, scores.get(line.student))))
    print(f"Graded {len(graded)} of {len(lines)} submissions of {name}.")
    for text in (*still_open, *_same_models(name)):
        print(text)
    if len(graded) < len(lines):
        raise CourseError(f"{len(lines) - len(graded)} could not be graded; the reasons stand above.")
    return 0


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


def feedback(options: argparse.Namespace) -> int:
    """Make the learners' feedback pages."""
    made = outcomes.feedback(options.assignment, options.zip)
    pages = made.pages + made.refused
    failed = [page for page in pages if page.path is None]
    print(f"Made {len(pages) - len(failed)} feedback pages in feedback/.")
    for page in failed:
        print(f"{shown(page.student)} has none. {page.reason}")
    for page in made.refused:
        print(f"{shown(page.student)} is not graded: the page says why.")
    for note in made.notes:
        print(note)
    if options.zip:
        print(f"All pages are in {options.zip}, under the platform's names, or else in a folder of the student.")
    if failed:
        raise CourseError(f"{len(failed)} submissions have no page; the reasons stand above.")
    return 0


def report(options: argparse.Namespace) -> int:
    """Write the class report."""
    outcomes.report(options.file)
    print(f"Wrote {options.file}: open it in a browser.")
    return 0


def similar(options: argparse.Namespace) -> int:
    """List who has much the same code, and what could not be compared."""
    groups, notes = outcomes.similar(options.assignment, options.share / 100)
    for group in groups:
        print(
            f"{', '.join(map(shown, group.owners))}: {', '.join(group.functions)} "
            f"({group.share:.0%} or more of it the same)."
        )
    for line in (*_same_models(options.assignment), *notes):
        print(printable(line))
    more = " Look at the notebooks before you conclude." if groups else ""
    print(f"Groups alike by {options.share} percent or more: {len(groups)}.{more}")
    return 0


def _same_models(name: str) -> list[str]:
    """Who of those that are graded handed in one model, or one training run, in sentences."""
    # Of all assignments only this one is loaded, and what can train a model again only where models are handed in.
    if name not in assignments() or not assignments()[name].steps:
        return []
    from autograder.capstone.copies import copies

    return [
        f"{shown(copy.one)} and {shown(copy.other)} {copy.message()}; no score was changed."
        for copy in copies(outcomes.results_of(name))
    ]


def export(options: argparse.Namespace) -> int:
    """Write all scores as CSV."""
    exported = outcomes.export(options.file, options.table, options.assignment, options.column, options.canvas_list)
    print(f"Wrote {exported.rows} rows to {options.file}.")
    if exported.not_handed_in:
        print(f"Handed in nothing, and so an empty cell: {exported.not_handed_in}.")
    if exported.not_graded:
        print(
            f"Not graded, and so an empty cell and no 0: {exported.not_graded}. The report and the plain table say why."
        )
    for note in exported.notes:
        print(note)
    return 0


def _lines(line: course.Graded, score: Score | None) -> list[str]:
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


def _change(line: course.Graded) -> list[str]:
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
