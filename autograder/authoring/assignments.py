"""Writes the notebooks that a learner's lab lays out: `python -m autograder.authoring.assignments`, or `make env`."""

import sys

import nbformat

from autograder.exercises import assignments
from autograder.notebooks.notebooks import NotebookError, released_notebook, whole_path_notebook
from llm_course.lab import ASSIGNMENTS, WHOLE_PATH


def main() -> None:
    """Write the notebook of each assignment, and that of the whole path."""
    ASSIGNMENTS.mkdir(exist_ok=True)
    for name, assignment in assignments().items():
        nbformat.write(released_notebook(assignment), ASSIGNMENTS / f"{name}.ipynb")
    nbformat.write(whole_path_notebook(), ASSIGNMENTS / f"{WHOLE_PATH}.ipynb")


if __name__ == "__main__":
    try:
        main()
    except NotebookError as error:
        sys.exit(str(error))
