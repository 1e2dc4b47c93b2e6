"""More time for single students, with the reason: extensions.csv in the course folder.

    assignment,student,days,reason
    05_attention,ada,3,ill

nbgrader keeps an extension with a submission, so it can have none before something is handed in, and no reason. The
file has both; what it says is set in the gradebook whenever a submission is there.
"""

import csv
import io
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from autograder.records.unfinished import write_in_one_step
from autograder.submissions.hand_in import shown

FILE = Path("extensions.csv")
HEADER = ["assignment", "student", "days", "reason"]
MAX_DAYS = 3650


class ExtensionError(Exception):
    """extensions.csv cannot be read, or an extension cannot be; the message says what to do."""


@dataclass(frozen=True)
class Extension:
    """How much later a student may hand in, and why."""

    days: float
    reason: str

    @property
    def words(self) -> str:
        """Such as "3 days more: ill"."""
        return f"{self.days:g} day{'s' * (self.days != 1)} more" + (f": {self.reason}" if self.reason else "")


def read_extensions(course: Path, assignment: str) -> dict[str, Extension]:
    """Student -> extension for an assignment. Raises ExtensionError."""
    return {student: found for (name, student), found in _read(course).items() if name == assignment}


def extensions_of(course: Path, student: str) -> dict[str, Extension]:
    """Assignment -> extension for a student. Raises ExtensionError."""
    return {name: found for (name, of), found in _read(course).items() if of == student}


def set_extension(course: Path, assignment: str, student: str, extension: Extension) -> None:
    """Note an extension, in the place of an earlier one. Raises ExtensionError."""
    _check(extension.days, "--days")
    _write(course, {**_read(course), (assignment, student): extension})


def take_extensions(course: Path, student: str) -> None:
    """Take a student's extensions out of the file. Raises ExtensionError."""
    rows = _read(course)
    left = {key: extension for key, extension in rows.items() if key[1] != student}
    if left != rows:
        _write(course, left)


def extensions_of_nobody(course: Path, known: Collection[tuple[str, str]], assignment: str = "") -> Iterator[str]:
    """Lines of the file, for one assignment or for all, that change nothing, in sentences.

    `known` are the released assignments, each with each of the students. Raises ExtensionError.
    """
    for name, student in _read(course):
        if assignment in ("", name) and (name, student) not in known:
            yield (
                f"{FILE} gives {shown(student)} more time for {shown(name)}, and there is no such student or released "
                "assignment: correct the line."
            )


def apply_extensions(
    gradebook: Gradebook, assignment: str, students: Iterable[str], extensions: Mapping[str, Extension]
) -> None:
    """Give the submissions of these students what the file says. One that was given in another way stays."""
    for student in extensions.keys() & set(students):
        try:
            submission = gradebook.find_submission(assignment, student)
        except MissingEntry:
            continue
        # nbgrader fails on more time for what is never due.
        if submission.assignment.duedate is not None:
            submission.extension = timedelta(days=extensions[student].days)
    gradebook.db.commit()


def _read(course: Path) -> dict[tuple[str, str], Extension]:
    path = course / FILE
    if not path.exists():
        return {}
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
        rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ExtensionError(f"{path} cannot be read ({error}): save it as CSV in UTF-8.") from error
    if reader.fieldnames is not None and set(HEADER) != set(reader.fieldnames):
        # A column of somebody's own would be lost when the file is written next.
        raise ExtensionError(f"{path} has other columns than {', '.join(HEADER)}: mend its first line.")
    found = {}
    for number, row in enumerate(rows, start=2):
        try:
            days = float(row["days"])
        except (TypeError, ValueError) as error:
            raise ExtensionError(f"{path}, line {number}: {row['days']!r} is no number of days.") from error
        _check(days, f"{path}, line {number}")
        found[row["assignment"] or "", row["student"] or ""] = Extension(days, row["reason"] or "")
    return found


def _write(course: Path, rows: Mapping[tuple[str, str], Extension]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows([*key, f"{found.days:g}", found.reason] for key, found in rows.items())
    try:
        write_in_one_step(course / FILE, text.getvalue())
    except OSError as error:
        raise ExtensionError(f"{course / FILE} cannot be written: {error.strerror}.") from error


def _check(days: float, where: str) -> None:
    if not math.isfinite(days) or not 0 <= days <= MAX_DAYS:
        raise ExtensionError(f"{where}: {days:g} is no number of days from 0 to {MAX_DAYS}.")
