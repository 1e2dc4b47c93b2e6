"""The students of a course: from a CSV into nbgrader's gradebook, where everything looks for them.

The CSV is nbgrader's own (id, first_name, last_name, email, lms_user_id), or a list that Canvas or Moodle gives.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from autograder.records.refusal import Refusal
from autograder.submissions.hand_in import NotGradable, check_student, shown

COLUMNS = {
    "id": ("student_id", "sis login id", "username", "user name", "login", "login id", "id number", "id"),
    "first_name": ("first_name", "first name", "given name", "firstname"),
    "last_name": ("last_name", "last name", "surname", "family name", "lastname"),
    "email": ("email", "email address", "e-mail", "e-mail address"),
    "lms_user_id": ("lms_user_id", "canvas user id"),
}
"""The field of a student -> what platforms call it, the most telling first."""
WHOLE_NAME = ("student", "name", "full name")
"""Columns that hold both names, as "Lovelace, Ada" or "Ada Lovelace"."""
NO_STUDENT = ("points possible", "test student", "student, test")
"""Names that Canvas has in its lists, in lower case."""


class RosterError(Refusal):
    """A list of students cannot be read; the message says why and what to do."""


@dataclass(frozen=True)
class Person:
    """A student. What is empty is not known."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


def read_rows(path: Path) -> list[list[str]]:
    """The rows of a CSV, whatever separates its cells. Raises RosterError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RosterError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RosterError(f"{path} is not UTF-8: save it as CSV in UTF-8.") from error
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        return list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error as error:
        raise RosterError(f"{path} is no table that can be read ({error}): save it as CSV in UTF-8.") from error


def read_roster(path: Path) -> list[Person]:
    """The students in a CSV. Raises RosterError."""
    rows = read_rows(path)
    columns = _columns([name.strip().lower() for name in rows[0]] if rows else [])
    if "id" not in columns:
        known = ", ".join(COLUMNS["id"])
        raise RosterError(f"{path} has no column with the students' ids: let its first line have one of {known}.")
    people = [_person(columns, row) for row in rows[1:] if any(cell.strip() for cell in row)]
    people = [person for person in people if person.name.lower() not in NO_STUDENT and (person.id or person.name)]
    for person in people:
        try:
            check_student(person.id)
        except NotGradable as reason:
            raise RosterError(f"{path}: {shown(person.name or person.id)} has no id that can be used.") from reason
    if doubled := [name for name, times in Counter(person.id for person in people).items() if times > 1]:
        raise RosterError(f"{path} names {', '.join(map(shown, doubled))} more than once: leave one line for each.")
    if not people:
        raise RosterError(f"{path} names no student.")
    return people


def enroll(gradebook: Gradebook, people: list[Person]) -> Iterator[str]:
    """Add students, and what the list knows of those that are there. Nobody is removed. Yields what was done."""
    for person in people:
        new = {field: value for field, value in asdict(person).items() if value and field != "id"}
        try:
            student = gradebook.find_student(person.id)
        except MissingEntry:
            gradebook.add_student(person.id, **new)
            yield f"{shown(person.id)}: new."
            continue
        before = {field: getattr(student, field) for field in new if (getattr(student, field) or "") != new[field]}
        gradebook.update_or_create_student(person.id, **new)
        if before:
            moved = ", ".join(
                f"{field} {shown(str(old or 'none'))} to {shown(new[field])}" for field, old in before.items()
            )
            yield f"{shown(person.id)}: {moved}."


def people_in(gradebook: Gradebook) -> dict[str, Person]:
    """The students that the gradebook knows, by id."""
    fields = ("first_name", "last_name", "email", "lms_user_id")
    return {
        student.id: Person(student.id, *(getattr(student, field) or "" for field in fields))
        for student in sorted(gradebook.students, key=lambda student: student.id)
    }


def _columns(names: list[str]) -> dict[str, int]:
    """Where each field of a student stands."""
    found = {}
    for field, known in COLUMNS.items():
        places = [names.index(name) for name in known if name in names]
        if places:
            found[field] = places[0]
    # Canvas calls its own number so, beside the login.
    if "sis login id" in names and "id" in names:
        found.setdefault("lms_user_id", names.index("id"))
    whole = [names.index(name) for name in WHOLE_NAME if name in names]
    if whole and "last_name" not in found:
        found["whole"] = whole[0]
    return found


def _person(columns: Mapping[str, int], row: list[str]) -> Person:
    values = {field: row[place].strip() if place < len(row) else "" for field, place in columns.items()}
    if whole := values.pop("whole", ""):
        last, _, first = whole.partition(",")
        if not first:
            first, _, last = whole.rpartition(" ")
        values |= {"first_name": first.strip(), "last_name": last.strip()}
    return Person(**values)
