"""What late submissions would lose, were they graded now: what a dry run says, and nothing is written."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from autograder.records.result import Result
from autograder.students.extensions import Extension


def foresee(
    gradebook: Gradebook,
    config: Config,
    assignment: str,
    graded: Iterable[tuple[str, Result, datetime | None]],
    extensions: Mapping[str, Extension],
) -> Iterator[tuple[str, float, float]]:
    """Students whose penalty would change, each with the points before and after.

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
