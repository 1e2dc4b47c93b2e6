"""The one notebook in what a platform hands over: under any name, in folders, in a zip."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from autograder.exercises.spec import Assignment
from autograder.submissions.archives import INNER, ArchiveError, Entry, Unreadable, opened, with_inner
from autograder.submissions.hand_in import (
    KINDS,
    MAX_DEPTH,
    MAX_ENTRIES,
    MAX_NOTEBOOK,
    NAMED,
    PASSED_OVER,
    HandIn,
    NotGradable,
    read_notebook,
    shown,
)
from autograder.submissions.submission import ids_in, parse

NOTEBOOK = ".ipynb"
MAX_BYTES = 5 * MAX_NOTEBOOK
"""Of all that is looked at."""


def find_hand_in(folder: Path, assignment: Assignment, empty: Path) -> HandIn:
    """The notebook in a folder and what lies beside it, zips unpacked into an empty folder. Raises NotGradable."""
    try:
        with opened(folder) as entries:
            left_out = _lay(with_inner(entries), empty)
    except ArchiveError as error:
        raise NotGradable(str(error)) from error
    hand_in = read_notebook(_only_notebook(empty, assignment))
    return replace(hand_in, flags=(*hand_in.flags, *left_out))


def _only_notebook(folder: Path, assignment: Assignment) -> Path:
    notebooks = sorted(path for path in folder.rglob("*") if path.suffix.lower() == NOTEBOOK and path.is_file())
    if len(notebooks) > 1:
        notebooks = [path for path in notebooks if _is_of(path, assignment)] or notebooks
    if not notebooks:
        raise NotGradable(f"There is no notebook in what was handed in: hand in {assignment.name}.ipynb, filled in.")
    if len(notebooks) > 1:
        names = ", ".join(shown(str(path.relative_to(folder))) for path in notebooks[:NAMED])
        raise NotGradable(f"There are {len(notebooks)} notebooks in what was handed in ({names}): hand in one.")
    return notebooks[0]


def _lay(entries: Iterable[Entry], folder: Path) -> list[str]:
    """Write the files that may count, and say of the others why not. Raises NotGradable where that hides a notebook."""
    left, left_out, number = MAX_BYTES, [], 0
    for entry in entries:
        path = _place(entry)
        if not _may_count(path):
            continue
        number += 1
        if number > MAX_ENTRIES:
            raise NotGradable(f"There are more than {MAX_ENTRIES} files in what was handed in: hand in the notebook.")
        try:
            if entry.refused:
                raise Unreadable(entry.refused)
            content = entry.content(min(left, MAX_NOTEBOOK))
        except Unreadable as reason:
            name = shown(str(entry.path))
            if path.suffix.lower() in (NOTEBOOK, INNER):
                raise NotGradable(f"{name} {reason}: hand in the notebook itself.") from reason
            left_out.append(f"{name} is left out: it {reason}.")
            continue
        left -= len(content)
        try:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            with (folder / path).open("xb") as file:
                file.write(content)
        except OSError as error:
            # Such as a name that another file has, or a folder, or that is too long.
            if path.suffix.lower() == NOTEBOOK:
                why = f"{shown(str(entry.path))} cannot be unpacked: {error.strerror}. Hand in the notebook itself."
                raise NotGradable(why) from error
            left_out.append(f"{shown(str(entry.path))} is left out: {error.strerror}.")
    return left_out


def _place(entry: Entry) -> PurePosixPath:
    """The path of a file; what lies in a zip lies beside it."""
    if entry.within is None:
        return entry.path
    return entry.within.path.parent / entry.path.relative_to(entry.within.path)


def _may_count(path: PurePosixPath) -> bool:
    hidden = any(part.startswith(".") or part in PASSED_OVER for part in path.parts)
    return path.suffix.lower() in (NOTEBOOK, INNER, *KINDS) and not hidden and len(path.parts) <= MAX_DEPTH + 2


def _is_of(path: Path, assignment: Assignment) -> bool:
    """Whether a notebook can be read and has cells of an assignment."""
    graded = {one.name for one in assignment.graded} | assignment.cells.keys()
    try:
        return not ids_in(parse(path.read_bytes(), path.name)).isdisjoint(graded)
    except NotGradable:
        return False
