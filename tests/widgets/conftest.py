"""Pages with widgets, as the book builds them, and a Chromium to open them in."""

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest
from ipywidgets.embed import dependency_state
from playwright.sync_api import Browser, Page, expect

from _ext import serve, widget_files
from _ext.assets import ESBUILD
from llm_course import widgets
from llm_course.widgets.ui.base import BUILT, CourseWidget
from tests.conftest import CHROMIUM_FLAGS as CHROMIUM_FLAGS
from tests.conftest import PATIENCE

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FONT = ROOT / "node_modules/@fontsource/source-sans-3/files/source-sans-3-latin-400-normal.woff2"
FOR_NODE = [ESBUILD, "--bundle", "--platform=node", "--format=esm", "--log-level=warning"]
"""Makes one JavaScript module of TypeScript."""
DRAWN = """async () => {
    await document.fonts.ready;
    for (const _ of "12") await new Promise(requestAnimationFrame);
}"""
"""Waits for letters, and for what is laid out again when a column's width changes: it is there from the next frame."""
STATE_TYPE = "application/vnd.jupyter.widget-state+json"


def tiny_series() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Curves of `poems` that rise steadily with size and training, and of `songs` that jump: three seeds and steps."""

    def summary(right: float) -> dict[str, list[float]]:
        exact = round(100 * right**10)
        before_error = [100 - exact, *[0] * 9, exact]
        return {"tokens_right": [right] * 10, "log_probability": [right - 1] * 10, "right_before_error": before_error}

    def run(width: int, seed: int, kind: str, rights: tuple[float, ...]) -> dict[str, Any]:
        shape = {"width": width, "layers": 2, "seed": seed, "parameters": 100 * width}
        return {**shape, "steps": [25, 50, 75, 100][: len(rights)], kind: list(map(summary, rights))}

    poems = [run(width, 0, "poems", (0.1, 0.3, 0.5, right)) for width, right in ((32, 0.98), (8, 0.4), (16, 0.7))]
    songs = [run(width, seed, "lines", (0.05, 0.06, 0.9, 0.97)) for width in (32, 16) for seed in (0, 1)]
    return poems, songs


def recall_of_needles() -> CourseWidget:
    """Texts of three lengths with the frequencies of training: the first length is found, the others are not."""
    frequencies = [10000.0 ** (-pair / 16) for pair in range(16)]
    recall = [[1.0, 0.5, 0.0]] * 3
    return widgets.NeedleExplorer({"trained": frequencies}, {"trained": recall}, (60, 120, 256), (0.0, 0.5, 1.0), 20)


EXAMPLES: dict[type[CourseWidget], Callable[[], CourseWidget]] = {
    widgets.DecoderMap: lambda: widgets.DecoderMap("Once upon a time there was a", part="attention-1"),
    widgets.LoRALab: lambda: widgets.LoRALab(ability={0: 6.1, 1: 5.5, 4: 3.4, 16: 1.0, 128: 0.4}),
    widgets.MetricSwitch: lambda: widgets.MetricSwitch(*tiny_series()),
    widgets.NeedleExplorer: recall_of_needles,
    widgets.ObjectiveLab: lambda: widgets.ObjectiveLab(["the", "capital", "of", "France", "is", "Paris"], hidden=[3]),
    widgets.PatternLab: lambda: widgets.PatternLab(
        ["The", "house", "is", "old", "."], ["Das", "Haus", "ist", "alt", "."]
    ),
    widgets.ReliabilityDial: lambda: widgets.ReliabilityDial([0.1, 0.3, 0.55, 0.8, 0.9, 0.95], [0, 1, 0, 1, 1, 1]),
}
"""What is shown of widgets that need something to show; the others are shown as they are."""
CLASSES = [one for one in vars(widgets).values() if isinstance(one, type) and issubclass(one, CourseWidget)]
WIDGETS = {one.module: EXAMPLES.get(one, one) for one in CLASSES}


def run_node(script: str, values: object = None) -> Any:
    """The JSON that `script`, an ES module, writes, given `values` as the JavaScript constant `input`."""
    source = (
        'import { readFileSync } from "node:fs";\n'
        f"const input = {json.dumps(values)};\n"
        "const plain = (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);\n"
        "const reply = (value) => process.stdout.write(JSON.stringify(value, plain));\n" + script
    )
    for command in (FOR_NODE, ["node", "--input-type=module"]):
        run = subprocess.run(command, input=source, cwd=ROOT, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        source = run.stdout
    return json.loads(source)


def in_page(module: str, expression: str, values: object = None) -> Any:
    """What a JavaScript expression gives that has a widget's module as `page`, and `values` as `input`."""
    return run_node(f'import * as page from "./llm_course/widgets/{module}.ts"; reply({expression});', values)


