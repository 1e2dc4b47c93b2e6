"""Every chapter runs from top to bottom, offline, and its output is what its text says; no cell outgrows a screen.

What a text claims of its own output stands in `claims/<chapter>.py`, each claim after a comment that quotes it, and
runs after the page in the same kernel; `real_size` is what the cells at real size printed (`_ext/real_size.py`). The
outputs go into the book's cache, so that its build need not run the page again; `make outputs` keeps them beside the
page, too. Pages that are as they were then are run by `make test-long` alone.
"""

import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbclient
import nbformat
import pytest
from jupyter_cache import get_cache
from jupyter_client import AsyncKernelManager

from _ext import kept_outputs, notebook_cache, real_size
from _ext.notebook_cache import Notebook
from _ext.sources import key_of
from tests.chapters import kept
from tests.chapters.kept import claims_of
from tests.chapters.pages import pages_of_chapters

ROOT = Path(__file__).parents[2]
CHAPTERS = ROOT / "chapters"
READ = pages_of_chapters()  # pages whose code is there to be read
RUN = [*READ, CHAPTERS / "coverage.md", CHAPTERS / "course_models.md"]
LINES_OF_A_SCREEN = 30
TIMEOUT = 900  # seconds a cell may take: on a busy machine, where a minute of a processor is long
COLUMNS_OF_A_PAGE = 80  # what the book shows in a window of 1280 px without scrolling sideways
PAGES = sorted(page for page in [*CHAPTERS.rglob("*.md"), ROOT / "index.md"] if "{code-cell}" in page.read_text())


def name_of(page: Path) -> str:
    return str(page.relative_to(CHAPTERS if page.is_relative_to(CHAPTERS) else ROOT))


def code_cells(notebook: nbformat.NotebookNode) -> list[tuple[int, str]]:
    """The code cells, numbered from 1 as JupyterLab does, and their source."""
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return list(enumerate(sources, start=1))


def faults_of_cells(notebook: nbformat.NotebookNode, longest: float) -> list[str]:
    """One clause for each cell that is too long, line that scrolls, and code over a widget that it only calls."""
    found = []
    for number, source in code_cells(notebook):
        lines = source.splitlines()
        if len(lines) > longest:
            found.append(f"code cell {number} ({lines[0]!r}) has {len(lines)} lines, more than a screen")
        found += [
            f"code cell {number} has a line too wide: {line!r}" for line in lines if len(line) > COLUMNS_OF_A_PAGE
        ]
    for cell in notebook.cells:
        # A mail agent is a module of the course's, and no widget.
        if (
            cell.source.startswith("from llm_course.widgets import ")
            and "mail_agent" not in cell.source.splitlines()[0]
        ):
            hidden = {"remove-input", "hide-input" if "\nfor " in cell.source else ""}
            if not hidden & set(cell.metadata.get("tags", [])):
                found.append(f"tag the cell that ends with {cell.source.splitlines()[-1]!r} remove-input")
    return found


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_cells_are_as_a_page_shows_them(page: Path) -> None:
    assert faults_of_cells(jupytext.read(page), LINES_OF_A_SCREEN if page in READ else math.inf) == []


def names_from_elsewhere(cells: list[nbformat.NotebookNode]) -> str:
    """What ruff says of names that these cells use and none of them defines."""
    options = ["--isolated", "--select", "F821", "--output-format", "concise", "--quiet", "-"]
    command = [sys.executable, "-m", "ruff", "check", *options]
    source = "\n\n".join(cell.source for cell in cells)
    return subprocess.run(command, input=source, capture_output=True, text=True).stdout


@pytest.mark.parametrize("page", READ, ids=name_of)
def test_cells_at_real_size_stand_alone(page: Path) -> None:
    assert names_from_elsewhere(real_size.cells_at_real_size(jupytext.read(page))) == ""


