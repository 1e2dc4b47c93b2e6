"""What a page of the book has to be, as functions that return its faults: an empty list is a sound page."""

import re
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Request

from tests.conftest import PATIENCE

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"

# The book leaves far sections for later; what is not laid out can be neither measured nor too wide.
LAY_OUT_ALL = ".bd-article > section > section { content-visibility: visible !important }"

# axe measures each text of a page, and nine of ten look as one before: as large, in the same color, on the same ground.
# Three of a look are measured, for axe cannot tell of each. What lies out of the flow may lie on anything, and what
# can be disabled counts only where it is not: these are measured one by one.
MARK_ALIKE = r"""() => {
    const MEASURED = 3;
    const APART = "label, label *, fieldset *, button, input, select, textarea, [disabled], [aria-disabled] *";
    const looks = new Map(), grounds = new Map();
    const groundOf = (element) => {
        if (!element) return "";
        if (!grounds.has(element)) {
            const style = getComputedStyle(element);
            const painted = [style.backgroundColor, style.backgroundImage, style.opacity, style.filter,
                style.mixBlendMode, /absolute|fixed/.test(style.position) && !element.closest(".katex")].join();
            const isClear = painted === "rgba(0, 0, 0, 0),none,1,none,normal,false";
            grounds.set(element, groundOf(element.parentElement) + (isClear ? "" : `|${painted}`));
        }
        return grounds.get(element);
    };
    for (const element of document.body.querySelectorAll("*")) {
        element.removeAttribute("data-alike");
        const text = [...element.childNodes].map((node) => node.nodeType === 3 ? node.data.trim() : "").join("");
        if (!text || element.matches(APART) || !element.checkVisibility({ visibilityProperty: true })) continue;
        const style = getComputedStyle(element), ground = groundOf(element);
        if (ground.includes("true")) continue;
        const look = [style.color, style.fill, style.fontSize, style.fontWeight, style.textShadow,
            /\w\w/.test(text), ground].join();
        looks.set(look, 1 + (looks.get(look) ?? 0));
        if (looks.get(look) > MEASURED) element.dataset.alike = "";
    }
}"""

WIDTH_OR_COLORS = ("color-contrast", "link-in-text-block", "scrollable-region-focusable")
"""axe's rules that can find more in other colors or at another width; the others read what the page says."""


