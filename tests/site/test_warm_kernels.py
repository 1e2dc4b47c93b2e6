"""Kernels that are forked: what they share, what they don't, and that they end."""

import os
from pathlib import Path

import nbformat
import pytest
from jupyter_cache.executors.utils import ExecutionResult
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from _ext.notebook_cache import Notebook, run

pytestmark = pytest.mark.notebooks
PATIENCE = 300  # seconds


def run_cells(folder: Path, *cells: str, timeout: int = PATIENCE) -> ExecutionResult:
    content = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    return run(Notebook("page", folder / "page.md", content, ""), timeout)


def printed(result: ExecutionResult) -> str:
    assert result.err is None
    return "".join(output.text for cell in result.nb.cells for output in cell.outputs)


def test_a_kernel_has_modules_imported_and_runs_beside_its_page(tmp_path: Path) -> None:
    cells = "import os, sys; print('torch' in sys.modules, 'llm_course' in sys.modules, os.getcwd())"
    assert printed(run_cells(tmp_path, cells)) == f"True False {tmp_path}\n"


def test_nothing_of_a_notebook_is_seen_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look = "import os, torch; print(hasattr(torch, 'left'), os.environ.get('LEFT'), torch.rand(1).item(), __name__)"
    first = printed(run_cells(tmp_path, look, "torch.left = 1; os.environ['LEFT'] = '1'"))
    monkeypatch.setenv("LEFT", "by who starts it")
    second = printed(run_cells(tmp_path, look))
    assert first.split() == ["False", "None", first.split()[2], "__main__"]
    assert second == first.replace("None", "by who starts it")


def test_what_a_notebook_made_for_itself_is_removed_when_it_ends(tmp_path: Path) -> None:
    folder = printed(run_cells(tmp_path, "import tempfile; kept = tempfile.TemporaryDirectory(); print(kept.name)"))
    assert not Path(folder.strip()).exists()


def test_a_kernel_that_dies_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeadKernelError):
        run_cells(tmp_path, "import os; os._exit(3)")


def test_a_kernel_that_goes_on_and_on_is_ended(tmp_path: Path) -> None:
    endless = f"import os, pathlib\npathlib.Path('{tmp_path}/pid').write_text(str(os.getpid()))\nwhile True: pass"
    result = run_cells(tmp_path, endless, timeout=5)
    assert isinstance(result.err, CellTimeoutError)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
