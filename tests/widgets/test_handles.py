"""What can be dragged in a drawing: by mouse and by finger, with a slider that follows."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.conftest import PATIENCE
from tests.widgets.conftest import Watched, opened

HANDLES = [
    ("compute_optimal", "circle.llm-handle", (-60, 0), "Parameters", "1.0 times as large"),
    ("reliability_dial", ".llm-wide-grip", (80, 0), "Keep silent below", "Every question is answered"),
    ("reliability_dial", "circle.llm-handle", (80, 0), "Keep silent below", "Every question is answered"),
    ("position_dial", ".llm-dials figure:nth-child(2) .llm-wide-grip >> nth=1", (30, 30), "Query at", "Query at 60"),
]
"""Of each: where it is, how far it is dragged, the slider of the same number, and what is said until then."""


def center(part: Locator) -> tuple[float, float]:
    """The middle of a part, in the part of the page that is seen."""
    part.scroll_into_view_if_needed()
    box = part.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize(("name", "handle", "way", "label", "said"), HANDLES)
def test_a_handle_is_dragged_and_its_slider_follows(
    tab: Watched, address: str, name: str, handle: str, way: tuple[int, int], label: str, said: str
) -> None:
    page = opened(tab, address, name)
    part, slider = page.locator(handle).first, page.get_by_role("slider", name=label, exact=True)
    before = slider.get_attribute("aria-valuetext")
    expect(page.get_by_text(said)).to_be_visible()
    expect(part).to_have_css("cursor", "grab")
    x, y = center(part)
    page.mouse.move(x, y)
    page.mouse.down()
    for share in (0.3, 0.6, 1):  # the drawing is made anew with each
        page.mouse.move(x + share * way[0], y + share * way[1])
    held = slider.get_attribute("aria-valuetext")
    page.mouse.up()
    page.mouse.move(x, y)
    assert before != held == slider.get_attribute("aria-valuetext")
    expect(page.get_by_text(said)).to_have_count(0)


@pytest.fixture
def touched(browser: Browser) -> Iterator[Page]:
    """A page of a phone."""
    context = browser.new_context(viewport={"width": 390, "height": 500}, has_touch=True)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def swipe(page: Page, x: float, y: float, down: int) -> None:
    """Move a finger down, or up."""
    session = page.context.new_cdp_session(page)
    points = [{"x": x, "y": y + share * down / 10} for share in range(11)]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points[:1]})
    for point in points[1:]:
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_drags_a_handle_and_scrolls_the_page_beside_it(touched: Page, address: str) -> None:
    page = opened(Watched(touched), address, "position_dial")
    slider = page.get_by_role("slider", name="Key at", exact=True)
    hand = page.locator(".llm-dials figure").nth(1).locator(".llm-wide-grip").first
    x, y = center(hand)
    before, scrolled = slider.input_value(), page.evaluate("scrollY")
    swipe(page, x, y, -60)
    assert slider.input_value() != before
    assert page.evaluate("scrollY") == scrolled
    before, (x, y) = slider.input_value(), center(page.locator(".llm-stage .llm-note").first)
    scrolled = page.evaluate("scrollY")
    swipe(page, x, y, -100)
    page.wait_for_function("before => scrollY > before", arg=scrolled)
    assert slider.input_value() == before
