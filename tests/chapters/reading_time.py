"""How long a chapter takes to read: words at 200 a minute, code at 15 lines a minute, 2 minutes a figure or widget.

What is marked *Going further* (a section whose heading begins so, or a folded block of that title) is not needed on a
first reading and counts apart.
"""

import re
from dataclasses import dataclass

WORDS_A_MINUTE, LINES_A_MINUTE, MINUTES_A_PICTURE = 200, 15, 2
FURTHER = "Going further"
CELL = re.compile(r"^```\{code-cell\}.*?^```$", re.DOTALL | re.MULTILINE)
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


def _minutes(text: str) -> float:
    cells = CELL.findall(text)
    prose = HEADER.sub("", CELL.sub("", text))
    pictures = (
        len(SVG.findall(prose))
        + len(re.findall(r"\{(?:figure|drawing)\}", prose))
        + sum(bool(PICTURE.search(cell)) for cell in cells)
    )
    lines = sum(len([line for line in cell.splitlines()[1:-1] if line.strip()]) for cell in cells)
    words = len(re.findall(r"\b\w+", MARKUP.sub(" ", SVG.sub(" ", prose))))
    return words / WORDS_A_MINUTE + lines / LINES_A_MINUTE + pictures * MINUTES_A_PICTURE


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
