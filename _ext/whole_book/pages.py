"""The pages of the built site in the order of _toc.yml, freed of what only a screen needs.

Dropdowns are unfolded, the answers to a page's questions stand at its end, a widget is its picture and a link to the
page where it lives, scripts are gone.
"""

import posixpath
import re
import string
import sys
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag

from _ext.chapter_titles import number_of

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"

# Scripts, links to a heading itself, arrows of dropdowns, code that a page folds away (it draws figures), what leads
# through the site, not through the book.
ONLY_ON_SCREEN = (
    "script, noscript, button, a.headerlink, summary .sd-summary-state-marker, details.above-input, "
    ".chapter-grid, .chapter-part, .course-archive, .exercise-filter, .solve, .whole-book"
)


class BookError(Exception):
    """The book cannot be made. The message is one sentence that says what is missing and what to do."""


@dataclass
class Page:
    """A page of the site: its document's name, and its article without what only a screen needs."""

    name: str
    article: Tag

    @cached_property
    def title(self) -> str:
        heading = self.article.find("h1")
        return text_of(heading) if heading else self.name

    @cached_property
    def ids(self) -> set[str]:
        return {str(tag["id"]) for tag in self.article.find_all(id=True)}

    @cached_property
    def sections(self) -> list[tuple[str, str]]:
        """Id and title of the sections that the contents name: those of a chapter, not of its exercises."""
        if number_of(self.name) is None and not self.name.startswith("chapters/guides/"):
            return []
        headings = self.article.find_all("h2")
        return [(str(heading.find_parent("section")["id"]), text_of(heading)) for heading in headings]  # type: ignore[index]


@dataclass(frozen=True)
class Part:
    """Pages under one caption of _toc.yml; the first part, without a caption, is the front page."""

    caption: str
    pages: list[Page]


@dataclass(frozen=True)
class Book:
    """The whole book. `address` is where the site can be reached, with a slash at its end, or empty."""

    title: str
    author: str
    year: str
    language: str
    address: str
    site: Path
    built: datetime
    parts: list[Part]

    @property
    def file_name(self) -> str:
        return re.sub(r"\W+", "-", self.title.lower())

    @property
    def pages(self) -> list[Page]:
        return [page for part in self.parts for page in part.pages]


def read_book(root: Path = ROOT, site: Path = SITE) -> Book:
    """Read the settings of the book and its built pages; BookError says what is missing."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    front_page = site / "index.html"
    if not front_page.is_file():
        raise BookError(f"There is no built site in {site}: run `make site`.")
    built = datetime.fromtimestamp(front_page.stat().st_mtime, UTC)
    address = config.get("html", {}).get("baseurl", "")
    address = address and address.rstrip("/") + "/"
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    parts = [("", [toc["root"]])]
    parts += [(part["caption"], list(names_below(part))) for part in toc["parts"]]
    return Book(
        title=config["title"],
        author=config["author"],
        year=str(config["copyright"]),
        language=config["sphinx"]["config"].get("language", "en"),
        address=address,
        site=site,
        built=built,
        parts=[Part(caption, [read_page(site, name, address) for name in names]) for caption, names in parts],
    )


def names_below(entry: dict[str, Any]) -> list[str]:
    """The documents below an entry of _toc.yml, in the order in which they are read."""
    children = [*entry.get("chapters", []), *entry.get("sections", [])]
    return [name for child in children for name in [child["file"], *names_below(child)]]


def read_page(site: Path, name: str, address: str) -> Page:
    file = site / f"{name}.html"
    if not file.is_file():
        raise BookError(f"The site has no page {name}.html: run `make site`.")
    article = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser").select_one("article.bd-article")
    if article is None:
        raise BookError(f"The page {file} has no article: build the site anew with `make site`.")
    move_answers(article)
    free_of_screen(article)
    for formula in article.select(".math"):
        if formula.find("math") is None:
            raise BookError(f"A formula of {name} is not drawn: {formula.get_text().strip()[:40]!r}.")
    for place in article.select(".llm-widget-place"):
        show_picture(place, name, address)
    return Page(name, article)


def free_of_screen(article: Tag) -> None:
    for tag in article.select(ONLY_ON_SCREEN):
        tag.decompose()
    for tag in article.find_all(["details", "summary"]):
        tag["class"] = " ".join(filter(None, [*tag.get_attribute_list("class"), tag.name]))
        tag.name = "div"
        for attribute in ("name", "open"):
            tag.attrs.pop(attribute, None)
    for tag in article.find_all(tabindex=True):
        del tag["tabindex"]


def move_answers(article: Tag) -> None:
    """Put what is said of questions' options at the article's end: paper folds nothing away."""
    answers = [answer_to(question) for question in article.select(".question")]
    if answers:
        section = tag_of('<section id="answers"><h2>Answers to the questions</h2></section>')
        section.extend(answers)
        (article.section or article).append(section)


def answer_to(question: Tag) -> Tag:
    """Leave a question with its options behind letters. Returns it once more, with what is said of each letter."""
    answer = tag_of(f'<div class="answer"><p class="question-text"><a href="#{question["id"]}"></a></p></div>')
    answer.select("a")[0].extend(copy(question.select(".question-text")[0]).contents[:])
    for letter, option in zip(string.ascii_uppercase, question.select("details"), strict=False):
        text, explanation = option.find_all(recursive=False)
        text.name = "p"
        text.insert(0, f"{letter}. ")
        explanation.select("p")[0].insert(0, f"{letter}. ")
        option.replace_with(text)
        answer.append(explanation)
    question.append(tag_of('<p class="live"><a href="#answers">Answers at the end</a></p>'))
    return answer


def tag_of(html: str) -> Tag:
    """The one element of a piece of HTML."""
    found = BeautifulSoup(html, "html.parser").find(True)
    assert isinstance(found, Tag)
    return found.extract()


def show_picture(place: Tag, name: str, address: str) -> None:
    """Leave a widget's picture, and say below it where the widget can be used."""
    picture = place.select_one(".llm-widget-picture")
    if picture is None or not (picture.get_text(strip=True) or picture.find(["svg", "img"])):
        raise BookError(f"A widget of {name} has no picture: give its class a picture().")
    note = tag_of('<p class="live">Try it in the page </p>')
    page = f"{name}.html"
    if address:
        note.append(tag_of(f'<a href="{escape(address + page)}">{page}</a>'))
    else:
        note.append(page)
    note.append(" of the site.")
    place.append(note)


