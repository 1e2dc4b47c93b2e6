"""The tables of nbgrader's gradebook, for queries of a whole class: nbgrader's own objects take several a student."""

from typing import Any

from nbgrader import api
from sqlalchemy import ColumnElement, Select, Table, select

SUBMISSION: Table = api.SubmittedAssignment.__table__
NOTEBOOK: Table = api.SubmittedNotebook.__table__
GRADE: Table = api.Grade.__table__
CELL: Table = api.BaseCell.__table__


def select_grades(assignment: str, *columns: ColumnElement[Any]) -> Select[Any]:
    """These columns for each graded cell of each submission of an assignment, which is given by its id."""
    return (
        select(*columns)
        .select_from(SUBMISSION)
        .join(NOTEBOOK, NOTEBOOK.c.assignment_id == SUBMISSION.c.id)
        .join(GRADE, GRADE.c.notebook_id == NOTEBOOK.c.id)
        .join(CELL, CELL.c.id == GRADE.c.cell_id)
        .where(SUBMISSION.c.assignment_id == assignment)
    )
