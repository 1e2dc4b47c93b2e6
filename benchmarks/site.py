"""Measures pages of the built book with Lighthouse, as a phone on a slow network would load them.

    make bench-site

Prints the median of several runs for each page, and fails when a page is below the book's bars.
"""

import argparse
import json
import os
import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _ext.serve import served
from tests.conftest import find_chromium

ROOT = Path(__file__).parents[1]
LIGHTHOUSE = ROOT / "benchmarks" / "node_modules" / ".bin" / "lighthouse"
CHROMIUM_FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run"

PAGES = (
    "index.html",
    "chapters/05_attention/chapter.html",
    "chapters/05_attention/exercises.html",
    "chapters/guides/install.html",
    "chapters/references.html",
)
BARS = {"performance": 97, "accessibility": 100, "best-practices": 100}  # out of 100
FIRST_LOAD = 163  # KB compressed, before a reader acts


def measure(url: str) -> dict[str, Any]:
    """Lighthouse's report of one run."""
    command = [str(LIGHTHOUSE), url, "--quiet", "--output=json", f"--only-categories={','.join(BARS)}"]
    command.append(f"--chrome-flags={CHROMIUM_FLAGS}")
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("Chromium was not found: install it with `apt-get install chromium`.")
    environment = {**os.environ, "CHROME_PATH": chromium}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if result.returncode:
        raise SystemExit(f"Lighthouse failed on {url}: {result.stderr.strip().splitlines()[-1]}")
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def figures(report: dict[str, Any]) -> dict[str, float]:
    """Scores out of 100, and what they are made of."""
    audits = report["audits"]
    scores = {name: 100 * report["categories"][name]["score"] for name in BARS}
    return scores | {
        "largest paint, s": audits["largest-contentful-paint"]["numericValue"] / 1000,
        "layout shift": audits["cumulative-layout-shift"]["numericValue"],
        "blocked, ms": audits["total-blocking-time"]["numericValue"],
        "first load, KB": audits["total-byte-weight"]["numericValue"] / 1000,
    }


def faults(report: dict[str, Any]) -> list[str]:
    """Titles of the audits that cost accessibility or best practices points."""
    names = [audit["id"] for bar in list(BARS)[1:] for audit in report["categories"][bar]["auditRefs"]]
    return [report["audits"][name]["title"] for name in names if report["audits"][name]["score"] not in (None, 1)]


def median(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def is_below(values: dict[str, float]) -> bool:
    return any(values[name] < bar for name, bar in BARS.items()) or values["first load, KB"] > FIRST_LOAD


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure pages, and fail where one is below the bars."""
    parser = argparse.ArgumentParser(description="Measure pages of the built book with Lighthouse.")
    parser.add_argument("--runs", type=int, default=3, help="runs for each page")
    parser.add_argument("pages", nargs="*", default=PAGES, help="pages by their names in the built book")
    options = parser.parse_args(arguments)
    folder = ROOT / "_build" / "html"
    if missing := [page for page in options.pages if not (folder / page).is_file()]:
        raise SystemExit(f"There is no {missing[0]} in the built book: run `make site`, or correct the name.")
    if not LIGHTHOUSE.exists():
        raise SystemExit("Lighthouse is not installed: run `make bench-site`, which installs it.")
    below = []
    with served(folder) as address:
        for page in options.pages:
            reports = [measure(address + page) for _ in range(options.runs)]
            values = median([figures(report) for report in reports])
            print(f"{page} (Lighthouse {reports[0]['lighthouseVersion']}, mobile, median of {options.runs})")
            for name, value in values.items():
                print(f"  {name:18} {value:8.3f}".rstrip("0").rstrip("."))
            for fault in faults(reports[0]):
                print(f"  fault: {fault}")
            if is_below(values):
                below.append(page)
    if below:
        raise SystemExit(f"Below the bars {BARS} or above {FIRST_LOAD} KB: {', '.join(below)}")


if __name__ == "__main__":
    main()
