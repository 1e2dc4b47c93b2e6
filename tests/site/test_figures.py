"""Captions have numbers, drawings have alt text and one language."""

from collections.abc import Callable

import pytest

from _ext.drawings import DRAWINGS, canvas
from llm_course import plotting
from tests.site.conftest import Built

PAGES = {
    "index.md": "# Book\n\n```{toctree}\nchapters/05_attention/chapter\nabout\n```\n",
    "about.md": "# About\n\n```{caption}\nOn a page without a number.\n```\n",
    "chapters/05_attention/chapter.md": (
        "# Attention: how?\n\n"
        "```{drawing} attention\n:alt: A query & its keys.\n:name: opening\n\nA *query*, and $x$.\n```\n\n"
        "Text, see [the first](opening).\n\n```{caption}\nSecond.\n```\n"
    ),
}


def test_captions_are_numbered_by_chapter(build: Callable[..., Built]) -> None:
    built = build(PAGES, "_ext.chapter_titles", "_ext.figures")
    chapter = built.page("chapters/05_attention/chapter")
    assert "<strong>Figure 5.1.</strong> A <em>query</em>" in chapter
    assert "<strong>Figure 5.2.</strong> Second." in chapter
    assert 'id="figure-5-2"' in chapter
    assert "<strong>Figure 1.</strong>" in built.page("about")
    assert 'role="img" aria-label="A query &amp; its keys."' in chapter
    assert built.warnings == ""


@pytest.mark.parametrize(
    ("directive", "fault"),
    [
        ("```{drawing} attentive\n:alt: Text.\n\nText.\n```", "There is no drawing 'attentive'"),
        ("```{drawing} attention\n\nText.\n```", "has no alt text"),
        ("```{drawing} attention\n:alt: Text.\n```", "Content block expected"),
        ("```{caption}\n```", "Content block expected"),
    ],
)
def test_what_a_figure_lacks_is_a_warning(build: Callable[..., Built], directive: str, fault: str) -> None:
    assert fault in build({"index.md": f"# Book\n\n{directive}\n"}, "_ext.figures").warnings


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_stays_on_its_canvas_and_speaks_the_language(name: str) -> None:
    svg = DRAWINGS[name]()
    assert svg.startswith("<svg viewBox=") and svg.endswith("</svg>")
    colors = {part.split('"')[0] for part in svg.split('stroke="')[1:]} - {"none", canvas.INK}
    assert colors <= {canvas.QUERY, canvas.KEY, canvas.VALUE, canvas.LEARNED}


def test_drawings_and_plots_have_the_same_colors() -> None:
    assert (canvas.QUERY, canvas.KEY, canvas.VALUE, canvas.LEARNED) == plotting.COLORS
