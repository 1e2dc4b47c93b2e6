"""What an instructor is told of a source: what its tests are worth, and where it says one thing and counts another."""

import ast
import re
from collections.abc import Iterator

from nbformat import NotebookNode

from autograder.exercises.spec import Assignment

POINTS_IN_TEXT = re.compile(r"^\W*(\d+(?:\.\d+)?) points?\b", re.MULTILINE)
"""How the text above an exercise says what it is worth."""


def remarks(released: Assignment, notebook: NotebookNode) -> Iterator[str]:
    """On an assignment as it was released, and on its source, in sentences."""
    if released.tests:
        yield (
            f"Graded by tests of your own: {', '.join(released.tests)}. They run in the learner's process, as "
            "nbgrader's do: whoever sets out to can read them and forge what they say."
        )
    if idle := [name for name, cell in released.tests.items() if _ends_in_a_comparison(cell.source)]:
        yield (
            f"Full marks, whatever comes out: {', '.join(idle)} ends in a comparison, which nbgrader takes for no "
            "score. Write `assert` before it."
        )
    if by_hand := [name for name, cell in released.cells.items() if cell.is_graded_by_hand]:
        yield f"To be graded by hand, in formgrader: {', '.join(by_hand)}."
    yield from _other_points_in_text(released, notebook)


def _ends_in_a_comparison(tests: str) -> bool:
    try:
        statements = ast.parse(tests).body
    except SyntaxError:
        # It may hold a magic of IPython's; grading tells of such a test as well.
        return False
    last = statements[-1] if statements else None
    value = last.value if isinstance(last, ast.Expr) else None
    is_not = isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not)
    is_bool = isinstance(value, ast.Constant) and isinstance(value.value, bool)
    return is_not or is_bool or isinstance(value, ast.Compare | ast.BoolOp)


def _other_points_in_text(released: Assignment, notebook: NotebookNode) -> Iterator[str]:
    said = None
    for cell in notebook.cells:
        known = released.cells.get(_grade_id(cell))
        if cell.cell_type == "markdown" and (found := POINTS_IN_TEXT.findall(cell.source)):
            said = float(found[-1])
        if known is not None and known.points is not None:
            if said not in (None, known.points):
                yield f"The text above {_grade_id(cell)} says {said:g} points, and it is worth {known.points:g}."
            said = None


def changed_since_release(released: Assignment, notebook: NotebookNode) -> list[str]:
    """The graded cells of a source that count otherwise in what was released: by other points, or other tests."""
    return [
        name
        for cell in notebook.cells
        if (name := _grade_id(cell)) in released.cells and _counts_otherwise(cell, name, released)
    ]


def _counts_otherwise(cell: NotebookNode, name: str, released: Assignment) -> bool:
    known = released.cells[name]
    has_other_points = known.points is not None and cell.metadata.nbgrader.get("points") != known.points
    return has_other_points or (name in released.tests and cell.source != known.source)


def _grade_id(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
