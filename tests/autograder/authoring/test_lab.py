"""The lab is laid out once; a learner's work is never touched but by a reset, which keeps the old answer."""

from pathlib import Path

import nbformat
import pytest

from autograder.authoring.lab import LabError, lay_out, reset
from autograder.exercises import assignments

NAME = "05_attention"


def test_work_is_kept(tmp_path: Path) -> None:
    assert len(lay_out(tmp_path)) == len(assignments()) + 1
    assert (tmp_path / "whole_path.ipynb").exists()
    path = tmp_path / NAME / f"{NAME}.ipynb"
    path.write_text("my work")
    assert lay_out(tmp_path) == []
    assert path.read_text() == "my work"


def test_reset_puts_one_stub_back_and_keeps_the_answer(tmp_path: Path) -> None:
    lay_out(tmp_path)
    path = tmp_path / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = "def mine(): ..."
    nbformat.write(notebook, path)
    reset(tmp_path, NAME, "causal_mask")
    cells = nbformat.read(path, as_version=4).cells
    answers = [cell.source for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")]
    assert "NotImplementedError" in answers[0]
    assert set(answers[1:]) == {"def mine(): ..."}
    assert any(cell.cell_type == "markdown" and "def mine(): ..." in cell.source for cell in cells)


@pytest.mark.parametrize(("assignment", "exercise"), [("5", "causal_mask"), (NAME, "mask")])
def test_unknown_names_are_answered_in_one_sentence(tmp_path: Path, assignment: str, exercise: str) -> None:
    lay_out(tmp_path)
    with pytest.raises(LabError):
        reset(tmp_path, assignment, exercise)
