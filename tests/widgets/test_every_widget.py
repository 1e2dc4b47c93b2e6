"""Every widget in Chromium: it mounts, is accessible, fits a phone, and answers to the keyboard."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.site.checks import faults_of_access
from tests.widgets.conftest import WIDGETS, Watched, opened


@pytest.mark.parametrize("name", WIDGETS)
def test_runs_from_a_file_in_the_dark_and_fits_a_phone(tab: Watched, site: Path, name: str) -> None:
    tab.page.set_viewport_size({"width": 320, "height": 800})
    page = opened(tab, site.as_uri(), name, "dark")
    expect(page.locator(".llm-widget-picture")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert faults_of_access(page) == []


@pytest.mark.parametrize("name", WIDGETS)
def test_is_accessible_and_every_control_is_reached_with_the_tab_key(tab: Watched, address: str, name: str) -> None:
    page = opened(tab, address, name)
    assert faults_of_access(page) == []
    expect(page.locator("[aria-busy]")).to_have_count(0)  # a model brings controls of its own
    assert missed_by_tab(page) == []


def missed_by_tab(page: Page) -> list[str]:
    """Controls that the tab key does not reach: pressed once for each, and once more around where some are missed.

    Marks of a drawing are one stop: arrows move between them.
    """
    controls = page.locator(
        ".llm-widget :is(button:enabled, input, select, textarea, summary):not(.llm-targets [tabindex='-1']):visible"
    )
    expected = controls.count()
    assert expected > 0
    reached = page.evaluate_handle("""() => {
        const reached = new Set();
        document.addEventListener("focusin", ({ target }) => reached.add(target));
        return reached;
    }""")
    missed: list[str] = []
    for _ in range(2):
        for _ in range(expected + 5):
            page.keyboard.press("Tab")
        missed = controls.evaluate_all(
            "(nodes, reached) => nodes.filter((node) => !reached.has(node)).map((node) => node.outerHTML)", reached
        )
        if not missed:
            break
    return missed
