"""Widgets in JupyterLab: all run, the kernel sends the course model, and both sides see a change."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import PATIENCE
from tests.widgets.conftest import WIDGETS

CELLS = [
    "from tests.widgets.conftest import WIDGETS",
    *(f"WIDGETS[{name!r}]()" for name in WIDGETS),
    "from llm_course.widgets import AttentionExplorer\n"
    "rows = [[1.0, 0.0], [0.0, 1.0]]\n"
    "explorer = AttentionExplorer(rows, rows, rows, tokens=['one', 'two'])\n"
    "explorer",
    "print('causal is', explorer.causal)",
]


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[str]:
    """The address of a notebook with every widget, in a JupyterLab of its own."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), tmp_path / "all.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = ["--no-browser", "--allow-root", "--IdentityProvider.token="]
    place = [f"--port={port}", f"--notebook-dir={tmp_path}"]
    settings = {"JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings")}
    log = tmp_path / "log"
    with log.open("w") as output:
        command = [sys.executable, "-m", "jupyter", "lab", *own, *place]
        server = subprocess.Popen(command, env=os.environ | settings, stdout=output, stderr=output)
    while f"localhost:{port}/lab" not in log.read_text():
        assert server.poll() is None, log.read_text()
        time.sleep(0.2)
    yield f"http://localhost:{port}/lab/tree/all.ipynb?reset"
    server.terminate()
    server.wait(timeout=120)


def test_every_widget_runs_in_jupyterlab(notebook: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 16000})  # JupyterLab shows only the cells in view
    page.set_default_timeout(PATIENCE)
    page.goto(notebook)
    expect(page.get_by_text("| Idle")).to_be_visible()  # keys pressed before the kernel is there are lost
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect(page.get_by_text("causal is False")).to_be_visible()
    expect(page.locator(".llm-widget")).to_have_count(len(WIDGETS) + 1)
    expect(page.locator(".jp-RenderedText[data-mime-type$=stderr]")).to_have_count(0)
    explorer = page.get_by_role("group", name="Attention explorer").last
    explorer.get_by_label("Causal mask").check()
    page.locator(".jp-CodeCell .cm-content").last.click()
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_text("causal is True")).to_be_visible()
    explorer.get_by_label("Vectors", exact=True).select_option(label="A sentence of yours")
    expect(explorer.get_by_role("group", name="Heads")).to_be_visible()
    page.close()
