"""More time for single students, with the reason: extensions.csv in the course folder.

    assignment,student,days,until,reason
    05_attention,ada,3,,ill
    05_attention,bert,,2026-12-05T12:00+01:00,a fair

nbgrader keeps an extension with a submission, so it can have none before something is handed in, and no reason. The
file has both; what it says is set in the gradebook whenever a submission is there.
"""

import csv
import io
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from autograder.records.refusal import Refusal
from autograder.records.unfinished import write_in_one_step
from autograder.submissions.hand_in import shown

FILE = Path("extensions.csv")
HEADER = ["assignment", "student", "days", "until", "reason"]
OPTIONAL = {"until"}
MAX_DAYS = 3650


class ExtensionError(Refusal):
    """extensions.csv cannot be read, or an extension cannot be; the message says what to do."""


@dataclass(frozen=True)
class Extension:
    """How much later a student may hand in, in days or `until` a time by ISO 8601; and why."""

    days: float = 0.0
    reason: str = ""
    until: str = ""

    def after(self, due: datetime) -> timedelta:
        """How much later than what is due (UTC); nothing where that is later anyway."""
        return max(_time(self.until) - due, timedelta()) if self.until else timedelta(days=self.days)

    @property
    def words(self) -> str:
        """Such as "3 days more: ill"."""
        more = "extended" if self.until else f"{self.days:g} day{'s' * (self.days != 1)} more"
        return more + (f": {self.reason}" if self.reason else "")


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
            submission.extension = extensions[student].after(submission.assignment.duedate)
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
    if reader.fieldnames is not None and set(HEADER) != {*reader.fieldnames, *OPTIONAL}:
        # A column of somebody's own would be lost when the file is written next.
        raise ExtensionError(f"{path} has other columns than {', '.join(HEADER)}: mend its first line.")
    found = {}
    for number, row in enumerate(rows, start=2):
        found[row["assignment"] or "", row["student"] or ""] = _read_row(row, f"{path}, line {number}")
    return found


def _read_row(row: Mapping[str, str | None], where: str) -> Extension:
    days, until, reason = row["days"], row.get("until") or "", row["reason"] or ""
    if until and days:
        raise ExtensionError(f"{where} has days and a time: leave one of them.")
    try:
        if until:
            _time(until)
            return Extension(0.0, reason, until)
        number = float(days or "")
    except (ValueError, OverflowError) as error:
        wrong = f"{until!r} is no time such as 2026-12-01T23:59" if until else f"{days!r} is no number of days"
        raise ExtensionError(f"{where}: {wrong}.") from error
    _check(number, where)
    return Extension(number, reason)


def _time(text: str) -> datetime:
    """A time in UTC; one that names no zone is this machine's."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def _write(course: Path, rows: Mapping[tuple[str, str], Extension]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for key, found in rows.items():
        writer.writerow([*key, "" if found.until else f"{found.days:g}", found.until, found.reason])
    try:
        write_in_one_step(course / FILE, text.getvalue())
    except OSError as error:
        raise ExtensionError(f"{course / FILE} cannot be written: {error.strerror}.") from error


def _check(days: float, where: str) -> None:
    if not math.isfinite(days) or not 0 <= days <= MAX_DAYS:
        raise ExtensionError(f"{where}: {days:g} is no number of days from 0 to {MAX_DAYS}.")
