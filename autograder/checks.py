"""Writes the data of the learners' own checks: `python -m autograder.checks [ASSIGNMENT ...]`, or `make checks`.

For the visible cases only, it holds calls, expected replies and each known mistake's replies, and no code. The files
are kept in git, and a test holds them against the specifications.
"""

import sys
from dataclasses import replace

from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from autograder.judge import make_answer_key
from autograder.notebooks import section_titles
from llm_course.check import CHECKS
from llm_course.checking.answer_key import AnswerKey, answer_keys_to_json


def checks_json(assignment: Assignment) -> str:
    """The checks of an assignment as the text of their file."""
    titles = section_titles(assignment.name)
    answer_keys = {exercise.name: make_answer_key(exercise.visible, seed=b"") for exercise in assignment.exercises}
    return answer_keys_to_json({name: _with_titles(answer_key, titles) for name, answer_key in answer_keys.items()})


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
    CHECKS.mkdir(exist_ok=True)
    for name in names or assignments():
        (CHECKS / f"{name}.json").write_text(checks_json(assignments()[name]), encoding="utf-8")
        print(f"Wrote the checks of {name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
