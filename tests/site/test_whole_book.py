"""The whole book as PDF and ePub: of a small site with everything that is hard to print, and of the real one."""

import base64
import re
import shutil
import subprocess
import unicodedata
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader
from pypdf.generic import Destination

from _ext.prerendered_math import KATEX, draw
from _ext.whole_book import epub, pdf
from _ext.whole_book.pages import ROOT, BookError, read_book

XHTML = "{http://www.w3.org/1999/xhtml}"
CONFIG = """
title: A small book
author: Nobody
copyright: "2026"
sphinx: {config: {language: en}}
"""
TOC = """
root: index
parts:
  - caption: The beginning
    chapters:
      - file: chapters/01_first/chapter
        sections: [{file: chapters/01_first/exercises}]
  - caption: The end
    chapters: [{file: chapters/02_second/chapter}]
"""
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
FORMULAS = {
    "@half@": (r"\frac{1}{2}", False),
    "@wide@": (r"\underbrace{" + "+".join(rf"\frac{{a_{{{i}}}}}{{b}}" for i in range(40)) + "}_{forty}", True),
}
PICTURE = "<table><caption>Its picture</caption><tr><td>7</td></tr></table>"
ANSWERS = ["A. Right. It is so.", "B. Not quite. There is one."]
PAGES = {
    "index": '<section id="book"><h1>A small book</h1><p>Welcome.</p></section>',
    "chapters/01_first/chapter": f"""<section id="first"><h1>1 First<a class="headerlink" href="#first">#</a></h1>
        <p>See <a href="../02_second/chapter.html#far">far below</a> and
        <a href="https://example.org/">elsewhere</a>; <a href="../../search.html">search</a> is no page of the book.</p>
        @half@
        <section id="counting"><h2>Counting on</h2><div class="llm-widget-place">
        <div class="llm-widget-picture">{PICTURE}</div><script type="application/json">{{"a": "<b>"}}</script></div>
        <div class="question" id="why"><p class="question-text">Why?</p>
        <details class="question-option right" name="why"><summary>Because.</summary>
        <div class="question-explanation"><p>Right. It is so.</p></div></details>
        <details class="question-option wrong" name="why"><summary>No reason.</summary>
        <div class="question-explanation"><p>Not quite. There is one.</p></div></details></div></section></section>""",
    "chapters/01_first/exercises": '<section id="tasks"><h1>First: exercises</h1><p>Do it.</p></section>',
    "chapters/02_second/chapter": f"""<section id="second"><h1>2 Second</h1>@wide@
        <div><table border="1"><tr>{"<td>number</td>" * 40}</tr></table></div>
        <img src="../../_images/dot.png" alt="a dot"/><pre>{"x = 1; " * 40}</pre>
        <svg viewBox="0 0 9 9" width="9" height="9" role="img" aria-label="a ring"><circle cx="4" cy="4" r="3"/></svg>
        <details class="hide above-input"><summary>Show code</summary><pre>drawing = figure()</pre></details>
        {"<p>More.</p>" * 60}<section id="far"><h2>Far below</h2><p>The end.</p></section></section>""",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with the settings of a small book, and in `html` its site."""
    (tmp_path / "_config.yml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "_toc.yml").write_text(TOC, encoding="utf-8")
    static = tmp_path / "html" / "_static"
    shutil.copytree(KATEX / "fonts", static / "fonts")
    shutil.copy(KATEX / "katex.min.css", static / "light.css")
    (static / "pygments.css").write_text(".k { color: #00f }\n", encoding="utf-8")
    (tmp_path / "html" / "_images").mkdir()
    (tmp_path / "html" / "_images" / "dot.png").write_bytes(base64.b64decode(PIXEL))
    for name, body in PAGES.items():
        write_page(tmp_path, name, body)
    return tmp_path


def write_page(root: Path, name: str, body: str) -> None:
    for mark in [mark for mark in FORMULAS if mark in body]:
        body = body.replace(mark, f'<div class="math">{draw([FORMULAS[mark]])[0]["html"]}</div>')
    file = root / "html" / f"{name}.html"
    file.parent.mkdir(parents=True, exist_ok=True)
    article = f'<article class="bd-article">{body}</article>'
    file.write_text(f"<!doctype html><html><body><nav>Menu</nav>{article}</body></html>", encoding="utf-8")


@pytest.mark.browser
def test_pdf(root: Path) -> None:
    # In a thread of its own: Playwright does not start a second time where another test's browser is open.
    with ThreadPoolExecutor(1) as thread:
        file = thread.submit(pdf.write, read_book(root, root / "html"), root / "pdf").result()
    reader = PdfReader(file)
    texts = [page.extract_text() for page in reader.pages]
    assert reader.metadata is not None and reader.metadata.title == "A small book"

    outline = list(flat(reader.outline))
    first = ["1 First", "Counting on", "Answers to the questions", "First: exercises"]
    second = ["2 Second", "Far below"]
    assert [text for text, _ in outline] == ["A small book", "The beginning", *first, "The end", *second]
    pages = {text: reader.get_destination_page_number(place) for text, place in outline}
    assert list(pages.values()) == sorted(number for number in pages.values() if number is not None)
    contents = texts[1].splitlines()
    for text, number in pages.items():
        assert number is not None and text in texts[number], text
        assert any(line.startswith(text) and line.endswith(str(number + 1)) for line in contents), (text, contents)

    whole = unicodedata.normalize("NFKC", " ".join(" ".join(texts).split()))  # a ligature is two letters
    order = ["Why?", "A. Because.", "B. No reason.", "Answers to the questions", "Why?", *ANSWERS, "First: exercises"]
    assert in_turn(order, whole[whole.index("Welcome.") :]), "answers stand behind what they could spoil"
    assert "Its picture" in whole and "Try it in the page chapters/01_first/chapter.html" in whole
    assert "frac" not in whole and "Menu" not in whole and "drawing" not in whole
    targets = [target for page in reader.pages for target in link_targets(page)]
    assert "https://example.org/" in targets and "chapters-02_second-chapter--far" in targets
    names = {name.lstrip("/") for name in reader.named_destinations}
    assert {target for target in targets if not target.startswith("https://")} <= names


def in_turn(parts: list[str], text: str) -> bool:
    """Whether the text has all these parts, one behind the other."""
    return re.search(".*".join(map(re.escape, parts)), text, re.DOTALL) is not None


def flat(outline: list[object]) -> Iterator[tuple[str, Destination]]:
    for item in outline:
        if isinstance(item, list):
            yield from flat(item)
        elif isinstance(item, Destination):
            yield str(item.title), item


def link_targets(page: object) -> list[str]:
    """Where the links of a page lead: a name of a place in the document, or an address."""
    links = [note.get_object() for note in page.get("/Annots", [])]  # type: ignore[attr-defined]
    targets = [link.get("/Dest") or link["/A"].get("/D") or link["/A"]["/URI"] for link in links]
    return [str(target).lstrip("/") for target in targets]


@pytest.mark.browser
def test_what_is_wide_fits_the_sheet(root: Path, browser: Browser) -> None:
    book = read_book(root, root / "html")
    body = "".join(pdf.part_html(part) for part in book.parts)
    (root / "book.html").write_text(pdf.book_html(book, [], {}, body), encoding="utf-8")
    right_edges = (
        "() => [...document.querySelectorAll('.katex-html .base, td, pre')].map((n) => n.getBoundingClientRect().right)"
    )
    sheet = browser.new_page(viewport={"width": 642, "height": 900})
    sheet.emulate_media(media="print")
    sheet.goto((root / "book.html").as_uri())
    assert max(sheet.evaluate(right_edges)) > 700, "the small book has something wide"
    sheet.evaluate(pdf.FIT)
    assert max(sheet.evaluate(right_edges)) < 643
    sheet.close()


@pytest.mark.browser
def test_epub(root: Path) -> None:
    result = epub.write(read_book(root, root / "html"), root / "epub")
    with zipfile.ZipFile(result) as archive:
        assert archive.namelist()[0] == "mimetype"
        files = {name.removeprefix("EPUB/"): archive.read(name) for name in archive.namelist()}
    pages = {name: ElementTree.fromstring(text) for name, text in files.items() if name.endswith(".xhtml")}
    assert broken_links(pages, set(files)) == []
    spine = [tag.get("idref") for tag in ElementTree.fromstring(files["package.opf"]).iter() if tag.get("idref")]
    chapters = ["chapters-01_first-chapter", "chapters-01_first-exercises", "chapters-02_second-chapter"]
    assert spine == ["title", "nav", "index", *chapters]
    first = "".join(pages["chapters-01_first-chapter.xhtml"].itertext())
    assert "Try it in the page chapters/01_first/chapter.html" in first
    assert in_turn(["A. Because.", "B. No reason.", "Answers to the questions", *ANSWERS], first)
    assert b"<math" in files["chapters-01_first-chapter.xhtml"]
    assert b"viewBox" in files["chapters-02_second-chapter.xhtml"]
    assert not [name for name, text in files.items() if b"\\frac" in text or b"katex-html" in text]
    if checker := shutil.which("epubcheck"):
        command = ["java", "-jar", str(Path(checker).resolve()), str(result)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.browser
def test_a_drawing_of_the_epub_shrinks_to_a_small_reader(root: Path, browser: Browser) -> None:
    drawing = PAGES["chapters/02_second/chapter"].replace('width="9" height="9"', 'width="720"')
    write_page(root, "chapters/02_second/chapter", drawing)
    with zipfile.ZipFile(epub.write(read_book(root, root / "html"), root / "epub")) as archive:
        archive.extractall(root / "reader")
    reader = browser.new_page(viewport={"width": 360, "height": 600})
    reader.goto((root / "reader" / "EPUB" / "chapters-02_second-chapter.xhtml").as_uri())
    box = reader.locator("svg").bounding_box()
    assert box is not None and box["x"] + box["width"] <= 360
    reader.close()


def broken_links(pages: dict[str, ElementTree.Element], files: set[str]) -> list[str]:
    """Links and pictures of an ePub whose file or id is not in it."""
    ids = {name: {tag.get("id") for tag in page.iter()} for name, page in pages.items()}
    broken = []
    for name, page in pages.items():
        for tag in [*page.iter(f"{XHTML}a"), *page.iter(f"{XHTML}img"), *page.iter(f"{XHTML}link")]:
            address = urlsplit(urljoin(name, tag.get("href") or tag.get("src") or ""))
            inside = address.path in files and (not address.fragment or address.fragment in ids[address.path])
            if not address.scheme and not inside:
                broken.append(f"{name}: {address.geturl()}")
    return broken


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("", None, r"no page chapters/01_first/chapter\.html: run `make site`"),
        ("chapter.html#far", "chapter.html#near", "has a link to .*#near, but no element there has this id"),
        ("@half@", r'<div class="math">\(\frac{1}{2}\)</div>', "A formula of .* is not drawn"),
        (PICTURE, "", "A widget of .* has no picture"),
    ],
    ids=["chapter", "link", "formula", "widget"],
)
def test_what_is_missing_is_said_in_one_sentence(root: Path, old: str, new: str | None, problem: str) -> None:
    name = "chapters/01_first/chapter"
    assert old in PAGES[name]
    if new is None:
        (root / "html" / f"{name}.html").unlink()
    else:
        write_page(root, name, PAGES[name].replace(old, new))
    with pytest.raises(BookError, match=problem):
        epub.write(read_book(root, root / "html"), root / "out")


def test_where_the_site_has_an_address_widgets_link_to_it(root: Path) -> None:
    (root / "_config.yml").write_text(CONFIG + "html: {baseurl: https://example.org/course}\n", encoding="utf-8")
    result = epub.write(read_book(root, root / "html"), root / "epub")
    with zipfile.ZipFile(result) as archive:
        first = archive.read("EPUB/chapters-01_first-chapter.xhtml").decode()
    assert 'href="https://example.org/course/chapters/01_first/chapter.html"' in first
    assert 'href="https://example.org/course/search.html"' in first


@pytest.mark.browser
def test_the_real_book_is_whole(site: Path, tmp_path: Path) -> None:
    """Each chapter is there, each link inside has its place, each formula is drawn, each widget has its picture."""
    book = read_book(ROOT, site)
    assert [page.title.split()[0] for page in book.pages if page.name.endswith("/chapter")] == list(
        map(str, range(1, 20))
    )
    result = epub.write(book, tmp_path)
    with zipfile.ZipFile(result) as archive:
        files = {name.removeprefix("EPUB/"): archive.read(name) for name in archive.namelist()}
    pages = {name: ElementTree.fromstring(text) for name, text in files.items() if name.endswith(".xhtml")}
    assert broken_links(pages, set(files)) == []
