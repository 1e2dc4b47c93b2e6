"""How fast the course model writes in Chromium, and how soon widgets answer.

make bench-widgets
"""

import argparse
import re
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from llm_course.widgets.ui.base import BUILT
from tests.conftest import CHROMIUM_FLAGS, find_chromium
from tests.widgets.conftest import WIDGETS, page_html

RATE = re.compile(r"tokens, (\d+) a second")
PATIENCE = 60_000
"""Milliseconds that a page may take to show what is pressed or read here."""
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


def measure(runs: int) -> None:
    """Print all figures, medians of as many runs."""
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
    options = parser.parse_args(arguments)
    measure(options.runs)


if __name__ == "__main__":
    main()
