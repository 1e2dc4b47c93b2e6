"""A widget in JupyterLab: it runs, the kernel sends the course model, and both sides see a change."""

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

pytestmark = pytest.mark.browser
CELLS = [
    "from llm_course.widgets import AttentionExplorer\n"
    "explorer = AttentionExplorer([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]], tokens=['one', 'two'])\n"
    "explorer",
    "print('causal is', explorer.causal)",
]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """The address of a notebook in a JupyterLab of its own."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS], metadata=kernel)
    nbformat.write(notebook, tmp_path / "widgets.ipynb")
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
    yield f"http://localhost:{port}/lab/tree/widgets.ipynb"
    server.terminate()
    server.wait(timeout=30)


def test_attention_explorer_in_jupyterlab(lab: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 1400})
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    page.goto(lab)
    expect(page.get_by_text("| Idle")).to_be_visible()  # keys pressed before the kernel is there are lost
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_role("group", name="Attention explorer")).to_be_visible()
    page.get_by_label("Causal mask").check()
    page.locator(".jp-CodeCell .cm-content").last.click()
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_text("causal is True")).to_be_visible()
    page.get_by_label("Vectors", exact=True).select_option(label="A sentence in the course model")
    expect(page.get_by_label("Layer", exact=True)).to_be_visible()
    page.close()
