"""The built book in Chromium, over http and from files, with every request outside it refused."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from tests.site import checks
from tests.site.checks import Visit

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]


def names_in(entry: dict) -> Iterator[str]:
    """Page names in a part of _toc.yml."""
    if name := entry.get("file") or entry.get("root"):
        yield name
    for key in ("parts", "chapters", "sections"):
        for child in entry.get(key, []):
            yield from names_in(child)


PAGES = [*names_in(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))), "search", "genindex"]
CHAPTERS = [name for name in PAGES if name.endswith("/chapter")]
CHAPTER = "chapters/05_attention/chapter.html"
BLUE, SAND, PAPER = "rgb(0, 98, 155)", "rgb(216, 212, 204)", "rgb(253, 252, 250)"
"""Links, borders and the ground of a light page, as in `face.css`."""

KEPT = pytest.mark.parametrize("base", ["http"], indirect=True)
"""For tests of what a browser keeps from page to page, over http alone.

From files a busy Chromium (156) now and then gives a page a storage of its own: in 5 of 120 visits to two pages of
three lines, the second of which reads what the first has written. Over http none of 80 visits to the book lost any.
"""


@pytest.fixture(params=["http", "file"])
def base(request: pytest.FixtureRequest, site: Path, served: str) -> str:
    """Where the book's pages are: on a server or in a folder."""
    return served if request.param == "http" else f"{site.as_uri()}/"


@pytest.fixture
def visit(browser: Browser, base: str) -> Iterator[Visit]:
    """A visit during which nothing may go wrong."""
    with Visit(browser, base) as visit:
        yield visit
    assert visit.faults == []


def test_every_built_page_is_listed(site: Path) -> None:
    built = {str(file.relative_to(site).with_suffix("")) for file in site.rglob("*.html")}
    stale = {name for name in built if not name.startswith("_static/")} - set(PAGES)
    assert set(PAGES) <= built
    assert stale == set(), "pages that are no longer in _toc.yml: remove _build"


def test_no_page_tells_of_what_the_machine_that_built_it_lacked(site: Path) -> None:
    pages = {name: (site / f"{name}.html").read_text(encoding="utf-8") for name in PAGES}
    assert [name for name, text in pages.items() if "is not installed" in text] == []


def test_checks_find_faults(browser: Browser, tmp_path: Path) -> None:
    """Each check fails on a page that is wrong in its way."""
    (tmp_path / "index.html").write_text(
        """<!doctype html><html lang="en"><head><title>Faulty</title><script src="missing.js"></script></head>
        <body><article><p style="color: #eee">Here $x$ stands.</p><p><span class="math">y</span></p><img src="data:,">
        <div style="width: 2000px; color: #aaa; background: #fff">wide and pale</div>
        <div class="llm-widget-place"><div class="llm-widget-picture">picture</div></div>
        <section id="hidden"><h2 style="position: absolute; top: -90px">Above</h2></section>
        <div class="cell_input" style="width: 300px"><pre style="overflow: auto">x = 1</pre></div>
        <div class="cell_output"><pre style="overflow: auto; width: 50px">one long line of output</pre>
        <figure style="overflow: auto; width: 50px"><div style="width: 200px; height: 9px"></div></figure></div>
        <div class="figure" aria-label="A plot." style="overflow: auto"><svg viewBox="0 0 480 50" style="width: 480px">
        <text x="470" y="20">beyond</text><text x="9" y="20" style="font-size: 4px">tiny</text></svg></div>
        <div class="question" data-place="here"><details><summary>mistaken</summary>
        <div class="question-explanation">Right. So it is.</div></details><details class="right">
        <summary>covered</summary><div class="question-explanation">Right. So it is.</div></details>
        <div style="position: relative; height: 2em; margin-top: -2em; background: #fff"></div></div>
        <details class="sd-dropdown"><summary>More</summary><p>folded</p></details>
        <style>@media print { table { width: 999px } }</style><table><tr><td>wide</td></tr></table>
        <div style="background: #111; height: 90px; width: 600px">dark</div></article>
        <script>console.error("loud"); fetch("http://example.org/").catch(() => {}); throw new Error("thrown")</script>
        </body></html>"""
    )
    with Visit(browser, f"{tmp_path.as_uri()}/") as visit:
        visit.open("index.html")
        noted = "\n".join(visit.faults)
        for fault in ("loud", "outside request: http://example.org/", "error: thrown", "missing.js"):
            assert fault in noted
        assert len(checks.faults_of_formulas(visit.page)) == 2
        assert len(checks.faults_of_images(visit.page)) == 1
        assert len(checks.faults_of_widgets(visit.page, seconds=1)) == 1
        assert any("color-contrast" in fault for fault in checks.faults_of_access(visit.page))
        assert "the page scrolls sideways" in checks.faults_of_width(visit.page)
        figures = ["cut: A plot.", "“beyond” is cut: A plot.", "“tiny” is too small: A plot."]
        assert checks.faults_of_figures(visit.page) == figures
        assert checks.faults_of_head(visit.page)[0] == "0 × viewport"
        code = "\n".join(checks.faults_of_code(visit.page))
        for fault in ("code lacks", "an output does not wrap: one long line", "scrolls sideways: <figure"):
            assert fault in code
        assert checks.faults_of_anchors(visit.page) == ["under the header: Above"]
        questions = ["does not open to “Not quite.”: mistaken", "cannot be pressed: covered"]
        assert set(questions) <= set(checks.faults_of_questions(visit.page))
        paper = "\n".join(checks.faults_on_paper(visit.page))
        seen = (
            "dark: <div",
            "cut off: one long",
            "pale: <p",
            "a table is cut off",
            "folded: More",
            "own title is not the",
        )
        for fault in seen:
            assert fault in paper


