"""Widgets in JupyterLab: all run, the kernel sends the course model, and both sides see a change."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import PATIENCE
from tests.widgets.conftest import WIDGETS

CELLS = [
    "from llm_course.widgets import AttentionExplorer\n"
    "rows = [[1.0, 0.0], [0.0, 1.0]]\n"
    "explorer = AttentionExplorer(rows, rows, rows, tokens=['one', 'two'])\n"
    "explorer",
    "print('causal is', explorer.causal)",
]


ALL = ["from tests.widgets.conftest import WIDGETS", *(f"WIDGETS[{name!r}]()" for name in WIDGETS)]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab of its own, with its notebooks."""
    tmp_path = tmp_path_factory.mktemp("lab")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    for name, cells in (("explorer", CELLS), ("all", ALL)):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata=kernel)
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        "--no-browser",
        "--allow-root",
        "--IdentityProvider.token=",
        f"--port={port}",
        f"--notebook-dir={tmp_path}",
    ]
    settings = {"JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings")}
    log = tmp_path / "log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "lab", *options], env=os.environ | settings, stdout=output, stderr=output
        )
    while f"localhost:{port}/lab" not in log.read_text():
        assert server.poll() is None, log.read_text()
        time.sleep(0.2)
    yield f"http://localhost:{port}/lab/tree"
    server.terminate()
    server.wait(timeout=120)


@pytest.fixture
def open_notebook(lab: str, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a notebook by its name, and wait for its kernel."""
    page = browser.new_page()

    def open_notebook(name: str, height: int) -> Page:
        page.set_viewport_size({"width": 1300, "height": height})
        page.set_default_timeout(PATIENCE)
        page.goto(f"{lab}/{name}.ipynb?reset")
        expect(page.get_by_text("| Idle")).to_be_visible()  # keys pressed before the kernel is there are lost
        return page

    yield open_notebook
    page.close()


def test_every_widget_runs_in_jupyterlab(open_notebook: Callable[..., Page]) -> None:
    page = open_notebook("all", height=16000)  # JupyterLab shows only the cells in view
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect(page.locator(".llm-widget")).to_have_count(len(WIDGETS))
    expect(page.locator(".jp-RenderedText[data-mime-type$=stderr]")).to_have_count(0)


def test_attention_explorer_in_jupyterlab(open_notebook: Callable[..., Page]) -> None:
    page = open_notebook("explorer", height=1400)
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_role("group", name="Attention explorer")).to_be_visible()
    page.get_by_label("Causal mask").check()
    page.locator(".jp-CodeCell .cm-content").last.click()
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_text("causal is True")).to_be_visible()
    page.get_by_label("Vectors", exact=True).select_option(label="A sentence of yours")
    expect(page.get_by_role("group", name="Heads")).to_be_visible()
