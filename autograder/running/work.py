"""One submission as a unit of work: bytes in, a Result and a finished notebook out; no disk, no database.

What is here is sent to other processes and machines, so it is plain data, and `work` is a plain function.
"""

import contextlib
import functools
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.preprocessors import LimitOutput
from traitlets.config import Config

from autograder.exercises.spec import Assignment
from autograder.judging.fingerprint import graders_fingerprint
from autograder.judging.grade import as_final, grade_if_changed, not_graded
from autograder.judging.judge import make_answer_key
from autograder.judging.rules import RULES, Rules
from autograder.judging.variants import VARIANTS, seed_of_variant
from autograder.records.result import NOT_GRADED, Result
from autograder.records.source_cells import SourceCell
from autograder.running.autograded import Autograded, finish
from autograder.running.quiet import watch_others
from autograder.sandbox.zygote_client import SandboxError, ZygoteClient
from autograder.submissions.course_assignments import as_released
from autograder.submissions.hand_in import HandIn, NotGradable
from autograder.submissions.submission import closing_sources, submission_of

LOG = logging.getLogger(__name__)
DEFECT = "The grader failed on it ({}): report this defect of the course."


@dataclass(frozen=True)
class Job:
    """What all submissions of one grading run share.

    `source_cells` are the gradebook's cells by grade id, `limits` nbgrader's settings for LimitOutput. With `again`,
    a submission is graded even if its stored result is of the same inputs. `course` is the folder that may hold
    assignments of its own, and `files` are what it lays beside each notebook.
    """

    assignment: str
    secret: bytes
    source_cells: Mapping[str, SourceCell]
    limits: Config
    again: bool = False
    rules: Rules = RULES
    course: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)

    @functools.cached_property
    def released(self) -> Assignment:
        """The assignment as it was released. Raises NotGradable."""
        return as_released(self.assignment, Path(self.course), self.source_cells, self.files)

    def __getstate__(self) -> dict[str, Any]:
        """What is sent: functions of an assignment are not, so each machine finds it anew."""
        return {name: value for name, value in vars(self).items() if name != "released"}


@dataclass(frozen=True)
class Task:
    """One submission: what was handed in, or why it cannot be read.

    `stored` is the result of an earlier run, and `is_written` says that gradebook and autograded/ agree with it.
    `alone` says that nothing else is graded meanwhile.
    """

    student: str
    content: HandIn | NotGradable
    stored: Result | None = None
    is_written: bool = False
    alone: bool = False


@dataclass(frozen=True)
class Outcome:
    """What is to be kept of a submission. There is no notebook where it is not graded, or written already."""

    student: str
    result: Result
    submitted_at: datetime | None = None
    autograded: Autograded | None = None


def prepare(job: Job, variants: Iterable[int] = range(VARIANTS)) -> None:
    """Work out what all submissions share: the inputs and the references' replies in some variants, the released cells.

    What known mistakes reply is worked out where a wrong answer asks for it.
    """
    assignment = job.released
    for variant in variants:
        seed = seed_of_variant(job.secret, assignment.name, variant)
        for exercise in assignment.asked:
            make_answer_key(exercise, seed)
    graders_fingerprint(assignment)
    closing_sources(assignment)


def work(job: Job, task: Task, server: ZygoteClient | None = None) -> Outcome:
    """Grade one submission, in a sandbox of `server`. Raises SandboxError where no sandbox can be had."""
    try:
        assignment = job.released
        if isinstance(task.content, NotGradable):
            raise task.content
        submission = submission_of(task.content, assignment)
        with watch_others(server) if task.alone else contextlib.nullcontext() as quiet:
            result = grade_if_changed(
                submission, assignment, job.secret, task.student, task.stored, job.rules, server, job.again
            )
        if quiet and not result.final:
            # Nobody but its own processes kept it waiting.
            result = as_final(result)
        if result == task.stored and task.is_written:
            return Outcome(task.student, result)
        finished = finish(submission, result, job.source_cells, LimitOutput(config=job.limits))
        return Outcome(task.student, result, task.content.submitted_at, finished)
    except NotGradable as reason:
        return refuse(job, task, str(reason))
    except SandboxError:
        raise
    except Exception as error:
        # A defect of ours must cost neither the batch nor the learner.
        LOG.exception("the submission of %s", task.student)
        return refuse(job, task, DEFECT.format(type(error).__name__))


def refuse(job: Job, task: Task, reason: str) -> Outcome:
    """The outcome of a submission that cannot be graded."""
    stored = task.stored
    if stored is not None and stored.status == NOT_GRADED and stored.reason == reason:
        return Outcome(task.student, stored)
    return Outcome(task.student, not_graded(job.assignment, reason, stored))
