"""A fingerprint of the graders: results that another one made are graded again."""

import functools
import hashlib
import inspect
import platform
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from autograder.exercises.spec import Assignment
from llm_course import checking

AUTOGRADER = Path(__file__).parents[1]
EXERCISES = AUTOGRADER / "exercises"
JUDGING = (
    *(AUTOGRADER / "judging").glob("*.py"),
    *(AUTOGRADER / "submissions" / f"{name}.py" for name in ("hand_in", "numbered", "submission")),
    AUTOGRADER / "notebooks" / "source_code.py",
    AUTOGRADER / "records" / "source_cells.py",
    *(EXERCISES / name for name in ("drawing.py", "misunderstandings.py", "spec.py")),
    *(AUTOGRADER / "sandbox").glob("*.py"),
    *Path(checking.__path__[0]).glob("*.py"),
)
"""Files that each score depends on: what reads a submission, runs it, asks it and judges it."""
COURSE = Path(checking.__path__[0]).parent
MEASURING = (AUTOGRADER / "capstone", AUTOGRADER.parent / "solutions", COURSE / "capstone", COURSE / "corpus")
"""Folders that what is measured in a model depends on."""


# Not all: nbgrader's own commands make an assignment for each notebook, and it holds the course's files.
@functools.lru_cache(maxsize=32)
def graders_fingerprint(assignment: Assignment) -> str:
    """A digest of what an assignment's scores depend on: its specification, its references, the judge, versions."""
    digest = hashlib.sha256(repr(sorted(versions().items())).encode())
    for file in sorted({*JUDGING, *_asking(assignment)}):
        digest.update(file.read_bytes())
    digest.update(release_fingerprint(assignment).encode())
    return digest.hexdigest()


@functools.lru_cache(maxsize=32)
def release_fingerprint(assignment: Assignment) -> str:
    """A digest of what a release says of scores: points, the instructor's own tests, the files beside the notebook."""
    points = [(one.name, assignment.points_of(one)) for one in assignment.graded if one.name in assignment.cells]
    said = (points, sorted(assignment.tests.items()), sorted(assignment.files.items()))
    return hashlib.sha256(repr(said).encode()).hexdigest()


def specification_fingerprint(assignment: Assignment) -> str:
    """A digest of an instructor's own exercises: specification and answers. Empty for what the course brings."""
    if assignment.folder is None:
        return ""
    files = sorted(assignment.folder.glob("*.py"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


@functools.cache
def versions() -> dict[str, str]:
    """The packages that a score may depend on, and Python."""
    packages = {name: metadata.version(name) for name in ("llm-course", "nbgrader", "torch", "transformers")}
    return {"python": platform.python_version(), **packages}


def _asking(assignment: Assignment) -> Iterator[Path]:
    """The files in which the references and the specification of an assignment stand."""
    if assignment.steps:
        yield EXERCISES / "capstone.py"
        yield from (file for folder in MEASURING for file in folder.glob("*.py"))
    for file in {Path(inspect.getfile(function)) for function in _functions(assignment)}:
        yield file
        if file.parent.parent == EXERCISES or file.parent == assignment.folder:
            yield from file.parent.glob("*.py")
            # The misunderstandings; what the notebook says is no specification.
            yield from (path for path in file.parent.glob("*.md") if path.name != "exercises.md")


def _functions(assignment: Assignment) -> Iterator[Any]:
    for exercise in assignment.exercises:
        yield exercise.reference
        # An edit has no file: it follows from the reference and the specification.
        yield from (mistake.function for mistake in exercise.mistakes if not mistake.text)
        for case in exercise.cases:
            yield from (_unbound(made) for made in (case.arguments, case.script) if made is not None)


def _unbound(function: Any) -> Any:
    return function.func if isinstance(function, functools.partial) else function
