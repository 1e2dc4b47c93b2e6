"""Whose a hand-in is, as a path in a platform's archive tells it, and when Moodle's worksheet says that it came.

What Moodle and Canvas write there, they make of a display name, which a learner may choose. So such a name is never
taken for an id; a number of Canvas's is.
"""

import re
import unicodedata
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from autograder.students.roster import RosterError, read_rows

MOODLE, CANVAS = "Moodle", "Canvas"
MOODLE_FOLDER = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?")
"""The folder of one learner. The number is another for each assignment."""
CANVAS_FILE = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<id>\d+)_(?P<upload>\d+)_(?P<file>.+)")
"""The name of one file. The first number is the learner's, the second that of the upload: a later one has a higher."""
PARTICIPANT, MODIFIED = "identifier", "last modified (submission)"
"""The columns of Moodle's grading worksheet, in lower case, that say who handed in and when."""
MODIFIED_FORMATS = (
    *("%A, %d %B %Y, %I:%M %p", "%A, %B %d, %Y, %I:%M %p", "%A, %d %B %Y, %H:%M"),
    *("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"),
)
"""How Moodle writes a time in English, and how a spreadsheet may have saved it."""


@dataclass(frozen=True)
class Student:
    """A learner as the gradebook knows one: the id, the name and the number that the platform gives, where known."""

    id: str
    name: str = ""
    number: str = ""


@dataclass(frozen=True)
class Origin:
    """Where a hand-in comes from: Moodle, Canvas, or the file or folder that was collected; and whose it is there."""

    source: str
    name: str
    number: str = ""

    @property
    def has_display_name(self) -> bool:
        """Whether a platform made the name of a display name."""
        return self.source in (MOODLE, CANVAS)

    def __str__(self) -> str:
        return f"{self.name} in {self.source}"


@dataclass(frozen=True)
class Owner:
    """Whose a file is, as its path tells it, and the path that the learner gave it.

    `folder` is what Moodle called the learner's folder, or Canvas this file; `upload` is Canvas's number of it, 0 where
    there is none.
    """

    origin: Origin
    place: PurePosixPath
    late: bool = False
    upload: int = 0
    folder: str = ""


class Unclear(Exception):
    """It is open which student somebody is; the message says why, in words that follow the name."""


def owner_of(path: PurePosixPath, source: str, assignments: Set[str]) -> Owner:
    """Whose a file is, by the first name of its path in what was collected under the name `source`."""
    first, *rest = path.parts
    if rest and (found := MOODLE_FOLDER.fullmatch(first)):
        return Owner(Origin(MOODLE, found["name"], found["id"]), PurePosixPath(*rest), folder=first)
    if found := CANVAS_FILE.fullmatch(first):
        place = PurePosixPath(found["file"], *rest)
        origin = Origin(CANVAS, found["name"], found["id"])
        return Owner(origin, place, bool(found["late"]), int(found["upload"]), first)
    if rest:
        return Owner(Origin(source, first), PurePosixPath(*rest))
    return Owner(Origin(source, name_in_file(first, assignments)), path)


def name_in_file(file: str, assignments: Set[str]) -> str:
    """The learner's name, where a file's is that and the assignment's."""
    stem = PurePosixPath(file).stem
    names = "|".join(map(re.escape, assignments)) or "$^"
    name = re.sub(rf"[\s_.-]*({names})[\s_.-]*", "", stem)
    return name if name != stem else ""


def student_of(origin: Origin, students: Sequence[Student], own_names: Set[str]) -> str:
    """The id of a learner: the gradebook's, or the name itself where it knows no such learner. Raises Unclear.

    `own_names` are ids that were made of names of this source.
    """
    found = {student.id for student in students if _is_id_of(origin, student)}
    found = found or {student.id for student in students if _has_name(student, origin)}
    if len(found) > 1:
        raise Unclear(f"may be {' or '.join(sorted(found))}: rename the folder to one of these.")
    if found:
        return found.pop()
    student = origin.name.strip()
    taken = {_folded(known.id) for known in students if known.name or known.id not in own_names}
    if origin.has_display_name and _folded(student) in taken:
        raise Unclear(
            f"is a name in {origin.source} and the id of a student here, perhaps of another: give the name of this "
            "student in the roster, or lay the files into a folder of the right id and collect that."
        )
    return student


def words(name: str) -> list[str]:
    """The words of a name, whichever comes first and however they are written."""
    return sorted(re.findall(r"\w+", _folded(name)))


def _is_id_of(origin: Origin, student: Student) -> bool:
    if origin.source == CANVAS:
        return student.number == origin.number
    return student.id == origin.name and not origin.has_display_name


def _has_name(student: Student, origin: Origin) -> bool:
    if not student.name:
        return False
    if origin.source != CANVAS:
        return words(student.name) == words(origin.name)
    # Canvas runs the words together, the last name first, and a name does not say which words are that.
    parts = student.name.split()
    written = {_run_together(" ".join([*parts[place:], *parts[:place]])) for place in range(len(parts))}
    # A number that is known is another learner's.
    return not student.number and _run_together(origin.name) in written


def _run_together(name: str) -> str:
    return "".join(re.findall(r"\w+", _folded(name))).replace("_", "")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text.strip()).casefold()


def read_worksheet(path: Path) -> dict[str, datetime]:
    """Moodle's number of a learner in an assignment -> when that one handed in, in UTC. Raises RosterError.

    The worksheet gives times in the time zone that Moodle shows, which is taken to be this machine's.
    """
    head, *rows = read_rows(path) or [[]]
    columns = [name.strip().lower() for name in head]
    if PARTICIPANT not in columns or MODIFIED not in columns:
        raise RosterError(
            f"{path} has no columns “Identifier” and “Last modified (submission)”: download the assignment's grading "
            "worksheet from Moodle, in English."
        )
    who, when = columns.index(PARTICIPANT), columns.index(MODIFIED)
    found = {}
    for line, row in enumerate(rows, start=2):
        number = re.search(r"\d+", row[who]) if len(row) > max(who, when) else None
        # Moodle writes a dash where nothing was handed in.
        if number and row[when].strip() not in ("", "-"):
            found[number[0]] = _time(row[when], f"{path}, line {line}")
    return found


def _time(text: str, where: str) -> datetime:
    plain = " ".join(text.split())
    for form in MODIFIED_FORMATS:
        try:
            return datetime.strptime(plain, form).astimezone(UTC).replace(tzinfo=None)
        except (ValueError, OverflowError):
            continue
    raise RosterError(
        f"{where}: {text!r} is no time such as “Tuesday, 24 November 2026, 3:45 PM”: set Moodle to English."
    )
