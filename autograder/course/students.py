"""The commands for students and what they hand in: roster, more time, collecting. All work in the current folder."""

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.collecting.collect import collect_in
from autograder.collecting.history import hand_ins
from autograder.course.course_folder import CourseError, assignment_called, course_directory, writing
from autograder.course.grading import update_penalties
from autograder.students.departed import departed
from autograder.students.extensions import Extension, set_extension
from autograder.students.roster import enroll, people_in, read_roster
from autograder.submissions.course_files import RESULTS
from autograder.submissions.hand_in import printable, shown, submitted_folders


def roster(file: Path | None) -> Iterator[str]:
    """Add the students of a CSV, or list those of the course."""
    course, _ = course_directory()
    listed = {person.id: person for person in read_roster(file)} if file else {}
    with Gradebook(course.db_url, course.course_id) as gradebook:
        left = departed(listed, people_in(gradebook))
        lines = [*enroll(gradebook, [person for id, person in listed.items() if id not in left]), *left.values()]
        people = people_in(gradebook)
    yield from lines
    if not file:
        for person in people.values():
            yield ", ".join(filter(None, map(printable, (person.id, person.name, person.email))))
        return
    if missing := sorted(people.keys() - listed.keys()):
        yield (
            f"In the gradebook and not on this list: {', '.join(map(shown, missing))}. `llm-course drop STUDENT` takes "
            "out who has left the course."
        )
    yield f"The course has {len(people)} students."


def extend(name: str, student: str, days: float | None, until: datetime | None, reason: str) -> Iterator[str]:
    """Give a student more time for an assignment, and say what becomes of a penalty. Raises ExtensionError."""
    extension = Extension(days or 0.0, reason, until.isoformat() if until else "")
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
    more = f"until {extension.until}" if until else f"{extension.days:g} day{'s' * (days != 1)} more"
    yield printable(f"{student}: {more} for {name}{': ' * bool(reason)}{reason}.")
    yield from update_penalties(name, [student])


def collect(path: Path, at: datetime | None, worksheet: Path | None, prefix: str, yes: bool) -> Iterator[str]:
    """Take what was handed in from an archive or a folder, and say of each file that is not taken why."""
    if not path.exists():
        raise CourseError(f"There is no {path}: name a folder, a zip or a tar with what was handed in.")

    def agree(questions: Sequence[str]) -> bool:
        for line in questions:
            print(printable(line))
        return yes or _agreed("Collect all of it?")

    with writing(RESULTS):
        collected = collect_in(course_directory()[0], path, agree, at, worksheet, prefix)
    yield from map(printable, collected.taken + collected.notes + collected.left_out)
    yield f"Notebooks in submitted/ now: {len(collected.taken)}. Left out: {collected.number_left_out}."


def _agreed(question: str) -> bool:
    """Ask whoever sits at the terminal; where nobody does, nobody agrees."""
    if not sys.stdin.isatty():
        return False
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def history(name: str, student: str) -> Iterator[str]:
    """List what was handed in, and when."""
    assignment_called(name)
    found = hand_ins(name, student)
    if not found:
        raise CourseError(f"{'Nobody' if student == '*' else f'Nobody called {student}'} handed in {name}.")
    for owner, lines in found.items():
        yield "\n  ".join([shown(owner), *lines])
