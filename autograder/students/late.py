"""What late submissions lose: a share of the score for each day begun, and what a dry run says of it."""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.plugins import BasePlugin
from nbgrader.preprocessors import AssignLatePenalties
from traitlets import Float
from traitlets.config import Config

from autograder.records.result import Result
from autograder.students.extensions import Extension

DAY = 24 * 60 * 60


class PenaltyPerDay(BasePlugin):
    """Takes `share` of the score for each day begun after the due date, and at most the whole score.

    In nbgrader_config.py:

        from autograder.students.late import PenaltyPerDay
        c.AssignLatePenalties.plugin_class = PenaltyPerDay
        c.PenaltyPerDay.share = 0.1
    """

    share = Float(0.1, min=0.0, max=1.0, help="The share of the score that a day costs, from 0 to 1.").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float:
        """Points to take off a score."""
        days = math.ceil(total_seconds_late / DAY)
        return round(score * min(1.0, self.share * days), 4)


def foresee(
    gradebook: Gradebook,
    config: Config,
    assignment: str,
    graded: Iterable[tuple[str, Result, datetime | None]],
    extensions: Mapping[str, Extension],
) -> Iterator[tuple[str, float, float]]:
    """Students whose penalty would change, were they graded now, each with the points before and after.

    `graded` are students with the new result and when they handed in (UTC), if that is told; `extensions` are those of
    the course's file, by student.
    """
    due = gradebook.find_assignment(assignment).duedate
    rule = AssignLatePenalties(config=config)
    rule.init_plugin()
    for student, result, submitted_at in graded if due else ():
        submission = _find(gradebook, assignment, student)
        score = _score(submission, result)
        before = submission.late_submission_penalty or 0.0 if submission else 0.0
        at = submitted_at or (submission.timestamp if submission else None)
        more = _more_time(due, submission, extensions.get(student))
        late = (at - due - more).total_seconds() if at else 0.0
        penalty = rule.plugin_inst.late_submission_penalty(student, score, late) if late > 0 else None
        # As nbgrader does it: no more than the score, and no bonus.
        after = min(max(penalty or 0.0, 0.0), score)
        if after != before:
            yield student, before, after


def _find(gradebook: Gradebook, assignment: str, student: str) -> SubmittedAssignment | None:
    try:
        return gradebook.find_submission(assignment, student)
    except MissingEntry:
        return None


def _score(submission: SubmittedAssignment | None, result: Result) -> float:
    """The sum over all cells: what a person gave, or else the new result, or else what is there."""
    scores = {exercise.name: exercise.score for exercise in result.exercises}
    for notebook in submission.notebooks if submission else ():
        for grade in notebook.grades:
            automatic = scores.get(grade.name, grade.auto_score or 0.0)
            given = grade.manual_score if grade.manual_score is not None else automatic
            scores[grade.name] = given + (grade.extra_credit or 0.0)
    return sum(scores.values())


def _more_time(due: datetime, submission: SubmittedAssignment | None, extension: Extension | None) -> timedelta:
    if extension:
        return extension.after(due)
    return (submission.extension if submission else None) or timedelta()
