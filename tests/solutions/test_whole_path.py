"""The guide "The whole path" with the references in the learner's place, in one notebook."""

import re
from pathlib import Path

import pytest

from autograder.exercises import assignments
from autograder.notebooks.notebooks import whole_path_notebook
from tests.banks.notebook_runs import run_notebook
from tests.banks.submissions import fill, references

PLACE = re.compile(r"# Your (?:functions|class) of chapter (\d+):\s(?:# )?(.+)\.")


def answers_of(chapter: int) -> str:
    """The code of a finished assignment up to its last answer, without the checks."""
    (assignment,) = [item for name, item in assignments().items() if int(name[:2]) == chapter]
    cells = [cell for cell in fill(assignment, references(assignment))["cells"] if cell["cell_type"] == "code"]
    answers = [number for number, cell in enumerate(cells) if "nbgrader" in cell["metadata"]]
    sources = [cell["source"] for cell in cells[: answers[-1]]]
    return "\n\n".join(source for source in sources if not source.startswith("check("))


@pytest.mark.notebooks
def test_a_learner_s_own_functions_lead_from_bytes_to_a_new_fact(tmp_path: Path) -> None:
    notebook = whole_path_notebook()
    filled = []
    for cell in notebook.cells:
        if place := PLACE.fullmatch(cell.source):
            cell.source = answers_of(int(place[1]))
            filled.append(int(place[1]))
            defined = set(re.findall(r"^(?:def|class) (\w+)", cell.source, flags=re.MULTILINE))
            assert set(place[2].split(", ")) <= defined
    assert filled == [2, 5, 7, 11, 13]
    run_notebook(notebook, tmp_path)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    printed = ["".join(output.get("text", "") for output in cell.outputs) for cell in cells]
    text = "".join(printed)
    assert "and back: True" in text
    assert "as transformers has it: True" in text
    assert float(re.findall(r"transformers' logits: (\S+)", text)[0]) < 1e-4
    assert int(re.findall(r"attention was called ([\d,]+) times", text)[0].replace(",", "")) > 50
    before, after = (told for told in printed if told.startswith("Anna had a question."))
    assert "Santiago" not in before
    assert re.search(r"Chile\?\" she asked her teacher\. \"Santiago", after)
    assert "The capital of France is Paris" in after
