"""How soon an exercise in the page answers: from the press of its button to the first verdict, and each later check.

make bench-solve
"""

import argparse
import gzip
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from _ext.serve import served
from tests.conftest import CHROMIUM_FLAGS, find_chromium

SITE = Path(__file__).parents[1] / "_build" / "html"
PAGE = "chapters/02_tokenization/exercises.html"
EXERCISE = "merge_pair"
FIRST, LATER = 4.0, 0.1  # seconds that a check may take
LATER_CHECKS = 10
PATIENCE = 120_000
# Until the verdict is there: a check is quicker than Playwright looks. A sentence about Python itself is none.
TIME_CHECK = """async (button) => {
  const verdict = document.querySelector(".solve-verdict");
  verdict.replaceChildren();
  const told = new Promise((resolve) => new MutationObserver(resolve).observe(verdict, { childList: true }));
  const start = performance.now();
  button.click();
  await told;
  if (verdict.textContent.includes("Python")) throw new Error(verdict.textContent);
  return (performance.now() - start) / 1000;
}"""


def time_checks(browser: Browser, base: str) -> tuple[float, float]:
    """Seconds from the press to the first verdict, in a browser that has loaded nothing, and of a later check."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(base + PAGE, wait_until="networkidle")
    start = time.perf_counter()
    page.get_by_role("button", name=f"Solve it here: {EXERCISE}").click()
    check = page.get_by_role("button", name="Check", exact=True)
    check.evaluate(TIME_CHECK)
    first = time.perf_counter() - start
    later = statistics.median(check.evaluate(TIME_CHECK) for _ in range(LATER_CHECKS))
    context.close()
    return first, later


def added_kilobytes() -> float:
    """What a page with exercises loads more, compressed, before a button is pressed. One without loads the style."""
    static = Path(__file__).parents[1] / "_ext" / "static"
    return sum(len(gzip.compress((static / name).read_bytes())) for name in ("solve.js", "solve.css")) / 1000


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and fail where a bar is missed."""
    parser = argparse.ArgumentParser("python -m benchmarks.solve", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="of which the median counts (default: 5)")
    parser.add_argument("--no-bars", action="store_true", help="only print, as on a machine that others use")
    options = parser.parse_args(arguments)
    if not (SITE / PAGE).is_file():
        raise SystemExit("There is no built book: run `make site`.")
    with served(SITE) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        times = [time_checks(browser, address) for _ in range(options.runs)]
        browser.close()
    first, later = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"from the press to the first verdict: {first:.2f} s (bar {FIRST} s)")
    print(f"a later check: {1000 * later:.0f} ms (bar {1000 * LATER:.0f} ms)")
    print(f"a page with exercises before the press: {added_kilobytes():.1f} KB more, compressed")
    if not options.no_bars and (first > FIRST or later > LATER):
        raise SystemExit("An exercise in the page answers too late.")


if __name__ == "__main__":
    main()
