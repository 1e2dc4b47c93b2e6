"""The address of each script, stylesheet and font changes with what it stands for."""

import json
import re
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from _ext.asset_versions import ADDRESS, IN_PAGE, IN_SCRIPT, IN_STYLESHEET, version
from tests.site.checks import Visit
from tests.site.test_browser import CHAPTER
from tests.widgets.conftest import NEVER_AT_REST

DIGEST = r"\?v=[0-9a-f]{8}"


def wrong_versions(text: str, before: str, static: Path) -> list[str]:
    """Addresses of files that have no version, or that of another content."""
    found = re.finditer(rf"(?<={re.escape(before)}){ADDRESS}", text)
    return [
        each[0]
        for each in found
        if (static / each[1]).is_file() and each[0] != f"{each[1]}?v={version((static / each[1]).read_bytes())}"
    ]


def test_all_addresses_of_the_site_have_their_versions(site: Path) -> None:
    static = site / "_static"
    pages = {page.relative_to(site): page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    pages = {name: text for name, text in pages.items() if "_static" not in name.parts}
    assert all(re.search(rf"_static/light\.(?:js|css){DIGEST}", text) for text in pages.values())
    assert {name: wrong for name, text in pages.items() if (wrong := wrong_versions(text, IN_PAGE, static))} == {}
    css, script = ((static / name).read_text(encoding="utf-8") for name in ("light.css", "light.js"))
    assert (
        re.search(rf"url\(katex/fonts/KaTeX_Main-Regular\.woff2{DIGEST}\)", css)
        and wrong_versions(css, IN_STYLESHEET, static) == []
    )
    assert re.search(rf'"search-sections\.js{DIGEST}"', script) and wrong_versions(script, IN_SCRIPT, static) == []


def test_the_host_knows_the_versions_of_widgets_and_models(site: Path) -> None:
    given = re.search('data-versions="([^"]*)"', (site / CHAPTER).read_text(encoding="utf-8"))
    assert given is not None
    versions = json.loads(unescape(given[1]))
    assert {"stories", "style_without_map", f"pages/{CHAPTER.removesuffix('.html')}"} < versions.keys()
    widgets = site / "_static" / "widgets"
    assert versions == {name: version((widgets / f"{name}.js").read_bytes()) for name in versions}


@pytest.mark.browser
def test_what_a_page_from_a_file_asks_for_has_versions(browser: Browser, site: Path) -> None:
    with Visit(browser, f"{site.as_uri()}/") as visit:
        asked: list[str] = []
        visit.context.add_init_script(NEVER_AT_REST)
        visit.page.on("request", lambda request: asked.append(request.url))
        visit.page.goto(visit.base + CHAPTER)
        visit.page.locator(".llm-widget-place").first.scroll_into_view_if_needed()
        visit.page.wait_for_selector("script[src*='widgets/pages/']", state="attached")
        visit.page.locator(".llm-widget-picture[hidden]").first.wait_for(state="attached")
        visit.page.keyboard.press("Control+k")
        visit.page.wait_for_selector("script[src*='search-sections']", state="attached")
    files = [url for url in asked if re.search(r"\.(?:js|css|woff2)\b", url)]
    assert len([url for url in files if "/widgets/" in url]) >= 4  # the host, the state, the style, the widget's code
    assert [url for url in files if not re.search(DIGEST, url)] == []
    assert visit.faults == []
