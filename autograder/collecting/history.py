"""What was handed in of an assignment, and when: what counts, and what it took the place of."""

import contextlib
from collections import defaultdict
from fnmatch import fnmatchcase
from pathlib import Path

from autograder.collecting.laying import SUBMITTED, put_aside
from autograder.collecting.origins import read_held
from autograder.submissions.hand_in import NotGradable, read_timestamp, shown, submitted_folders


def hand_ins(name: str, student: str = "*") -> dict[str, list[str]]:
    """Student -> hand-ins of an assignment that are kept, the oldest first, each in words.

    `student` is a student's id or a pattern.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for owner, folder in put_aside(name):
        if fnmatchcase(owner, student):
            found[owner].append(f"{_time_of(folder)}: kept in {shown(str(folder))}")
    held = read_held(name)
    for folder in submitted_folders(SUBMITTED, student, name):
        owner = folder.parent.name
        origin = f", from {shown(str(held[owner].origin))}" if owner in held else ""
        found[owner].append(f"{_time_of(folder)}: counts{origin}")
    return dict(sorted(found.items()))


def _time_of(folder: Path) -> str:
    with contextlib.suppress(NotGradable, OSError):
        if at := read_timestamp(folder):
            return f"{at:%Y-%m-%d %H:%M} UTC"
    return "time not known"
