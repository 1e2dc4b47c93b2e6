"""The Result of one submission: one JSON file, the unit of work, of resume and of audit."""

import functools
import json
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.records.refusal import Refusal
from autograder.records.unfinished import write_in_one_step
from llm_course.checking.feedback import Feedback

GRADED, NOT_GRADED = "graded", "not graded"
FEEDBACK_WIDTH = 88
"""Characters of a line of feedback: nbgrader's page does not wrap what a cell printed."""


class ResultError(Refusal, ValueError):
    """A file does not hold a result."""


@dataclass(frozen=True)
class PropertyResult:
    """One property of an exercise, by its learner-facing name; see llm_course.checking.evaluate.Finding."""

    name: str
    weight: int
    holds: bool
    waits: bool = False


@dataclass(frozen=True)
class ExerciseResult:
    """What one exercise got, and what the learner reads about it."""

    name: str
    points: float
    score: float
    properties: tuple[PropertyResult, ...]
    mistake: str | None
    hint: str
    section: str
    flags: tuple[str, ...]
    remedy: str = ""
    pictures: tuple[str, ...] = ()
    """PNG in base 64, which the learner sees below the feedback."""
    case: tuple[str, ...] = ()
    """A visible case that fails, in lines."""

    @property
    def feedback(self) -> str:
        """The learner's feedback as plain text: properties, hint, where to read again, a failing case, what to do."""
        summary = f"{in_points(self.score)} of {in_points(self.points)} points"
        feedback = Feedback(self.name, summary, self.properties, self.hint, self.section, self.remedy)
        case = ["", *self.case] if self.case else []
        return "\n".join(_wrapped(line) for line in (*feedback.lines, *case, *feedback.advice_lines))


def in_points(value: float) -> str:
    """A number of points for people: two digits after the point at most."""
    return f"{round(value, 2):.8g}"


@functools.lru_cache(maxsize=1024)
def _wrapped(line: str) -> str:
    return textwrap.fill(line, FEEDBACK_WIDTH, subsequent_indent="    " if line.startswith(" ") else "")


@dataclass(frozen=True)
class Result:
    """All that a grading leaves.

    `status` is "graded" or "not graded", the latter with a `reason` and without exercises: it is no score of zero.
    One that is not `final` holds a stop for which work of others may be the reason; it is graded again.
    `inputs` identifies all that the scores depend on; `outputs` holds, by cell index, what the learner's cells printed.
    For the audit: `seed`, the sandbox's `tier`, when the grading `started` and how many `seconds` it took, `versions`,
    and the `grader`, a user and a machine. `figures` are what was measured in a model, for the board. `attempt` counts
    from 1 how often other code was handed in, `code` identifies the last that could be graded, and `draw` says on which
    variant of the inputs; see autograder.judging.variants. `release` identifies the points and the
    instructor's own tests, and `specification` their own exercises, where it is such an assignment.
    """

    assignment: str
    status: str
    reason: str
    exercises: tuple[ExerciseResult, ...]
    flags: tuple[str, ...]
    outputs: dict[str, list[dict[str, Any]]]
    inputs: str
    seed: str
    tier: str
    started: str
    seconds: float
    versions: dict[str, str]
    grader: str
    attempt: int = 0
    code: str = ""
    draw: int = 0
    final: bool = True
    figures: dict[str, Any] = field(default_factory=dict)
    release: str = ""
    specification: str = ""

    @property
    def score(self) -> float:
        """Points over all exercises."""
        return sum(exercise.score for exercise in self.exercises)

    @property
    def points(self) -> float:
        """Points that could be had."""
        return sum(exercise.points for exercise in self.exercises)


def write_result(path: Path, result: Result) -> None:
    """Write a result in one step."""
    write_data(path, result)


def write_data(path: Path, data: object) -> None:
    """Write a dataclass or a dict of such and plain values as JSON in one step, a line for each of its fields."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fields = data if isinstance(data, dict) else vars(data)
    # To indent all of it, Python's slow encoder would be needed.
    lines = (f" {_as_json(name)}: {_as_json(value)}" for name, value in fields.items())
    write_in_one_step(path, "{\n" + ",\n".join(lines) + "\n}\n")


def _as_json(value: object) -> str:
    return json.dumps(value, default=vars, ensure_ascii=False)


def read_result(path: Path) -> Result:
    """Read what `write_result` wrote. Raises ResultError for anything else, FileNotFoundError where there is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        exercises = tuple(_exercise(exercise) for exercise in data.pop("exercises"))
        return Result(**{**data, "exercises": exercises, "flags": tuple(data["flags"])})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResultError(f"{path} does not hold a result: delete it and grade again.") from error


def _exercise(data: dict[str, Any]) -> ExerciseResult:
    properties = tuple(PropertyResult(**item) for item in data["properties"])
    lists = {name: tuple(data.get(name, ())) for name in ("flags", "pictures", "case")}
    return ExerciseResult(**{**data, **lists, "properties": properties})
