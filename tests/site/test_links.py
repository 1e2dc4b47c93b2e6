"""Every link inside the built book leads to a file and a place in it, and no page links a script or style elsewhere."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

pytestmark = pytest.mark.browser  # needs the built book


@dataclass
class Links(HTMLParser):
    """What a page links and the places that it has."""

    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    places: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self.places.add(values.get("id", ""))
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag in ("script", "link", "img", "iframe", "source"):
            self.loaded.extend(values[name] for name in ("src", "href") if name in values)


def read(page: Path) -> Links:
    links = Links()
    links.feed(page.read_text(encoding="utf-8"))
    return links


def faults(site: Path) -> list[str]:
    pages = {page: read(page) for page in site.rglob("*.html") if "_static" not in page.parts}
    found = []
    for page, links in pages.items():
        name = page.relative_to(site)
        for address in links.links + links.loaded:
            if urlsplit(address).scheme or address.startswith("//"):
                if address in links.loaded and not address.startswith("data:"):
                    found.append(f"{name} loads {address}")
                continue
            file, place = urldefrag(address)
            target = (page.parent / unquote(file.split("?")[0])).resolve() if file else page
            if not target.is_file():
                found.append(f"{name} links {address}, which is not there")
            elif place and target in pages and unquote(place) not in pages[target].places:
                found.append(f"{name} links {address}, which has no such place")
    return found


def test_links_lead_somewhere(site: Path) -> None:
    assert faults(site.resolve()) == []
