"""Cells at real size: what needs a real model, and minutes, runs for `make outputs` alone.

A cell tagged `real-size` may use a model of `python -m llm_course.fetch`. All such cells of a page stand alone: they
use nothing of the page's other cells. While each is as it was when the page's outputs were kept, they are not run,
wherever the page is: their outputs are taken from there. So a page builds, and its tests run, without the model.
"""

from pathlib import Path

from nbformat import NotebookNode

from _ext import kept_outputs

TAG = "real-size"


def cells_at_real_size(content: NotebookNode) -> list[NotebookNode]:
    """The code cells of a page with the tag."""
    return [cell for cell in content.cells if cell.cell_type == "code" and TAG in cell.metadata.get("tags", [])]


def take_kept(content: NotebookNode, page: Path) -> bool:
    """Give these cells of a page their kept outputs; False, and nothing done, if one of them is new."""
    cells = cells_at_real_size(content)
    file = kept_outputs.file_of(page)
    kept = {cell.source: cell.outputs for cell in cells_at_real_size(kept_outputs.read(file))} if file.is_file() else {}
    if any(cell.source not in kept for cell in cells):
        return False
    for cell in cells:
        cell.outputs = kept[cell.source]
    return True


def printed(content: NotebookNode) -> str:
    """What these cells of a page printed, for claims about it: its variables are gone."""
    outputs = [output for cell in cells_at_real_size(content) for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)
