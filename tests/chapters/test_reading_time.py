"""The time that a chapter says it takes is the time that it takes.

Words at 200 a minute, code that is not folded away at 15 lines a minute, 2 minutes a figure or widget.
"""

import re
from pathlib import Path

import pytest

from tests.chapters.pages import pages_of_chapters

WORDS_A_MINUTE, LINES_A_MINUTE, MINUTES_A_PICTURE = 200, 15, 2
CELL = re.compile(r"^```\{code-cell\}.*?^```$", re.DOTALL | re.MULTILINE)
FOLDED = re.compile(r"^:tags: \[.*(?:hide|remove)-(?:input|cell)", re.MULTILINE)
SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)
PICTURE = re.compile(r"\bplotting\.\w+\(|\bplt\.|subplots\(|\.plot\(|widgets?\b.*import")
HEADER = re.compile(r"\A---\n.*?^---$", re.DOTALL | re.MULTILINE)
MARKUP = re.compile(
    r"^\([\w-]+\)=$|^:\w+:.*$|^[`:]{3,}.*$|^\|[ :|-]+\|$"  # labels, options, fences, rules of tables
    r"|\{[\w:]+\}`|</?\w[^>\n]*>|https?://\S+",
    re.MULTILINE,
)
SAID = re.compile(r"(?:\*\*Time\*\*|Before you start:) about (\d+) minutes to read[;.]")
LONGEST = 50  # minutes


def reading_time(text: str) -> int:
    """The minutes that a page takes, from its MyST Markdown, rounded to 10."""
    cells, prose = CELL.findall(text), HEADER.sub("", CELL.sub("", text))
    words = len(re.findall(r"\b\w+", MARKUP.sub(" ", SVG.sub(" ", prose))))
    read = [line for cell in cells if not FOLDED.search(cell) for line in cell.splitlines()[1:-1]]
    lines = sum(bool(line.strip()) and not line.startswith(":tags:") for line in read)
    pictures = len(SVG.findall(prose)) + len(re.findall(r"\{(?:figure|drawing)\}", prose))
    pictures += sum(bool(PICTURE.search(cell)) for cell in cells)
    minutes = words / WORDS_A_MINUTE + lines / LINES_A_MINUTE + pictures * MINUTES_A_PICTURE
    return round(minutes / 10) * 10


def said(text: str) -> int | None:
    match = SAID.search(text)
    return int(match[1]) if match else None


@pytest.mark.parametrize("page", pages_of_chapters(), ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_a_page_says_how_long_it_takes(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    time, mark = reading_time(text), "Before you start:" if page.stem == "chapter" else "**Time**"
    assert said(text) == time, f"write: {mark} about {time} minutes to read"
    assert time <= LONGEST, "move to further.md what a first reading does not need"
