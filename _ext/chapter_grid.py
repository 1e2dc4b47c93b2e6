"""The directive `{chapter-grid}`: all chapters by the parts of _toc.yml, each with its number, name and question."""

from collections.abc import Iterator
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from _ext.chapter_titles import number_of, question_of


class chapter_grid(nodes.General, nodes.Element):
    """The grid."""


class ChapterGridDirective(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        return [chapter_grid()]


def parts(site_map: Any) -> Iterator[tuple[str, list[str]]]:
    """The captions of _toc.yml under which chapters stand, and the names of these."""
    for tree in site_map.root.subtrees:
        if chapters := [str(item) for item in tree.items if number_of(str(item)) is not None]:
            yield tree.caption, chapters


def visit_grid(writer: HTML5Translator, node: chapter_grid) -> None:
    builder = writer.builder
    for caption, chapters in parts(builder.env.external_site_map):  # type: ignore[attr-defined]
        writer.body.append(f'<h3 class="chapter-part">{escape(caption)}</h3>\n<ul class="chapter-grid">\n')
        for name in chapters:
            number, _, title = builder.env.titles[name].astext().partition(" ")
            address = builder.get_relative_uri(builder.current_docname, name)
            question = question_of(builder.env, name)
            writer.body.append(
                f'<li><a href="{address}" data-chapter="{name}"><span class="number">{number}</span>'
                f'<span class="name">{escape(title)}</span>'
                f'<span class="asks">{escape(question)}</span></a></li>\n'
            )
        writer.body.append("</ul>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(chapter_grid, html=(visit_grid, None))
    app.add_directive("chapter-grid", ChapterGridDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
