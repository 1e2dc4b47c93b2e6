"""The files of a course folder that are not nbgrader's: its secret and the results."""

import secrets
from pathlib import Path

from autograder.records.refusal import Refusal
from autograder.records.result import Result, ResultError, read_result
from autograder.records.unfinished import in_one_step

SECRET_FILE = Path(".llm_course_secret")
SECRET_BYTES = 32
RESULTS = Path("results")
NOT_FOR_GIT = """\
# What is learners' own, and the secret that the hidden inputs depend on.
.llm_course_secret*
gradebook.db
extensions.csv
submitted/
collected/
replaced/
dropped/
results/
autograded/
feedback/
"""


class SecretError(Refusal):
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
        with in_one_step(path) as unfinished:
            unfinished.touch(mode=0o600)
            unfinished.write_text(secrets.token_hex(SECRET_BYTES) + "\n", encoding="ascii")
    try:
        secret = bytes.fromhex(path.read_text(encoding="utf-8").strip())
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise SecretError(f"{path} does not hold the course's secret: restore it from a backup, or delete it.")
    return secret