def faults_of_fences(text: str) -> list[str]:
    """Opening lines that open nothing, for a backtick stands behind the fence, and of boxes that nothing closes."""
    still_open: list[str] = []
    for line in text.splitlines():
        if re.match(r":{3,}\{", line):
            still_open.append(line)
        elif still_open and re.fullmatch(r":{3,}", line):
            still_open.pop()
    return [*still_open, *re.findall(r"^`{3,}[^`\n]+`.*$", text, flags=re.MULTILINE)]


@pytest.mark.parametrize("page", sorted(CHAPTERS.rglob("*.md")), ids=name_of)
def test_every_fence_opens_and_every_box_closes(page: Path) -> None:
    assert faults_of_fences(page.read_text(encoding="utf-8")) == []


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[AsyncKernelManager]:
    """A kernel that is started when the first notebook runs in it."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    manager = AsyncKernelManager(kernel_name="python3")
    yield manager
    nbclient.util.run_sync(manager.shutdown_kernel)(now=True)


def run(notebook: nbformat.NotebookNode, page: Path, kernel: AsyncKernelManager) -> str | None:
    """Run a notebook beside a page and keep its outputs; None, or what went wrong."""
    whole = Notebook(name_of(page), page, notebook, key_of(notebook, page, ROOT))
    result = notebook_cache.run(whole, TIMEOUT, kernel)
    if result.err:
        return str(result.err)
    notebook_cache.keep(get_cache(ROOT / "_build" / ".jupyter_cache"), whole, result)
    return None


def run_claims(claims: list[str], kernel: AsyncKernelManager, printed: str = "") -> str | None:
    """Run claims where a page has run and has `printed` this at real size; None, or what went wrong."""
    claims = [f"real_size = {printed!r}", *claims] if printed else claims
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, claims)))
    try:
        nbclient.NotebookClient(notebook, km=kernel, timeout=TIMEOUT).execute()
    except nbclient.exceptions.CellExecutionError as error:
        return str(error)
    return None


def run_if_changed(page: Path) -> object:
    """A page as a parameter; pages share nothing, so each may have a process of its own."""
    slow = [pytest.mark.slow] if kept.is_current(page) else []
    return pytest.param(page, id=name_of(page), marks=[pytest.mark.xdist_group(name_of(page)), *slow])


@pytest.mark.notebooks
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("page", [run_if_changed(page) for page in RUN])
def test_page_runs(page: Path, kernel: AsyncKernelManager, pytestconfig: pytest.Config) -> None:
    notebook = jupytext.read(page)
    before = kept_outputs.find(page, key_of(notebook, page, ROOT))
    problem = run(notebook, page, kernel)
    assert problem is None, f"{name_of(page)}: {problem}"
    keeping = pytestconfig.getoption("--keep-outputs")
    if keeping:
        kept_outputs.write(page, notebook, {})  # minutes of measuring are not lost if a claim is false
    problem = run_claims(claims_of(page), kernel, real_size.printed(notebook))
    assert problem is None, f"claims of {name_of(page)}: {problem}"
    if keeping:
        kept_outputs.write(page, notebook, kept.note(page))
    elif before:
        assert kinds(before) == kinds(notebook), f"{name_of(page)}: what is kept beside it is of another run"


def kinds(notebook: nbformat.NotebookNode) -> list[list[str]]:
    """What kinds of outputs each code cell has, beside warnings, which are not kept and depend on the machine."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    shown = [[output for output in cell.outputs if output.get("name") != "stderr"] for cell in cells]
    return [[kind for output in outputs for kind in sorted(output.get("data", {"text": ""}))] for outputs in shown]


@pytest.mark.notebooks
def test_a_failing_cell_and_a_failing_claim_are_told(kernel: AsyncKernelManager) -> None:
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, ("x = 1", "x / 0"))))
    assert "ZeroDivisionError" in (run(notebook, RUN[0], kernel) or "")
    assert "AssertionError" in (run_claims(["assert x == 1", "assert x == 2"], kernel) or "")
