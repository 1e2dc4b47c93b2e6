"""Submissions are hostile bytes: each ends in a healed notebook or in one plain sentence."""

import copy
import json
from typing import Any

import pytest

from autograder.exercises import assignments
from autograder.notebooks.notebooks import released_notebook
from autograder.submissions.hand_in import NotGradable
from autograder.submissions.submission import cells_to_run, heal, learner_cells, parse
from tests.banks.submissions import fill, references

ASSIGNMENT = assignments()["05_attention"]
CODE = {"cell_type": "code"}
HONEST = fill(ASSIGNMENT, references(ASSIGNMENT))


def healed(notebook: Any) -> Any:
    return heal(parse(json.dumps(notebook).encode(), "x.ipynb"), ASSIGNMENT)


def cell_of(notebook: Any, grade_id: str) -> Any:
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def test_graded_cells_never_run() -> None:
    notebook = copy.deepcopy(HONEST)
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            cell["source"] += "\nGRADED = True"
    notebook["cells"] += [copy.deepcopy(cell_of(notebook, "causal_mask")) for _ in range(100)]
    submission = healed(notebook)
    assert all("GRADED" not in source for _, source in learner_cells(submission.notebook))
    assert any("was changed" in flag for flag in submission.flags)
    assert sum("more than once" in flag for flag in submission.flags) == 1


def test_a_copied_answer_cell_still_runs() -> None:
    notebook = copy.deepcopy(HONEST)
    notebook["cells"].append(copy.deepcopy(cell_of(notebook, "causal_mask-answer")))
    submission = healed(notebook)
    assert len(learner_cells(submission.notebook)) == len(learner_cells(healed(HONEST).notebook)) + 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "not valid JSON"),
        (b'{"cells": [', "not valid JSON"),
        (b"\xff\xfe\x00", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[]", "not a notebook of format 4"),
        (b'{"worksheets": [{"cells": []}], "nbformat": 3}', "not a notebook of format 4"),
        (b'{"cells": []}', "No cell of 05_attention"),
        (b'{"cells": [{"cell_type": "code", "source": 7}]}', "Cell 1 of x.ipynb has no text"),
        (b'{"cells": [null]}', "Cell 1 of x.ipynb has no text"),
        (json.dumps({"cells": [{}] * 3000}).encode(), "over the limit"),
        (json.dumps({"cells": [CODE | {"source": "x" * 60_000}]}).encode(), "Cell 1 of x.ipynb has 60000 characters"),
        (json.dumps({"cells": [CODE | {"source": "x" * 6000}] * 100}).encode(), "600000 characters of code"),
    ],
)
def test_unreadable_notebook_is_said_to_be_so(data: bytes, sentence: str) -> None:
    with pytest.raises(NotGradable, match=sentence):
        heal(parse(data, "x.ipynb"), ASSIGNMENT)


def test_the_closing_part_runs_only_where_a_learner_changed_it() -> None:
    assignment = assignments()["07_normalization"]
    notebook = copy.deepcopy(released_notebook(assignment))
    everything, run = learner_cells(notebook), cells_to_run(notebook, assignment)
    assert run == everything[: len(run)]
    left_out = [number for number, _ in everything[len(run) :]]
    assert len(left_out) == 2 and "models.load" in notebook.cells[left_out[0]].source
    notebook.cells[left_out[0]].source += "\nprint(1)"
    assert len(cells_to_run(notebook, assignment)) == len(run) + 1
