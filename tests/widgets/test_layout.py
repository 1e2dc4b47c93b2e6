"""How widgets look in the book's main column at 1280 pixels: a control and what it causes share a screen."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from llm_course import widgets
from tests.widgets.conftest import WIDGETS, Watched, opened

WIDGET_FOLDER = Path(widgets.__file__).parent
COLUMN: ViewportSize = {"width": 740 + 16, "height": 800}
"""The book's main column at 1280 pixels, in a page with margins of 8."""
ONE_SCREEN = 760
"""Of a window of 800: on machines with wider letters some are 40 taller than here, where none is above 720."""
SMALLEST_LETTER = 11

SMALL_LETTERS = """widget => [...widget.querySelectorAll("svg text, p, li, td, th, label, button, figcaption, summary")]
    .filter((node) => node.textContent.trim() && node.getClientRects().length)
    .map((node) => {
        const size = parseFloat(getComputedStyle(node).fontSize);
        return [node.textContent.slice(0, 30), node.getScreenCTM ? size * node.getScreenCTM().d : size];
    })"""
PHONE: ViewportSize = {"width": 390, "height": 800}
DATA_LINES = ".llm-line, .llm-marker, .llm-gap, .llm-limit"
COVERED_NAMES = """(widget, lines) => {
    const shown = (selector) => [...widget.querySelectorAll(`svg[role=img] :is(${selector})`)].filter(
        (node) => node.getClientRects().length && getComputedStyle(node).visibility === "visible",
    );
    const texts = shown("text").filter((node) => node.textContent.trim()).map((node) => {
        const { left, right, top, bottom } = node.getBoundingClientRect();
        const air = (bottom - top) / 4; // around the letters of a line
        return { text: node.textContent, svg: node.ownerSVGElement, left, right, top: top + air, bottom: bottom - air };
    });
    const pairs = texts.flatMap((one, i) => texts.slice(i + 1).map((other) => [one, other]));
    const covers = ([one, other]) =>
        one.left < other.right - 1 && other.left < one.right - 1 && one.top < other.bottom && other.top < one.bottom;
    const onTexts = pairs.filter(covers).map(([one, other]) => [one.text, "lies on", other.text]);
    const onLines = shown(lines).flatMap((line) => {
        const [length, matrix] = [line.getTotalLength(), line.getScreenCTM()];
        const at = (_, i) => line.getPointAtLength(i).matrixTransform(matrix);
        const points = Array.from({ length: Math.ceil(length) + 1 }, at);
        return texts
            .filter(({ svg }) => svg === line.ownerSVGElement)
            .filter((one) => points.some(({ x, y }) => x > one.left && x < one.right && y > one.top && y < one.bottom))
            .map(({ text }) => [text, "is crossed by", line.getAttribute("class")]);
    });
    return [...onTexts, ...onLines];
}"""


def laid_out(watched: Watched, address: str, name: str, screen: ViewportSize = COLUMN) -> Page:
    watched.page.set_viewport_size(screen)
    page = opened(watched, address, name)
    expect(page.locator("[aria-busy]")).to_have_count(0)
    return page


@pytest.mark.parametrize("name", WIDGETS)
def test_fits_one_screen_and_all_names_can_be_read(tab: Watched, address: str, name: str) -> None:
    """All that is measured of a widget, in one visit."""
    page = laid_out(tab, address, name)
    widget = page.locator(".llm-widget")
    box = widget.bounding_box()
    assert box is not None and box["height"] <= ONE_SCREEN
    hidden = "all => all.filter((part) => part.scrollWidth > part.clientWidth + 1).map((part) => part.ariaLabel)"
    assert page.locator(".llm-scroller:visible").evaluate_all(hidden) == []
    letters = widget.evaluate(SMALL_LETTERS)
    assert len(letters) > 2
    assert [(text, size) for text, size in letters if size < SMALLEST_LETTER] == []
    assert widget.evaluate(COVERED_NAMES, DATA_LINES) == []
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(200)  # drawings are made anew
    assert widget.evaluate(COVERED_NAMES, DATA_LINES) == []


HEIGHTS = """async () => {
    const card = document.querySelector(".llm-widget");
    const heights = {};
    const set = async (field, value) => {
        field.value = value;
        for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
        for (const _ of "1234") await new Promise(requestAnimationFrame);
        heights[card.offsetHeight] ??= `${field.ariaLabel}: ${value}`;
    };
    for (const field of document.querySelectorAll(".llm-controls :is(select, input[type=range])")) {
        if (!field.checkVisibility()) continue;
        const options = [...(field.options ?? [])].map(({ value }) => value);
        for (const value of [...(options.length ? options : [field.min, field.max]), field.value])
            if (field.isConnected) await set(field, value);
    }
    return heights;
}"""
"""Of a widget, with each choice and both ends of each slider, one after the other; what first brought a height."""
GROW = {"attention_explorer", "items_needed", "parameter_budget"}
"""What is chosen there has more tables, or bars of its own."""
NO_SETTINGS = {"bpe_stepper", "decoder_map", "next_token_bars", "objective_lab"}
"""They have texts and buttons, but neither choices nor sliders above what they show."""


@pytest.mark.parametrize("name", sorted(WIDGETS.keys() - GROW - NO_SETTINGS))
def test_no_setting_moves_what_stands_below_a_widget(watched: Watched, address: str, name: str) -> None:
    heights = laid_out(watched, address, name).evaluate(HEIGHTS)
    assert len(heights) == 1, heights


