"""Links into the book, where a class has published it: its address stands in the variable LLM_COURSE_BOOK."""

import html
import os
import re
import unicodedata
from pathlib import Path

ADDRESS = "LLM_COURSE_BOOK"
CHECKS = Path(__file__).parents[1] / "checks"
"""Its files have the chapters' names."""
READ_AGAIN = re.compile(r"Read again: (chapter (\d+), “([^”]+)”)")
FURTHER = "Going further: "
"""How the title of a section of a chapter's further page begins."""


def with_links(text: str) -> str:
    """A text in HTML in which each place to read again leads there; as it is, where no book's address is known."""
    book = os.environ.get(ADDRESS, "").strip().rstrip("/")
    if not re.match(r"https?://", book):
        return text
    return READ_AGAIN.sub(lambda found: _link(book, *found.groups()), text)


def _link(book: str, place: str, number: str, title: str) -> str:
    (chapter, *_) = [file.name.partition(".")[0] for file in CHECKS.glob(f"{int(number):02}_*")] or [""]
    if not chapter:
        return f"Read again: {place}"
    plain = " ".join(html.unescape(title).split())
    page = "further" if plain.startswith(FURTHER) else "chapter"
    address = html.escape(f"{book}/chapters/{chapter}/{page}.html#{_anchor(plain.removeprefix(FURTHER))}")
    return f'Read again: <a href="{address}" target="_blank" rel="noopener">{place}</a>'


def _anchor(title: str) -> str:
    """The id that docutils makes of a heading."""
    plain = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"^[-\d]+|-+$", "", re.sub(r"[^a-z0-9]+", "-", plain))
