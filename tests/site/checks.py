"""What a page of the book has to be, as functions that return its faults: an empty list is a sound page."""

from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Request, Route

from tests.conftest import PATIENCE

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"

# The book leaves far sections for later; what is not laid out can be neither measured nor too wide.
LAY_OUT_ALL = ".bd-article > section > section { content-visibility: visible !important }"


class Visit:
    """A page in a browser of its own that may not leave the site, and all that goes wrong on it."""

    def __init__(self, browser: Browser, base: str, **settings: object) -> None:
        self.base = base
        self.faults: list[str] = []
        self.context: BrowserContext = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
        self.context.set_default_timeout(PATIENCE)
        self.context.route("**/*", self._stay_inside)
        self.page: Page = self.context.new_page()
        self.page.on("request", self._note_outside)
        self.page.on("console", lambda message: self._note_console(message.type, message.text))
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("requestfailed", self._note_failure)
        self.page.on("response", lambda response: self._note_status(response.status, response.url))

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *error: object) -> None:
        self.context.close()

    def open(self, name: str) -> None:
        """Open a page by its name in the site, wait for its scripts, and bring each widget into view once."""
        self.page.goto(self.base + name)
        self.page.add_style_tag(content=LAY_OUT_ALL)
        for place in self.page.locator(".llm-widget-place").all():
            place.scroll_into_view_if_needed()
        self.page.wait_for_load_state("networkidle")

    def is_inside(self, url: str) -> bool:
        return url.startswith((self.base, "data:", "blob:"))

    def _stay_inside(self, route: Route) -> None:
        route.continue_() if self.is_inside(route.request.url) else route.abort()

    def _note_outside(self, request: Request) -> None:
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
        const prose = [...document.querySelectorAll("article p, article li, article td")].filter(
            (element) => !element.closest(".math, pre, code") && /\$[^$]+\$|\\\(|\\\[/.test(element.innerText));
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


def faults_of_access(page: Page) -> list[str]:
    """What axe finds against WCAG A and AA and its best practices.

    axe reads no MathML, so a table's head that is a formula seems empty to it: that finding does not count. Stylesheets
    are not loaded a second time, which a page opened from a file may not do.
    """
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("""async () => {
        const isFormula = (node) => document.querySelector(node.target[0])?.querySelector("math");
        const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false });
        return violations.flatMap(({ id, nodes }) => nodes
            .filter((node) => !(id === "empty-table-header" && isFormula(node)))
            .map((node) => [id, node.html, node.failureSummary]));
    }""")
    return [f"axe {rule}: {html[:120]} ({summary})" for rule, html, summary in found]
