"""Captions of figures, numbered by chapter: "Figure 5.2".

The directive `{caption}` stands below a figure, whatever draws it: a cell, inline SVG, or the directive `{drawing}`,
whose content is its caption.

    ```{drawing} attention
    :alt: What the drawing shows, for a reader who does not see it.

    The caption.
    ```

The drawings are functions of `_ext/drawings`, in the book's one diagram language.
"""

from html import escape
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from _ext import drawings
from _ext.chapter_titles import number_of


class Caption(SphinxDirective):
    """A numbered caption."""

    has_content = True
    option_spec = {"name": directives.unchanged}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        return [self.caption()]

    def caption(self) -> nodes.paragraph:
        self.assert_has_content()
        text, messages = self.parse_inline(" ".join(self.content))
        number = self.number()
        caption = nodes.paragraph("", "", nodes.strong("", f"Figure {number}."), nodes.Text(" "), *text, *messages)
        caption["classes"] += ["numbered-caption"]
        caption["ids"] += [f"figure-{number.replace('.', '-')}"]
        self.add_name(caption)
        return caption

    def number(self) -> str:
        """The figure's number on its page, after that of the chapter."""
        own = str(self.env.new_serialno("figure") + 1)
        chapter = number_of(self.env.docname)
        return own if chapter is None else f"{chapter}.{own}"


class Drawing(Caption):
    """A drawing with its caption."""

    required_arguments = 1
    option_spec = {"name": directives.unchanged, "alt": directives.unchanged_required}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        name, alt = self.arguments[0], self.options.get("alt", "")
        if name not in drawings.DRAWINGS:
            raise self.error(f"There is no drawing {name!r}: choose one of {', '.join(sorted(drawings.DRAWINGS))}.")
        if not alt:
            raise self.error(f"The drawing {name!r} has no alt text: say in a sentence what it shows, `:alt: ...`.")
        frame = f'<div class="figure drawing" role="img" aria-label="{escape(alt)}">'
        picture = nodes.raw("", f"{frame}{drawings.DRAWINGS[name]()}</div>", format="html")
        return [picture, self.caption()]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("caption", Caption)
    app.add_directive("drawing", Drawing)
    app.add_css_file("figures.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
