"""How fast the course model writes in Chromium, beside onnxruntime-web, and how soon widgets answer.

make bench-widgets
"""

import shutil
import statistics
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from _ext.serve import address, make_server
from benchmarks import onnx_model
from llm_course import models
from llm_course.widgets.base import BUILT
from tests.conftest import CHROMIUM_FLAGS
from tests.widgets.conftest import WIDGETS, page_html

HERE = Path(__file__).parent
ONNX_RUNTIME = HERE / "node_modules" / "onnxruntime-web" / "dist"
REFERENCE = "onnxruntime-web (one thread)"
RUNS = 7
TOKENS = 200
# From an input event until the browser has drawn its effect: the second frame begins after the first was painted.
TIME_INPUT = """
([label, values]) => {
  const field = document.querySelector(`[aria-label="${label}"]`) ??
    [...document.querySelectorAll("label")].find((node) => node.textContent.includes(label)).querySelector("input");
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


def tokens_a_second(page: Page) -> float:
    """The median rate of several runs, as the playground itself measures it, drawing and sampling included."""
    page.wait_for_selector("button:enabled:has-text('Write')")
    rates = []
    for _ in range(RUNS):
        page.get_by_role("button", name="Start again").click()
        page.get_by_role("button", name="Write").click()
        page.wait_for_function("document.querySelector('[role=status]').textContent.includes('a second')")
        rates.append(float(page.get_by_role("status").inner_text().split("tokens, ")[1].split()[0]))
    return statistics.median(rates)


def report_input(page: Page, what: str, label: str, values: list[str]) -> None:
    """Print the median time of an input event's work, and until its effect is on the screen."""
    times = page.evaluate(TIME_INPUT, [label, values])
    computed, drawn = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"{what:52} {computed:6.1f} ms computed, {drawn:6.1f} ms with two frames of the browser")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of the folder, served over http."""
    server = make_server(folder, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield address(server)
    server.shutdown()


def compare_with_onnx_runtime(browser: Browser, folder: Path) -> None:
    """Print the median rate of each runtime and its ratio to onnxruntime-web's; all have to write the same tokens."""
    folder.mkdir()
    model, _ = models.load("stories")
    onnx_model.write(model, folder / "stories.onnx")
    shutil.copy(models.path("stories") / "browser.bin", folder)
    shutil.copytree(HERE.parent / "llm_course" / "widgets" / "js", folder / "js")
    (folder / "built").mkdir()
    shutil.copy(BUILT / "kernel_code.js", folder / "built")
    shutil.copytree(ONNX_RUNTIME, folder / "ort", ignore=shutil.ignore_patterns("*.map", "*webgpu*", "*webgl*"))
    shutil.copy(HERE / "onnx_comparison.js", folder)
    (folder / "index.html").write_text('<script type="module" src="onnx_comparison.js"></script>', encoding="utf-8")
    with served(folder) as base:
        page = browser.new_page()
        page.goto(base)
        page.wait_for_function("window.compare")
        result = page.evaluate("([runs, count]) => compare(runs, count)", [RUNS, TOKENS])
    if not result["same"]:
        raise SystemExit("The runtimes wrote different tokens: the comparison means nothing.")
    rates = {runtime: statistics.median(of_runs) for runtime, of_runs in result["rates"].items()}
    for runtime, rate in rates.items():
        print(f"{'the decoder alone, by ' + runtime:52} {rate:6.0f} tokens/s, ratio {rate / rates[REFERENCE]:.2f}")


def main() -> None:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        shutil.copytree(BUILT / "site", folder, dirs_exist_ok=True)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)

        def opened(widget: str) -> Page:
            file = folder / f"{widget}.html"
            file.write_text(page_html(WIDGETS[widget]()), encoding="utf-8")
            page = browser.new_page()
            page.goto(file.as_uri())
            page.wait_for_selector(".llm-widget")
            return page

        playground = opened("sampling_playground")
        print(f"{'the course model in the page':52} {tokens_a_second(playground):6.0f} tokens/s")
        report_input(playground, "sampling playground, top-p", "Top-p", ["0.9", "0.8", "0.7", "0.6", "0.5"])
        explorer = opened("attention_explorer")
        report_input(explorer, "attention explorer, a key", "key of cat, number 1", ["1", "2", "3", "4", "5"])
        explorer.get_by_label("Vectors", exact=True).select_option("2")
        explorer.wait_for_selector("[aria-label=Layer]")
        sentence = "There was a girl called Anna. Anna had a red"
        sentences = [sentence[: len(sentence) - cut] for cut in (5, 4, 3, 2, 1)]
        report_input(explorer, "attention explorer, a letter of a sentence", "Your sentence", sentences)
        compare_with_onnx_runtime(browser, folder / "onnx")
        browser.close()


if __name__ == "__main__":
    main()