def test_what_to_try_is_shown_one_at_a_time_and_moves_nothing(watched: Watched, address: str) -> None:
    page = laid_out(watched, address, "compute_optimal")
    start, turn = page.get_by_label("Start from"), page.get_by_role("button", name="of what to try")
    top = "document.querySelector('.llm-body').getBoundingClientRect().top"
    before, tips = page.evaluate(top), page.locator(".llm-try li:visible")
    expect(tips).to_have_count(1)
    page.get_by_role("button", name="Set this up").press("Enter")  # the first, which nobody has turned to
    expect(page.get_by_role("button", name="Back to what I had")).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("Chosen: 280.00 billion parameters on 300.00 billion tokens")
    for name in ("Chinchilla", "Llama 3 8B", "Gopher"):  # to turn to one sets it up
        turn.press("Enter")
        expect(turn).to_be_focused()
        expect(start).to_have_value(name)
        expect(tips).to_have_count(1)
        assert page.evaluate(top) == before
    page.get_by_role("button", name="ten times").click()  # heard once, not by what stood there before
    expect(page.get_by_label("Budget in FLOPs, as a number")).to_have_value("5.0e24")


def test_what_was_set_up_leads_back_to_what_the_reader_had(watched: Watched, address: str) -> None:
    page = laid_out(watched, address, "compute_optimal")
    filled, turn = page.get_by_label("Parameters, as a number"), page.get_by_role("button", name="of what to try")
    served, back = page.get_by_label("Tokens served in its life"), page.get_by_role("button", name="Back to what I had")
    filled.fill("8 billion")
    filled.press("Enter")
    served.select_option("1.00 trillion")
    turn.click()
    turn.click()  # from one to the next: what the reader had is still what it leads back to
    expect(served.locator("option:checked")).to_have_text("none")
    back.click()
    expect(filled).to_have_value("8.00 billion")
    expect(served.locator("option:checked")).to_have_text("1.00 trillion")
    page.get_by_role("button", name="Set this up").click()
    page.get_by_role("button", name="ten times").click()  # the reader's own now
    turn.click()
    expect(page.get_by_label("Start from")).to_have_value("Gopher")
    back.click()
    expect(page.get_by_label("Budget in FLOPs, as a number")).to_have_value("7.2e24")


def test_where_other_suggestions_fit_what_was_set_up_the_first_leads_back(watched: Watched, address: str) -> None:
    page = laid_out(watched, address, "attention_explorer")
    source = page.get_by_label("Vectors", exact=True)
    before = source.input_value()
    for _ in range(page.locator(".llm-try li").count()):
        if source.input_value() != before:
            break
        page.get_by_role("button", name="of what to try").click()
    expect(source).not_to_have_value(before)
    page.get_by_role("button", name="Back to what I had").click()
    expect(source).to_have_value(before)
    expect(page.get_by_role("button", name="Back to what I had")).to_have_count(0)


def test_a_slider_that_is_dragged_slowly_is_one_gesture(watched: Watched, address: str) -> None:
    page = laid_out(watched, address, "compute_optimal")
    line, box = page.locator("polyline.llm-line-0"), page.get_by_role("slider", name="Budget in FLOPs").bounding_box()
    start = line.get_attribute("points")
    assert box is not None
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    for share in (0.5, 0.4, 0.3):
        page.wait_for_timeout(800)  # longer than between changes of a gesture
        page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    page.mouse.up()
    expect(page.locator("polyline.llm-line-0.llm-before")).to_have_attribute("points", start or "")


@pytest.mark.parametrize(
    "name", [name for name in WIDGETS if "set: " in (WIDGET_FOLDER / name / "widget.ts").read_text()]
)
def test_every_suggestion_that_sets_up_a_state_leaves_the_widget_at_work(
    watched: Watched, address: str, name: str
) -> None:
    """And what it says is seen when it is read: once turned to it needs no button; the first says what to try."""
    page = laid_out(watched, address, name)
    said = page.locator("li.llm-current")
    for place in range(page.locator(".llm-try li").count()):
        if said.get_by_role("button", name="Set this up").count():
            assert place == 0 and said.inner_text().startswith("Try ")
        buttons = said.get_by_role("button")
        for button in range(buttons.count()):
            if button >= buttons.count():
                break  # where a guess was pressed, the others are gone
            buttons.nth(button).click()
            expect(page.locator("[aria-busy]")).to_have_count(0)
            expect(page.locator(".llm-body")).not_to_be_empty()
        page.get_by_role("button", name="of what to try").click()


def test_a_typed_number_that_is_not_taken_is_told(watched: Watched, address: str) -> None:
    page = laid_out(watched, address, "parameter_budget")
    typed, told = page.get_by_label("Vocabulary, as a number"), page.locator(".llm-told").first
    for text, shown, said in (
        ("500000", "262,144", "It goes from 1,024 to 262,144: now 262,144."),
        ("abc", "262,144", "“abc” is no number here: 262,144 stays."),
        ("32010", "32,000", "The nearest step is 32,000."),
        ("64,000", "64,000", ""),
    ):
        typed.fill(text)
        typed.press("Enter")
        expect(typed).to_have_value(shown)
        expect(told).to_have_text(said)
    typed.fill("no")
    typed.press("Enter")
    page.get_by_label("Vocabulary", exact=True).fill("2048")
    expect(told).to_be_empty()
