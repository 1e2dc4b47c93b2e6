"""What the pages' cells put out, kept beside them: a page whose key is as it was need not be run.

`chapters/05_attention/chapter.outputs.ipynb` holds the code cells of `chapter.md` with their outputs, and the key of
these (`sources.py`). `make outputs` writes it when a page's claims hold. A page whose key is another is run.
"""

from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

SUFFIX = ".outputs.ipynb"
STATE_TYPE = "application/vnd.jupyter.widget-state+json"
CODE = ("_esm", "_css")
"""What a course widget brings along for a kernel's page: the book has it from `llm_course/widgets/built`."""


def file_of(page: Path) -> Path:
    """Where the outputs of a page are kept."""
    return page.with_suffix(SUFFIX)


def find(page: Path, key: str) -> NotebookNode | None:
    """The code cells of a page with their outputs, if these have this key."""
    file = file_of(page)
    if not file.is_file():
        return None
    kept = read(file)
    return kept if kept.metadata["outputs"].get("key") == key else None


def note_of(page: Path) -> dict[str, str]:
    """What is noted with the outputs of a page: their `key`, and what else the tests note."""
    file = file_of(page)
    return dict(read(file).metadata["outputs"]) if file.is_file() else {}


def read(file: Path) -> NotebookNode:
    """A file of kept outputs."""
    return nbformat.read(file, as_version=4)


def write(page: Path, content: NotebookNode, note: dict[str, str]) -> None:
    """Keep the outputs of a page that has run."""
    cells = [
        nbformat.v4.new_code_cell(cell.source, outputs=cell.outputs, metadata=cell.metadata, id=f"cell-{number}")
        for number, cell in enumerate(cell for cell in content.cells if cell.cell_type == "code")
    ]
    for cell in cells:
        cell.metadata.pop("execution", None)  # times: they differ in each run
        if "remove-stderr" in cell.metadata.get("tags", []):
            # No page shows it, and libraries' warnings name folders of the machine.
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    names = ("kernelspec", "language_info", "widgets")
    metadata = {name: content.metadata[name] for name in names if name in content.metadata}
    for model in metadata.get("widgets", {}).get(STATE_TYPE, {}).get("state", {}).values():
        drop_code(model["state"])
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={**metadata, "outputs": note})
    file_of(page).write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def drop_code(state: dict[str, Any]) -> None:
    """Take out of the state of a course widget its code and its style."""
    if "_name" in state:
        for trait in CODE:
            state.pop(trait, None)
