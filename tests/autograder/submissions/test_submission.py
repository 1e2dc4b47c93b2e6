"""Submissions are hostile bytes: each ends in a healed notebook or in one plain sentence."""

import base64
import copy
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbgrader.nbgraderformat import MetadataValidator

from autograder.exercises import assignments
from autograder.notebooks.notebooks import released_notebook
from autograder.submissions.hand_in import NotGradable
from autograder.submissions.submission import cells_to_run, heal, learner_cells, parse
from tests.banks.hostile.serving import png
from tests.banks.submissions import fill, references

ASSIGNMENT = assignments()["05_attention"]
CODE = {"cell_type": "code"}
HONEST = fill(ASSIGNMENT, references(ASSIGNMENT))


def healed(notebook: Any) -> Any:
    return heal(parse(json.dumps(notebook).encode(), "x.ipynb"), ASSIGNMENT)


def cell_of(notebook: Any, grade_id: str) -> Any:
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def test_honest_notebook_needs_no_healing() -> None:
    submission = healed(HONEST)
    assert submission.flags == ()
    assert [cell.source for cell in submission.notebook.cells] == [cell["source"] for cell in HONEST["cells"]]


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


def test_changed_metadata_are_those_of_the_source_again() -> None:
    notebook = copy.deepcopy(HONEST)
    metadata = cell_of(notebook, "causal_mask")["metadata"]["nbgrader"]
    metadata.update(points=1000, schema_version=4, locked=False)
    submission = healed(notebook)
    graded = next(cell for cell in submission.notebook.cells if cell.metadata.get("nbgrader", {}).get("grade"))
    assert (graded.metadata.nbgrader.points, graded.metadata.nbgrader.schema_version) == (2, 3)
    MetadataValidator().validate_nb(submission.notebook)


def test_a_pasted_picture_stays_and_nothing_else_that_was_pasted() -> None:
    notebook = copy.deepcopy(HONEST)
    picture = base64.b64encode(png(60, 40)).decode()
    huge = base64.b64encode(png(30_000, 30_000)).decode()
    attachments = {
        "a.png": {"image/png": picture},
        "b.png": {"image/svg+xml": "<svg/>", "image/png": [picture[:20], picture[20:]]},
        "c.svg": {"image/svg+xml": "<svg/>"},
        "d.png": {"image/png": huge},
        "e.png": {"text/html": "<script>", "image/png": 7},
        "f": 1,
    }
    text = {"cell_type": "markdown", "metadata": {}, "source": "![a](attachment:a.png)", "attachments": attachments}
    notebook["cells"] += [text, {**text, "attachments": [1]}, {**text, "cell_type": "code", "outputs": []}]
    found = healed(notebook).notebook
    kept = {"a.png": {"image/png": picture}, "b.png": {"image/png": picture}}
    assert [cell.get("attachments") for cell in found.cells[-3:]] == [kept, None, None]
    nbformat.validate(found)


def test_a_copied_answer_cell_still_runs() -> None:
    notebook = copy.deepcopy(HONEST)
    notebook["cells"].append(copy.deepcopy(cell_of(notebook, "causal_mask-answer")))
    submission = healed(notebook)
    assert len(learner_cells(submission.notebook)) == len(learner_cells(healed(HONEST).notebook)) + 1


def test_missing_graded_cell_is_added_back() -> None:
    notebook = copy.deepcopy(HONEST)
    notebook["cells"].remove(cell_of(notebook, "flash_attention"))
    submission = healed(notebook)
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in submission.notebook.cells]
    assert "flash_attention" in ids
    assert submission.flags == ("The cell flash_attention is missing from the notebook.",)


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


def test_lone_surrogates_and_marks_are_harmless(tmp_path: Path) -> None:
    notebook = copy.deepcopy(HONEST)
    cell_of(notebook, "causal_mask-answer")["source"] += "\n# \ud800"
    text = "\ufeff" + json.dumps(notebook)
    submission = heal(parse(text.encode(), "x.ipynb"), ASSIGNMENT)
    nbformat.write(submission.notebook, tmp_path / "x.ipynb")


HONEST_BYTES = json.dumps(HONEST).encode()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_damaged_bytes_end_in_a_notebook_or_a_sentence(data: st.DataObject) -> None:
    damaged = bytearray(HONEST_BYTES)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        kind = data.draw(st.sampled_from(["flip", "cut", "insert", "drop"]))
        if kind == "flip":
            damaged[place] ^= 1 << data.draw(st.integers(0, 7))
        elif kind == "cut":
            damaged = damaged[: place + 1]
        elif kind == "insert":
            damaged[place:place] = data.draw(st.binary(min_size=1, max_size=8))
        else:
            del damaged[place : place + data.draw(st.integers(1, 200))]
        damaged = damaged or bytearray(b"x")
    _check(bytes(damaged))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELDS = [
    "source",
    "metadata",
    "cell_type",
    "outputs",
    "id",
    "grade_id",
    "points",
    "schema_version",
    "grade",
    "solution",
]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_changed_fields_end_in_a_notebook_or_a_sentence(data: st.DataObject) -> None:
    notebook = copy.deepcopy(HONEST)
    for _ in range(data.draw(st.integers(1, 3))):
        cell = data.draw(st.sampled_from(notebook["cells"]))
        field = data.draw(st.sampled_from(FIELDS))
        inner = cell["metadata"].get("nbgrader") if isinstance(cell["metadata"], dict) else None
        target = inner if isinstance(inner, dict) and field in inner else cell
        target[field] = data.draw(JSON)
    _check(json.dumps(notebook).encode())


def _check(data: bytes) -> None:
    try:
        submission = heal(parse(data, "x.ipynb"), ASSIGNMENT)
    except NotGradable as reason:
        assert str(reason).endswith(".") and "\n" not in str(reason)
        return
    nbformat.validate(submission.notebook)
    MetadataValidator().validate_nb(submission.notebook)
    graded = [cell for cell in submission.notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert sorted(cell.metadata.nbgrader.grade_id for cell in graded) == sorted(
        item.name for item in ASSIGNMENT.exercises
    )


def test_the_closing_part_runs_only_where_a_learner_changed_it() -> None:
    assignment = assignments()["07_normalization"]
    notebook = copy.deepcopy(released_notebook(assignment))
    everything, run = learner_cells(notebook), cells_to_run(notebook, assignment)
    assert run == everything[: len(run)]
    left_out = [number for number, _ in everything[len(run) :]]
    assert len(left_out) == 2 and "models.load" in notebook.cells[left_out[0]].source
    notebook.cells[left_out[0]].source += "\nprint(1)"
    assert len(cells_to_run(notebook, assignment)) == len(run) + 1
