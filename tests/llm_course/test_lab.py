"""The lab is laid out once; a learner's work is never touched but by a reset, which keeps the old answer."""

from pathlib import Path

import nbformat
import pytest

from autograder.exercises import assignments
from llm_course import lab
from llm_course.__main__ import main

NAME = "05_attention"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that the command works in, and an environment to which nothing is added for good."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    return tmp_path


def answers(path: Path) -> list[str]:
    cells = nbformat.read(path, as_version=4).cells
    return [cell.source for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")]


def test_work_is_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "--lay-out"]) == 0
    assert f"Laid out {len(assignments()) + 1} new notebooks" in capsys.readouterr().out
    assert (folder / "whole_path.ipynb").exists()
    path = folder / NAME / f"{NAME}.ipynb"
    path.write_text("my work")
    assert main(["lab", "--lay-out"]) == 0
    assert path.read_text() == "my work"
    assert "Laid out 0 new notebooks" in capsys.readouterr().out


def test_reset_puts_one_stub_back_and_keeps_the_answer(folder: Path) -> None:
    lab.lay_out(folder)
    path = folder / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = "def mine(): ..."
    nbformat.write(notebook, path)
    assert main(["lab", "--reset", NAME, "causal_mask"]) == 0
    assert "NotImplementedError" in answers(path)[0]
    assert set(answers(path)[1:]) == {"def mine(): ..."}
    cells = nbformat.read(path, as_version=4).cells
    assert any(cell.cell_type == "markdown" and "def mine(): ..." in cell.source for cell in cells)


def test_reset_of_an_untouched_stub_changes_nothing(folder: Path) -> None:
    lab.lay_out(folder)
    path = folder / NAME / f"{NAME}.ipynb"
    before = nbformat.read(path, as_version=4)
    assert main(["lab", "--reset", NAME, "causal_mask"]) == 0
    assert nbformat.read(path, as_version=4) == before


@pytest.mark.parametrize(("assignment", "exercise"), [("5", "causal_mask"), (NAME, "mask")])
def test_unknown_names_are_answered_in_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], assignment: str, exercise: str
) -> None:
    lab.lay_out(folder)
    assert main(["lab", "--reset", assignment, exercise]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_notebook_that_cannot_be_read_is_answered_in_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.lay_out(folder)
    lab.place(folder, NAME).write_text("my work")
    assert main(["lab", "--reset", NAME, "causal_mask"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_jupyterlab_gets_its_own_options(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[list[str]] = []
    monkeypatch.setattr("jupyterlab.labapp.main", given.append)
    assert main(["lab", "--no-browser", "--port", "8899"]) == 0
    assert given == [["--ServerApp.root_dir=.", "--no-browser", "--port", "8899"]]


def test_what_nbgrader_has_for_instructors_is_not_in_the_window(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyterlab_server.config import get_page_config

    extensions = [str(path) for path in (Path(nbformat.__file__).parents[4] / "share/jupyter").glob("labextensions")]
    hidden = {f"@jupyter/nbgrader:{name}" for name in ("create-assignment", "formgrader", "menu")}
    hidden |= {"@jupyterlab/apputils-extension:announcements"}
    assert hidden.isdisjoint(get_page_config(extensions)["disabledExtensions"])
    monkeypatch.setattr("jupyterlab.labapp.main", lambda options: None)
    lab.open_jupyterlab([])
    assert hidden <= set(get_page_config(extensions)["disabledExtensions"])