def test_a_pale_text_is_found_among_many(browser: Browser, tmp_path: Path) -> None:
    """Nine of ten texts look as another: the one that does not is measured wherever it stands."""
    many = "<p>As dark as the others.</p>" * 50
    pale = {
        "by itself": "<p style='color: #aaa'>by itself</p>",
        "on its ground": "<div style='background: #444'><p>on its ground</p></div>",
        "by its place": "<p style='position: absolute; top: 999px'>elsewhere</p>"
        * 9
        + "<div style='position: relative; height: 2em'><div style='background: #444; position: absolute; inset: 0'>"
        "</div><p style='position: absolute; margin: 0'>by its place</p></div>",
        "seen through": "<div style='opacity: 0.3'><p>seen through</p></div>",
        "of its kind": "<p hidden style='color: #999'>hidden</p>" * 9 + "<p style='color: #999'>of its kind</p>",
    }
    for name, html in pale.items():
        (tmp_path / "index.html").write_text(f"<!doctype html><html lang=en><title>Pale</title>{many}{html}{many}")
        with Visit(browser, f"{tmp_path.as_uri()}/") as visit:
            visit.open("index.html")
            for rules in ((), checks.WIDTH_OR_COLORS):
                found = [fault for fault in checks.faults_of_access(visit.page, *rules) if "color-contrast" in fault]
                assert len(found) == 1 and name in found[0]


@pytest.mark.parametrize(
    ("width", "places"),
    [
        (390, "#equation-attention-equation .katex-display, .drawing:has(+ #figure-5-1)"),
        (1280, "div.math > .katex-display"),
    ],
)
def test_formulas_and_the_opening_figure_are_seen_whole(browser: Browser, served: str, width: int, places: str) -> None:
    with Visit(browser, served, viewport={"width": width, "height": 900}) as visit:
        visit.open(CHAPTER)
        cut = visit.page.locator(places).evaluate_all(
            "(all) => all.map((one) => one.scrollWidth - one.clientWidth).filter((missing) => missing > 1)"
        )
        assert visit.page.locator(places).count() >= 2
        expect(visit.page.locator("#equation-attention-equation .eqno")).to_contain_text(re.compile(r"\(\d+\)"))
        assert cut == []


@KEPT
def test_question_works_by_keyboard_and_remembers(visit: Visit) -> None:
    visit.open(CHAPTER)
    question = visit.page.locator(".question").first
    options = question.locator("details")
    expect(question).to_have_role("group")
    expect(question).not_to_contain_text("[")
    expect(question).to_have_accessible_name(question.locator(".question-text").inner_text())
    options.nth(0).locator("summary").focus()
    visit.page.keyboard.press("Enter")
    expect(options.nth(0).locator(".question-explanation")).to_be_visible()
    visit.page.keyboard.press("Tab")
    visit.page.keyboard.press("Space")
    expect(options.nth(1).locator(".question-explanation")).to_be_visible()
    expect(options.nth(0).locator(".question-explanation")).to_be_hidden()
    remembered = "([place, option]) => localStorage.getItem(`llm-course:question:${place}`) === option"
    place = question.get_attribute("data-place")
    visit.page.wait_for_function(remembered, arg=[place, "1"])  # a browser tells of a toggle a moment after it
    visit.page.reload()
    expect(options.nth(1)).to_have_attribute("open", "")
    options.nth(1).locator("summary").click()
    visit.page.wait_for_function(remembered, arg=[place, None])
    visit.page.reload()
    expect(options.nth(1)).not_to_have_attribute("open", "")


