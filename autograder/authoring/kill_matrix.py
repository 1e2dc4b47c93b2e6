"""Writes _build/kill_matrix.md: which property catches which known mistake. `make kill-matrix`.

It is for those who write exercises, and too long for a page of the book, which shows its
counts: exercise_counts.py.
"""

import functools
import sys
from collections.abc import Mapping
from dataclasses import replace

from autograder.exercises import CHAPTERS, assignments
from autograder.exercises.spec import Exercise, Mistake
from autograder.judging.judge import SHIPPED, ask, local_answer, make_answer_key
from llm_course.checking.answer_key import AnswerKey
from llm_course.checking.calls import Reply
from llm_course.checking.evaluate import Verdict, evaluate
from llm_course.checking.invocation import GLOBAL_GENERATORS, invoke

FILE = CHAPTERS.parent / "_build" / "kill_matrix.md"
INTRODUCTION = """\
# Kill matrix

A cross stands where a form of a misunderstanding does not have a property and loses its weight; a dot where it keeps
it.
"""


def matrix() -> str:
    """The tables of all exercises."""
    tables = [table(exercise) for assignment in assignments().values() for exercise in assignment.exercises]
    return "\n".join([INTRODUCTION, *tables])


def table(exercise: Exercise) -> str:
    """The section of an exercise: its properties by number, and a row for each known mistake."""
    numbers = range(1, len(exercise.properties) + 1)
    asked = [
        f"{number}. {item.name} (weight {item.weight})"
        for number, item in zip(numbers, exercise.properties, strict=True)
    ]
    header = ["| Mistake | " + " | ".join(map(str, numbers)) + " | Points |", "|---|" + ":-:|" * len(numbers) + "--:|"]
    answer_key = make_answer_key(exercise, SHIPPED)
    rows = [
        _row(mistake.name, evaluate(answer_key, replies), exercise.points)
        for mistake, replies in zip(exercise.mistakes, said(exercise, SHIPPED), strict=True)
    ]
    return "\n".join([f"## `{exercise.name}`\n", *asked, "", *header, *rows, ""])


@functools.lru_cache(maxsize=4)
def said(exercise: Exercise, seed: bytes) -> list[Mapping[str, Reply]]:
    """What the known mistakes of an exercise reply, in their order."""
    key = make_answer_key(exercise, seed)
    # Where calls are compared by distribution, what the key holds is one draw of many: another is judged. But a mistake
    # that draws from the generator it is given would only draw the same once more.
    drawn_anew = any(item.call.repeat > 1 for item in key.items.values())
    return [
        ask(exercise, local_answer(mistake.function), seed)
        if drawn_anew and _draws_by_itself(mistake, key)
        else known.replies
        for mistake, known in zip(exercise.mistakes, key.mistakes, strict=True)
    ]


def _draws_by_itself(mistake: Mistake, key: AnswerKey) -> bool:
    """Whether a mistake draws from the global generators, so that the same call gives something else each time."""
    once = [replace(item.call, repeat=1, generators=True) for item in key.items.values()]
    return any(not GLOBAL_GENERATORS.isdisjoint(invoke(mistake.function, call).changed) for call in once)


def _row(name: str, verdict: Verdict, points: int) -> str:
    marks = " | ".join("·" if finding.holds else "✗" for finding in verdict.findings)
    return f"| {name.replace('_', ' ')} | {marks} | {points * verdict.fraction:.1f} of {points} |"


def main() -> int:
    """Write the matrix."""
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(matrix(), encoding="utf-8")
    print(f"Wrote {FILE.relative_to(CHAPTERS.parent)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
