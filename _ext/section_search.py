"""Search in the book's sections, from a server or from files: what a reader types is looked up in the page itself.

The sections' texts lie beside the pages as a script, since a page opened from a file may not fetch anything else. They
are loaded when the reader turns to the search field. MiniSearch ranks them; `search.js` shows what it finds.
"""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import glossary, pending_xref
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError

from _ext.assets import is_stale
from _ext.reference_labels import PLAIN_TEXT
from _ext.released_notebooks import EXERCISES
from _ext.search_words import NEWCOMERS_WORDS

MINISEARCH = Path(__file__).parent.parent / "node_modules" / "minisearch" / "dist" / "umd" / "index.js"
LEFT_OUT = ("chapters/grader_figures", "chapters/coverage", "chapters/corrections")
"""Tables about the book in which every term of the course stands."""
UNREAD = (nodes.title, nodes.section, nodes.literal_block, nodes.raw, nodes.math_block, nodes.comment, glossary)


@dataclass(frozen=True)
class Section:
    """What is looked up: a section without those inside it, or a term of the glossary."""

    address: str
    page: str
    title: str
    names: str
    """Of the places where links arrive. They say in the field's terms what a title may say in a picture."""
    text: str
    formulas: str
    asked: str
    """What newcomers call it."""


def sections_of(page: str, address: str, doctree: nodes.document) -> Iterator[Section]:
    """The sections and the glossary's terms of one page, in their order."""
    for section in doctree.findall(nodes.section):
        is_page = section.parent is doctree
        places = [place for place in section["ids"] if not re.fullmatch(r"id\d+", place)]
        title = _text(section.next_node(nodes.title) or nodes.Text(""))
        # The last place is the one that the author named: it stays when the title changes.
        place = address if is_page or not section["ids"] else f"{address}#{section['ids'][-1]}"
        names, key = " ".join(places).replace("-", " "), place.rpartition("#")[2].removesuffix(".html")
        asked = NEWCOMERS_WORDS.get(key, "")
        yield Section(place, page, title, names, _text(section), _formulas(section), asked)
    for term in doctree.findall(nodes.term):
        if term["ids"]:
            text = _text(term.parent[term.parent.index(term) + 1 :][-1])
            yield Section(f"{address}#{term['ids'][0]}", page, term.astext(), "", text, "", "")


def references_of(env: BuildEnvironment, builder: Builder) -> Iterator[Section]:
    """The entries of the bibliography: their authors and year, and what stands below these."""
    if "cite" in env.domains:
        for citation in env.domains["cite"].citations:  # type: ignore[attr-defined]
            document = citation.bibliography_key.docname
            entry, place = citation.formatted_entry, f"{builder.get_target_uri(document)}#{citation.citation_id}"
            page, text = env.titles[document].astext(), entry.text.render(PLAIN_TEXT)
            yield Section(place, page, entry.label, "", text, "", "")


def _text(node: nodes.Node) -> str:
    """What is read aloud of a node: no code, no display formulas, nothing of the sections inside."""
    text = re.sub(r"\s+", " ", "".join(_read(node, is_top=True))).strip()
    return re.sub(r" (?=[.,;:)])", "", text)


def _read(node: nodes.Node, is_top: bool = False) -> Iterator[str]:
    if isinstance(node, nodes.Text):
        yield node.astext()
    elif isinstance(node, pending_xref) and node["refdomain"] == "cite":
        yield ", ".join(_short_source(key) for key in node["reftarget"].split(","))
    elif isinstance(node, nodes.math):
        yield _spoken(node.astext())
    elif is_top or not isinstance(node, UNREAD):
        for child in node.children:
            yield from _read(child)
        if not isinstance(node, nodes.Inline):
            yield " "


def _short_source(key: str) -> str:
    """Vaswani 2017 for vaswani2017attention: the citation itself is not yet made where sections are read."""
    match = re.match(r"\s*([a-z]+)(\d{4})", key)
    return f"{match[1].title()} {match[2]}" if match else ""


def _spoken(formula: str) -> str:
    """A short formula as plain text: d_k for d_{k}; a long one is left out."""
    plain = re.sub(r"\\(?:mathrm|text|mathbf|operatorname|query|key|value|learned)\{([^{}]*)\}|[{}$]", r"\1", formula)
    plain = plain.replace(r"\sqrt", "√").replace(r"\cdot", "·").replace(r"\times", "×")
    return "…" if "\\" in plain or len(plain) > 30 else plain


def _formulas(section: nodes.section) -> str:
    """The words of a section's formulas, as their source names them."""
    inner = {id(node) for part in section.findall(nodes.section) if part is not section for node in part.findall()}
    found = [node for kind in (nodes.math, nodes.math_block) for node in section.findall(kind) if id(node) not in inner]
    return " ".join(sorted({word for node in found for word in re.findall(r"[a-z]{3,}", node.astext())}))


def prepare(app: Sphinx) -> None:
    """Turn off Sphinx's own search, which knows pages only."""
    if not MINISEARCH.is_file():
        raise ExtensionError("The book's search is not installed: run `npm ci` in its folder (`make site` does it).")
    if app.builder.format == "html":
        app.builder.search = False  # type: ignore[attr-defined]


def add_search_page(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    yield "search", {}, "search.html"


def write_sections(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.format != "html":
        return
    env, static = app.env, Path(app.outdir, "_static")
    shutil.copyfile(MINISEARCH, static / "minisearch.js")
    if not is_stale(script := static / "search-sections.js", app):
        return
    sections: list[Section] = []
    for document in sorted(env.found_docs):
        if document not in LEFT_OUT:
            page = env.titles[document].astext()
            if EXERCISES.fullmatch(document):
                page = f"Exercises of {env.titles[document.replace('exercises', 'chapter')].astext()}"
            sections += sections_of(page, app.builder.get_target_uri(document), env.get_doctree(document))
    sections += references_of(env, app.builder)
    data = json.dumps([asdict(section) for section in sections], ensure_ascii=False, separators=(",", ":"))
    script.write_text(f"courseSearch.receive({data});\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", prepare)
    app.connect("html-collect-pages", add_search_page)
    app.connect("build-finished", write_sections)
    app.add_css_file("search.css")
    app.add_js_file("search.js", defer="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
