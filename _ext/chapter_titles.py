"""The titles of chapters: the number and the name in lists and links, the question below it on the page.

A chapter's heading reads "Attention: how does a token choose what to listen to?", in the book as in a notebook. The
number is that of its folder.
"""

import re
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

CHAPTER = re.compile(r"chapters/(\d\d)_\w+/chapter")


def number_of(document: str) -> int | None:
    """The number of a chapter's document; None for any other."""
    match = CHAPTER.fullmatch(document)
    return int(match[1]) if match else None


def shorten(app: Sphinx, doctree: nodes.document) -> None:
    """Make a chapter's title its number and its name, and remember its question."""
    number, title = number_of(app.env.docname), next(doctree.findall(nodes.title), None)
    if number is None or title is None:
        return
    name, _, question = title.astext().partition(": ")
    app.env.metadata[app.env.docname]["question"] = question[:1].upper() + question[1:]
    title.children = []
    title += nodes.Text(f"{number} {name}")


def question_of(env: BuildEnvironment, document: str) -> str:
    """The question that a chapter's title asks; empty for other documents."""
    return str(env.metadata[document].get("question", ""))


def add_question(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Write the question under the title of its page."""
    if number_of(pagename) is not None and (question := question_of(app.env, pagename)):
        subtitle = f'</h1>\n<p class="chapter-question">{escape(question)}</p>'
        context["body"] = context["body"].replace("</h1>", subtitle, 1)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", shorten, priority=400)  # before Sphinx collects the titles
    app.connect("html-page-context", add_question)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
