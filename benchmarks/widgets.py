"""How fast the course model writes in Chromium, beside onnxruntime-web, and how soon widgets answer.

make bench-widgets
"""

import argparse
import importlib
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from _ext.assets import ESBUILD
from _ext.serve import address, make_server
from llm_course import models
from llm_course.widgets.ui.base import BUILT
from tests.conftest import CHROMIUM_FLAGS, find_chromium
from tests.widgets.conftest import WIDGETS, page_html

HERE = Path(__file__).parent
ONNX_RUNTIME = HERE / "node_modules" / "onnxruntime-web" / "dist"
REFERENCE = "onnxruntime-web (one thread)"
RATE = re.compile(r"tokens, (\d+) a second")
PATIENCE = 60_000
"""Milliseconds that a page may take to show what is pressed or read here."""
TOKENS = 200
# From an input event until the browser has drawn its effect: the second frame begins after the first was painted.
TIME_INPUT = """
(field, values) => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const time = async (value) => {
    await frame();
    const start = performance.now();
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    const computed = performance.now() - start;
    await frame();
    await frame();
    return [computed, performance.now() - start];
  };
  return values.reduce(async (times, value) => [...(await times), await time(value)], Promise.resolve([]));
}
"""


def tokens_a_second(page: Page, runs: int) -> float:
    """The median rate of several runs, as the playground itself measures it, drawing and sampling included."""
    rates = []
    for _ in range(runs):
        page.get_by_role("button", name="Back to the prompt", exact=True).click()
        page.get_by_role("button", name="Write", exact=True).click()
        said = page.get_by_role("status").filter(has_text=RATE)
        said.wait_for()
        rates.append(float(RATE.findall(said.inner_text())[0]))
    return statistics.median(rates)


def report_input(page: Page, what: str, label: str, values: list[str]) -> None:
    """Print the median time of an input event's work, and until its effect is on the screen."""
    times = page.get_by_label(label).evaluate(TIME_INPUT, values)
    computed, drawn = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"{what:52} {computed:6.1f} ms computed, {drawn:6.1f} ms with two frames of the browser")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of the folder, served over http."""
    server = make_server(folder, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield address(server)
    server.shutdown()


def compare_with_onnx_runtime(browser: Browser, folder: Path, runs: int) -> None:
    """Print the median rate of each runtime and its ratio to onnxruntime-web's; all have to write the same tokens."""
    if not ONNX_RUNTIME.is_dir():
        raise SystemExit("onnxruntime-web is not installed: run `make bench-widgets`, which installs it.")
    try:
        onnx_model = importlib.import_module("benchmarks.onnx_model")
        importlib.import_module("onnxscript")
    except ImportError as error:
        raise SystemExit(f"{error.name} is not installed: run `make bench-widgets`, which installs it.") from error
    folder.mkdir()
    model, _ = models.load("stories")
    onnx_model.write(model, folder / "stories.onnx")
    shutil.copy(models.path("stories") / "browser.bin", folder)
    module = HERE.parent / "llm_course/widgets/models/course_model.ts"
    subprocess.run([ESBUILD, "--bundle", "--format=esm", f"--outdir={folder}", module], check=True)
    shutil.copytree(ONNX_RUNTIME, folder / "ort", ignore=shutil.ignore_patterns("*.map", "*webgpu*", "*webgl*"))
    shutil.copy(HERE / "onnx_comparison.js", folder)
    (folder / "index.html").write_text('<script type="module" src="onnx_comparison.js"></script>', encoding="utf-8")
    with served(folder) as base:
        page = browser.new_page()
        page.goto(base)
        page.wait_for_function("window.compare")
        result = page.evaluate("([runs, count]) => compare(runs, count)", [runs, TOKENS])
    if not result["same"]:
        raise SystemExit("The runtimes wrote different tokens: the comparison means nothing.")
    rates = {runtime: statistics.median(of_runs) for runtime, of_runs in result["rates"].items()}
    for runtime, rate in rates.items():
        print(f"{'the decoder alone, by ' + runtime:52} {rate:6.0f} tokens/s, ratio {rate / rates[REFERENCE]:.2f}")


def measure(runs: int, onnx: bool) -> None:
    """Print all figures, those of the comparison with onnxruntime-web where it is asked for."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        shutil.copytree(BUILT / "site", folder, dirs_exist_ok=True)
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        playground = opened(browser, folder, "sampling_playground")
        print(f"{'the course model in the page':52} {tokens_a_second(playground, runs):6.0f} tokens/s")
        report_input(playground, "sampling playground, top-p", "Top-p", ["0.9", "0.8", "0.7", "0.6", "0.5"])
        explorer = opened(browser, folder, "attention_explorer")
        report_input(explorer, "attention explorer, a key", "key of cat, number 1", ["1", "2", "3", "4", "5"])
        explorer.get_by_label("Vectors", exact=True).select_option(label="A sentence of yours")
        explorer.get_by_role("group", name="Heads").wait_for()
        sentence = "There was a girl called Anna. Anna had a red"
        sentences = [sentence[: len(sentence) - cut] for cut in (5, 4, 3, 2, 1)]
        report_input(explorer, "attention explorer, a letter of a sentence", "Your sentence", sentences)
        if onnx:
            compare_with_onnx_runtime(browser, folder / "onnx", runs)
        browser.close()


def opened(browser: Browser, folder: Path, widget: str) -> Page:
    """A page with the widget alone."""
    file = folder / f"{widget}.html"
    file.write_text(page_html(WIDGETS[widget]()), encoding="utf-8")
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(file.as_uri())
    page.wait_for_selector(".llm-widget")
    return page


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the options ask for and print it."""
    parser = argparse.ArgumentParser("python -m benchmarks.widgets", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=7, help="of which the median counts (default: 7)")
    parser.add_argument("--no-onnx", action="store_true", help="leave out the comparison with onnxruntime-web")
    options = parser.parse_args(arguments)
    try:
        measure(options.runs, not options.no_onnx)
    except PlaywrightTimeout as error:
        looked_for = str(error).strip().splitlines()[-1].strip(" -")
        raise SystemExit(
            f"A widget has not what this benchmark presses or reads ({looked_for}): correct it."
        ) from error


if __name__ == "__main__":
    main()
