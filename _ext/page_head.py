"""What a page says of itself to search engines and previews: one viewport, and a description from its first words.

A chapter's description begins with the question that it answers.
"""

import re
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from _ext.chapter_titles import question_of

LONGEST = 160  # characters that a search engine shows

# Sphinx's layout declares the viewport; docutils does it once more.
SECOND_VIEWPORT = re.compile(r'<meta\b[^>]*name="viewport"[^>]*>\n?')


def description_of(doctree: nodes.document) -> str:
    """The first paragraph that belongs to a section itself."""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section):
            return " ".join(paragraph.astext().split())
    return ""


def shortened(text: str) -> str:
    """The text to the last sentence or word that fits."""
    if len(text) <= LONGEST:
        return text
    fits = text[:LONGEST]
    sentence = max(fits.rfind(". "), fits.rfind("? "))
    return fits[: sentence + 1] if sentence > LONGEST / 3 else fits.rsplit(" ", 1)[0].rstrip(",;:") + " …"


def add_description(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    metatags = SECOND_VIEWPORT.sub("", context.get("metatags", ""))
    if doctree and 'name="description"' not in metatags:
        text = shortened(f"{question_of(app.env, pagename)} {description_of(doctree)}".strip())
        metatags += f'<meta name="description" content="{escape(text)}" />\n'
    context["metatags"] = metatags


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", add_description)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
