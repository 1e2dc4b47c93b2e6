"""Writes chapters/grader_figures.md: how well the graders of each exercise are tested. `make checks`.

The page is kept in git, and tests hold it against the specifications. What was measured on answers that nobody who
wrote an exercise had seen stands in chapters/unseen_answers.csv, a row for each count.
"""

import csv
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from autograder.authoring.self_reported import self_reported_by
from autograder.exercises import CHAPTERS, assignments
from autograder.exercises.spec import Assignment, Exercise
from autograder.judging.judge import SHIPPED

PAGE = CHAPTERS / "grader_figures.md"
UNSEEN = CHAPTERS / "unseen_answers.csv"
SEVERAL = "several chapters"
INTRODUCTION = """\
(grader-figures)=
# The graders in figures

A grader that nobody has tested may pass wrong answers. So each exercise comes with the **misunderstandings** that
learners have, {misunderstandings:,} for {exercises} exercises, each with a hint, and with {mistakes:,} wrong
implementations: the **forms** that they take. Each form loses points and is told a hint that is true of it. Small
faults that are made by rule, **mutants**, show that each property is asked. Tests hold all three.

Some points are had **on trust**: only the learner's own process can see which gradients flowed through a call, whether
it changed its arguments and how large its tensors were, and code in that process may make it lie. A learner who does so
wins these points at most, {trusted:.0%} of all together.

Known forms say little about wrong answers that nobody thought of. So wrong answers were also written from the text of
an exercise alone, by writers who did not know its misunderstandings, and then judged. An answer is **killed** if it
loses points, and **named** if it is told a misunderstanding. Those that came twice got a name afterwards.
{several}

How the grader comes to its verdict is told in [How grading works](guides/how_grading_works.md). `make checks` makes
this page from the specifications of the exercises.
"""
HEADER = """\
| Exercise | Points | Properties | Misunderstandings | Forms | On trust | Unseen: wrong, killed, named |
|---|--:|--:|--:|--:|--:|:-:|"""


@dataclass(frozen=True)
class Count:
    """What became of wrong answers whose writers did not know the misunderstandings.

    `where` is an exercise, an assignment, or several chapters. `killed` and `named` are empty where nobody counted.
    """

    where: str
    date: str
    answers: str
    killed: str
    named: str
    note: str

    @property
    def sentence(self) -> str:
        """The count in words."""
        counted = {"killed": self.killed, "named": self.named}
        found = " and ".join(f"{number} were {what}" for what, number in counted.items() if number)
        origin = ", ".join(filter(None, (self.date, self.note)))
        return f"Of {self.answers} unseen wrong answers, {found} ({origin})."


def read_counts() -> list[Count]:
    """All counts, in the order of the file."""
    with UNSEEN.open(encoding="utf-8", newline="") as file:
        return [Count(**row) for row in csv.DictReader(file)]


def page(row_of: Callable[[Exercise], str]) -> str:
    """The page as MyST Markdown, with what `row_of` gives for each exercise."""
    found = [assignment for assignment in assignments().values() if assignment.exercises]
    counts = read_counts()
    rows = {exercise: row_of(exercise) for assignment in found for exercise in assignment.exercises}
    mistakes = sum(len(exercise.mistakes) for exercise in rows)
    on_trust = sum(exercise.points * _share_in(line) for exercise, line in rows.items())
    introduction = INTRODUCTION.format(
        # Rounded, so that it does not change with each mistake.
        mistakes=mistakes // 100 * 100,
        misunderstandings=sum(map(_misunderstandings, rows)) // 10 * 10,
        exercises=len(rows),
        trusted=on_trust / sum(exercise.points for exercise in rows),
        several=_sentences(counts, SEVERAL),
    )
    chapters = (_chapter(item, [rows[exercise] for exercise in item.exercises], counts) for item in found)
    return "\n".join([introduction, *chapters])


def row(exercise: Exercise) -> str:
    """An exercise's line in the table of its chapter."""
    counts = [count for count in read_counts() if count.where == exercise.name]
    last = counts[-1] if counts else None
    unseen = ", ".join(number or "–" for number in (last.answers, last.killed, last.named)) if last else ""
    numbers = (
        exercise.points,
        len(exercise.properties),
        _misunderstandings(exercise),
        len(exercise.mistakes),
        f"{share_on_trust(exercise):.0%}",
    )
    return f"| `{exercise.name}` | {' | '.join(map(str, numbers))} | {unseen} |"


def _misunderstandings(exercise: Exercise) -> int:
    return len({mistake.name for mistake in exercise.mistakes})


def share_on_trust(exercise: Exercise) -> float:
    """The share of an exercise's points that the learner's own process decides."""
    trusted = self_reported_by(exercise, SHIPPED)
    weights = {item.name: item.weight for item in exercise.properties}
    return sum(weight for name, weight in weights.items() if name in trusted) / sum(weights.values())


def _share_in(line: str) -> float:
    found = re.search(r"\| (\d+)% \|", line)
    return int(found[1]) / 100 if found else 0.0


def _chapter(assignment: Assignment, rows: Sequence[str], counts: Iterable[Count]) -> str:
    text = (CHAPTERS / assignment.name / "exercises.md").read_text(encoding="utf-8")
    (title,) = re.findall(r"^# (.+)$", text, flags=re.MULTILINE)[:1]
    heading = f"## Chapter {int(assignment.name[:2])}. {title.removesuffix(': exercises')}\n"
    message = _sentences(counts, assignment.name)
    return "\n".join([heading, *([message, ""] if message else []), HEADER, *rows, ""])


def _sentences(counts: Iterable[Count], where: str) -> str:
    return " ".join(count.sentence for count in counts if count.where == where)


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(row), encoding="utf-8")
    print(f"Wrote {PAGE.name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
