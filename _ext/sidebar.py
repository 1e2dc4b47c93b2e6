"""The contents in the sidebar: all exercises come first, whichever place they have in the book, and the pages about the
book are left to the one that lists them.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.application import Sphinx

FIRST, UNFOLDED_NOWHERE = "chapters/exercises", "chapters/about"


def arranged(address: Callable[[str], str], contents: object) -> str:
    """The contents as the sidebar has them, from the theme's HTML; `address` gives that of a page."""
    soup = BeautifulSoup(str(contents), "html.parser")
    for fold in soup.select(f'a[href="{address(UNFOLDED_NOWHERE)}"] ~ details'):
        fold.decompose()
    for link in soup.select(f'a[href="{address(FIRST)}"]'):
        alone = soup.new_tag("ul", attrs={"class": "nav bd-sidenav"})
        alone.append(link.parent.extract())  # type: ignore[union-attr]
        soup.insert(0, alone)
    for summary in soup.select("summary"):
        summary["aria-label"] = "Pages of this chapter"
    return str(soup)


def add_arrangement(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    context["arranged"] = partial(arranged, context["pathto"])


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", add_arrangement)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
