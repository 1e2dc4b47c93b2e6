"""Widgets in JupyterLab: all run, the kernel sends the course model, and both sides see a change."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import PATIENCE
from tests.widgets.conftest import WIDGETS

ALL = ["from tests.widgets.conftest import WIDGETS", *(f"WIDGETS[{name!r}]()" for name in WIDGETS), "print('the end')"]
# Alone: to a widget that takes more than two seconds to start, as one of thirty may, anywidget brings no message.
EXPLORER = [
    "from llm_course.widgets import AttentionExplorer\n"
    "rows = [[1.0, 0.0], [0.0, 1.0]]\n"
    "explorer = AttentionExplorer(rows, rows, rows, tokens=['one', 'two'])\n"
    "explorer",
    "print('causal is', explorer.causal)",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab with a notebook of every widget and one of the explorer."""
    folder = tmp_path_factory.mktemp("lab")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    for name, sources in (("all", ALL), ("explorer", EXPLORER)):
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / f"{name}.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    flags = ["--no-browser", "--allow-root", "--IdentityProvider.token=", f"--port={port}", f"--notebook-dir={folder}"]
    settings = {"JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings")}
    log = folder / "log"
    command = [sys.executable, "-m", "jupyter", "lab", *flags]
    with log.open("w") as output:
        server = subprocess.Popen(command, env=os.environ | settings, stdout=output, stderr=output)
    while f"localhost:{port}/lab" not in log.read_text():
        assert server.poll() is None, log.read_text()
        time.sleep(0.2)
    yield f"http://localhost:{port}/lab/tree"
    server.terminate()
    server.wait(timeout=120)


def test_every_widget_runs_in_jupyterlab(lab: str, browser: Browser) -> None:
    page = _run_all(browser, f"{lab}/all.ipynb?reset")
    expect(page.get_by_text("the end", exact=True)).to_be_visible()
    expect(page.locator(".llm-widget")).to_have_count(len(WIDGETS))
    expect(page.locator(".jp-RenderedText[data-mime-type$=stderr]")).to_have_count(0)
    page.close()


def test_kernel_and_page_hear_each_other(lab: str, browser: Browser) -> None:
    page = _run_all(browser, f"{lab}/explorer.ipynb?reset")
    expect(page.get_by_text("causal is False")).to_be_visible()
    explorer = page.get_by_role("group", name="Attention explorer")
    explorer.get_by_label("Causal mask").check()
    page.locator(".jp-CodeCell .cm-content").last.click()
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_text("causal is True")).to_be_visible()
    explorer.get_by_label("Vectors", exact=True).select_option(label="A sentence of yours")
    expect(explorer.get_by_role("group", name="Heads")).to_be_visible()
    page.close()


def _run_all(browser: Browser, address: str) -> Page:
    page = browser.new_page(viewport={"width": 1300, "height": 16000})  # JupyterLab shows only the cells in view
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    expect(page.get_by_text("| Idle")).to_be_visible()  # keys pressed before the kernel is there are lost
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    return page
