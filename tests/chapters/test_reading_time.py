"""The time that a chapter says it takes is the time that it takes."""

import re
from pathlib import Path

import pytest

from tests.chapters.pages import pages_of_chapters
from tests.chapters.reading_time import Minutes, reading_time

SAID = re.compile(
    r"(?:\*\*Time\*\*|Before you start:) about (\d+) minutes to read"
    r"(?:, (\d+) more for what is marked \*Going further\*)?[;.]"
)
LONGEST = 70  # minutes of a first reading


def said(text: str) -> Minutes | None:
    match = SAID.search(" ".join(text.split()))
    return Minutes(int(match[1]), int(match[2] or 0)) if match else None


@pytest.mark.parametrize("page", pages_of_chapters(), ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_a_page_says_how_long_it_takes(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    time = reading_time(text)
    mark = "Before you start:" if page.stem == "chapter" else "**Time**"
    form = f"{mark} about {time.first} minutes to read" + (
        f", {time.further} more for what is marked *Going further*" if time.further else ""
    )
    assert said(text) == time, f"write: {form}"
    assert time.first <= LONGEST, "fold away what a first reading does not need"


PAGE = f"""---
jupytext: x
---
# Title

{"word " * 2000}

```{{code-cell}} ipython3
{"x = 1" + chr(10)}
import matplotlib.pyplot as plt
plt.plot([1])
```

## Going further: more

{"word " * 4000}

## Summary

{"word " * 2000}

::::{{dropdown}} Going further: folded
{"word " * 2000}
::::
"""


def test_reading_time_counts_what_is_read() -> None:
    # 4,000 words at 200 a minute, a few lines and a figure; 6,000 words further on.
    assert reading_time(PAGE) == Minutes(20, 30)


def test_a_time_that_was_felt_is_found() -> None:
    assert said(
        "**Time** about 20 minutes to read, 30 more for what is\nmarked *Going further*; exercises an hour."
    ) == (Minutes(20, 30))
    assert said("**Time** an hour") is None