def book_face() -> str:
    """The typeface of the book, in which a widget has its size, as a rule of CSS."""
    data = base64.b64encode(FONT.read_bytes()).decode()
    face = f'@font-face {{ font-family: Book; src: url("data:font/woff2;base64,{data}") }}'
    return face + " html { --pst-font-family-base: Book, sans-serif }"


def page_html(*shown: CourseWidget, theme: str = "light") -> str:
    """A page with the widgets' outputs and state, as myst-nb writes them."""
    outputs = []
    for widget in shown:
        data, _ = widget._repr_mimebundle_()
        outputs.append(f'<div class="output">{data["text/html"]}</div>')
    state = {"version_major": 2, "version_minor": 0, "state": dependency_state(list(shown), drop_defaults=False)}
    body = json.dumps(state).replace("<", "\\u003c")
    return (
        f'<!doctype html><html lang="en" data-theme="{theme}"><head><meta charset="utf-8"><title>Widgets</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f'<style>html[data-theme="dark"] body {{ background: #121212; color: #eee }} {book_face()}</style></head>'
        f"<body><main><h1>Widgets</h1>{''.join(outputs)}"
        f'</main><script type="{STATE_TYPE}">{body}</script>'
        '<script defer src="_static/widgets/host.js"></script></body></html>'
    )


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the host's files, and a page for every widget in light and dark."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(BUILT / "site", folder, dirs_exist_ok=True)
    for name, make in WIDGETS.items():
        for theme in ("light", "dark"):
            (folder / f"{name}-{theme}.html").write_text(page_html(make(), theme=theme), encoding="utf-8")
    far = page_html(widgets.NormLab()).replace("</h1>", '</h1><div style="height: 5000px"></div>')
    (folder / "beside.html").write_text(with_files_beside(far, folder, "pages/beside"), encoding="utf-8")
    return folder


def with_files_beside(html: str, site: Path, name: str) -> str:
    """A page whose widgets have their code and their state in files, as in the book."""
    state = re.search(rf'<script type="{re.escape(STATE_TYPE)}">(.*?)</script>', html)
    assert state is not None
    models = json.loads(state[1])["state"]
    folder = site / "_static" / "widgets"
    texts = dict(text for model in models.values() for text in widget_files.texts_of(model["state"]))
    versions = {each: widget_files.write(folder, each, value) for each, value in {**texts, name: models}.items()}
    for_host = f'data-state="{name}" data-versions="{escape(json.dumps(versions))}"'
    return html.replace(state[0], "").replace("<script defer", f"<script {for_host} defer")


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The site served over http."""
    with serve.served(site) as address:
        yield address.removesuffix("/")


class Watched:
    """A page that keeps what went wrong on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("console", lambda message: self.faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("requestfailed", lambda request: self.faults.append(f"failed: {request.url}"))


NEVER_AT_REST = """const wait = setTimeout;
globalThis.setTimeout = (work, ms) => ms < 4000 && wait(work, ms);
delete Navigator.prototype.userActivation;"""
"""A busy machine may take longer than a reader looks at a page before its model is loaded; and Playwright's own
questions count as a reader's presses."""


def opened(watched: Watched, address: str, name: str, theme: str = "light") -> Page:
    """The page of a widget, once it is there, drawn for its column and in the book's typeface."""
    watched.page.goto(f"{address}/{name}-{theme}.html")
    expect(watched.page.locator(".llm-widget")).to_be_visible()
    watched.page.evaluate(DRAWN)
    return watched.page


def shown(watched: Watched, site: Path, widget: CourseWidget, width: int, tokens: int = 8) -> Page:
    """A page of its own for a decoder map, once it has read its text."""
    (site / "map.html").write_text(page_html(widget), encoding="utf-8")
    watched.page.set_viewport_size({"width": width, "height": 800})
    watched.page.goto((site / "map.html").as_uri())
    expect(watched.page.locator(".llm-chips button")).to_have_count(tokens)
    return watched.page


def typed(page: Page, label: str, text: str) -> None:
    """Type into the field beside a slider."""
    field = page.get_by_label(f"{label}, as a number")
    field.fill(text)
    field.press("Enter")


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """A fresh page at 1000 pixels; afterwards nothing may have gone wrong on it."""
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    context.set_default_timeout(PATIENCE)
    kept = Watched(context.new_page())
    yield kept
    context.close()
    assert kept.faults == []


@pytest.fixture(scope="session")
def tab_of_all(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield Watched(context.new_page())
    context.close()


@pytest.fixture
def tab(tab_of_all: Watched) -> Iterator[Watched]:
    """As `watched`, but in the one tab of all widgets, which is quicker: for what sets up nothing of its own."""
    # What the page before still loaded is called off when it is left: no fault of this one.
    tab_of_all.page.goto("about:blank")
    tab_of_all.faults.clear()
    tab_of_all.page.set_viewport_size({"width": 1000, "height": 900})
    yield tab_of_all
    assert tab_of_all.faults == []
    tab_of_all.page.evaluate("localStorage.clear(), sessionStorage.clear()")
