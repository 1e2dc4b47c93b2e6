"""How much of the book has been read: a checkbox at the end of each chapter, a line and ticks in the sidebar.

The browser remembers it; nothing leaves it. The line is in `_templates/reading-progress.html`.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from _ext.chapter_titles import CHAPTER

CHECKBOX = """<p class="chapter-read pst-js-only">
<label><input type="checkbox" data-chapter="{chapter}" autocomplete="off"> I have read this chapter</label>
</p>
"""


def chapters(env: BuildEnvironment) -> list[str]:
    """Names of the book's chapters, in order."""
    return sorted(filter(CHAPTER.fullmatch, env.found_docs))


def add_progress(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    context["chapters"] = chapters(app.env)
    if pagename in context["chapters"]:
        context["body"] += CHECKBOX.format(chapter=pagename)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", add_progress)
    app.add_css_file("reading-progress.css")
    app.add_js_file("reading-progress.js", defer="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
