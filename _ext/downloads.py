"""Links on the front page to the whole book as one file, where `make pdf` or `make epub` has written one.

The files are copied into the site's folder `whole_book`.
"""

import shutil
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

KINDS = {"pdf": "PDF", "epub": "ePub"}
FOLDER = "whole_book"


def written(app: Sphinx) -> dict[str, Path]:
    """The file of each kind that was written beside the site."""
    beside = Path(app.outdir).parent
    return {kind: file for kind in KINDS for file in (beside / kind).glob(f"*.{kind}")}


def front_page_if_changed(app: Sphinx, env: Any, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """The front page is written again when there are other files than at the last build."""
    kinds, before = sorted(written(app)), getattr(env, "whole_book_kinds", [])
    env.whole_book_kinds = kinds
    return [app.config.root_doc] if kinds != before else []


def add_links(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document) -> None:
    files = written(app)
    if pagename == app.config.root_doc and files:
        links = [f'<a href="{FOLDER}/{escape(file.name)}">{KINDS[kind]}</a>' for kind, file in files.items()]
        note = f'<p class="whole-book">The whole book as one file: {", ".join(links)}.</p>'
        before, end, after = context["body"].rpartition("</section>")
        context["body"] = before + note + end + after


def copy(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        for file in written(app).values():
            (Path(app.outdir) / FOLDER).mkdir(exist_ok=True)
            shutil.copy2(file, Path(app.outdir) / FOLDER)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("env-get-outdated", front_page_if_changed)
    app.connect("html-page-context", add_links)
    app.connect("build-finished", copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
