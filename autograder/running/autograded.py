"""The autograded notebook of a graded submission, byte for byte what nbgrader's own converter writes, and the scores.

nbgrader's converter reads the gradebook for each cell and writes and reads the notebook twice. Here the gradebook's
cells are read once for all submissions, so the notebook can be finished anywhere, without a gradebook.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import LimitOutput

from autograder.records.result import ExerciseResult, Result
from autograder.records.source_cells import SourceCell
from autograder.submissions.submission import Submission

FLAGS = "llm_course_flags"
"""Notebook metadata in which what was healed gets from nbgrader's first pass to its second."""
STATES, CHANGED, WAITS = "llm_course_states", "changed by hand", "not graded yet"
"""Where nbgrader's resources tell a feedback page what the scores of cells are, by grade id; and what they may be."""
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Autograded:
    """A finished notebook as text, and by grade id what the gradebook is to hold of it."""

    text: str
    scores: dict[str, float | None]
    comments: dict[str, str | None]


def finish(
    submission: Submission, result: Result, source_cells: Mapping[str, SourceCell], limit: LimitOutput
) -> Autograded:
    """Write a result into a submission's notebook as nbgrader's Autograde would. Changes the notebook."""
    notebook = submission.notebook
    notebook.metadata[FLAGS] = list(submission.flags)
    graded = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") in source_cells]
    for cell in graded:
        _restore(cell, source_cells[cell.metadata.nbgrader.grade_id])
    write_outputs(notebook, result)
    limit.preprocess(notebook, {})
    return Autograded(
        text=nbformat.v4.writes(notebook) + "\n",
        scores={
            cell.metadata.nbgrader.grade_id: utils.determine_grade(cell, LOG)[0]
            for cell in graded
            if utils.is_grade(cell)
        },
        comments={cell.metadata.nbgrader.grade_id: _comment(cell) for cell in graded if utils.is_solution(cell)},
    )


def write_outputs(notebook: NotebookNode, result: Result) -> None:
    """Write what the learner's cells printed, and for each graded cell what nbgrader reads as its score."""
    exercises = {exercise.name: exercise for exercise in result.exercises}
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        nbgrader = cell.metadata.get("nbgrader", {})
        if nbgrader.get("grade") and not nbgrader.get("solution"):
            cell.outputs = _graded_outputs(exercises[nbgrader["grade_id"]])
        else:
            cell.outputs = [nbformat.from_dict(output) for output in result.outputs.get(str(number), [])]


def _restore(cell: NotebookNode, source_cell: SourceCell) -> None:
    """Do what nbgrader's OverwriteCells does."""
    cell.metadata.nbgrader.locked = source_cell.locked
    if source_cell.checksum is not None:
        cell.metadata.nbgrader.checksum = source_cell.checksum
    if source_cell.points is not None and source_cell.points != cell.metadata.nbgrader.points:
        cell.metadata.nbgrader.points = source_cell.points
    if source_cell.locked:
        cell.source = source_cell.source


def _comment(cell: NotebookNode) -> str | None:
    untouched = cell.metadata.nbgrader.checksum == utils.compute_checksum(cell)
    return "No response." if untouched else None


def _graded_outputs(exercise: ExerciseResult) -> list[NotebookNode]:
    outputs: list[dict[str, Any]] = [{"output_type": "stream", "name": "stdout", "text": exercise.feedback + "\n"}]
    outputs += [
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": picture}} for picture in exercise.pictures
    ]
    if exercise.score <= 0 < exercise.points:
        message = exercise.hint or "No property holds."
        traceback = [f"No points: {message}"]
        outputs.append({"output_type": "error", "ename": "NoPoints", "evalue": message, "traceback": traceback})
    elif exercise.score < exercise.points:
        # nbgrader reads a number as partial credit.
        data = {"text/plain": repr(exercise.score)}
        outputs.append({"output_type": "execute_result", "metadata": {}, "data": data, "execution_count": None})
    return [nbformat.from_dict(output) for output in outputs]
