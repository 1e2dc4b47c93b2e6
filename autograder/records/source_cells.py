"""The answer and graded cells of a released notebook, as nbgrader's gradebook keeps them.

They are the instructor's word: which cells are graded, by whom, and for how many points. What is judged, tested or left
to a person follows from them, whatever the source was when the course made it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbgrader.api import Gradebook


@dataclass(frozen=True)
class SourceCell:
    """A cell with a grade id. `points` is None where it has none: an answer, or a text that may not be changed.

    `source` is what was released, with the hidden tests. A cell may be graded (`grade`), answered by the learner
    (`solution`), or a `task`, whose answer is cells that the learner adds.
    """

    source: str
    checksum: str | None
    locked: bool
    points: float | None
    cell_type: str = "code"
    grade: bool = False
    solution: bool = False
    task: bool = False

    @property
    def has_tests(self) -> bool:
        """Whether the cell itself, run after the answers, says what they are worth."""
        return self.grade and not self.solution and self.cell_type == "code"

    @property
    def is_graded_by_hand(self) -> bool:
        """Whether a person says what it is worth."""
        return self.points is not None and not self.has_tests


def read_source_cells(gradebook: Gradebook, assignment: str, name: str = "") -> dict[str, SourceCell]:
    """The released cells of an assignment's notebook by grade id; none if it is not released.

    The notebook is called as the assignment, where no name is given.
    """
    if assignment not in {known.name for known in gradebook.assignments}:
        return {}
    notebooks = {notebook.name: notebook for notebook in gradebook.find_assignment(assignment).notebooks}
    notebook = notebooks.get(name or assignment)
    if notebook is None:
        return {}
    graded = {cell.name: cell.max_score for cell in notebook.grade_cells}
    tasks = {cell.name: cell.max_score for cell in notebook.task_cells}
    answers = {cell.name for cell in notebook.solution_cells}
    return {
        cell.name: SourceCell(
            cell.source,
            cell.checksum,
            cell.locked,
            (graded | tasks).get(cell.name),
            cell.cell_type,
            grade=cell.name in graded,
            solution=cell.name in answers,
            task=cell.name in tasks,
        )
        # A database gives rows in any order.
        for cell in sorted(notebook.source_cells, key=lambda cell: cell.name)
    }
