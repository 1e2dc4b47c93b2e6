"""Scores that a person gave in formgrader, and the code that they were given to.

nbgrader keeps such a score over every later hand-in. So what is kept here tells when the code has become another.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from autograder.records.result import Result, in_points, write_data
from autograder.submissions.course_files import RESULTS, stored_result


@dataclass(frozen=True)
class HandScore:
    """A score by hand, and what identifies the code that it was given to."""

    score: float
    code: str


def note_scores(assignment: str, grades: Mapping[str, Mapping[str, Row[Any]]]) -> dict[str, dict[str, HandScore]]:
    """Keep the gradebook's scores by hand, by student and exercise, before anything new is graded.

    One that is new was given to the code that was graded last; one that was there before keeps its code. nbgrader asks
    for a look at those that a later grading found: any other was saved in formgrader since then, and so given to what
    was graded last, even if it is the same number.
    """
    before = kept_scores(assignment)
    noted: dict[str, dict[str, HandScore]] = {}
    for student, rows in grades.items():
        by_hand = scores_by_hand(rows)
        result = stored_result(assignment, student) if by_hand else None
        for exercise, row in by_hand.items():
            known = before.get(student, {}).get(exercise)
            if known is None or known.score != row.manual_score or not row.needs_manual_grade:
                known = HandScore(row.manual_score, result.code if result else "")
            noted.setdefault(student, {})[exercise] = known
    if noted != before:
        write_data(_path(assignment), noted)
    return noted


def scores_by_hand(rows: Mapping[str, Row[Any]]) -> dict[str, Row[Any]]:
    """Those of a submission's rows in the gradebook that a person scored."""
    return {name: row for name, row in rows.items() if row.manual_score is not None}


def kept_scores(assignment: str) -> dict[str, dict[str, HandScore]]:
    """What `note_scores` kept; nothing where there is nothing that can be read."""
    try:
        data = json.loads(_path(assignment).read_text(encoding="utf-8"))
        return {
            student: {name: HandScore(**score) for name, score in scores.items()} for student, scores in data.items()
        }
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}


def keep_scores(assignment: str, student: str, scores: Mapping[str, HandScore]) -> None:
    """Keep scores of a student that were kept before, such as those of one who is brought back into the course."""
    write_data(_path(assignment), {**kept_scores(assignment), student: scores})


def notes_on(scores: Mapping[str, HandScore], result: Result) -> list[str]:
    """What is to be told of the scores by hand of one student: those that were given to another answer."""
    return [
        f"{exercise} has {in_points(given.score)} points by hand, given to another answer: look at it again."
        for exercise, given in scores.items()
        if given.code and given.code != result.code
    ]


def _path(assignment: str) -> Path:
    return RESULTS / f"{assignment}.by_hand.json"
