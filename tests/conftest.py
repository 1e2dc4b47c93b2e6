"""What tests of several folders share: the one Chromium of a session, and which tests stay together in one process."""

import datetime
import gc
import os
import shutil
from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests import soak
from tests.layers import LayerTimes

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 120_000
"""Milliseconds that a page may take to show something: others may have the processors."""


APART = {"test_banks.py", "test_every_page.py", "test_hostile_tiers.py", "test_notebooks.py", "test_room_tiers.py"}
"""Long files whose parameters share nothing: together they would keep one process busy when all others are done."""
BY_EXERCISE = {"test_each_draw.py", "test_travel.py", "test_trust.py", "test_verdicts.py", "test_watched.py"}
"""Files that ask each exercise: what an exercise's answer key takes is spent once, in one process for all of them."""

FOR_PAGES = {"browser", "site"}
"""Fixtures of tests of the built pages: the book is built for them, for minutes where its cells have yet to run."""
WITH_A_RUN = {"capstone/test_copies.py", "capstone/test_steps.py", "grading/test_capstone.py"}
"""Files that look at one and the same training run."""


def pytest_configure(config: pytest.Config) -> None:
    # Said once, before other processes begin: all of them draw the same, at midnight, too.
    os.environ.setdefault("LLM_COURSE_SEED", datetime.datetime.now(datetime.UTC).date().isoformat())
    config.pluginmanager.register(LayerTimes())


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Import without collecting garbage: all that is made stays, and to go through it took a third of the time.

    What there is afterwards lasts as long as the process, so that no later collection goes through it either.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, None, None]:
    """Keep the tests of a file in one process, for they share what is dear to make; and say what comes first and last.

    The chapters come first, all processes at them, for the site is built of their outputs: none is run for it once
    more. Last come the pieces, the shortest at the end: so all processes end together.
    """
    items.sort(
        key=lambda item: (item.path.parent.name != "chapters", item.path.name in APART, item.path.name in BY_EXERCISE)
    )
    for item in items:
        if not FOR_PAGES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("browser")
        item.add_marker(pytest.mark.xdist_group(group_of(item)))
    yield
    from tests.chapters import kept  # and torch: the process that hands out the tests to others need not wait for it

    # Only now it is known whether any of them is asked for at all: to see what has changed takes a second.
    soak.deselect(config, items)
    kept.deselect(config, items)


def group_of(item: pytest.Item) -> str:
    """What an item shares a process with: what is dear to make, or its file, or the same parameters in its file."""
    file, parameters = f"{item.path.parent.name}/{item.path.name}", getattr(item, "callspec", None)
    if file in WITH_A_RUN:
        return "a run of the capstone"
    if parameters and item.path.name in BY_EXERCISE:
        asked = parameters.params.get("exercise")
        if name := asked.name if asked else parameters.params.get("name"):
            return f"exercise {name}"
    return f"{file} {parameters.id}" if parameters and item.path.name in APART else file


def find_chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if os.environ.get("LLM_COURSE_SKIP_BROWSER") == "1":
        pytest.skip("LLM_COURSE_SKIP_BROWSER=1")
    chromium = find_chromium()
    if chromium is None:
        pytest.fail(
            "Chromium was not found: install it with `apt-get install chromium`, "
            "or leave the browser tests out with LLM_COURSE_SKIP_BROWSER=1.",
            pytrace=False,
        )
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield started
        started.close()
