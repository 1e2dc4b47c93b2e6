"""One submission as a unit of work: bytes in, a Result and a finished notebook out; no disk, no database.

What is here travels to other processes and machines, so it is plain data, and `work` is a plain function.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from nbgrader.preprocessors import LimitOutput
from traitlets.config import Config

from autograder.autograded import Autograded, SourceCell, finish
from autograder.exercises import assignments
from autograder.grade import RULES, Rules, grade_if_changed, inputs_of, not_graded
from autograder.judge import derive_seed, make_answer_key
from autograder.notebooks import released_notebook
from autograder.result import NOT_GRADED, Result
from autograder.sandbox.zygote_client import SandboxError, ZygoteClient
from autograder.submission import NotGradable, heal, parse
from llm_course.checking.evaluate import mistake_marks

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """What all submissions of one grading run share.

    `source_cells` are the gradebook's cells by grade id, `limits` nbgrader's settings for LimitOutput. With `again`,
    a submission is graded even if its stored result is of the same inputs.
    """

    assignment: str
    secret: bytes
    source_cells: dict[str, SourceCell]
    limits: Config
    again: bool = False
    rules: Rules = RULES


@dataclass(frozen=True)
class Task:
    """One submission: the bytes of its notebook, or why they cannot be had.

    `submitted_at` is in UTC, and None where nothing says when. `stored` is the result of an earlier run, and
    `is_written` says that gradebook and autograded/ agree with it.
    """

    student: str
    content: bytes | NotGradable
    submitted_at: datetime | None = None
    stored: Result | None = None
    is_written: bool = False


@dataclass(frozen=True)
class Outcome:
    """What is to be kept of a submission. There is no notebook where it is not graded, or written already."""

    student: str
    result: Result
    submitted_at: datetime | None = None
    autograded: Autograded | None = None


def prepare(job: Job) -> None:
    """Work out what all submissions share: the references' and mistakes' replies, the released cells."""
    assignment = assignments()[job.assignment]
    seed = derive_seed(job.secret, assignment.name)
    for exercise in assignment.exercises:
        mistake_marks(make_answer_key(exercise, seed))
    inputs_of(heal(released_notebook(assignment), assignment), assignment, seed, job.rules)


def work(job: Job, task: Task, server: ZygoteClient | None = None) -> Outcome:
    """Grade one submission, in a room of `server`. Raises SandboxError where no room can be had."""
    assignment = assignments()[job.assignment]
    try:
        if isinstance(task.content, NotGradable):
            raise task.content
        submission = heal(parse(task.content, f"{assignment.name}.ipynb"), assignment)
        stored = None if job.again else task.stored
        result = grade_if_changed(submission, assignment, job.secret, stored, job.rules, server)
        if result == task.stored and task.is_written:
            return Outcome(task.student, result)
        finished = finish(submission, result, job.source_cells, LimitOutput(config=job.limits))
        return Outcome(task.student, result, task.submitted_at, finished)
    except NotGradable as reason:
        return refuse(job, task, str(reason))
    except SandboxError:
        raise
    except Exception as error:
        # A defect of ours must cost neither the batch nor the learner.
        LOG.exception("the submission of %s", task.student)
        return refuse(job, task, f"The grader failed on it ({type(error).__name__}): report this defect of the course.")


def refuse(job: Job, task: Task, reason: str) -> Outcome:
    """The outcome of a submission that cannot be graded."""
    stored = task.stored
    if stored is not None and stored.status == NOT_GRADED and stored.reason == reason:
        return Outcome(task.student, stored)
    return Outcome(task.student, not_graded(assignments()[job.assignment], NotGradable(reason)))
