"""What a page asks of a reader's phone before anything is done with it, and that places stay where they are."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Response

from benchmarks import site as benchmark
from benchmarks.site import FIRST_LOAD
from tests.site.checks import Visit, faults_of_access
from tests.site.conftest import ROOT
from tests.site.test_browser import CHAPTER
from tests.widgets.conftest import NEVER_AT_REST

pytestmark = pytest.mark.browser

CHAPTERS = sorted(f"chapters/{page.parent.name}/chapter.html" for page in ROOT.glob("chapters/*/chapter.md"))
PHONE, DESKTOP = {"width": 412, "height": 823}, {"width": 1280, "height": 900}
WATCH_SHIFTS = """globalThis.shifted = 0;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => { shifted += entry.value; }))
    .observe({ type: "layout-shift", buffered: true });"""


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("name", ["index.html", CHAPTER])
def test_nothing_moves_and_no_model_is_loaded_before_a_reader_acts(
    browser: Browser, served: str, name: str, viewport: dict[str, int]
) -> None:
    with Visit(browser, served, viewport=viewport) as visit:
        visit.context.add_init_script(WATCH_SHIFTS + NEVER_AT_REST)
        visit.open_and_rest(name)
        assert visit.page.locator("script[src*='widgets/stories']").count() == 0
        assert visit.page.evaluate("shifted") < 0.02
    assert visit.faults == []


@pytest.mark.parametrize("name", ["index.html", *CHAPTERS])
def test_a_first_load_is_light_and_what_is_pressed_lies_apart(browser: Browser, served: str, name: str) -> None:
    with Visit(browser, served, viewport=PHONE) as visit:
        visit.context.add_init_script(NEVER_AT_REST)
        answers: list[Response] = []
        # Playwright takes functions alone, not a list's own method.
        visit.page.on("response", lambda answer: answers.append(answer))
        visit.open_and_rest(name)
        files = [answer for answer in answers if answer.url.startswith(served)]  # a widget's module runs as a blob
        kilobytes = {answer.url.removeprefix(served).partition("?")[0]: size_of(answer) / 1000 for answer in files}
        assert faults_of_access(visit.page, "target-size") == []  # far sections are not laid out yet
    largest = sorted(kilobytes.items(), key=lambda file: -file[1])
    assert {name, "_static/light.css", "_static/light.js"} <= kilobytes.keys()
    assert sum(kilobytes.values()) < FIRST_LOAD, largest


def size_of(answer: Response) -> int:
    """Bytes on the wire, as the host compresses them."""
    sizes = answer.request.sizes()
    return sizes["responseBodySize"] + sizes["responseHeadersSize"]


@pytest.mark.parametrize("name", ["index.html", CHAPTER])
def test_text_is_in_the_books_typeface_from_a_file_too(browser: Browser, site: Path, name: str) -> None:
    page = browser.new_page()
    page.goto((site / name).as_uri())
    page.evaluate("document.fonts.ready")
    page.wait_for_function("getComputedStyle(document.documentElement).visibility === 'visible'")
    tools = page.context.new_cdp_session(page)
    tools.send("DOM.enable")
    tools.send("CSS.enable")
    root = tools.send("DOM.getDocument")["root"]["nodeId"]
    paragraph = tools.send("DOM.querySelector", {"nodeId": root, "selector": "article p"})["nodeId"]
    fonts = tools.send("CSS.getPlatformFontsForNode", {"nodeId": paragraph})["fonts"]
    assert [font["familyName"] for font in fonts if "Source Sans" in font["familyName"]], fonts
    page.close()


def test_the_model_comes_when_a_reader_acts(browser: Browser, served: str) -> None:
    with Visit(browser, served) as visit:
        visit.context.add_init_script(NEVER_AT_REST)
        visit.open_and_rest("")
        visit.page.mouse.move(300, 300)
        visit.page.wait_for_selector("script[src*='widgets/stories']", state="attached")


@pytest.mark.parametrize("again", [False, True], ids=["by the contents", "reloaded"])
def test_a_place_far_down_is_where_its_link_leads(browser: Browser, served: str, again: bool) -> None:
    with Visit(browser, served, viewport=DESKTOP) as visit:
        visit.open_and_rest(CHAPTER)
        visit.page.locator(".bd-sidebar-secondary a[href*='at-real-size']").first.click()
        visit.page.wait_for_url("**#at-real-size*")
        if again:
            visit.page.reload()
        visit.page.wait_for_function("scrollY > 5000")
        visit.page.wait_for_timeout(500)
        top = visit.page.locator("section[id^=at-real-size] h2").evaluate(
            "heading => heading.getBoundingClientRect().top"
        )
        assert 0 <= top < 200


@pytest.mark.slow
def test_the_benchmark_measures_a_page(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    benchmark.main(["--runs", "1", "chapters/references.html"])
    assert "performance" in capsys.readouterr().out
