"""The time that a chapter says it takes is the time that it takes."""

import re
from pathlib import Path

import pytest

from tests.chapters.pages import pages_of_chapters
from tests.chapters.reading_time import reading_time

SAID = re.compile(r"(?:\*\*Time\*\*|Before you start:) about (\d+) minutes to read[;.]")
LONGEST = 50  # minutes


def said(text: str) -> int | None:
    match = SAID.search(text)
    return int(match[1]) if match else None


@pytest.mark.parametrize("page", pages_of_chapters(), ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_a_page_says_how_long_it_takes(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    time, mark = reading_time(text), "Before you start:" if page.stem == "chapter" else "**Time**"
    assert said(text) == time, f"write: {mark} about {time} minutes to read"
    assert time <= LONGEST, "move to further.md what a first reading does not need"
