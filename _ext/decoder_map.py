"""The map of the decoder: what a text goes through until the next token is drawn, each stop a link to its chapter.

It stands large on the front page, as the directive `{decoder-map}`, and small at the head of each chapter that is about
some of the stops.
"""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from _ext.chapter_titles import number_of


@dataclass(frozen=True)
class Stop:
    """A part of the machine, what it does to the text, and the chapter about it."""

    name: str
    does: str
    chapter: int


BEFORE = (
    Stop("Tokens", "the text in pieces", 2),
    Stop("Embeddings", "a row of numbers for each", 3),
)
NORM = Stop("Norm", "numbers stay in bounds", 7)
BLOCK = (
    NORM,
    Stop("Positions", "queries and keys turn", 4),
    Stop("Attention", "tokens read other tokens", 5),
    NORM,
    Stop("Feed-forward", "each row by itself", 6),
)
AFTER = (Stop("Decoding", "a last norm, scores, a token drawn", 11),)
ALSO_ABOUT = {10: {4, 5}, 13: {5, 6}, 14: {5, 6, 7}, 16: {5, 11}}
"""Chapters without a stop of their own that are about some stops; all others are about the whole machine, or none."""

Address = Callable[[int], str | None]
"""The address of a chapter, by its number; None where it is not in the book."""


class decoder_map(nodes.General, nodes.Element):
    """The map."""


class DecoderMapDirective(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        return [decoder_map()]


def stops_of(chapter: int) -> set[int]:
    """The stops that a chapter is about, by their chapters."""
    own = {stop.chapter for stop in (*BEFORE, *BLOCK, *AFTER)} & {chapter}
    return own or ALSO_ABOUT.get(chapter, set())


def draw(address: Address, chapter: int | None = None) -> str:
    """The map as HTML: of the front page, or of a chapter."""
    here = stops_of(chapter) if chapter is not None else set()
    small = "" if chapter is None else " small"

    def items(stops: tuple[Stop, ...]) -> str:
        return "".join(_item(stop, address(stop.chapter), stop.chapter in here) for stop in stops)

    label = "The decoder, and its chapters" if chapter is None else "Where this chapter is in the decoder"
    block = f'<ol>{items(BLOCK)}</ol><span class="times">repeated, block after block</span>'
    return (
        f'<nav class="decoder-map{small}" aria-label="{label}">'
        f'<ol>{items(BEFORE)}<li class="block">{block}</li>{items(AFTER)}</ol></nav>\n'
    )


def _item(stop: Stop, address: str | None, is_here: bool) -> str:
    text = f'<span class="name">{escape(stop.name)}</span> <span class="does">{escape(stop.does)}</span>'
    if is_here:
        text = f'<span class="stop here" aria-current="true">{text}</span>'
    elif address is None:
        text = f'<span class="stop">{text}</span>'
    else:
        text = f'<a class="stop" href="{address}">{text}</a>'
    return f"<li>{text}</li>"


def addresses(env: BuildEnvironment, uri: Callable[[str], str]) -> Address:
    """Addresses of chapters, as `uri` makes them of documents' names."""
    documents = {number: name for name in env.found_docs if (number := number_of(name)) is not None}
    return lambda number: uri(documents[number]) if number in documents else None


def visit_map(writer: HTML5Translator, node: decoder_map) -> None:
    builder = writer.builder
    here = builder.current_docname
    writer.body.append(draw(addresses(builder.env, lambda name: builder.get_relative_uri(here, name))))
    raise nodes.SkipNode


def add_map(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document) -> None:
    """Draw the map at the head of a chapter that is about some of its stops."""
    number = number_of(pagename)
    if number is not None and stops_of(number):
        drawn = draw(addresses(app.env, context["pathto"]), number)
        context["body"] = context["body"].replace("</h1>", f"</h1>\n{drawn}", 1)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(decoder_map, html=(visit_map, None))
    app.add_directive("decoder-map", DecoderMapDirective)
    app.connect("html-page-context", add_map, priority=400)  # before the question comes between
    app.add_css_file("decoder-map.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
