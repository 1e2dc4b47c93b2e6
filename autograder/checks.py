"""Writes the data of the learners' own checks: `python -m autograder.checks [ASSIGNMENT ...]`, or `make env`.

For the visible cases only, it holds calls, expected replies and each known mistake's replies, and no code. The files
are built where the course is used, for processors round differently, and again when what they are made from changes.
"""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from autograder.fingerprint import graders_fingerprint
from autograder.judge import SHIPPED, make_answer_key
from autograder.notebooks import section_titles
from llm_course.check import CHECKS
from llm_course.checking.answer_key import AnswerKey, answer_keys_to_json, made_from


def write_checks(assignment: Assignment, folder: Path = CHECKS) -> tuple[Path, bool]:
    """The file with the checks of an assignment, and whether it had to be written: one that is up to date is left."""
    file, digest = folder / f"{assignment.name}.json", _digest(assignment)
    if file.exists() and made_from(file.read_text(encoding="utf-8")) == digest:
        return file, False
    folder.mkdir(exist_ok=True)
    file.write_text(checks_json(assignment), encoding="utf-8")
    return file, True


def checks_json(assignment: Assignment) -> str:
    """The checks of an assignment as the text of their file."""
    titles = section_titles(assignment.name)
    answer_keys = {exercise.name: make_answer_key(exercise.visible, seed=SHIPPED) for exercise in assignment.exercises}
    titled = {name: _with_titles(answer_key, titles) for name, answer_key in answer_keys.items()}
    return answer_keys_to_json(titled, _digest(assignment))


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
        _, written = write_checks(assignments()[name])
        if written:
            print(f"Wrote the checks of {name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
