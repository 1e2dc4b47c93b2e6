"""Links to what lies beside the site, and is copied into it: the whole book, and the learner's archive.

The front page links to the book as one file, where `make pdf` or `make epub` has written one. The page Install begins
with a button for the archive, where `make release` has.
"""

import shutil
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri

KINDS = {"pdf": "PDF", "epub": "ePub"}
FOLDER = "whole_book"
ARCHIVE = "llm-course.zip"
INSTALL_PAGE = "chapters/guides/install"
BUTTON = (
    '<div class="front-doors course-archive"><p><a href="{href}" download>Download the course ({size:.0f} MB)</a></p>'
    "</div>\n"
)


def written(app: Sphinx) -> dict[str, Path]:
    """The file of each kind that was written beside the site."""
    beside = Path(app.outdir).parent
    return {kind: file for kind in KINDS for file in (beside / kind).glob(f"*.{kind}")}


def archive(app: Sphinx) -> Path | None:
    """The learner's archive, if it was made."""
    file = Path(app.outdir).parent / "release" / ARCHIVE
    return file if file.exists() else None


def pages_if_changed(app: Sphinx, env: Any, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """The pages with the links are written again when there are other files than at the last build."""
    file, before = archive(app), getattr(env, "downloads", {})
    env.downloads = {app.config.root_doc: sorted(written(app)), INSTALL_PAGE: file and file.stat().st_size}
    return [page for page, found in env.downloads.items() if page in env.found_docs and found != before.get(page)]


def add_links(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document) -> None:
    files = written(app)
    if pagename == app.config.root_doc and files:
        links = [f'<a href="{FOLDER}/{escape(file.name)}">{KINDS[kind]}</a>' for kind, file in files.items()]
        note = f'<p class="whole-book">The whole book as one file: {", ".join(links)}.</p>'
        before, end, after = context["body"].rpartition("</section>")
        context["body"] = before + note + end + after
    if pagename == INSTALL_PAGE and (file := archive(app)):
        href = relative_uri(app.builder.get_target_uri(pagename), f"downloads/{ARCHIVE}")
        button = BUTTON.format(href=href, size=file.stat().st_size / 1e6)
        context["body"] = context["body"].replace("</h1>", f"</h1>\n{button}", 1)


def copy(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    places = dict.fromkeys(written(app).values(), FOLDER)
    if file := archive(app):
        places[file] = "downloads"
    for file, folder in places.items():
        (Path(app.outdir) / folder).mkdir(exist_ok=True)
        shutil.copy2(file, Path(app.outdir) / folder)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("env-get-outdated", pages_if_changed)
    app.connect("html-page-context", add_links)
    app.connect("build-finished", copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
