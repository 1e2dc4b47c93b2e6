"""The book as a PDF: its pages on one long page that Chromium prints, with contents, outline and working links.

python -m _ext.whole_book.pdf
"""

import logging
import shutil
from dataclasses import dataclass
from html import escape
from pathlib import Path

from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import Fit, IndirectObject

from _ext.whole_book.pages import ROOT, Book, BookError, Page, Part, anchor, link_pages, run, title_html

OUTPUT = ROOT / "_build" / "pdf"
STYLE = Path(__file__).with_name("pdf.css")
CHROMIUM_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PRINTING = 1_200_000  # milliseconds that Chromium may take on a busy machine

# What is wider than the sheet is made smaller until it fits; thrice, for letters do not shrink evenly. All widths are
# read before any is changed.
FIT = """
() => {
  const fit = (selector, within, width, shrink) => {
    const places = [...document.querySelectorAll(selector)];
    const shares = places.map((place) => place.parentElement.closest(within).clientWidth / width(place));
    places.forEach((place, i) => shares[i] < 0.999 && shrink(place, 0.995 * shares[i]));
  };
  for (let round = 0; round < 3; round++) {
    fit(".katex-display > .katex", ".katex-display", (formula) => formula.scrollWidth, (formula, share) => {
      formula.style.fontSize = `${share * parseFloat(getComputedStyle(formula).fontSize)}px`;
    });
    fit("table", "div, td", (table) => table.getBoundingClientRect().width, (table, share) => {
      table.style.zoom = share * (table.style.zoom || 1);
    });
  }
}
"""


@dataclass(frozen=True)
class Entry:
    """A line of the contents and of the outline: its level from 0, the id that it leads to, and its text."""

    level: int
    id: str
    text: str


def write(book: Book, folder: Path) -> Path:
    """Write the PDF into `folder` and return its path. The pages of `book` are used up."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = contents(book)
    link_pages(book, lambda name, fragment: "#" + anchor(name, fragment), lambda file: file.resolve().as_uri())
    for page in book.pages:
        make_ids_unique(page)
    body = "".join(part_html(part) for part in book.parts)
    source, printed = folder / "book.html", folder / "printed.pdf"
    numbers: dict[str, int] = {}
    for _ in range(2):  # only what is printed tells on which page things stand, for the contents of the second printing
        source.write_text(book_html(book, entries, numbers, body), encoding="utf-8")
        print_page(source, printed)
        numbers = page_numbers(PdfReader(printed))
    result = folder / f"{book.file_name}.pdf"
    add_outline(printed, book, entries, result)
    printed.unlink()
    source.unlink()
    return result


def contents(book: Book) -> list[Entry]:
    entries = []
    for part in book.parts:
        if part.caption:
            entries.append(Entry(0, part_anchor(part), part.caption))
        for page in part.pages:
            entries.append(Entry(1 if part.caption else 0, anchor(page.name), page.title))
            entries += [Entry(2, anchor(page.name, name), text) for name, text in page.sections]
    return entries


def make_ids_unique(page: Page) -> None:
    """Put the page's name into its ids. Drawings keep theirs, which are the same only for the same content."""
    for attribute in ("id", "aria-labelledby", "aria-describedby", "for"):
        for tag in page.article.select(f"[{attribute}]:not(svg, svg *)"):
            tag[attribute] = " ".join(anchor(page.name, name) for name in str(tag[attribute]).split())
    for tag in page.article.select(".katex-mathml"):  # hidden on a page, but found by a search for text
        tag.decompose()


def part_html(part: Part) -> str:
    head = f'<section class="part" id="{part_anchor(part)}"><h1>{escape(part.caption)}</h1></section>'
    pages = (
        f'<div class="book-page" id="{anchor(page.name)}" style="page: {anchor(page.name)}">{page.article}</div>'
        for page in part.pages
    )
    return (head if part.caption else "") + "".join(pages)


