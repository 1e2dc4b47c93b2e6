"""Offers each exercises page as the notebook that learners get: `downloads/05_attention.ipynb`, linked under its title.

Where `repository:` in _config.yml is on GitHub, Colab and Binder open the notebook, too. They take it from the branch
`notebooks`, to which .github/workflows/pages.yml pushes what is in the learner's archive.

The notebook is made when its page is read and kept with the page's metadata, so that an unchanged one costs nothing.
"""

import re
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.osutil import relative_uri

logger = logging.getLogger(__name__)

EXERCISES = re.compile(r"chapters/(\d\d_\w+)/exercises")
METADATA = "released_notebook"
LINK = (
    '<p class="notebook-download"><a href="{href}" download>Download these exercises as a notebook</a> '
    "(.ipynb){launch}</p>\n"
)
GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")
BRANCH = "notebooks"
LAUNCH = {
    "Colab": "https://colab.research.google.com/github/{repository}/blob/{branch}/{place}",
    "Binder": "https://mybinder.org/v2/gh/{repository}/{branch}?urlpath=lab/tree/{place}",
}


def import_grader(app: Sphinx, env: Any, docnames: list[str]) -> None:
    """Import what makes notebooks, before processes share the pages: it takes seconds, and most builds need it not."""
    if any(map(EXERCISES.fullmatch, docnames)):
        from autograder import notebooks  # noqa: F401
        from autograder.exercises import assignments

        assignments()


def release(app: Sphinx, doctree: nodes.document) -> None:
    """Make the notebook of an exercises page that was read, and link it there."""
    docname = app.env.docname
    page = EXERCISES.fullmatch(docname)
    if not page:
        return
    from autograder.exercises import assignments
    from autograder.notebooks import notebooks

    name = page[1]
    if name not in assignments():
        logger.warning("%s has no assignment in autograder/exercises, so it cannot be released", name, location=docname)
        return
    for file in sources(Path(app.srcdir), name):
        app.env.note_dependency(str(file))
    try:
        notebook = notebooks.released_notebook(assignments()[name])
    except notebooks.NotebookError as problem:
        logger.warning("%s", problem, location=docname)
        return
    app.env.metadata[docname][METADATA] = nbformat.writes(notebook)
    href = relative_uri(f"{docname}.html", address(name))
    link = LINK.format(href=href, launch=launch_links(app.config.html_theme_options.get("repository_url", ""), name))
    title = next(doctree.findall(nodes.title))
    title.parent.insert(title.parent.index(title) + 1, nodes.raw("", link, format="html"))


def launch_links(repository: str, name: str) -> str:
    """Links that open an assignment where nothing need be installed; none without a repository on GitHub."""
    found = GITHUB.fullmatch(repository)
    if not found:
        return ""
    place = f"{name}/{name}.ipynb"
    links = {where: link.format(repository=found[1], branch=BRANCH, place=place) for where, link in LAUNCH.items()}
    return "".join(f', or <a href="{address}">open it in {where}</a>' for where, address in links.items())


def sources(root: Path, name: str) -> list[Path]:
    """The files besides exercises.md that a released notebook is made of."""
    topic = name[3:]
    files = [root / "_config.yml", *(root / "autograder" / "notebooks").glob("*.py")]
    files += [*(root / "autograder" / "exercises" / topic).glob("*.py"), root / "solutions" / f"{topic}.py"]
    return [file for file in files if file.exists()]  # the capstone has no solutions


def address(name: str) -> str:
    return f"downloads/{name}.ipynb"


def write_notebooks(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.format != "html":
        return
    for docname, metadata in app.env.metadata.items():
        if METADATA in metadata and (page := EXERCISES.fullmatch(docname)):
            file = Path(app.outdir) / address(page[1])
            file.parent.mkdir(exist_ok=True)
            file.write_text(metadata[METADATA], encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("env-before-read-docs", import_grader)
    app.connect("doctree-read", release)
    app.connect("build-finished", write_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
