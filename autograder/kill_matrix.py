"""Writes chapters/kill_matrix.md: which property catches which known mistake. `make checks`.

The page is kept in git, and a test holds it against the specifications.
"""

import re
import sys

from autograder.claims import claims_of
from autograder.exercises import CHAPTERS, assignments
from autograder.exercises.spec import Assignment, Exercise
from autograder.judge import judge, local_answer
from llm_course.checking.evaluate import Verdict

PAGE = CHAPTERS / "kill_matrix.md"
SEED = b"kill matrix"
INTRODUCTION = """\
# Kill matrix

A grader that nobody has tested may pass wrong answers. So each exercise comes with wrong ones: implementations of known
misunderstandings, {mistakes} over {exercises} exercises. This page shows which of the properties that the grader checks
catches which of them. A cross stands where the mistake does not have the property and loses its weight; a dot where
it keeps it. No row and no column is without a cross. Mistakes with the same crosses still differ in their values, so
each gets its own hint.

A ° marks what the judge takes on trust: only the learner's own process can see which gradients flowed through a call,
whether it changed its arguments and how large its tensors were, and code in that process may make it lie. A learner who
does so wins these properties at most, {trusted:.0%} of all points together.

How the grader comes to its verdict is told in [How grading works](guides/how_grading_works.md). The page is made from
the specifications of the exercises by `make checks`.
"""


def page() -> str:
    """The page as MyST Markdown."""
    found = assignments().values()
    exercises = [exercise for assignment in found for exercise in assignment.exercises]
    mistakes = sum(len(exercise.mistakes) for exercise in exercises)
    trusted = sum(map(_points_on_trust, exercises)) / sum(exercise.points for exercise in exercises)
    introduction = INTRODUCTION.format(mistakes=mistakes, exercises=len(exercises), trusted=trusted)
    return "\n".join([introduction, *(_chapter(assignment) for assignment in found)])


def matrix(exercise: Exercise) -> dict[str, Verdict]:
    """Known mistake -> the verdict on it."""
    return {mistake.name: judge(exercise, local_answer(mistake.function), SEED) for mistake in exercise.mistakes}


def _chapter(assignment: Assignment) -> str:
    text = (CHAPTERS / assignment.name / "exercises.md").read_text(encoding="utf-8")
    (title,) = re.findall(r"^# (.+)$", text, flags=re.MULTILINE)[:1]
    heading = f"## Chapter {int(assignment.name[:2])}. {title.removesuffix(': exercises')}\n"
    return "\n".join([heading, *(_table(exercise) for exercise in assignment.exercises)])


def _table(exercise: Exercise) -> str:
    numbers, trusted = range(1, len(exercise.properties) + 1), claims_of(exercise, SEED)
    asked = [
        f"{number}. {item.name} (weight {item.weight}){'°' * (item.name in trusted)}"
        for number, item in zip(numbers, exercise.properties, strict=True)
    ]
    header = ["| Mistake | " + " | ".join(map(str, numbers)) + " | Points |", "|---|" + ":-:|" * len(numbers) + "--:|"]
    rows = [_row(name, verdict, exercise.points) for name, verdict in matrix(exercise).items()]
    return "\n".join([f"### `{exercise.name}`\n", *asked, "", *header, *rows, ""])


def _points_on_trust(exercise: Exercise) -> float:
    trusted = claims_of(exercise, SEED)
    weight = sum(item.weight for item in exercise.properties)
    return exercise.points * sum(item.weight for item in exercise.properties if item.name in trusted) / weight


def _row(name: str, verdict: Verdict, points: int) -> str:
    marks = " | ".join("·" if finding.holds else "✗" for finding in verdict.findings)
    return f"| {name.replace('_', ' ')} | {marks} | {points * verdict.fraction:.1f} of {points} |"


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    print(f"Wrote {PAGE.name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