class Visit:
    """A page in a browser of its own that may not leave the site, and all that goes wrong on it."""

    def __init__(self, browser: Browser, base: str, **settings: object) -> None:
        self.base = base
        self.faults: list[str] = []
        self._requests = 0
        self.context: BrowserContext = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
        self.context.set_default_timeout(PATIENCE)
        # Only what leaves the site is stopped: to ask here about each request takes as long as to load it.
        self.context.route(re.compile(f"^(?!{re.escape(base)}|data:|blob:)"), lambda route: route.abort())
        self.page: Page = self.context.new_page()
        self.page.on("request", self._note_request)
        self.page.on("console", lambda message: self._note_console(message.type, message.text))
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("requestfailed", self._note_failure)
        self.page.on("response", lambda response: self._note_status(response.status, response.url))

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *error: object) -> None:
        self.context.close()

    def leave(self) -> list[str]:
        """Leave the page as one who was never there, for the next to be opened here, and say what went wrong."""
        self.page.evaluate("localStorage.clear(), sessionStorage.clear()")
        self.page.emulate_media(media="screen")
        faults, self.faults = self.faults, []
        return faults

    def open(self, name: str) -> None:
        """Open a page by its name in the site, wait for its scripts, and bring each widget into view once."""
        self.page.goto(self.base + name)
        self.page.add_style_tag(content=LAY_OUT_ALL)
        for place in self.page.locator(".llm-widget-place").all():
            place.scroll_into_view_if_needed()
        self.page.wait_for_load_state("networkidle")

    def open_and_rest(self, name: str) -> None:
        """Open a page by its name in the site, do nothing, and wait until it has asked for nothing for a second.

        Playwright's "networkidle" may come before a busy machine has read the page's first lines.
        """
        self.page.goto(self.base + name)
        before = -1
        while before < self._requests:
            before = self._requests
            self.page.wait_for_timeout(1000)

    def is_inside(self, url: str) -> bool:
        return url.startswith((self.base, "data:", "blob:"))

    def _note_request(self, request: Request) -> None:
        self._requests += 1
        if not self.is_inside(request.url):
            self.faults.append(f"outside request: {request.url}")

    def _note_console(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.faults.append(f"console {kind}: {text}")

    def _note_failure(self, request: Request) -> None:
        # The browser itself calls off what a page still loads when the page is left: no fault of the page.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"failed: {request.url}")

    def _note_status(self, status: int, url: str) -> None:
        if status >= 400:
            self.faults.append(f"status {status}: {url}")


def faults_of_formulas(page: Page) -> list[str]:
    """Formulas that KaTeX has not drawn, or whose fonts are missing."""
    return page.evaluate(r"""async () => {
        const faults = [];
        for (const place of document.querySelectorAll(".math"))
            if (!place.querySelector(".katex-html")) faults.push(`formula not drawn: ${place.textContent}`);
        if (document.querySelector(".katex-error")) faults.push("a formula with an error");
        // A price is a dollar sign, too, but no formula begins with a number and a word.
        const TEX = /\$(?![\d.,]+(?:\s+[a-z]|[),;:]|\s*$))[^$]+\$|\\\(|\\\[/;
        const prose = [...document.querySelectorAll("article p, article li, article td")].filter(
            (element) => !element.closest(".math, pre, code") && TEX.test(element.innerText));
        for (const element of prose) faults.push(`TeX left in the text: ${element.innerText.slice(0, 80)}`);
        await document.fonts.ready;
        for (const font of document.fonts) if (font.status === "error") faults.push(`font missing: ${font.family}`);
        return faults;
    }""")


def faults_of_widgets(page: Page, seconds: float = 120) -> list[str]:
    """Widgets that did not start: a widget that runs hides its picture and stands beside it."""
    faults: list[str] = page.evaluate(
        """async (seconds) => {
        const running = (place) => place.querySelector(".llm-widget-picture")?.hidden
            && place.querySelector(".llm-widget");
        const places = [...document.querySelectorAll(".llm-widget-place")];
        const end = performance.now() + 1000 * seconds;
        while (!places.every(running) && performance.now() < end) await new Promise((go) => setTimeout(go, 50));
        return places.filter((place) => !running(place)).map((place) => `widget not running: ${place.innerText}`);
    }""",
        seconds,
    )
    return faults


def faults_of_images(page: Page) -> list[str]:
    """Images without a size, which move the text when they arrive, or without a text in their place."""
    return page.evaluate("""() => [...document.images]
        .filter((image) => !image.alt || !image.getAttribute("width") || !image.complete || !image.naturalWidth)
        .map((image) => `image without size, text or content: ${image.src}`)""")


def faults_of_width(page: Page, width: int = 320) -> list[str]:
    """Elements that make a narrow page scroll sideways."""
    page.set_viewport_size({"width": width, "height": 700})
    return page.evaluate("""() => document.documentElement.scrollWidth <= innerWidth ? [] :
        [...document.querySelectorAll("article *")]
            .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
            .map((element) => `wider than the page: ${element.outerHTML.slice(0, 80)}`)
            .concat("the page scrolls sideways").slice(0, 5)""")


def faults_of_figures(page: Page, smallest: float = 6) -> list[str]:
    """Figures that are cut at the page's width, or whose text is smaller than so many pixels or lies in two panels."""
    return page.evaluate(
        """(smallest) => {
        const faults = [];
        const reaches = ({ left, right }, from, to) => left >= from - 1.5 && right <= to + 1.5;
        for (const figure of document.querySelectorAll("article .figure")) {
            if (!figure.checkVisibility()) continue;
            const name = figure.getAttribute("aria-label").slice(0, 60);
            const panels = [...figure.querySelectorAll("svg")];
            const isWhole = panels.every((panel) => reaches(panel.getBoundingClientRect(), 0, innerWidth));
            if (!isWhole || figure.scrollWidth > figure.clientWidth + 1) faults.push(`cut: ${name}`);
            const [first] = panels, { a: scale, e: start } = first.getScreenCTM();
            const ends = panels.map(({ viewBox: { baseVal: { x, width } } }) => [x, x + width]);
            for (const text of figure.querySelectorAll("text")) {
                const { left, right, width } = text.getBoundingClientRect();
                if (!width) continue;
                const place = { left: (left - start) / scale, right: (right - start) / scale };
                if (!ends.some(([from, to]) => reaches(place, from, to)))
                    faults.push(`“${text.textContent}” is cut: ${name}`);
                if (parseFloat(getComputedStyle(text).fontSize) * scale < smallest)
                    faults.push(`“${text.textContent}” is too small: ${name}`);
            }
        }
        return faults.slice(0, 8);
    }""",
        smallest,
    )


def faults_of_head(page: Page) -> list[str]:
    """What a page fails to say of itself to browsers and search engines."""
    return page.evaluate("""() => {
        const faults = [];
        const one = (what, selector) => {
            const count = document.head.querySelectorAll(selector).length;
            if (count !== 1) faults.push(`${count} × ${what}`);
        };
        one("viewport", 'meta[name="viewport"]');
        one("icon", 'link[rel="icon"], link[rel="shortcut icon"]');
        one("title", "title");
        one("description", 'meta[name="description"]');
        const length = document.head.querySelector('meta[name="description"]')?.content.length ?? 0;
        if (length < 20 || length > 170) faults.push(`a description of ${length} characters`);
        return faults;
    }""")


def faults_of_code(page: Page, columns: int = 80) -> list[str]:
    """Code too narrow for its lines, and what scrolls sideways though it is no table and no code."""
    return page.evaluate(
        """(columns) => {
        const faults = [];
        const scrolls = (element) => element.offsetParent && element.scrollWidth > element.clientWidth + 1
            && /auto|scroll/.test(getComputedStyle(element).overflowX);
        const line = document.createElement("span");
        line.textContent = "0".repeat(columns);
        line.style.cssText = "display: inline-block; white-space: pre";
        for (const block of document.querySelectorAll("article :is(.cell_input, section > .highlight-python) pre")) {
            if (!block.offsetParent) continue;
            const { paddingLeft, paddingRight } = getComputedStyle(block);
            block.append(line);
            const missing = line.offsetWidth - (block.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight));
            line.remove();
            const start = block.textContent.slice(0, 40);
            if (missing > 0) faults.push(`code lacks ${missing} pixels for ${columns} columns: ${start}`);
        }
        for (const element of document.querySelectorAll("article figure, article .figure, article .cell_output *"))
            if (scrolls(element) && !element.querySelector("table, pre")
                && !element.closest("table, pre, .llm-widget-place"))
                faults.push(`scrolls sideways: ${element.outerHTML.slice(0, 80)}`);
        for (const output of document.querySelectorAll("article .cell_output pre"))
            if (scrolls(output)) faults.push(`an output does not wrap: ${output.textContent.trim().slice(0, 80)}`);
        return faults.slice(0, 8);
    }""",
        columns,
    )


def faults_of_anchors(page: Page, count: int = 4) -> list[str]:
    """Headings that a link brings to a place under the header."""
    return page.evaluate(
        """async (count) => {
        const faults = [];
        const headings = [...document.querySelectorAll("article section[id] > h2, article section[id] > h3")];
        // Chromium may stop drawing a page for good; what is asked below is laid out all the same.
        const drawn = () => new Promise((go) => {
            requestAnimationFrame(() => requestAnimationFrame(go));
            setTimeout(go, 1000);
        });
        for (const heading of headings.slice(0, count)) {
            location.hash = heading.parentElement.id;
            await drawn();
            const { left, top, height } = heading.getBoundingClientRect();
            const above = document.elementFromPoint(left + 5, top + height / 2);
            if (top < 0 || !heading.contains(above)) faults.push(`under the header: ${heading.textContent}`);
        }
        return faults;
    }""",
        count,
    )


def faults_of_questions(page: Page) -> list[str]:
    """Questions whose answers cannot be pressed or do not open to their verdict, or that share a place with another."""
    return page.evaluate("""() => {
        const faults = [], questions = [...document.querySelectorAll(".question")];
        if (!questions.length) faults.push("no question");
        if (new Set(questions.map((question) => question.dataset.place)).size < questions.length)
            faults.push("two questions in one place");
        for (const option of questions.flatMap((question) => [...question.querySelectorAll("details")])) {
            const summary = option.querySelector("summary"), said = option.querySelector(".question-explanation");
            summary.scrollIntoView({ block: "center", behavior: "instant" });
            const { left, top, width, height } = summary.getBoundingClientRect();
            const pressed = document.elementFromPoint(left + width / 2, top + height / 2);
            if (summary.contains(pressed)) pressed.click();
            else faults.push(`cannot be pressed: ${summary.textContent}`);
            const verdict = option.classList.contains("right") ? "Right." : "Not quite.";
            if (!option.open || !said?.checkVisibility() || !said.textContent.includes(verdict))
                faults.push(`does not open to “${verdict}”: ${summary.textContent}`);
        }
        return faults;
    }""")


def faults_on_paper(page: Page) -> list[str]:
    """What a printed page would show dark, cut off, folded, or before it was answered, on paper of 700 pixels."""
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 700, "height": 1000})
    return page.evaluate(r"""() => {
        const faults = [];
        const light = (color) => {
            const [r, g, b, alpha = 1] = color.match(/[\d.]+/g).map(Number);
            return alpha < 0.5 || 0.3 * r + 0.6 * g + 0.1 * b > 180;
        };
        for (const element of document.querySelectorAll("html, body, article, article *"))
            if (element.checkVisibility?.() && !light(getComputedStyle(element).backgroundColor)
                && element.getBoundingClientRect().width > 200 && element.getBoundingClientRect().height > 20)
                faults.push(`dark: ${element.outerHTML.slice(0, 80)}`);
        for (const element of document.querySelectorAll("article :is(h1, h2, h3, p, li, td, pre, code)"))
            if (element.checkVisibility?.() && light(getComputedStyle(element).color))
                faults.push(`pale: ${element.outerHTML.slice(0, 80)}`);
        for (const element of document.querySelectorAll("article :is(pre, .katex-display)"))
            if (element.checkVisibility?.() && element.scrollWidth > element.clientWidth + 1)
                faults.push(`cut off: ${element.textContent.slice(0, 60)}`);
        for (const table of document.querySelectorAll("article table"))
            if (table.checkVisibility() && table.getBoundingClientRect().right > innerWidth + 1)
                faults.push(`a table is cut off: ${table.textContent.slice(0, 60)}`);
        for (const fold of document.querySelectorAll("article details.sd-dropdown"))
            if (!fold.lastElementChild.checkVisibility()) faults.push(`folded: ${fold.textContent.slice(0, 60)}`);
        if (getComputedStyle(document.body).printColorAdjust !== "exact") faults.push("tints are left out");
        for (const answer of document.querySelectorAll(".question details:not([open]) > .question-explanation"))
            if (answer.checkVisibility()) faults.push(`answer: ${answer.textContent.slice(0, 60)}`);
        const [title, ...others] = [...document.querySelectorAll("h1")].filter((head) => head.checkVisibility());
        if (!title || title.closest("#jb-print-docs-body")) faults.push("the page's own title is not the first");
        if (others.some((head) => head.textContent === title?.textContent)) faults.push("its title stands there twice");
        return faults.slice(0, 8);
    }""")


def set_theme(page: Page, theme: str) -> None:
    """Show the page in light or dark, at once: colors on their way from one to the other are none of either."""
    page.add_style_tag(content="* { transition: none !important }")
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)


def faults_of_access(page: Page, *rules: str) -> list[str]:
    """What axe finds against WCAG A and AA and its best practices.

    axe reads no MathML, so a table's head that is a formula seems empty to it: that finding does not count. Stylesheets
    are not loaded a second time, which a page opened from a file may not do.
    """
    page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate(MARK_ALIKE)
    found = page.evaluate(
        """async (rules) => {
        axe.configure({ rules: [{ id: "color-contrast", selector: ":not([data-alike])" }] });
        const isFormula = (node) => document.querySelector(node.target[0])?.querySelector("math");
        const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false, ...rules });
        return violations.flatMap(({ id, nodes }) => nodes
            .filter((node) => !(id === "empty-table-header" && isFormula(node)))
            .map((node) => [id, node.html, node.failureSummary]));
    }""",
        {"runOnly": [*rules]} if rules else {},
    )
    return [f"axe {rule}: {html[:120]} ({summary})" for rule, html, summary in found]
