"""nbgrader's two pages of a graded notebook, feedback and formgrader's: what of it they show, and how much.

`configure` makes nbgrader's templates use the filters of this module in the place of nbconvert's. What a page has shown
stands in its resources, so that it ends somewhere: a notebook may have two thousand cells of a megabyte.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import nbformat
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from autograder.notebooks.harmless import as_written, code_to_html, harmless_name, markdown_to_html, text_to_html
from autograder.notebooks.notebooks import titles_of_cells
from autograder.records.pictures import (
    MAX_BYTES,
    SUFFIXES,
    Picture,
    PictureError,
    in_one_piece,
    read_picture,
    read_picture_text,
)
from autograder.running.autograded import STATES, WAITS
from llm_course.checking.book import with_links
from llm_course.checking.feedback import WHAT_TO_DO, fold

MAX_AT_ONCE = 100_000
"""Characters of one text."""
TOO_MANY = "This page has too many pictures before it."
LINE_OF_CELL = re.compile(r'<a href="#([^"]+)">(?:Test cell|Coding free-response|Written response|Task)</a>([^<]*)')
"""How nbgrader's list of scores has each cell: its kind, and its score."""
TOTAL = re.compile(r"\(Score: ([^)]*)\)")


@dataclass
class Page:
    """What one page may still show, and the folder of its notebook."""

    folder: Path
    characters: int = 2_000_000
    drawn_characters: int = 200_000
    tags: int = 30_000
    outputs: int = 1_000
    picture_bytes: int = 20 << 20
    """Read for pictures, of those that are not shown too: to read one takes as long as to show it."""
    pixels: int = 200_000_000
    attachments: dict[str, Any] = field(default_factory=dict)
    """The pictures pasted into the cell that is drawn."""

    def cut(self, text: str) -> str:
        """A text, or its beginning and a sentence."""
        shown = text[: max(0, min(MAX_AT_ONCE, self.characters))]
        self.characters -= len(shown)
        left = len(text) - len(shown)
        return f"{shown}\n[{left:,} more characters are not shown on this page.]" if left else shown

    def draw(self, text: str, draw: Callable[[str], str], show: Callable[[str], str]) -> str:
        """A text as `draw` gives it, or, where the page has enough markup, as `show` does."""
        text = self.cut(text)
        self.drawn_characters -= len(text)
        drawn = draw(text) if self.drawn_characters >= 0 else ""
        tags = drawn.count("<")
        if self.drawn_characters < 0 or tags > self.tags:
            return show(text)
        self.tags -= tags
        return drawn

    def read(self, text: object) -> Picture:
        """A picture as notebooks hold it. Raises PictureError, also where the page has too many."""
        together = in_one_piece(text)
        self._count_bytes(3 * len(together) // 4)
        return self._count_pixels(read_picture_text(together))

    def _count_bytes(self, size: int) -> None:
        if size > self.picture_bytes:
            raise PictureError(TOO_MANY)
        self.picture_bytes -= size

    def _count_pixels(self, picture: Picture) -> Picture:
        if picture.pixels > self.pixels:
            raise PictureError(TOO_MANY)
        self.pixels -= picture.pixels
        return picture

    def find_picture(self, address: str) -> Picture:
        """The picture that an address in a text stands for. Raises PictureError."""
        try:
            parts = urlsplit(address)
        except ValueError as error:
            raise PictureError("Its address is none.") from error
        if parts.scheme == "data":
            return self.read(unquote(parts.path).partition(";base64,")[2])
        if parts.scheme == "attachment":
            return self._attached(unquote(parts.path))
        return self._beside(parts)

    def _attached(self, name: str) -> Picture:
        kinds = self.attachments.get(name, {})
        if not kinds:
            raise PictureError("It is not attached to this cell.")
        return self.read(next(iter(kinds.values())))

    def _beside(self, parts: SplitResult) -> Picture:
        name = unquote(parts.path)
        path = Path(self.folder, name)
        if parts.scheme or parts.netloc or name.startswith("/") or path.suffix.lower() not in SUFFIXES:
            raise PictureError("Pictures come from the notebook itself, or from PNG and JPEG files beside it.")
        try:
            inside = path.resolve().is_relative_to(self.folder.resolve())
            if not inside or not path.is_file() or (size := path.stat().st_size) > MAX_BYTES:
                raise PictureError("There is no such picture beside the notebook.")
            self._count_bytes(size)
            return self._count_pixels(read_picture(path.read_bytes()))
        except (OSError, ValueError) as error:
            raise PictureError("There is no such picture beside the notebook.") from error


class FeedbackExporter(HTMLExporter):
    """nbgrader's feedback page, whose list of scores names each cell, and says what was changed and what is to come."""

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **keywords: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The page; nothing of the learner's stands before the end of the list."""
        page, resources = super().from_notebook_node(nb, resources, **keywords)
        scores, end, notebook = page.partition("</ol>")
        titles, states = titles_of_cells(nb), resources["nbgrader"].get(STATES, {})

        def named(line: re.Match[str]) -> str:
            title, message = html.escape(titles.get(line[1], line[1])), states.get(line[1])
            return f'<a href="#{line[1]}">{title}</a>{line[2]}{f", {message}" if message else ""}'

        if WAITS in states.values():
            scores = TOTAL.sub(r"(Score so far: \1)", scores, count=1)
        return LINE_OF_CELL.sub(named, scores) + end + notebook, resources


class HarmlessPage(Preprocessor):
    """Makes a notebook ready for a page: pictures are pictures, outputs have an end, names are text."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Look at all outputs, and open the page's account."""
        page = resources["page"] = Page(Path(resources["metadata"]["path"]))
        for cell in nb.cells:
            if cell.cell_type == "code":
                if is_judged(cell):
                    # A share of the points, for nbgrader to read: it stands in the cell's heading.
                    cell.outputs = [output for output in cell.outputs if output.output_type != "execute_result"]
                cell.outputs = [_shown(output, page) for output in cell.outputs[: max(0, page.outputs)]] + _rest(
                    cell, page
                )
                page.outputs -= len(cell.outputs)
        for name in ("student", "first_name", "last_name", "notebook_path"):
            if isinstance(resources.get(name), str):
                resources[name] = harmless_name(resources[name])
        return nb, resources


def _shown(output: NotebookNode, page: Page) -> NotebookNode:
    data = output.get("data", {})
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            try:
                picture = page.read(data[kind])
                output.data = {picture.kind: picture.text}
            except PictureError as reason:
                output.data = {"text/plain": f"[The picture is not shown. {reason}]"}
            return output
    return output


def _rest(cell: NotebookNode, page: Page) -> list[NotebookNode]:
    left = len(cell.outputs) - max(0, page.outputs)
    if left <= 0:
        return []
    return [nbformat.v4.new_output("stream", text=f"[{left:,} more outputs are not shown on this page.]\n")]


@pass_context
def draw_markdown(context: Context, source: str) -> str:
    """Markdown of a cell or of a comment."""
    page: Page = context["resources"]["page"]
    page.attachments = context.get("cell", {}).get("attachments", {})
    return page.draw(source, lambda text: markdown_to_html(text, page.find_picture), _plain)


@pass_context
def draw_code(context: Context, source: str, **_: Any) -> str:
    """The code of a cell."""
    page: Page = context["resources"]["page"]
    return page.draw(source, code_to_html, lambda text: f'<div class="highlight"><pre>{html.escape(text)}</pre></div>')


@pass_context
def draw_text(context: Context, text: str) -> str:
    """What was printed, or a line of a traceback. What to do about a mistake is folded away."""
    page: Page = context["resources"]["page"]
    if is_judged(context.get("cell", {})):
        text, _, advice = text.partition(f"\n{WHAT_TO_DO}\n")
        told = with_links(page.draw(text, text_to_html, html.escape))
        return told + (fold(WHAT_TO_DO, text_to_html(advice)) if advice else "")
    return page.draw(text, text_to_html, html.escape)


def is_judged(cell: Mapping[str, Any]) -> bool:
    """Whether what a cell says is ours: it is graded, and holds no answer of a learner."""
    nbgrader = cell.get("metadata", {}).get("nbgrader", {})
    return bool(nbgrader.get("grade")) and not nbgrader.get("solution")


def as_it_is(text: str) -> str:
    """A filter that changes nothing, in the place of one that would search a whole cell for links again and again."""
    return text


def _plain(text: str) -> str:
    return as_written(text, "This page has much markup before this text; it is shown as it was written.")
