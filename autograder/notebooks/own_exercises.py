"""Exercises of an instructor's own, in the course's vocabulary, in a course folder:

    exercises/<assignment>/exercises.md       the notebook as learners see it: text, stubs, checks
                           solutions.py       the answers
                           specification.py   what is asked; ASSIGNMENT = Assignment(name, exercises)
                           specification.md   the misunderstandings, each with its hint and its forms
                           alternatives.py    other right answers
                           test_<assignment>.py

They are loaded as a package, so that its modules import each other by `from . import solutions`.
"""

import contextlib
import functools
import hashlib
import importlib
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from autograder.exercises.spec import Assignment
from autograder.records.refusal import Refusal

OWN = "exercises"
"""The folder in a course folder."""
EXAMPLE = Path(__file__).parents[1] / "authoring" / "example_exercises"
"""What a new assignment begins with: an example that works."""
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")


class OwnExercisesError(Refusal):
    """An instructor's own exercises cannot be used; the message says why and where."""


def lay_out(course: Path, name: str) -> list[Path]:
    """Begin an assignment of a course folder: a working example to be changed. Raises OwnExercisesError."""
    folder = course / OWN / name
    if not NAME.fullmatch(name):
        raise OwnExercisesError(f"{name!r} is no name of an assignment: take letters, digits, _ and -.")
    if folder.exists():
        raise OwnExercisesError(f"{folder} is there already: change what is in it, or take another name.")
    folder.mkdir(parents=True)
    notebook = (EXAMPLE / "exercises.md").read_text(encoding="utf-8")
    (folder / "exercises.md").write_text(notebook.replace("ASSIGNMENT", name), encoding="utf-8")
    for file in ("solutions.py", "specification.py", "specification.md", "alternatives.py"):
        shutil.copy(EXAMPLE / file, folder)
    # Under a name of its own, for pytest keeps modules apart by theirs.
    shutil.copy(EXAMPLE / "try_exercises.py", folder / f"test_{name}.py")
    return sorted(folder.iterdir())


def load(folder: Path) -> Assignment:
    """The assignment in a folder, in the version that is there now. Raises OwnExercisesError."""
    return _load(folder.resolve(), _digest(folder))


def load_module(folder: Path, name: str) -> ModuleType:
    """A module of the assignment in a folder. Raises OwnExercisesError."""
    return _module(folder.resolve(), _digest(folder), name)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256(str(folder.resolve()).encode())
    for file in sorted({*folder.glob("*.py"), *folder.glob("*.md")}):
        digest.update(f"{file.name}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


@functools.lru_cache(maxsize=64)
def _load(folder: Path, digest: str) -> Assignment:
    found = getattr(_module(folder, digest, "specification"), "ASSIGNMENT", None)
    if not isinstance(found, Assignment):
        raise OwnExercisesError(f"{folder}/specification.py says nothing: let ASSIGNMENT be an Assignment.")
    if found.name != folder.name:
        raise OwnExercisesError(f"{folder}/specification.py calls its assignment {found.name}: call it {folder.name}.")
    return replace(found, folder=folder)


def _module(folder: Path, digest: str, name: str) -> ModuleType:
    # A new name for each version: what was made of an older one stays as it was.
    package = f"own_exercises_{digest}"
    if package not in sys.modules:
        made = ModuleType(package)
        made.__path__ = [str(folder)]
        sys.modules[package] = made
    importlib.invalidate_caches()
    try:
        with _no_byte_code():
            return importlib.import_module(f"{package}.{name}")
    except Exception as error:
        # It is the instructor's program, and may fail in any way.
        reason = (str(error).splitlines() or [""])[0]
        raise OwnExercisesError(f"{folder}/{name}.py fails with {type(error).__name__} ({reason}): mend it.") from error


@contextlib.contextmanager
def _no_byte_code() -> Iterator[None]:
    # Byte code kept on disk is taken for current where the file has the time, to the second, and the size of the one
    # that it was made from: a weight changed from 2 to 3 within a second would go unseen. Under this folder is none.
    before, sys.pycache_prefix = sys.pycache_prefix, os.devnull
    try:
        yield
    finally:
        sys.pycache_prefix = before
