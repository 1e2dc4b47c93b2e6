"""A place to read again is a link into the book, in the lab and on feedback pages."""

import html
import re
from pathlib import Path
from typing import cast

import pytest
from jinja2.runtime import Context

from autograder.exercises import assignments
from autograder.nbgrader_bridge.graded_pages import Page, draw_text
from autograder.notebooks.notebooks import section_titles
from llm_course.checking.book import ADDRESS
from llm_course.checking.feedback import Feedback, place_in

PLACES = [(name, title) for name in assignments() for title in section_titles(name).values()]


def test_each_section_that_a_verdict_can_name_is_where_its_link_leads(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, "https://book.example/llm/")
    pages: dict[str, str] = {}
    lost = []
    for name, title in PLACES:
        told = Feedback("f", "", (), "", place_in(name, title)).html
        (link,) = re.findall(r'href="https://book\.example/llm/([^"]+)"', told)
        page, _, anchor = html.unescape(link).partition("#")
        pages[page] = pages.get(page) or (site / page).read_text(encoding="utf-8")
        if f'id="{anchor}"' not in pages[page]:
            lost.append(link)
    assert len(PLACES) > 400 and lost == []


def test_a_feedback_page_has_the_link_and_without_an_address_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = {"metadata": {"nbgrader": {"grade": True, "solution": False}}}
    text = "f: 1 of 2 points\nRead again: chapter 5, “Masks: who may listen to\n    whom”.\n"

    def drawn(cell: object) -> str:
        context = {"resources": {"page": Page(Path())}, "cell": cell}
        return draw_text(cast(Context, context), text)

    assert "<a " not in drawn(cell)
    monkeypatch.setenv(ADDRESS, "javascript:alert(1)")
    assert "<a " not in drawn(cell)
    monkeypatch.setenv(ADDRESS, "https://book.example")
    assert "https://book.example/chapters/05_attention/chapter.html#masks-who-may-listen-to-whom" in drawn(cell)
    assert "<a " not in drawn({}), "what a learner printed"
