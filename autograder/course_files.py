"""The files of a course folder that are not nbgrader's: the secret, the results, what was moved out of submissions."""

import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from autograder.result import Result, ResultError, read_result
from autograder.submission import is_linked

SECRET_FILE = Path(".llm_course_secret")
SECRET_BYTES = 32
RESULTS = Path("results")
QUARANTINE = Path("quarantine")


class SecretError(Exception):
    """The course's secret is damaged; the message says what to do."""


def result_path(assignment: str, student: str) -> Path:
    """Where the result of a student's submission stands, in the course folder."""
    return RESULTS / assignment / f"{student}.json"


def stored_result(assignment: str, student: str) -> Result | None:
    """The result of an earlier run; None where there is none that can be read."""
    try:
        return read_result(result_path(assignment, student))
    except (FileNotFoundError, ResultError):
        return None


def course_secret(folder: Path = Path()) -> bytes:
    """The course's secret, made on first use. The inputs of the hidden cases depend on it."""
    path = folder / SECRET_FILE
    if not path.exists():
        # In one step: a kill in the middle must not leave an empty secret, whose inputs anybody could work out.
        unfinished = folder / f"{SECRET_FILE}.{os.getpid()}.unfinished"
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_hex(SECRET_BYTES) + "\n", encoding="ascii")
        unfinished.replace(path)
    try:
        secret = bytes.fromhex(path.read_text(encoding="utf-8").strip())
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise SecretError(f"{path} does not hold the course's secret: restore it from a backup, or delete it.")
    return secret


def quarantine_special_files(notebooks: list[str], **_: Any) -> None:
    """Move links, devices and pipes out of a submission: nbgrader would follow or open them."""
    for folder in {Path(notebook).parent for notebook in notebooks}:
        # What lies behind a linked folder is somebody else's.
        for path in [] if is_linked(folder) else sorted(folder.rglob("*")):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                # Each in a new folder: a name may already stand in quarantine, as a link or as a file.
                (QUARANTINE / folder).mkdir(parents=True, exist_ok=True)
                path.rename(Path(tempfile.mkdtemp(dir=QUARANTINE / folder), path.name))
