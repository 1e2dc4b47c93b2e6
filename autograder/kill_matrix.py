"""Writes chapters/kill_matrix.md: which property catches which known mistake. `make checks`.

The page is kept in git, and a test holds it against the specifications.
"""

import itertools
import re
import sys
from collections.abc import Callable, Iterator, Mapping

from autograder.claims import claims_of
from autograder.exercises import CHAPTERS, assignments
from autograder.exercises.spec import Assignment, Exercise
from autograder.judge import ask, local_answer, make_answer_key
from llm_course.checking.calls import Reply
from llm_course.checking.evaluate import Verdict, evaluate

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


def page(section: Callable[[Exercise], str]) -> str:
    """The page as MyST Markdown, with what `section` gives for each exercise."""
    found = assignments().values()
    sections = {exercise: section(exercise) for assignment in found for exercise in assignment.exercises}
    mistakes = sum(len(exercise.mistakes) for exercise in sections)
    trusted = sum(itertools.starmap(_points_on_trust, sections.items())) / sum(item.points for item in sections)
    introduction = INTRODUCTION.format(mistakes=mistakes, exercises=len(sections), trusted=trusted)
    return "\n".join([introduction, *(_chapter(assignment, sections) for assignment in found)])


def table(exercise: Exercise) -> str:
    """The section of an exercise: its properties by number, and a row for each known mistake."""
    numbers, trusted = range(1, len(exercise.properties) + 1), claims_of(exercise, SEED)
    asked = [
        f"{number}. {item.name} (weight {item.weight}){'°' * (item.name in trusted)}"
        for number, item in zip(numbers, exercise.properties, strict=True)
    ]
    header = ["| Mistake | " + " | ".join(map(str, numbers)) + " | Points |", "|---|" + ":-:|" * len(numbers) + "--:|"]
    verdicts = {name: evaluate(make_answer_key(exercise, SEED), replies) for name, replies in said(exercise, SEED)}
    rows = [_row(name, verdict, exercise.points) for name, verdict in verdicts.items()]
    return "\n".join([f"### `{exercise.name}`\n", *asked, "", *header, *rows, ""])


def said(exercise: Exercise, seed: bytes) -> Iterator[tuple[str, Mapping[str, Reply]]]:
    """The known mistakes of an exercise, and their replies."""
    drawn_anew = any(case.repeat > 1 for case in exercise.cases)
    for mistake, known in zip(exercise.mistakes, make_answer_key(exercise, seed).mistakes, strict=True):
        # Where calls are compared by distribution, what the key holds is one draw of many: another is judged.
        yield mistake.name, ask(exercise, local_answer(mistake.function), seed) if drawn_anew else known.replies


def _points_on_trust(exercise: Exercise, section: str) -> float:
    weights = [(int(weight), mark) for weight, mark in re.findall(r" \(weight (\d+)\)(°?)$", section, re.MULTILINE)]
    return exercise.points * sum(weight for weight, mark in weights if mark) / sum(weight for weight, _ in weights)


def _chapter(assignment: Assignment, sections: Mapping[Exercise, str]) -> str:
    text = (CHAPTERS / assignment.name / "exercises.md").read_text(encoding="utf-8")
    (title,) = re.findall(r"^# (.+)$", text, flags=re.MULTILINE)[:1]
    heading = f"## Chapter {int(assignment.name[:2])}. {title.removesuffix(': exercises')}\n"
    return "\n".join([heading, *(sections[exercise] for exercise in assignment.exercises)])


def _row(name: str, verdict: Verdict, points: int) -> str:
    marks = " | ".join("·" if finding.holds else "✗" for finding in verdict.findings)
    return f"| {name.replace('_', ' ')} | {marks} | {points * verdict.fraction:.1f} of {points} |"


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(table), encoding="utf-8")
    print(f"Wrote {PAGE.name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
