"""The learner's lab: `python -m autograder.authoring.lab DIR` lays out the released assignments for JupyterLab.

A notebook that is there already is the learner's work and is never touched; `--reset ASSIGNMENT EXERCISE` puts one
answer cell back to its stub.
"""

import argparse
import functools
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat

from autograder.exercises import assignments
from autograder.notebooks.notebooks import released_notebook, whole_path_notebook


class LabError(Exception):
    """A step cannot be done; the message says why, in one sentence."""


def lay_out(folder: Path) -> list[Path]:
    """Write each assignment, and the notebook of the whole path, that is not there yet. Returns the new notebooks."""
    makers: dict[Path, Callable[[], nbformat.NotebookNode]] = {
        _notebook(folder, name): functools.partial(released_notebook, assignment)
        for name, assignment in assignments().items()
    }
    makers[folder / "whole_path.ipynb"] = whole_path_notebook
    made = [path for path in makers if not path.exists()]
    for path in made:
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(makers[path](), path)
    return made


def reset(folder: Path, name: str, exercise: str) -> Path:
    """Put the answer cell of an exercise back to its stub, keeping the old answer in a cell above it.

    Raises LabError if there is no such assignment, notebook or cell.
    """
    path = _notebook(folder, name)
    if name not in assignments() or not path.exists():
        raise LabError(
            f"There is no notebook {path}: lay out the lab first, and name one of {', '.join(assignments())}."
        )
    grade_id = f"{exercise}-answer"
    stubs = {_grade_id(cell): cell for cell in released_notebook(assignments()[name]).cells}
    notebook = nbformat.read(path, as_version=4)
    places = [number for number, cell in enumerate(notebook.cells) if _grade_id(cell) == grade_id]
    if grade_id not in stubs or not places:
        raise LabError(f"{path} has no answer cell for {exercise!r}: name one of its exercises.")
    old = notebook.cells[places[0]]
    notebook.cells[places[0]] = stubs[grade_id]
    kept = f"Your answer before the reset:\n\n```python\n{old.source}\n```"
    notebook.cells.insert(places[0], nbformat.v4.new_markdown_cell(kept))
    nbformat.write(notebook, path)
    return path


def _notebook(folder: Path, name: str) -> Path:
    return folder / name / f"{name}.ipynb"


def _grade_id(cell: nbformat.NotebookNode) -> str | None:
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
    return grade_id if isinstance(grade_id, str) else None


def main() -> int:
    """Lay out the lab, or reset an exercise in it."""
    parser = argparse.ArgumentParser("python -m autograder.authoring.lab", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--reset", nargs=2, metavar=("ASSIGNMENT", "EXERCISE"))
    options = parser.parse_args()
    try:
        if options.reset:
            print(f"Reset {options.reset[1]} in {reset(options.folder, *options.reset)}.")
        else:
            made = lay_out(options.folder)
            print(f"Laid out {len(made)} new notebooks in {options.folder}/; your own work is as it was.")
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
