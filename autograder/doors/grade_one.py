"""One notebook, graded as `llm-course grade` grades it, and what is told of it as JSON."""

import secrets
from pathlib import Path
from typing import Any

from traitlets.config import Config

from autograder.judging.grade import not_graded
from autograder.judging.variants import VARIANTS, first_variant
from autograder.records.result import GRADED, ExerciseResult, Result
from autograder.running.work import Job, Task
from autograder.running.workers import local_workers
from autograder.submissions.course_files import SECRET_BYTES
from autograder.submissions.hand_in import HandIn, NotGradable, read_notebook, shown

VERSION = 1
"""Of the JSON: as long as it stays, each field means what it means."""


def job_without_course(name: str) -> Job:
    """An assignment as the course brings it, with inputs that nobody can know beforehand."""
    return Job(name, secrets.token_bytes(SECRET_BYTES), {}, Config())


def read(path: Path) -> HandIn | NotGradable:
    """What a notebook and the files beside it are, or why that cannot be read."""
    try:
        if not path.exists():
            return NotGradable(f"There is no {shown(str(path))}: name a notebook.")
        return read_notebook(path.absolute())
    except OSError as error:
        return NotGradable(f"{shown(str(path))} cannot be opened: {error.strerror}.")
    except NotGradable as reason:
        return reason


def grade_one(job: Job, content: HandIn | NotGradable, student: str = "", before: Result | None = None) -> Result:
    """Grade one notebook by the functions that grade a class; what cannot be graded says why.

    `before` is the result of an earlier attempt: the inputs are others. Raises NotGradable where the assignment itself
    cannot be graded, OwnExercisesError and SandboxError.
    """
    if isinstance(content, NotGradable):
        return not_graded(job.assignment, str(content), before)
    first = first_variant(job.secret, job.assignment, student)
    variant = (before.draw + 1) % VARIANTS if before else first
    with local_workers(job, 1, {variant}) as grading:
        (outcome,) = grading([Task(student, content, before, alone=True)])
        if not outcome.result.final:
            # As `grade` does: what others may have kept from the processor is graded once more.
            (outcome,) = grading([Task(student, content, outcome.result, alone=True)])
    return outcome.result


def by_hand(job: Job) -> list[str]:
    """The cells that a person is to grade."""
    return [name for name, cell in job.source_cells.items() if cell.is_graded_by_hand]


def as_data(result: Result, job: Job) -> dict[str, Any]:
    """What is told of a result: nothing that the next attempt could use, such as the seed."""
    return {
        "version": VERSION,
        "assignment": result.assignment,
        "status": result.status,
        "reason": result.reason,
        "score": round(result.score, 4) if result.status == GRADED else None,
        "max_score": result.points if result.status == GRADED else None,
        "final": result.final,
        "sandbox": result.tier,
        "flags": list(result.flags),
        "by_hand": by_hand(job),
        "exercises": [exercise_as_data(exercise) for exercise in result.exercises],
    }


def exercise_as_data(exercise: ExerciseResult) -> dict[str, Any]:
    """What is told of one exercise."""
    return {
        "name": exercise.name,
        "score": exercise.score,
        "max_score": exercise.points,
        "properties": [{"name": item.name, "holds": item.holds, "weight": item.weight} for item in exercise.properties],
        "misunderstanding": exercise.mistake,
        "hint": exercise.hint,
        "section": exercise.section,
        "advice": exercise.remedy,
        "case": list(exercise.case),
        "flags": list(exercise.flags),
    }