def part_anchor(part: Part) -> str:
    return "part-" + part.caption.lower().replace(" ", "-")


def contents_html(entries: list[Entry], numbers: dict[str, int]) -> str:
    rows = "".join(
        f'<li class="level-{entry.level}"><a href="#{entry.id}"><span class="entry">{escape(entry.text)}</span>'
        f'<span class="number">{numbers.get(entry.id, "")}</span></a></li>'
        for entry in entries
    )
    return f'<nav class="contents"><h1>Contents</h1><ol>{rows}</ol></nav>'


def running_heads(book: Book) -> str:
    """Each page of the site is a named page of the book, whose head is its title."""
    return "".join(
        f"@page {anchor(page.name)} {{ @top-left {{ content: {quoted(page.title)} }} }}\n" for page in book.pages
    )


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def book_html(book: Book, entries: list[Entry], numbers: dict[str, int], body: str) -> str:
    static = (book.site / "_static").resolve()
    mark = (ROOT / "_ext" / "static" / "favicon.svg").read_text(encoding="utf-8")
    title = title_html(book, f'<div class="emblem">{mark}</div>')
    return (
        f'<!doctype html><html lang="{book.language}" data-theme="light"><head><meta charset="utf-8">'
        f'<title>{escape(book.title)}</title><link rel="stylesheet" href="{(static / "light.css").as_uri()}">'
        f'<link rel="stylesheet" href="{STYLE.resolve().as_uri()}"><style>{running_heads(book)}</style></head>'
        f"<body>{title}{contents_html(entries, numbers)}<main>{body}</main></body></html>"
    )


def print_page(source: Path, output: Path) -> None:
    executable = shutil.which("chromium")
    if executable is None:
        raise BookError("Chromium is not installed: run `make chromium`, or install it, then run this again.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        sheet = browser.new_page(viewport={"width": 642, "height": 900})  # the sheet of pdf.css without its margins
        sheet.set_default_timeout(PRINTING)
        sheet.emulate_media(media="print", color_scheme="light")
        sheet.goto(source.as_uri())
        sheet.evaluate("document.fonts.ready")
        sheet.evaluate(FIT)
        sheet.pdf(path=output, prefer_css_page_size=True, print_background=True, tagged=True)
        browser.close()


def page_numbers(reader: PdfReader) -> dict[str, int]:
    """The page, from 1, on which each id stands that a link leads to."""
    places = {name.lstrip("/"): place for name, place in reader.named_destinations.items()}
    numbers = {name: reader.get_destination_page_number(place) for name, place in places.items()}
    return {name: number + 1 for name, number in numbers.items() if number is not None}


def add_outline(printed: Path, book: Book, entries: list[Entry], result: Path) -> None:
    """Write the printed book with its outline and what it says of itself."""
    reader = PdfReader(printed)
    numbers, places = page_numbers(reader), reader.named_destinations
    writer = PdfWriter(clone_from=reader)
    above: list[IndirectObject] = []
    for entry in entries:
        if entry.id not in numbers:
            raise BookError(f"The printed book has no place named {entry.id}: Chromium lost it.")
        top = next(places[name].top for name in (f"/{entry.id}", entry.id) if name in places)
        parent = above[entry.level - 1] if entry.level else None
        item = writer.add_outline_item(
            title=entry.text,
            page_number=numbers[entry.id] - 1,
            parent=parent,
            is_open=False,
            fit=Fit.xyz(left=0, top=top),
        )
        above = [*above[: entry.level], item]
    writer.add_metadata({"/Title": book.title, "/Author": book.author})
    writer.page_mode = "/UseOutlines"
    writer.pdf_header = reader.pdf_header
    with result.open("wb") as file:
        writer.write(file)


def main() -> None:
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # Chromium's trailer counts too few objects; pypdf mends it
    run(write, OUTPUT)


if __name__ == "__main__":
    main()
