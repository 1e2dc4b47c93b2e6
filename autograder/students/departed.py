"""Who has left the course: was dropped, or was taken out of the gradebook in another way."""

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from autograder.records.refusal import Refusal
from autograder.students.roster import Person
from autograder.submissions.hand_in import shown

DROPPED = Path("dropped")
"""Where `drop` keeps what there was, in a folder for each student."""
RECORD = "gradebook.json"
"""The file in such a folder that holds what the gradebook knew."""


class DropError(Refusal):
    """A student cannot be dropped, or brought back; the message says why and what to do."""


def dropped_people() -> list[Person]:
    """Who was dropped, with what the gradebook knew of them. Raises DropError."""
    records = sorted(path for path in DROPPED.glob(f"*/{RECORD}") if not path.parent.name.startswith("."))
    return [Person(path.parent.name, **read_record(path)["student"]) for path in records]


def read_record(path: Path) -> dict[str, Any]:
    """What `drop` wrote down of a student. Raises DropError."""
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        Person("", **record["student"])
        return record
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DropError(f"{path} does not hold what was dropped: restore it, or move its folder away.") from error


def departed(students: Iterable[str], known: Collection[str]) -> dict[str, str]:
    """Those of the students who left the course, each with a sentence that says so and what to do.

    They were dropped, or were graded once and the gradebook, whose students are `known`, has them no more. A gradebook
    without any student is a new one: it says nothing of anybody.
    """
    return {student: why for student in students if student not in known and (why := _why(student, known))}


def _why(student: str, known: Collection[str]) -> str:
    name = shown(student)
    if (DROPPED / student).is_dir():
        return f"{name} was dropped and is left out: `llm-course drop --undo {name}` brings {name} back."
    if known and any(Path("autograded", student).glob("*/*.ipynb")):
        return (
            f"{name} was graded before, is no longer in the gradebook, and is left out: `llm-course drop {name}` puts "
            f"the work away, and after it `llm-course drop --undo {name}` would bring {name} back."
        )
    return ""
