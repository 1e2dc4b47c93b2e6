"""What collect knows of the hand-ins that it laid: where each came from, so that nobody's place is taken unasked."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.collecting.platforms import MOODLE_FOLDER, Origin
from autograder.records.result import write_data
from autograder.submissions.course_files import RESULTS

ENDING = ".collected.json"


@dataclass(frozen=True)
class Held:
    """Where a hand-in in submitted/ came from.

    `notebook` identifies its notebook as it was laid, `laid_at` says when that was, in UTC; `late` is the platform's
    word; `is_new` says that the gradebook did not know the student; `folder` is Moodle's.
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


def moodle_folders(assignment: str) -> dict[str, str]:
    """Student -> folder in the archive that Moodle gave of an assignment: what is handed back stands in the same."""
    folders = {student: str(held.folder) for student, held in read_held(assignment).items()}
    return {student: folder for student, folder in folders.items() if MOODLE_FOLDER.fullmatch(folder)}


def identity(content: bytes) -> str:
    """What identifies a notebook."""
    return hashlib.sha256(content).hexdigest()


def _path(assignment: str) -> Path:
    return RESULTS / f"{assignment}{ENDING}"
