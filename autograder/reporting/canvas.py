"""Scores in the gradebook that Canvas itself exported: its ids and its columns stay, so that its import knows them."""

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from autograder.records.result import in_points
from autograder.reporting.scores import Score, as_cell, as_id
from autograder.students.roster import NO_STUDENT, RosterError, read_rows
from autograder.submissions.hand_in import NAMED, shown

PERSON, NUMBER, LAST = "Student", "ID", "Section"
"""Canvas's columns: who it is, Canvas's number, and the last one before the assignments."""
IDS = ("SIS Login ID", "SIS User ID")
POINTS = NO_STUDENT[0]
Row = dict[str, str]


def fill_canvas_list(path: Path, scores: Sequence[Score]) -> tuple[list[list[str]], list[str]]:
    """Canvas's rows with these scores, and what is to be told, in sentences. Raises RosterError.

    Where there is no score, what Canvas has stays. Columns of other assignments are left out.
    """
    head, *lines = read_rows(path) or [[]]
    if not {PERSON, NUMBER, LAST} <= {*head}:
        raise RosterError(f"{path} has no columns {PERSON}, {NUMBER} and {LAST}: export the gradebook from Canvas.")
    columns = {name: _column(path, head, name) for name in dict.fromkeys(score.assignment for score in scores)}
    titles = [*head[: head.index(LAST) + 1], *columns.values()]
    students = {score.student_id for score in scores}
    numbers = {score.lms_user_id: score.student_id for score in scores if score.lms_user_id}
    given = {(score.student_id, columns[score.assignment]): score.score for score in scores if score.score is not None}
    table, notes, strangers, met = [[*map(as_cell, titles)]], list[str](), list[str](), set[str]()
    for row in (dict(zip(head, [*line, *[""] * len(head)], strict=False)) for line in lines):
        person = row[PERSON].strip()
        student = _student_of(row, students, numbers)
        if person.lower() == POINTS:
            notes += _other_points(row, columns, scores)
        elif person and not student:
            strangers += [] if person.lower() in NO_STUDENT else [person]
            continue
        row |= {column: as_cell(given.get((student, column), row[column])) for column in columns.values()}
        met.add(student)
        table.append([as_cell(row[title]) if title == PERSON else as_id(row[title]) for title in titles])
    for where, names in (("In Canvas's list only", strangers), ("Not in Canvas's list", sorted(students - met))):
        notes += [f"{where}, and left out: {', '.join(map(shown, names))}."] if names else []
    return table, notes


def _column(path: Path, head: Sequence[str], name: str) -> str:
    """Canvas's column of an assignment: its title, or that with Canvas's number, such as "05_attention (9001)"."""
    titles = head[head.index(LAST) + 1 :]
    found = [title for title in titles if re.fullmatch(rf"{re.escape(name)}( \(\d+\))?", title)]
    if len(found) == 1:
        return found[0]
    there = [repr(title) for title in titles if re.search(r" \(\d+\)$", title)][:NAMED]
    raise RosterError(
        f"{path} has {len(found) or 'no'} columns for {name}: name one by --assignment and --column"
        f"{', such as ' * bool(there)}{' or '.join(there)}."
    )


def _student_of(row: Row, students: Collection[str], numbers: Mapping[str, str]) -> str:
    """The student's id here, or nothing."""
    found = [row[name] for name in IDS if row.get(name) in students]
    return next(iter(found), numbers.get(row[NUMBER], ""))


def _other_points(row: Row, columns: Mapping[str, str], scores: Sequence[Score]) -> list[str]:
    """Assignments that are worth something else in Canvas, in sentences."""
    worth = {score.assignment: in_points(score.max_score) for score in scores}
    return [
        f"{column} is worth {row[column].strip()} points in Canvas and {worth[name]} here: change one of them."
        for name, column in columns.items()
        if re.fullmatch(r"\s*\d+(\.\d+)?\s*", row[column]) and in_points(float(row[column])) != worth[name]
    ]
