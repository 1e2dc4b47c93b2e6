"""The coverage table tells the truth: each anchor is a section of its chapter; no written chapter leaves a row open."""

import csv
import re
from pathlib import Path

from tests.chapters.pages import pages_of_chapters

CHAPTERS = Path(__file__).parents[2] / "chapters"

Row = dict[str, str]


def read_rows() -> list[Row]:
    with (CHAPTERS / "coverage.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def labels_by_chapter() -> dict[str, set[str]]:
    """Chapter number -> the MyST labels of sections, `(name)=` on the line above a heading, of a written chapter."""
    found: dict[str, set[str]] = {}
    for page in pages_of_chapters():
        labels = re.findall(r"^\(([\w-]+)\)=\n#", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        found.setdefault(page.parent.name[:2], set()).update(labels)
    return found


def problems(rows: list[Row], labels: dict[str, set[str]]) -> list[str]:
    """One sentence for each row that is open though its chapter is written, or whose anchor leads nowhere."""
    found = []
    for row in rows:
        number, chapter, anchor = row["row"], row["chapter"], row["anchor"]
        if anchor and anchor not in labels.get(chapter, set()):
            found.append(f"row {number}: no section of chapter {chapter} has the label ({anchor})=")
        if not anchor and chapter in labels:
            found.append(f"row {number}: chapter {chapter} is written, so name the section that teaches the row")
    return found


def test_every_anchor_exists_and_no_written_chapter_leaves_a_row_open() -> None:
    assert problems(read_rows(), labels_by_chapter()) == []


def test_every_row_of_the_source_is_listed_once() -> None:
    assert [int(row["row"]) for row in read_rows()] == list(range(1, 197))