def text_of(tag: Tag) -> str:
    """The text of a heading, each formula once."""
    copy = BeautifulSoup(str(tag), "html.parser")
    for twin in copy.select(".katex-html"):
        twin.decompose()
    return " ".join(copy.get_text().split())


def anchor(name: str, fragment: str = "") -> str:
    """The id of a page, or of an element in it, among all pages."""
    return name.replace("/", "-") + (f"--{fragment}" if fragment else "")


def link_pages(book: Book, internal: Callable[[str, str], str], image: Callable[[Path], str]) -> None:
    """Point links between pages to `internal(page, id)`, pictures to `image(file)`.

    A link to a file of the site that is no page of the book goes to the site's address, or becomes its text.
    """
    pages = {page.name: page for page in book.pages}
    for page in book.pages:
        for link in page.article.find_all("a", href=True):
            address = urlsplit(str(link["href"]))
            if address.scheme or address.netloc:
                continue
            path = posixpath.normpath(posixpath.join(posixpath.dirname(page.name), unquote(address.path)))
            name = re.sub(r"\.html$", "", path) if address.path else page.name
            fragment = unquote(address.fragment)
            if name not in pages:
                leave_book(link, book.address, path)
            elif fragment and fragment not in pages[name].ids:
                raise BookError(f"{page.name} has a link to {link['href']}, but no element there has this id.")
            else:
                link["href"] = internal(name, fragment)
        for picture in page.article.find_all("img", src=True):
            source = str(picture["src"])
            if not source.startswith("data:"):
                picture["src"] = image(book.site / posixpath.dirname(page.name) / unquote(source))


def leave_book(link: Tag, address: str, path: str) -> None:
    if address:
        link["href"] = address + path
    else:
        link.unwrap()


def title_html(book: Book, emblem: str = "") -> str:
    live = f'<p>The live book: <a href="{book.address}">{book.address}</a></p>' if book.address else ""
    return (
        f'<section class="title-page">{emblem}<h1>{escape(book.title)}</h1>'
        f"<p>{escape(book.author)}</p><p>{book.year}</p>{live}</section>"
    )


def run(write: Callable[[Book, Path], Path], folder: Path) -> None:
    """Write the book as a command does: say where, or in one sentence what is missing."""
    try:
        result = write(read_book(), folder)
    except BookError as problem:
        sys.exit(str(problem))
    print(f"{result.relative_to(ROOT)}: {result.stat().st_size / 1e6:.1f} MB")
