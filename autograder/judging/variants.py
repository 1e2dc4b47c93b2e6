"""Which inputs a submission is judged on: one of a few draws of its course, and the next one for each attempt.

Whoever has seen something of the inputs and hands in again meets others. The draws are few, so that the answer keys of
one serve many learners. The first draw of a learner follows from the course's secret and the learner's name, so nobody
can say it beforehand; which one it was is kept in the result, and a regrade of the same code repeats it.
"""

import hashlib
from dataclasses import dataclass

from autograder.judging.judge import derive_seed
from autograder.records.result import Result
from autograder.submissions.submission import Submission, learner_cells, written_answers

DRAWS = 4
"""Draws of the inputs that a course has of each assignment."""


@dataclass(frozen=True)
class Attempt:
    """How often a learner has handed in other code, from 1, what identifies that code, and the number of the draw."""

    number: int
    code: str
    draw: int

    def seeds(self, secret: bytes, assignment: str) -> tuple[bytes, ...]:
        """The seeds of all draws, first that of the inputs of this attempt."""
        return tuple(seed_of_draw(secret, assignment, (self.draw + number) % DRAWS) for number in range(DRAWS))


def seed_of_draw(secret: bytes, assignment: str, draw: int) -> bytes:
    """The seed of one of a course's draws."""
    return derive_seed(secret, assignment, f"draw {draw}")


def first_draw(secret: bytes, assignment: str, student: str) -> int:
    """The draw of a learner's first attempt."""
    return derive_seed(secret, assignment, "student", student)[0] % DRAWS


def attempt_of(
    submission: Submission, secret: bytes, assignment: str, student: str, stored: Result | None = None
) -> Attempt:
    """The attempt that a submission is, after the one whose result is stored: the same one where the code is."""
    code = _fingerprint(submission)
    if stored is None or not stored.attempt:
        return Attempt(1, code, first_draw(secret, assignment, student))
    if stored.code == code:
        return Attempt(stored.attempt, code, stored.draw)
    return Attempt(stored.attempt + 1, code, (stored.draw + 1) % DRAWS)


def _fingerprint(submission: Submission) -> str:
    digest = hashlib.sha256()
    for number, source in learner_cells(submission.notebook):
        digest.update(f"{number}\0{source}\0".encode())
    for text in written_answers(submission.notebook):
        digest.update(f"text\0{text}\0".encode())
    for name, content in sorted(submission.files.items()):
        digest.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\0".encode())
    return digest.hexdigest()
