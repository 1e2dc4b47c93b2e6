"""What a claim quotes stands on a page of its chapter, so that a sentence that changes takes its claim along."""

import re
from pathlib import Path

import pytest

from tests.chapters.kept import CLAIMS, quotes_of

CHAPTERS = Path(__file__).parents[2] / "chapters"
ROLE = re.compile(r"\{[a-z:]+\}`([^`<]*?)(?: <[^`]*>)?`")
LINK = re.compile(r"\[([^\]]*)\]\([^)\s]*\)")
BETWEEN_STRINGS = re.compile(r'"\n\s*f?"')
"""Where a caption that code writes goes on in another line."""


def plain(text: str) -> str:
    """Text without emphasis, roles, links, line breaks and capitals, as far as a quotation may differ in them."""
    for markup in (ROLE, LINK):
        text = markup.sub(r"\1", text)
    return " ".join(re.sub(r"[*$`]", "", BETWEEN_STRINGS.sub("", text)).lower().split())


def missing(quotes: list[str], text: str) -> list[str]:
    """The quotations that do not stand in a text; each may leave something out at `[...]`."""
    whole = plain(text)
    pieces = [(quote, plain(piece).strip(" .,;:")) for quote in quotes for piece in quote.split("[...]")]
    return [quote for quote, piece in pieces if piece not in whole]


@pytest.mark.parametrize("file", sorted(CLAIMS.glob("[0-9]*.py")), ids=lambda file: file.stem)
def test_quotations_stand_on_the_page(file: Path) -> None:
    folder = CHAPTERS / file.stem.removesuffix("_further")
    pages = [*sorted(folder.glob("*.md")), CHAPTERS / "corrections.md"]
    assert missing(quotes_of(file), "\n".join(page.read_text(encoding="utf-8") for page in pages)) == []
