"""Cells at real size are run when they are new, and are otherwise taken from what is kept beside the page."""

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from _ext import kept_outputs, notebook_cache, real_size
from _ext.notebook_cache import Notebook

COUNTING = (
    "from pathlib import Path\nruns = Path('runs.txt')\nruns.write_text(runs.read_text() + '1')\nprint('a figure')"
)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "runs.txt").write_text("")
    return tmp_path / "chapter.md"


def notebook(page: Path, plain: str, *measured: str) -> Notebook:
    """A page with a plain cell and cells at real size."""
    cells = [nbformat.v4.new_code_cell(plain)]
    cells += [nbformat.v4.new_code_cell(source, metadata={"tags": [real_size.TAG]}) for source in measured]
    return Notebook("page", page, nbformat.v4.new_notebook(cells=cells), "key")


def run_and_keep(page: Path, plain: str, *measured: str) -> NotebookNode:
    """The page after a run, whose outputs are kept."""
    whole = notebook(page, plain, *measured)
    result = notebook_cache.run(whole, timeout=600)
    assert result.err is None
    kept_outputs.write(page, whole.content, {"key": "key"})
    return whole.content


def test_a_cell_that_is_as_it_was_is_not_run_and_keeps_its_output(page: Path) -> None:
    first = run_and_keep(page, "print('plain')", COUNTING)
    again = run_and_keep(page, "print('changed')", COUNTING)
    assert (page.parent / "runs.txt").read_text() == "1"
    assert real_size.printed(first) == real_size.printed(again) == "a figure\n"
    assert again.cells[0].outputs[0].text == "changed\n"


def test_all_are_run_when_one_is_new(page: Path) -> None:
    run_and_keep(page, "1", COUNTING)
    again = run_and_keep(page, "1", COUNTING, "print('another')")
    assert (page.parent / "runs.txt").read_text() == "11"
    assert real_size.printed(again) == "a figure\nanother\n"
