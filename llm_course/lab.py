"""The learner's lab: the assignments laid out in a folder, and JupyterLab to solve them in.

A notebook that is there already is the learner's work and is never touched; a reset puts one answer cell back to its
stub.
"""

import importlib.util
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ASSIGNMENTS = Path(__file__).parent / "assignments"
"""The released notebooks, one for each assignment, and that of the whole path: `make env` writes them."""
WHOLE_PATH = "whole_path"
JUPYTER_SETTINGS = Path(__file__).parent / "jupyter"
"""Settings that hide what nbgrader, where it is installed, has for instructors, and Jupyter's news."""


class LabError(Exception):
    """A step cannot be done; the message says why, in one sentence."""


def lay_out(folder: Path) -> list[Path]:
    """Put each notebook that is not there yet into its place in a folder. Returns the new notebooks.

    Raises LabError if the course holds no notebooks, or the folder cannot be written.
    """
    released = sorted(ASSIGNMENTS.glob("*.ipynb"))
    if not released:
        raise LabError("The notebooks are not built: run `make env` in the checkout.")
    made = [(source, path) for source in released if not (path := place(folder, source.stem)).exists()]
    for source, path in made:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, path)
        except OSError as error:
            raise LabError(f"{path} cannot be written ({error.strerror}): work in a folder of your own.") from error
    return [path for _, path in made]


def place(folder: Path, name: str) -> Path:
    """Where the notebook of that name is laid out in a folder."""
    return folder / f"{name}.ipynb" if name == WHOLE_PATH else folder / name / f"{name}.ipynb"


def reset(folder: Path, name: str, exercise: str) -> Path:
    """Put the answer cell of an exercise back to its stub, keeping the old answer in a cell above it.

    Returns the notebook. Raises LabError if there is no such assignment, notebook or cell.
    """
    import nbformat

    path, released = place(folder, name), ASSIGNMENTS / f"{name}.ipynb"
    if not released.exists() or not path.exists():
        names = ", ".join(sorted(file.stem for file in ASSIGNMENTS.glob("*.ipynb")))
        raise LabError(f"There is no notebook {path}: lay out the lab first, and name one of {names}.")
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises this and that
        raise LabError(f"{path} is no notebook that can be read: move it away, and lay out the lab again.") from error
    stubs = nbformat.read(released, as_version=4).cells
    stub, answer = _answer_place(stubs, exercise), _answer_place(notebook.cells, exercise)
    if stub is None or answer is None:
        raise LabError(f"{path} has no answer cell for {exercise!r}: name one of its exercises.")
    old, new = notebook.cells[answer], stubs[stub]
    notebook.cells[answer] = new
    if old.source != new.source:
        kept = f"Your answer before the reset:\n\n```python\n{old.source}\n```"
        notebook.cells.insert(answer, nbformat.v4.new_markdown_cell(kept))
    nbformat.write(notebook, path)
    return path


def open_jupyterlab(options: Sequence[str]) -> int:
    """Open JupyterLab in the current folder, until it is ended; `options` are JupyterLab's own. Returns its exit code.

    Raises LabError if JupyterLab is not installed.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise LabError(
            "JupyterLab is not installed: install it with `python -m pip install jupyterlab`, or open the notebooks in "
            "another editor."
        )
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(
        filter(None, (str(JUPYTER_SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH")))
    )
    # Notebooks run in this environment, not in a kernel of the same name that the user has elsewhere.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    from jupyterlab.labapp import main

    return int(main(["--ServerApp.root_dir=.", *options]) or 0)


def _answer_place(cells: Iterable[Any], exercise: str) -> int | None:
    """The number of the cell in which an exercise is answered."""
    names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in cells]
    return names.index(f"{exercise}-answer") if f"{exercise}-answer" in names else None
