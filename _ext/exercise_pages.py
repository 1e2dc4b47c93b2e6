"""The exercises of an exercises.md: a title, what the exercise takes, a text with hints, and a stub to fill in."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes

SECTION = re.compile(
    r"^## (.+)\n\n\*(\d+ points?, (\d+) minutes, (easy|medium|hard))\*\n((?:(?!^## ).*\n?)*)", re.MULTILINE
)
CELL = re.compile(r"^```\{code-cell\}.*\n((?:(?!^```$).*\n)*)", re.MULTILINE)


@dataclass(frozen=True)
class PageExercise:
    """An exercise of a page."""

    name: str
    asks: str
    """The first paragraph on what its function, or class, is to do."""
    title: str
    facts: str
    """What it takes: "2 points, 10 minutes, easy"."""
    minutes: int
    difficulty: str
    text: str

    @property
    def place(self) -> str:
        """The id of its section on the page."""
        return nodes.make_id(self.title)


def exercises_on(page: Path) -> Iterator[PageExercise]:
    """The exercises of a page, in its order."""
    for title, facts, minutes, difficulty, section in SECTION.findall(page.read_text(encoding="utf-8")):
        text, *_ = CELL.split(section, maxsplit=1)
        for stub in [cell for cell in CELL.findall(section) if "NotImplementedError" in cell][:1]:
            *_, definition = (item for item in ast.parse(stub).body if isinstance(item, ast.FunctionDef | ast.ClassDef))
            asks, *_ = (ast.get_docstring(definition) or "").split("\n\n")
            yield PageExercise(definition.name, " ".join(asks.split()), title, facts, int(minutes), difficulty, text)
