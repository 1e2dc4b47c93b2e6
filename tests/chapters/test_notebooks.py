"""Every chapter runs from top to bottom, offline, and no cell is longer than a screen."""

import shutil
from pathlib import Path

import jupytext
import nbclient
import nbformat
import pytest

CHAPTERS = Path(__file__).parents[2] / "chapters"
PAGES = [*sorted(CHAPTERS.glob("*/chapter.md")), CHAPTERS / "coverage.md"]
LINES_OF_A_SCREEN = 30


def name_of(page: Path) -> str:
    return str(page.relative_to(CHAPTERS))


def code_cells(notebook: nbformat.NotebookNode) -> list[tuple[int, str]]:
    """The code cells, numbered from 1 as JupyterLab does, and their source."""
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return list(enumerate(sources, start=1))


def failure(notebook: nbformat.NotebookNode, folder: Path) -> str | None:
    """Run a notebook in `folder`; None, or which cell failed, how it begins and with what error."""
    try:
        nbclient.NotebookClient(
            notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
        ).execute()
    except nbclient.exceptions.CellExecutionError as error:
        failed = next(
            number
            for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), start=1)
            if any(output.output_type == "error" for output in cell.get("outputs", []))
        )
        first_line = dict(code_cells(notebook))[failed].splitlines()[0]
        return f"code cell {failed} ({first_line!r}) raised {error.ename}: {error.evalue}"
    return None


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_cells_fit_on_a_screen(page: Path) -> None:
    long = [
        f"cell {number} has {len(source.splitlines())} lines ({source.splitlines()[0]!r})"
        for number, source in code_cells(jupytext.read(page))
        if len(source.splitlines()) > LINES_OF_A_SCREEN
    ]
    assert not long, f"{name_of(page)}: a cell holds at most {LINES_OF_A_SCREEN} lines; split it: {'; '.join(long)}"


@pytest.mark.notebooks
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = tmp_path / "chapters"
    shutil.copytree(CHAPTERS, folder, ignore=shutil.ignore_patterns("_build", ".ipynb_checkpoints"))
    problem = failure(jupytext.read(page), folder / page.parent.relative_to(CHAPTERS))
    assert problem is None, f"{name_of(page)}: {problem}"


@pytest.mark.notebooks
def test_a_failing_cell_is_named(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("x = 1"), nbformat.v4.new_code_cell("x / 0  # here")]
    )
    problem = failure(notebook, tmp_path)
    assert problem == "code cell 2 ('x / 0  # here') raised ZeroDivisionError: division by zero"
