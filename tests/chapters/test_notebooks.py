"""Every chapter runs from top to bottom, offline, and its output is what its text says; no cell outgrows a screen.

What a text claims of its own output stands in `claims/<chapter>.py`, each claim after a comment that quotes it, and
runs at the end of the chapter.
"""

import re
import shutil
from pathlib import Path

import jupytext
import nbclient
import nbformat
import pytest

from tests.chapters.pages import chapters_in_the_book

CHAPTERS = Path(__file__).parents[2] / "chapters"
CLAIMS = Path(__file__).parent / "claims"
READ = chapters_in_the_book()  # pages whose code is there to be read
RUN = [*READ, CHAPTERS / "coverage.md", CHAPTERS / "course_models.md"]
LINES_OF_A_SCREEN = 30
COLUMNS_OF_A_PAGE = 92  # what the book shows on a desktop without scrolling sideways


def name_of(page: Path) -> str:
    return str(page.relative_to(CHAPTERS))


def code_cells(notebook: nbformat.NotebookNode) -> list[tuple[int, str]]:
    """The code cells, numbered from 1 as JupyterLab does, and their source."""
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return list(enumerate(sources, start=1))


def claims_of(page: Path) -> list[str]:
    file = CLAIMS / f"{page.parent.name}.py"
    return re.split(r"\n(?=# \")", file.read_text(encoding="utf-8"))[1:] if file.is_file() else []


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


def too_big(notebook: nbformat.NotebookNode) -> list[str]:
    """One clause for each cell that is longer or wider than a screen."""
    found = []
    for number, source in code_cells(notebook):
        lines = source.splitlines()
        if len(lines) > LINES_OF_A_SCREEN:
            found.append(f"code cell {number} ({lines[0]!r}) has {len(lines)} lines")
        found += [f"code cell {number} has a wide line: {line!r}" for line in lines if len(line) > COLUMNS_OF_A_PAGE]
    return found


@pytest.mark.parametrize("page", READ, ids=name_of)
def test_cells_fit_on_a_screen(page: Path) -> None:
    limits = f"a cell holds at most {LINES_OF_A_SCREEN} lines of {COLUMNS_OF_A_PAGE} characters"
    assert too_big(jupytext.read(page)) == [], f"{name_of(page)}: {limits}"


def test_a_cell_too_big_is_named() -> None:
    long, wide = "x = 1\n" * 31, "y" * 93
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in (long, "x", wide)])
    assert too_big(notebook) == ["code cell 1 ('x = 1') has 31 lines", f"code cell 3 has a wide line: {wide!r}"]


def broken_fences(text: str) -> list[str]:
    """Opening lines with a backtick behind the fence: in CommonMark they open nothing, and what follows is lost."""
    return re.findall(r"^`{3,}[^`\n]+`.*$", text, flags=re.MULTILINE)


@pytest.mark.parametrize("page", sorted(CHAPTERS.rglob("*.md")), ids=name_of)
def test_every_fence_opens(page: Path) -> None:
    assert broken_fences(page.read_text(encoding="utf-8")) == []


def test_a_fence_that_does_not_open_is_named() -> None:
    title = "```{question} Why is `B` zero?"
    assert broken_fences(f"{title}\n```\n```{{question}} Why is B zero?\n`B` is.\n```\n") == [title]


@pytest.mark.notebooks
@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = tmp_path / "chapters"
    shutil.copytree(CHAPTERS, folder, ignore=shutil.ignore_patterns("_build", ".ipynb_checkpoints"))
    notebook = jupytext.read(page)
    notebook.cells += [nbformat.v4.new_code_cell(claim) for claim in claims_of(page)]
    problem = failure(notebook, folder / page.parent.relative_to(CHAPTERS))
    assert problem is None, f"{name_of(page)}: {problem}"


@pytest.mark.notebooks
def test_a_failing_cell_is_named(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("x = 1"), nbformat.v4.new_code_cell("x / 0  # here")]
    )
    problem = failure(notebook, tmp_path)
    assert problem == "code cell 2 ('x / 0  # here') raised ZeroDivisionError: division by zero"
