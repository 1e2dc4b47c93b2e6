"""The sampling playground in Chromium: it writes, compares, cuts, and keeps its layout."""

import re

from playwright.sync_api import Page, expect

from tests.widgets.conftest import Watched, opened
from tests.widgets.stories_by_torch import streams, token_ids, written_greedily


def start_playground(watched: Watched, address: str) -> Page:
    page = opened(watched, address, "sampling_playground")
    expect(page.get_by_role("status")).to_contain_text("Wrote")  # it opens with a text
    return page


def written(page: Page) -> str:
    return page.locator(".llm-text mark").inner_text()


def write(page: Page) -> str:
    page.get_by_role("button", name="Back to the prompt").click()
    page.get_by_role("button", name="Write").click()
    expect(page.get_by_role("status")).to_contain_text("Wrote")
    return written(page)


def test_playground_repeats_a_text_with_its_seed(watched: Watched, address: str) -> None:
    page = start_playground(watched, address)
    first = write(page)
    assert len(first) > 40
    assert write(page) == first
    page.get_by_role("button", name="Write").click()
    expect(page.get_by_role("status")).to_contain_text("the same text, token for token")
    assert written(page) == first
    page.get_by_label("Seed").fill("2")
    page.get_by_role("button", name="Write").click()
    expect(page.get_by_role("status")).to_contain_text(re.compile("from the first token on|as before"))
    second, shared = written(page), page.locator(".llm-playground .llm-shared").inner_text()
    assert first.startswith(shared) and second.startswith(shared) and second != first
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("status")).to_have_text(re.compile("Wrote|has ended"))
    assert written(page).startswith(second)


def test_playground_stays_at_the_last_step_of_a_text_that_has_ended(watched: Watched, address: str) -> None:
    page = start_playground(watched, address)
    page.get_by_label("Temperature", exact=True).fill("0")
    for _ in range(4):
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("status")).to_have_text(re.compile("Wrote|has ended"))
    page.get_by_label("Top-k").fill("3")
    expect(page.get_by_role("status")).to_contain_text("The text has ended; at its last step, 1 of ")
    likeliest = page.locator(".llm-over-plain tbody button").first.inner_text()
    assert written(page).endswith(likeliest.replace("␣", " "))


def test_playground_is_greedy_at_temperature_zero(watched: Watched, address: str) -> None:
    page = start_playground(watched, address)
    page.get_by_label("Prompt").fill("Once upon a time")
    page.get_by_label("Temperature").fill("0")
    expect(page.get_by_role("status")).to_contain_text("1 of ")
    assert write(page).startswith(written_greedily("Once upon a time", 40)[:100])


def test_playground_names_what_each_filter_cuts(watched: Watched, address: str) -> None:
    page = start_playground(watched, address)
    page.get_by_label("Top-k").fill("3")
    expect(page.get_by_role("status")).to_contain_text("3 of ")
    assert page.get_by_text("%, cut by top-k").count() == 3  # of six rows
    expect(page.locator(".llm-ranked svg[role=img]")).to_contain_text("3 kept")
    expect(page.locator(".llm-ranked .llm-marker")).to_have_count(1)
    page.locator("td button, th button").first.press("Enter")
    assert written(page) != ""


def test_sampling_playground_keeps_its_bars_and_says_what_the_rest_holds(watched: Watched, address: str) -> None:
    page = start_playground(watched, address)
    page.get_by_role("button", name="Back to the prompt").click()
    page.get_by_label("Temperature", exact=True).fill("2")
    expect(page.get_by_role("status")).to_have_text("1,536 of 1,536 tokens are kept.")
    expect(page.get_by_text("After “␣called”: the 60 most probable of 1,536 tokens")).to_be_visible()
    logits = streams(token_ids("There was a girl called"))["logits"][-1].sort(descending=True).values
    now, before = (100 * (logits / temperature).softmax(0)[60:].sum().item() for temperature in (2, 1))
    said = page.locator(".llm-ranked svg text", has_text="the other 1,476").text_content()
    assert said == f"the other 1,476: {now:.1f}\u00a0% together (model's own: {before:.1f}\u00a0%)"
    page.get_by_label("Top-p", exact=True).fill("0.1")
    page.set_viewport_size({"width": 359, "height": 800})
    expect(page.get_by_role("cell", name="cut by top-p").last).to_be_visible()
    table = page.locator(".llm-scroller")
    assert table.evaluate("part => part.scrollWidth <= part.clientWidth")
