"""Source notebooks as instructors write them in JupyterLab, with nbgrader's Create Assignment."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode


def text(source: str) -> NotebookNode:
    """A cell of text."""
    return nbformat.v4.new_markdown_cell(source)


def answer(grade_id: str, source: str) -> NotebookNode:
    """A cell that the learner fills in and that other cells test."""
    return _cell("code", source, grade_id, solution=True)


def asserts(grade_id: str, points: float, source: str) -> NotebookNode:
    """A cell of tests."""
    return _cell("code", source, grade_id, grade=True, locked=True, points=points)


def essay(grade_id: str, points: float, source: str = "Your answer here.", cell_type: str = "markdown") -> NotebookNode:
    """A cell that the learner fills in and that a person grades."""
    return _cell(cell_type, source, grade_id, grade=True, solution=True, points=points)


def task(grade_id: str, points: float, source: str = "Add cells below.") -> NotebookNode:
    """A text whose answer is cells that the learner adds."""
    return _cell("markdown", source, grade_id, task=True, locked=True, points=points)


def write_source(course: Path, name: str, cells: Iterable[NotebookNode]) -> Path:
    """Lay a source notebook into a course folder."""
    path = course / "source" / name / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[*cells]), path)
    return path


def handed_in(course: Path, name: str, student: str, answers: dict[str, str]) -> Path:
    """Hand in what was released, with the text of the named cells replaced."""
    notebook = nbformat.read(course / "release" / name / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in answers:
            cell.source = answers[grade_id]
    path = course / "submitted" / student / name / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def _cell(cell_type: str, source: str, grade_id: str, points: float | None = None, **kinds: bool) -> NotebookNode:
    make = nbformat.v4.new_code_cell if cell_type == "code" else nbformat.v4.new_markdown_cell
    kind: dict[str, Any] = {"grade": False, "locked": False, "solution": False, "task": False, **kinds}
    worth = {} if points is None else {"points": points}
    return make(source, metadata={"nbgrader": {"grade_id": grade_id, "schema_version": 3, **kind, **worth}})


ONE = answer("one-answer", "### BEGIN SOLUTION\none = 1\n### END SOLUTION")
"""An answer that is as small as can be."""
