"""Mends the HTML that other extensions write: what misleads a screen reader, and stories that run off the page."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

MENDED = {
    # myst-nb labels its toggles with other words than they show.
    '<summary aria-label="Toggle hidden content">': "<summary>",
    # docutils gives references a role that is deprecated and not allowed here.
    ' role="doc-biblioentry"': "",
    '<div role="list" class="citation-list">': '<div class="citation-list">',
}

# The empty corner of a table heads nothing.
CORNER = '<th class="head stub"><p></p></th>'

LONG_LINE = 100  # characters; a window of 1280 pixels shows 88 beside the two sidebars
SHOWN, SHOWN_SMALLER = 88, 104


def head_rows(app: Sphinx, doctree: nodes.document) -> None:
    """Make the first column the heads of the rows in tables with an empty corner, which Markdown has no sign for."""
    for table in doctree.findall(nodes.table):
        corner = next(table.findall(nodes.entry), None)
        if corner is not None and not corner.astext().strip():
            next(table.findall(nodes.colspec))["stub"] = True


def fit_outputs(app: Sphinx, doctree: nodes.document) -> None:
    """Let an output wrap whose longest line is prose and fits on no page; make a table smaller that then fits."""
    for block in doctree.findall(nodes.literal_block):
        lines = block.astext().splitlines()
        longest = max(lines, key=len, default="").rstrip()
        if "output" not in block["classes"]:
            continue
        if len(longest) > LONG_LINE and "  " not in longest.strip():
            block["classes"].append("prose")
        elif SHOWN < len(longest) <= SHOWN_SMALLER and any("  " in line.strip() for line in lines):
            block["classes"].append("wide")


def mend(html: str) -> str:
    for fault, right in MENDED.items():
        html = html.replace(fault, right)
    return html.replace(CORNER, "<td></td>")


def mend_page(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document) -> None:
    if "body" in context:
        context["body"] = mend(context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", head_rows)
    app.connect("doctree-read", fit_outputs)
    app.connect("html-page-context", mend_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
