"""Which inputs a submission is judged on: one of a course's few variants, and the next for each attempt.

Whoever has seen something of the inputs and hands in again meets others. The variants are few, so that the answer keys
of one serve many learners. The first variant of a learner follows from the course's secret and the learner's name, so
nobody can say it beforehand; which one it was is kept in the result, and a regrade of the same code repeats it.
"""

import hashlib
from dataclasses import dataclass

from autograder.judging.judge import derive_seed
from autograder.records.result import Result
from autograder.submissions.submission import Submission, learner_cells, written_answers

VARIANTS = 4
"""Variants of its inputs that a course has of each assignment."""


@dataclass(frozen=True)
class Attempt:
    """How often a learner has handed in other code, from 1, what identifies that code, and the number of the
    variant."""

    number: int
    code: str
    variant: int

    def seeds(self, secret: bytes, assignment: str) -> tuple[bytes, ...]:
        """The seeds of all variants, first that of the inputs of this attempt."""
        return tuple(
            seed_of_variant(secret, assignment, (self.variant + number) % VARIANTS) for number in range(VARIANTS)
        )


def seed_of_variant(secret: bytes, assignment: str, variant: int) -> bytes:
    """The seed of one of a course's variants."""
    # The text stays as it is: with another, all learners would meet other inputs.
    return derive_seed(secret, assignment, f"draw {variant}")


def first_variant(secret: bytes, assignment: str, student: str) -> int:
    """The variant of a learner's first attempt."""
    return derive_seed(secret, assignment, "student", student)[0] % VARIANTS


def attempt_of(
    submission: Submission, secret: bytes, assignment: str, student: str, stored: Result | None = None
) -> Attempt:
    """The attempt that a submission is, after the one whose result is stored: the same one where the code is."""
    code = _fingerprint(submission)
    if stored is None or not stored.attempt:
        return Attempt(1, code, first_variant(secret, assignment, student))
    if stored.code == code:
        return Attempt(stored.attempt, code, stored.draw)
    return Attempt(stored.attempt + 1, code, (stored.draw + 1) % VARIANTS)


def _fingerprint(submission: Submission) -> str:
    digest = hashlib.sha256()
    for number, source in learner_cells(submission.notebook):
        digest.update(f"{number}\0{source}\0".encode())
    for text in written_answers(submission.notebook):
        digest.update(f"text\0{text}\0".encode())
    for name, content in sorted(submission.files.items()):
        digest.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\0".encode())
    return digest.hexdigest()
