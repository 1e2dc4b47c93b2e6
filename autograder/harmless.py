"""Markdown that learners wrote, as HTML for the instructor's browser.

Feedback pages and formgrader show learners' notebooks, formgrader with the right to change grades, and nbgrader's own
templates pass HTML in Markdown on as it is.
"""

import re

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

LINKING_COMMANDS = re.compile(r"\\(?:href|csname|require)\b")
"""Commands by which a formula can hold a link, to a script too."""
ESCAPED_DROPDOWN = re.compile(r"&lt;(/?(?:details|summary))&gt;")
"""The tags, without attributes, of the hints that the course's own text folds away."""


def harmless_html(source: str) -> str:
    """Markdown as HTML that runs nothing: HTML in it shows as text, and no link leads to a script."""
    renderer = IPythonRenderer(escape=True, allow_harmful_protocols=False)
    html = str(MarkdownWithMath(renderer=renderer).render(LINKING_COMMANDS.sub(r"\\text", source)))
    return ESCAPED_DROPDOWN.sub(r"<\1>", html)
