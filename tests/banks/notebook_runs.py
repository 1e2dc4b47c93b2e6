"""Notebooks as a learner runs them: all cells, from top to bottom."""

from collections.abc import Mapping
from pathlib import Path

import nbclient
import nbformat

from autograder.exercises.spec import Assignment
from tests.banks.submissions import fill


def printed_by(assignment: Assignment, answers: Mapping[str, str], folder: Path) -> str:
    """What the notebook prints that is released to learners, with these answers, when all its cells run in a folder."""
    notebook = nbformat.from_dict(fill(assignment, answers))
    run_notebook(notebook, folder)
    return "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))


def run_notebook(notebook: nbformat.NotebookNode, folder: Path) -> None:
    """Run all cells in a folder."""
    nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
