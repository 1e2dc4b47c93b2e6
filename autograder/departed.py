"""Who has left the course: was dropped, or was taken out of the gradebook in another way."""

import json
from collections.abc import Collection, Iterable
from pathlib import Path

from autograder.hand_in import shown
from autograder.roster import Person

DROPPED = Path("dropped")
"""Where `drop` keeps what there was, in a folder for each student."""
RECORD = "gradebook.json"
"""The file in such a folder that holds what the gradebook knew."""


def dropped_people() -> list[Person]:
    """Who was dropped, with what the gradebook knew of them."""
    records = sorted(path for path in DROPPED.glob(f"*/{RECORD}") if not path.parent.name.startswith("."))
    return [Person(path.parent.name, **json.loads(path.read_text(encoding="utf-8"))["student"]) for path in records]


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
