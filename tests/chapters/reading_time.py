"""How long a page takes to read: words at 200 a minute, code at 15 lines a minute, 2 minutes a figure or widget.

`python -m tests.chapters.reading_time chapters/05_attention/chapter.md` counts. Code that is folded away is not read.
What is marked *Going further* (a section whose heading begins so, or a folded block of that title) is not needed on a
first reading and counts apart.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

WORDS_A_MINUTE, LINES_A_MINUTE, MINUTES_A_PICTURE = 200, 15, 2
FURTHER = "Going further"
CELL = re.compile(r"^```\{code-cell\}.*?^```$", re.DOTALL | re.MULTILINE)
FOLDED = re.compile(r"^:tags: \[.*hide-(?:input|cell)", re.MULTILINE)
SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)
PICTURE = re.compile(r"\bplotting\.\w+\(|\bplt\.|subplots\(|\.plot\(|widgets?\b.*import")
HEADER = re.compile(r"\A---\n.*?^---$", re.DOTALL | re.MULTILINE)
MARKUP = re.compile(
    r"^\([\w-]+\)=$|^:\w+:.*$|^[`:]{3,}.*$|^\|[ :|-]+\|$"  # labels, options, fences, rules of tables
    r"|\{[\w:]+\}`|</?\w[^>\n]*>|https?://\S+",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Minutes:
    """Minutes to read, each rounded to 10: on a first reading, and for what goes further."""

    first: int
    further: int


def reading_time(text: str) -> Minutes:
    """The minutes that a chapter takes, from its MyST Markdown."""
    further = "\n".join(_further_parts(text))
    whole = _minutes(text)
    return Minutes(_rounded(whole - _minutes(further)), _rounded(_minutes(further)))


def words(text: str) -> int:
    """The words of a page's prose."""
    return len(re.findall(r"\b\w+", MARKUP.sub(" ", SVG.sub(" ", _prose(text)))))


def visible_lines(text: str) -> int:
    """The lines of code that a page shows unfolded."""
    cells = [cell.splitlines()[1:-1] for cell in CELL.findall(text) if not FOLDED.search(cell)]
    return sum(bool(line.strip()) and not line.startswith(":tags:") for cell in cells for line in cell)


def _prose(text: str) -> str:
    return HEADER.sub("", CELL.sub("", text))


def _minutes(text: str) -> float:
    cells, prose = CELL.findall(text), _prose(text)
    pictures = (
        len(SVG.findall(prose))
        + len(re.findall(r"\{(?:figure|drawing)\}", prose))
        + sum(bool(PICTURE.search(cell)) for cell in cells)
    )
    return words(text) / WORDS_A_MINUTE + visible_lines(text) / LINES_A_MINUTE + pictures * MINUTES_A_PICTURE


def _further_parts(text: str) -> list[str]:
    parts = []
    outside = CELL.sub(lambda match: re.sub(r"^#", " ", match[0], flags=re.MULTILINE), text)  # comments are no headings
    for match in re.finditer(rf"^(#+) {FURTHER}", outside, re.MULTILINE):
        end = re.compile(rf"^#{{1,{len(match[1])}}} ", re.MULTILINE).search(outside, match.end())
        parts.append(text[match.start() : end.start() if end else len(text)])
    for match in re.finditer(rf"^([`:]{{3,}})\{{dropdown\}} {FURTHER}", outside, re.MULTILINE):
        end = re.compile(rf"^{match[1]}$", re.MULTILINE).search(outside, match.end())
        parts.append(text[match.start() : end.end() if end else len(text)])
    return parts


def _rounded(minutes: float) -> int:
    return round(minutes / 10) * 10


if __name__ == "__main__":
    for name in sys.argv[1:]:
        page = Path(name).read_text(encoding="utf-8")
        print(f"{name}: {words(page)} words, {visible_lines(page)} visible lines of code, {reading_time(page)}")
