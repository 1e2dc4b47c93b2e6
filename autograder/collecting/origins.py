"""What collect knows of the hand-ins that it laid: where each came from, so that nobody's place is taken unasked."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.collecting.platforms import CANVAS_FILE, MOODLE_FOLDER, Origin
from autograder.records.result import write_data
from autograder.submissions.course_files import RESULTS

ENDING = ".collected.json"


@dataclass(frozen=True)
class Held:
    """Where a hand-in in submitted/ came from.

    `notebook` identifies its notebook as it was laid, `laid_at` says when that was, in UTC; `late` is the platform's
    word; `is_new` says that the gradebook did not know the student; `folder` is what Moodle called the folder, or
    Canvas the file.
    """

    source: str
    name: str
    number: str
    notebook: str
    laid_at: str = ""
    late: bool = False
    is_new: bool = False
    folder: str = ""

    @property
    def origin(self) -> Origin:
        """Where it came from, and whose it was there."""
        return Origin(self.source, self.name, self.number)


def read_held(assignment: str) -> dict[str, Held]:
    """Student -> where the hand-in came from; nothing where there is nothing that can be read."""
    try:
        data = json.loads(_path(assignment).read_text(encoding="utf-8"))
        return {student: Held(**held) for student, held in data.items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}


def write_held(assignment: str, held: Mapping[str, Held]) -> None:
    """Keep where hand-ins came from. Raises OSError."""
    write_data(_path(assignment), dict(held))


def all_held() -> dict[str, dict[str, Held]]:
    """Assignment -> student -> where the hand-in came from."""
    names = sorted(path.name.removesuffix(ENDING) for path in RESULTS.glob(f"*{ENDING}"))
    return {name: read_held(name) for name in names}


def handed_back(assignment: str) -> dict[str, str]:
    """Student -> path of a page in an archive for the platform on which the student handed in.

    Moodle knows a learner by the folder of its own archive; Canvas by the two numbers in the name of the file that was
    handed in, the learner's and the upload's.
    """
    page, places = f"{assignment}.html", {}
    for student, held in read_held(assignment).items():
        given = str(held.folder)
        if MOODLE_FOLDER.fullmatch(given):
            places[student] = f"{given}/{page}"
        elif found := CANVAS_FILE.fullmatch(given):
            places[student] = f"{given.removesuffix(found['file'])}{page}"
    return places


def identity(content: bytes) -> str:
    """What identifies a notebook."""
    return hashlib.sha256(content).hexdigest()


def _path(assignment: str) -> Path:
    return RESULTS / f"{assignment}{ENDING}"
