"""The book as an ePub 3: a file for each page, formulas in MathML.

python -m _ext.whole_book.epub
"""

import re
import zipfile
from html import escape
from pathlib import Path

from bs4 import Tag

from _ext.whole_book.pages import ROOT, Book, BookError, Page, anchor, link_pages, run, title_html

OUTPUT = ROOT / "_build" / "epub"
STYLE = Path(__file__).with_name("epub.css")
MEDIA_TYPES = {".png": "image/png", ".svg": "image/svg+xml", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}

# Names in SVG that have capitals. HTML does not tell them from small letters, XML does.
SVG_NAMES = {
    name.lower(): name
    for name in (
        *("viewBox", "preserveAspectRatio", "linearGradient", "radialGradient", "gradientUnits", "gradientTransform"),
        *("clipPath", "clipPathUnits", "markerWidth", "markerHeight", "markerUnits", "refX", "refY", "textLength"),
        *("lengthAdjust", "patternUnits", "patternTransform", "pathLength", "foreignObject", "textPath", "startOffset"),
    )
}

# Characters that XML cannot hold.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

# What HTML of old knew: readers of ePub take it for an error.
OBSOLETE = ("border", "align", "valign", "width", "height", "cellpadding", "cellspacing", "scope")

CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
  <rootfiles><rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""


def write(book: Book, folder: Path) -> Path:
    """Write the ePub into `folder` and return its path. The pages of `book` are used up."""
    folder.mkdir(parents=True, exist_ok=True)
    images: dict[Path, str] = {}

    def image(file: Path) -> str:
        file = file.resolve()
        if file.suffix not in MEDIA_TYPES:
            raise BookError(f"The picture {file.name} is of no kind that an ePub may hold: make it PNG, SVG or JPEG.")
        return images.setdefault(file, f"images/{len(images)}-{file.name}")

    link_pages(book, lambda name, part: f"{anchor(name)}.xhtml" + (f"#{part}" if part else ""), image)
    result = folder / f"{book.file_name}.epub"
    with zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)  # first, and not packed
        archive.writestr("META-INF/container.xml", CONTAINER)
        archive.writestr("EPUB/nav.xhtml", document(book, "Contents", contents_html(book)))
        archive.writestr("EPUB/title.xhtml", document(book, book.title, title_html(book)))
        for page in book.pages:
            make_xml(page)
            archive.writestr(f"EPUB/{anchor(page.name)}.xhtml", document(book, page.title, page.article.decode()))
        for file, name in images.items():
            archive.write(file, f"EPUB/{name}")
        code_colors = (book.site / "_static" / "pygments.css").read_text(encoding="utf-8")
        archive.writestr("EPUB/style.css", code_colors + STYLE.read_text(encoding="utf-8"))
        archive.writestr("EPUB/package.opf", package(book, images))
    return result


def make_xml(page: Page) -> None:
    """Turn the page's HTML into what XML and the rules of ePub allow."""
    article = page.article
    for formula in article.select(".katex"):
        show_mathml(formula)
    for tag in article.select("style"):
        tag.decompose()
    drawn = {id(tag) for drawing in article.find_all(["svg", "math"]) for tag in drawing.find_all(True)}
    seen: set[str] = set()
    for tag in article.find_all(True):
        if tag.get("id") in seen:
            del tag["id"]
        seen.add(str(tag.get("id")))
        if tag.name not in ("img", "svg") and id(tag) not in drawn:
            for attribute in OBSOLETE:
                if attribute != "scope" or tag.name != "th":
                    tag.attrs.pop(attribute, None)
    for drawing in article.find_all("svg"):
        drawing["xmlns"] = "http://www.w3.org/2000/svg"
        for tag in [drawing, *drawing.find_all(True)]:
            tag.name = SVG_NAMES.get(tag.name, tag.name)
            tag.attrs = {SVG_NAMES.get(name, name): value for name, value in tag.attrs.items()}
    for text in article.find_all(string=CONTROL):
        text.replace_with(CONTROL.sub("\ufffd", text))


def show_mathml(formula: Tag) -> None:
    """KaTeX writes each formula twice, as boxes to be seen and as MathML to be heard: the second stays."""
    mathml = formula.find("math")
    assert isinstance(mathml, Tag)
    formula.replace_with(mathml.extract())


def document(book: Book, title: str, body: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'
        f'<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="{book.language}" '
        f'xml:lang="{book.language}" data-theme="light"><head><meta charset="utf-8"/><title>{escape(title)}</title>'
        f'<link rel="stylesheet" href="style.css"/></head><body>{body}</body></html>\n'
    )


def contents_html(book: Book) -> str:
    rows = []
    for part in book.parts:
        pages = "".join(f"<li>{page_entry(page)}</li>" for page in part.pages)
        rows.append(f"<li><span>{escape(part.caption)}</span><ol>{pages}</ol></li>" if part.caption else pages)
    return f'<nav epub:type="toc" id="toc"><h1>Contents</h1><ol>{"".join(rows)}</ol></nav>'


def page_entry(page: Page) -> str:
    file = f"{anchor(page.name)}.xhtml"
    sections = "".join(f'<li><a href="{file}#{name}">{escape(text)}</a></li>' for name, text in page.sections)
    return f'<a href="{file}">{escape(page.title)}</a>' + (f"<ol>{sections}</ol>" if sections else "")


def package(book: Book, images: dict[Path, str]) -> str:
    """The list of all files, and the order in which they are read."""
    names = [anchor(page.name) for page in book.pages]
    items = [
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>',
        '<item id="title" href="title.xhtml" media-type="application/xhtml+xml"/>',
        '<item id="style" href="style.css" media-type="text/css"/>',
    ]
    for page in book.pages:
        kinds = [name for name, tag in (("mathml", "math"), ("svg", "svg")) if page.article.find(tag)]
        properties = f' properties="{" ".join(kinds)}"' if kinds else ""
        name = anchor(page.name)
        items.append(f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"{properties}/>')
    for number, (file, name) in enumerate(images.items()):
        items.append(f'<item id="image-{number}" href="{escape(name)}" media-type="{MEDIA_TYPES[file.suffix]}"/>')
    spine = "".join(f'<itemref idref="{name}"/>' for name in ("title", "nav", *names))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="book" xml:lang="{book.language}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="book">{escape(book.address or "urn:llm-course:" + book.file_name)}</dc:identifier>
<dc:title>{escape(book.title)}</dc:title><dc:language>{book.language}</dc:language>
<dc:creator>{escape(book.author)}</dc:creator><dc:date>{book.year}</dc:date>
<meta property="dcterms:modified">{book.built:%Y-%m-%dT%H:%M:%SZ}</meta>
</metadata>
<manifest>{"".join(items)}</manifest>
<spine>{spine}</spine>
</package>
"""


if __name__ == "__main__":
    run(write, OUTPUT)
