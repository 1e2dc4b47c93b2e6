"""Every figure of the book has alt text and a numbered caption."""

import re
from pathlib import Path

import pytest

CHAPTERS = Path(__file__).parents[2] / "chapters"
FENCE = re.compile(r"^(`{3,})\{(?P<name>[\w-]+)\}[^\n]*\n(?P<body>.*?)^\1$", re.DOTALL | re.MULTILINE)
DRAWN = re.compile(r"plotting\.show\(|\bshow_recall\(\{|\bshow_recall\(\w|\bshow_shares\(\{|plt\.show\(")
ALT = re.compile(r"\balt\s*=|show_recall\(|show_shares\(")  # these two write it themselves


def faults(text: str) -> list[str]:
    """What the figures of a page lack that a cell or an SVG draws; the directives say themselves what they lack."""
    found = []
    fences = [*FENCE.finditer(text)]
    for fence, after in zip(fences, [*fences, None][1:], strict=True):
        name, body = fence["name"], fence["body"]
        line = text[: fence.start()].count("\n") + 1
        is_svg, is_cell = name == "raw" and "<svg" in body, name == "code-cell" and bool(DRAWN.search(body))
        if is_svg and not re.search(r'<svg[^>]*aria-label="[^"]+', body):
            found.append(f"line {line}: an SVG without alt text")
        if is_cell and not ALT.search(body):
            found.append(f"line {line}: a figure without alt text")
        if is_svg or is_cell:
            between = text[fence.end() : after.start()] if after else "-"
            if between.strip() or not after or after["name"] != "caption":
                found.append(f"line {line}: a figure without a caption")
    return found


PAGES = sorted([*CHAPTERS.glob("*/*.md"), *CHAPTERS.glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHAPTERS)))
def test_every_figure_has_alt_text_and_a_caption(page: Path) -> None:
    assert faults(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", sorted(CHAPTERS.glob("[01][0-9]_*/chapter.md")), ids=lambda page: page.parent.name)
def test_every_chapter_opens_with_a_picture(page: Path) -> None:
    """Before its first section."""
    opening, *_ = re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert re.search(r"^```\{(caption|drawing)\}", opening, re.MULTILINE)
