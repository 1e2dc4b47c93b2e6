"""Writes the data of the learners' own checks: `python -m autograder.authoring.checks [ASSIGNMENT ...]`, or `make env`.

For the visible cases only, it holds calls, expected replies and each known mistake's replies, and no code. The files
are built where the course is used, for processors round differently, and again when what they are made from changes.
Beside them comes what checks answers in a reader's browser (in_page.py).
"""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

from autograder.authoring import in_page
from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from autograder.judging.fingerprint import graders_fingerprint
from autograder.judging.judge import SHIPPED, make_answer_key
from autograder.notebooks.notebooks import section_titles
from llm_course.check import CHECKS, SUFFIX
from llm_course.checking.answer_key import AnswerKey, made_from, pack_answer_keys, unpack_answer_keys


def write_checks(assignment: Assignment, folder: Path = CHECKS) -> tuple[Path, bool]:
    """The file with the checks of an assignment, and whether it had to be written: one that is up to date is left."""
    file, digest = folder / f"{assignment.name}{SUFFIX}", _digest(assignment)
    if file.exists() and made_from(file.read_bytes()) == digest:
        return file, False
    folder.mkdir(exist_ok=True)
    file.write_bytes(packed_checks(assignment))
    return file, True


def packed_checks(assignment: Assignment) -> bytes:
    """The checks of an assignment as their file holds them."""
    titles = section_titles(assignment.name)
    answer_keys = {exercise.name: make_answer_key(exercise.visible, seed=SHIPPED) for exercise in assignment.exercises}
    titled = {name: _with_titles(answer_key, titles) for name, answer_key in answer_keys.items()}
    return pack_answer_keys(titled, _digest(assignment))


def _digest(assignment: Assignment) -> str:
    """A digest of all that the checks are made from: what scores depend on, and the titles that hints lead to."""
    titles = section_titles(assignment.name)
    return hashlib.sha256(f"{graders_fingerprint(assignment)} {titles}".encode()).hexdigest()


def _with_titles(answer_key: AnswerKey, titles: dict[str, str]) -> AnswerKey:
    return replace(
        answer_key,
        mistakes=tuple(
            replace(mistake, section=titles.get(mistake.section, mistake.section)) for mistake in answer_key.mistakes
        ),
    )


def main(names: list[str]) -> int:
    """Write the checks of the named assignments, or of all."""
    if unknown := set(names) - set(assignments()):
        print(f"There is no assignment {', '.join(sorted(unknown))}: the course has {', '.join(assignments())}.")
        return 1
    for name in names or assignments():
        file, written = write_checks(assignments()[name])
        in_page.write_exercises(assignments()[name], unpack_answer_keys(file.read_bytes()))
        if written:
            print(f"Wrote the checks of {name}.")
    in_page.write_modules()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
