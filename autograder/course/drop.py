"""Students who left the course: what they had is kept in dropped/<student>/ and counts nowhere until they are back.

    dropped/ada/gradebook.json    scores, scores by hand, comments, times and extensions of all assignments
                submitted/  autograded/  feedback/  results/

The gradebook decides who is in the course: whoever is put into it again by other means is no longer dropped.
"""

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.coursedir import CourseDirectory

from autograder.course.course_folder import course_directory
from autograder.nbgrader_bridge.gradebook import course_lock, refusing
from autograder.records.result import write_data
from autograder.students.by_hand import HandScore, keep_scores, kept_scores
from autograder.students.departed import DROPPED, RECORD, DropError, dropped_people, read_record
from autograder.students.extensions import Extension, extensions_of, set_extension, take_extensions
from autograder.students.roster import people_in
from autograder.submissions.course_files import RESULTS
from autograder.submissions.hand_in import shown

FOLDERS = ("submitted", "autograded", "feedback")
STUDENT = ("first_name", "last_name", "email", "lms_user_id")
GRADE = ("auto_score", "manual_score", "extra_credit", "needs_manual_grade")
COMMENT = ("auto_comment", "manual_comment")


def drop(student: str, undo: bool) -> Iterator[str]:
    """Take a student out of the course and keep all that there was, or bring one back. Raises DropError."""
    course, _ = course_directory()
    if undo:
        yield from _bring_back(course, student)
        yield f"{shown(student)} is in the course again, with all that was kept."
    else:
        folder = _take_out(course, student)
        yield f"{shown(student)} is no longer in the course. All that there was is kept in {shown(str(folder))}/."


def _take_out(course: CourseDirectory, student: str) -> Path:
    """Take a student out of the gradebook and all folders. Returns the folder in which everything is kept.

    A run that was interrupted is finished by the next. Raises DropError and WriterError.
    """
    folder, unfinished = DROPPED / student, DROPPED / f".{student}.unfinished"
    with _opened(course) as gradebook:
        is_known = student in people_in(gradebook)
        has_work = unfinished.exists() or bool(_places(Path(), student))
        if not student or Path(student).name != student or not (is_known or has_work):
            raise DropError(f"Nobody is called {student!r}: `llm-course roster` lists the students.")
        if folder.exists():
            raise DropError(f"{folder} holds what was dropped before: rename that folder, then drop {student} again.")
        unfinished.mkdir(parents=True, exist_ok=True)
        if not (unfinished / RECORD).exists():
            write_data(unfinished / RECORD, _record(gradebook, Path(course.root), student))
        for place in _places(Path(), student):
            _move(place, unfinished / place)
        take_extensions(Path(course.root), student)
        if is_known:
            gradebook.remove_student(student)
        unfinished.rename(folder)
    return folder


def _bring_back(course: CourseDirectory, student: str) -> list[str]:
    """Put everything that `drop` kept where it was. Returns what could not be put back, in sentences.

    Raises DropError and WriterError.
    """
    folder = DROPPED / student
    if Path(student).name != student or not (folder / RECORD).is_file():
        known = ", ".join(shown(person.id) for person in dropped_people()) or "nobody"
        raise DropError(f"{student!r} was not dropped. Dropped: {known}.")
    record = read_record(folder / RECORD)
    with _opened(course) as gradebook:
        places = _places(folder, student)
        if taken := [str(place) for place in places if place.exists()]:
            raise DropError(f"{', '.join(taken)} came after {student} was dropped: move it away, then try again.")
        if gone := sorted(record["submissions"].keys() - {assignment.name for assignment in gradebook.assignments}):
            raise DropError(f"{', '.join(gone)} is not released any more: release it, then bring {student} back.")
        for place in places:
            _move(folder / place, place)
        for assignment, scores in record["by_hand"].items():
            keep_scores(assignment, student, {cell: HandScore(**score) for cell, score in scores.items()})
        for assignment, extension in record["extensions"].items():
            set_extension(Path(course.root), assignment, student, Extension(**extension))
        lost = list(_restore(gradebook, student, record))
        shutil.rmtree(folder)
    return lost


@contextlib.contextmanager
def _opened(course: CourseDirectory) -> Iterator[Gradebook]:
    """The gradebook, while nobody grades."""
    with refusing(), course_lock(Path(course.root)), Gradebook(course.db_url, course.course_id) as gradebook:
        yield gradebook


def _places(root: Path, student: str) -> list[Path]:
    """The paths, as they are in the course, of what a folder holds of a student."""
    results = (path.relative_to(root) for path in (root / RESULTS).glob("*/*.json") if path.stem == student)
    return [path for path in (*(Path(name, student) for name in FOLDERS), *results) if (root / path).exists()]


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)


def _record(gradebook: Gradebook, course: Path, student: str) -> dict[str, Any]:
    """What the gradebook and the course's own lists hold of a student."""
    names = [assignment.name for assignment in gradebook.assignments]
    by_hand = {name: scores for name in names if (scores := kept_scores(name).get(student))}
    person: dict[str, str] = {}
    submissions: dict[str, Any] = {}
    if student in people_in(gradebook):
        found = gradebook.find_student(student)
        person = {field: getattr(found, field) or "" for field in STUDENT}
        submissions = {submission.assignment.name: _submission(submission) for submission in found.submissions}
    dropped = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "dropped": dropped,
        "student": person,
        "submissions": submissions,
        "by_hand": by_hand,
        "extensions": extensions_of(course, student),
    }


def _submission(submission: SubmittedAssignment) -> dict[str, Any]:
    return {
        "score": submission.score,
        "timestamp": submission.timestamp.isoformat() if submission.timestamp else None,
        "extension_days": submission.extension / timedelta(days=1) if submission.extension else None,
        "notebooks": {notebook.name: _notebook(notebook) for notebook in submission.notebooks},
    }


def _notebook(notebook: SubmittedNotebook) -> dict[str, Any]:
    return {
        "late_submission_penalty": notebook.late_submission_penalty,
        "grades": {grade.name: {field: getattr(grade, field) for field in GRADE} for grade in notebook.grades},
        "comments": {item.name: {field: getattr(item, field) for field in COMMENT} for item in notebook.comments},
    }


def _restore(gradebook: Gradebook, student: str, record: dict[str, Any]) -> Iterator[str]:
    """Write a record into the gradebook. Yields what has no place there any more, in sentences."""
    gradebook.update_or_create_student(student, **record["student"])
    for assignment, kept in record["submissions"].items():
        submission = gradebook.update_or_create_submission(assignment, student, timestamp=kept["timestamp"])
        submission.extension = timedelta(days=kept["extension_days"]) if kept["extension_days"] else None
        for notebook in submission.notebooks:
            of_notebook = kept["notebooks"].get(notebook.name, {"grades": {}, "comments": {}})
            notebook.late_submission_penalty = of_notebook.get("late_submission_penalty")
            rows = {item.name: item for item in notebook.grades}
            for name in of_notebook["grades"].keys() - rows:
                yield f"{name} of {assignment} is not graded any more: its score could not be put back."
            _set(rows, of_notebook["grades"])
            _set({item.name: item for item in notebook.comments}, of_notebook["comments"])
    gradebook.db.commit()


def _set(rows: Mapping[str, Any], values: Mapping[str, Mapping[str, Any]]) -> None:
    for name in rows.keys() & values.keys():
        for field, value in values[name].items():
            setattr(rows[name], field, value)
