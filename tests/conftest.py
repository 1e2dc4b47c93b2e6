"""What tests of several folders share: the slow tests, the one Chromium of a session, what stays in one process."""

import shutil
from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from _ext.whole_book.pdf import CHROMIUM_FLAGS

PATIENCE = 120_000
"""Milliseconds that a page may take to show something: others may have the processors."""
FOR_PAGES = {"browser", "site"}
"""Fixtures of tests of the built pages."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-slow", action="store_true", help="run the tests marked slow, too: make test-long")
    parser.addoption("--keep-outputs", action="store_true", help="keep what the pages put out: make outputs")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, None, None]:
    """Leave out the slow tests; keep the tests of a file in one process, for they share expensive fixtures.

    Tests whose parameters share nothing, or share it with other files, say so by an `xdist_group` of their own. The
    chapters come first, for the site is built of their outputs; the small groups last, so that all processes end
    together.
    """
    items.sort(key=lambda item: (item.path.parent.name != "chapters", _has_own_group(item)))
    for item in items:
        if not FOR_PAGES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("browser")
        if not _has_own_group(item):
            item.add_marker(pytest.mark.xdist_group(f"{item.path.parent.name}/{item.path.name}"))
    yield
    if not config.getoption("--run-slow"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


def _has_own_group(item: pytest.Item) -> bool:
    return item.get_closest_marker("xdist_group") is not None


def find_chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = find_chromium()
    if chromium is None:
        pytest.fail(
            "Chromium was not found: install it with `apt-get install chromium`, "
            "or leave the browser tests out with `-m 'not browser'`.",
            pytrace=False,
        )
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield started
        started.close()
