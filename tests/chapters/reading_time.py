"""How long a page takes to read: words at 200 a minute, code at 15 lines a minute, 2 minutes a figure or widget.

`python -m tests.chapters.reading_time chapters/05_attention/chapter.md` counts. Code that is folded away is not read.
"""

import re
import sys
from pathlib import Path

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


def reading_time(text: str) -> int:
    """The minutes that a page takes, from its MyST Markdown, rounded to 10."""
    cells, prose = CELL.findall(text), _prose(text)
    pictures = (
        len(SVG.findall(prose))
        + len(re.findall(r"\{(?:figure|drawing)\}", prose))
        + sum(bool(PICTURE.search(cell)) for cell in cells)
    )
    minutes = words(text) / WORDS_A_MINUTE + visible_lines(text) / LINES_A_MINUTE + pictures * MINUTES_A_PICTURE
    return round(minutes / 10) * 10


def words(text: str) -> int:
    """The words of a page's prose."""
    return len(re.findall(r"\b\w+", MARKUP.sub(" ", SVG.sub(" ", _prose(text)))))


def visible_lines(text: str) -> int:
    """The lines of code that a page shows unfolded."""
    cells = [cell.splitlines()[1:-1] for cell in CELL.findall(text) if not FOLDED.search(cell)]
    return sum(bool(line.strip()) and not line.startswith(":tags:") for cell in cells for line in cell)


def _prose(text: str) -> str:
    return HEADER.sub("", CELL.sub("", text))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        page = Path(name).read_text(encoding="utf-8")
        print(f"{name}: {words(page)} words, {visible_lines(page)} visible lines of code, {reading_time(page)} minutes")
