"""Mends what axe finds wrong in the HTML that other extensions write: roles and labels that mislead screen readers."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

MENDED = {
    # myst-nb labels its toggles with other words than they show.
    '<summary aria-label="Toggle hidden content">': "<summary>",
    # docutils gives references a role that is deprecated and not allowed here.
    ' role="doc-biblioentry"': "",
    '<div role="list" class="citation-list">': '<div class="citation-list">',
    # The empty corner of a table is no heading.
    '<th class="head"><p></p></th>': "<td></td>",
}


def mend(html: str) -> str:
    for fault, right in MENDED.items():
        html = html.replace(fault, right)
    return html


def mend_page(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document) -> None:
    if "body" in context:
        context["body"] = mend(context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", mend_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
