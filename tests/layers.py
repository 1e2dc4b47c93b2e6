"""The layers of the test suite: what each proves, and the seconds it takes. `make test` prints them.

The CPU seconds are those of a test's process and of all that it started; a busy machine changes them less than it
changes the time by the clock.
"""

import os
import time
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

from autograder.sandbox.linux import processor_seconds
from tests import soak

TESTS = Path(__file__).parent
LAYERS = {
    "spec": ("autograder/exercises", "solutions"),
    "travel": ("grading/test_travel.py",),
    "grading": ("grading",),
    "sandbox": ("autograder/sandbox",),
    "pages": ("chapters", "site"),
    "widgets": ("widgets",),
    "training": ("llm_course/training",),
    "units": ("",),
}
"""Layer -> files and folders below tests/; the first that fits counts."""
MOST, NOTABLE = 12, 5.0
"""Of files that are listed: how many, and from how many CPU seconds on."""


def layer_of(file: str) -> str:
    """The layer of a test file, given below tests/."""
    return next(
        layer
        for layer, places in LAYERS.items()
        if any(not place or file == place or file.startswith(f"{place}/") for place in places)
    )


class LayerTimes:
    """Collects what each layer takes, and prints it at the end."""

    def __init__(self) -> None:
        self._tests: Counter[str] = Counter()
        self._clock: Counter[str] = Counter()
        self._processor: Counter[str] = Counter()
        self._files: Counter[str] = Counter()
        self._parts: set[str] = set()
        self._used = 0.0
        self._began = time.monotonic()

    def pytest_collection_finish(self) -> None:
        """Note what was used before the first test."""
        self._used = processor_seconds(os.getpid())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Give a test's last report the processor seconds since that of the test before.

        To ask after each phase took a minute of the whole run: a browser has a hundred threads to go through.
        """
        report = yield
        mark, seconds = item.get_closest_marker("soak"), 0.0
        part = mark.args[0] if mark and mark.args[0] in soak.due() else None  # or it is looked at today
        if call.when == "teardown":
            now = processor_seconds(os.getpid())
            # What a browser used counts while it lives, and is gone from the sum when it ends: that takes nothing back.
            seconds, self._used = max(0.0, now - self._used), now
        report.user_properties = [("processor seconds", seconds), ("part", part)]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up what the processes report."""
        file = report.nodeid.split("::")[0].removeprefix("tests/")
        noted = dict(report.user_properties)
        layer, seconds = layer_of(file), noted.get("processor seconds", 0)
        self._parts |= {noted.get("part")} - {None}
        self._tests[layer] += report.when == "call"
        self._clock[layer] += report.duration
        self._processor[layer] += seconds
        self._files[file] += seconds

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The table of the layers."""
        terminalreporter.section("layers")
        terminalreporter.line(f"{'layer':10}{'tests':>7}{'seconds':>10}{'CPU seconds':>13}")
        for layer in filter(self._tests.get, LAYERS):
            numbers = f"{self._tests[layer]:7}{self._clock[layer]:10.0f}{self._processor[layer]:13.0f}"
            terminalreporter.line(f"{layer:10}{numbers}")
        for file, seconds in self._files.most_common(MOST):
            if seconds >= NOTABLE:
                terminalreporter.line(f"{file:60}{seconds:9.0f}")
        processors = os.cpu_count() or 1
        work = self._files.total() / processors / 60
        clock = (time.monotonic() - self._began) / 60
        terminalreporter.line(
            f"{work:.1f} minutes of work for each of {processors} processors, {clock:.1f} by the clock"
        )
        if self._parts:
            terminalreporter.line(f"With what was due of the soak: {', '.join(sorted(self._parts))}.")
