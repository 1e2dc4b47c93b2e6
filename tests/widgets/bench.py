"""How fast the course model writes in Chromium, and how soon widgets answer: make bench-widgets."""

import shutil
import statistics
import tempfile
from pathlib import Path

from conftest import BUILT, CHROMIUM_FLAGS, WIDGETS, page_html
from playwright.sync_api import Page, sync_playwright

RUNS = 7
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
        browser.close()


if __name__ == "__main__":
    main()