REFUSE_STORAGE = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { configurable: true, get() { throw new DOMException("no", "SecurityError"); } });
"""


def test_a_browser_that_keeps_nothing_shows_the_page(browser: Browser, base: str) -> None:
    with Visit(browser, base) as visit:
        visit.context.add_init_script(REFUSE_STORAGE)
        visit.open(CHAPTER)
        expect(visit.page.locator(".reading-progress")).to_have_text(re.compile(r"0 of \d+ chapters read"))
        assert visit.page.evaluate("document.documentElement.dataset.mode") == "auto"
        assert visit.faults == []


def test_question_works_without_scripts(browser: Browser, base: str) -> None:
    with Visit(browser, base, java_script_enabled=False) as visit:
        visit.page.goto(visit.base + CHAPTER)
        option = visit.page.locator(".question details").first
        expect(option.locator(".question-explanation")).to_be_hidden()
        option.locator("summary").click()
        expect(option.locator(".question-explanation")).to_be_visible()
        expect(visit.page.locator(".llm-widget-picture").first).to_be_visible()
        expect(visit.page.locator(".chapter-read")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_without_scripts_has_its_colors(browser: Browser, served: str, scheme: str) -> None:
    with Visit(browser, served, java_script_enabled=False, color_scheme=scheme) as visit:
        visit.page.goto(f"{visit.base}index.html")
        expect(visit.page.locator("body")).to_have_css("background-color", PAPER)
        expect(visit.page.locator(".front-doors a").first).to_have_css("background-color", BLUE)
        visit.page.goto(visit.base + CHAPTER)
        expect(visit.page.locator("article p > a.reference").first).to_have_css("color", BLUE)
        expect(visit.page.locator(".question").first).to_have_css("border-top-color", SAND)


def expect_read(page: Page, count: int) -> None:
    """The sidebar says that so many chapters are read, and ticks chapter 5 if there is one."""
    expect(page.locator(".reading-progress")).to_have_text(f"{count} of {len(CHAPTERS)} chapters read")
    ticks = page.locator(".bd-docs-nav a", has_text="5 Attention").locator(".read-tick")
    expect(ticks).to_have_text(["✓"] * count)


@KEPT
def test_a_chapter_that_is_read_is_ticked_off_and_stays_so(visit: Visit) -> None:
    visit.open(CHAPTER)
    expect_read(visit.page, 0)
    checkbox = visit.page.get_by_label("I have read this chapter")
    checkbox.focus()
    visit.page.keyboard.press("Space")
    expect_read(visit.page, 1)
    visit.open("index.html")
    expect_read(visit.page, 1)
    visit.open(CHAPTER)
    expect_read(visit.page, 1)
    checkbox.uncheck()
    expect_read(visit.page, 0)


@KEPT
def test_reading_progress_follows_another_tab_and_the_way_back(visit: Visit) -> None:
    visit.open(CHAPTER)
    other = visit.context.new_page()
    other.goto(visit.base + "index.html")
    visit.page.get_by_label("I have read this chapter").check()
    expect_read(other, 1)
    # A page that was put aside hears of no change. This browser puts none aside: it is told that it comes back.
    other.evaluate("localStorage.clear(), dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect_read(other, 0)


@KEPT
def test_color_mode_changes_and_stays(visit: Visit) -> None:
    def background() -> str:
        return visit.page.evaluate("getComputedStyle(document.body).backgroundColor")

    visit.open("index.html")
    html, button = visit.page.locator("html"), visit.page.get_by_role("button", name="Color mode")
    light = background()
    for _ in range(3):
        if html.get_attribute("data-mode") != "dark":
            button.click()
    expect(html).to_have_attribute("data-theme", "dark")
    assert background() != light
    visit.open(CHAPTER)
    expect(html).to_have_attribute("data-theme", "dark")
    output = visit.page.locator(".cell_output .text_html").first
    assert output.evaluate("output => getComputedStyle(output).backgroundColor") == "rgba(0, 0, 0, 0)"


def test_code_is_copied(browser: Browser, served: str) -> None:
    with Visit(browser, served, permissions=["clipboard-read", "clipboard-write"]) as visit:
        visit.open(CHAPTER)
        cell = visit.page.locator(".cell_input").first
        cell.hover()
        cell.locator("button.copybtn").click()
        copied = visit.page.evaluate("navigator.clipboard.readText()")
        assert copied.strip() == cell.locator("pre").inner_text().strip()
        assert visit.faults == []


def test_narrow_page_has_a_menu(browser: Browser, base: str) -> None:
    with Visit(browser, base, viewport={"width": 320, "height": 700}) as visit:
        visit.open("index.html")
        expect(visit.page.locator(".bd-docs-nav").first).to_be_hidden()
        visit.page.locator("button.primary-toggle").click()
        visit.page.locator("#pst-primary-sidebar-modal").get_by_role("link", name="Glossary").click()
        expect(visit.page.locator("h1").last).to_contain_text("Glossary")
        assert visit.faults == []
