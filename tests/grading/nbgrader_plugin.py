"""Makes nbgrader's own tests say something about the course's converters: a pytest plugin for them alone.

The assignments of those tests (ps1, ps2) are none of the course's. Here they become known: an assignment is what its
release in the test's course folder is, and what its exercises are worth is said by the asserts of its graded cells,
run in a room. All else is the course's own: how a submission is read, healed and written, and what nbgrader makes of
it. Each test records how many conversions went the course's way, and how many did not.
"""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader import api
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import Autograde, BaseConverter, GenerateFeedback
from nbgrader.tests.apps.base import BaseTestApp

from autograder import converters, submission
from autograder.configuration import configure
from autograder.converters import HideTests, SubmissionExporter, TrustedGrade
from autograder.exercises.spec import Assignment
from autograder.result import GRADED, ExerciseResult, Result
from autograder.rules import Rules
from autograder.sandbox.room import open_room
from autograder.submission import Submission

write_empty_notebook = BaseTestApp._empty_notebook
database_version = functools.cache(api.get_alembic_version)
OURS, STOCK = "conversions the course's way", "conversions in another way"


@pytest.fixture(autouse=True)
def known_assignments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the course know the assignments of nbgrader's tests."""
    monkeypatch.setattr(converters, "find_assignment", lambda name: Assignment(name, ()))
    monkeypatch.setattr(converters, "grade_if_changed", grade_by_asserts)
    read = SubmissionExporter.from_filename

    def read_known(exporter: SubmissionExporter, filename: str, *arguments: Any, **keywords: Any) -> Any:
        with monkeypatch.context() as patch:
            skeleton = functools.partial(released_cells, notebook=Path(filename).name)
            patch.setattr(submission, "_skeleton", skeleton)
            return read(exporter, filename, *arguments, **keywords)

    monkeypatch.setattr(SubmissionExporter, "from_filename", read_known)
    monkeypatch.setattr(BaseTestApp, "_empty_notebook", write_small_notebook)


@pytest.fixture(autouse=True)
def known_database_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """nbgrader starts a process for it, which takes longer than the rest of a test, for each new configuration."""
    monkeypatch.setattr(api, "get_alembic_version", database_version)


@pytest.fixture(autouse=True)
def configured_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nbgrader's tests make without reading a configuration file gets the course's configuration, too."""
    make = NbGraderAPI.__init__

    def make_configured(made: NbGraderAPI, *arguments: Any, config: Any = None, **keywords: Any) -> None:
        configure(config)
        make(made, *arguments, config=config, **keywords)

    monkeypatch.setattr(NbGraderAPI, "__init__", make_configured)


@pytest.fixture(autouse=True)
def conversions(
    monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> Iterator[dict[str, int]]:
    """Count the conversions of a test, by whether they went the course's way."""
    counts = {OURS: 0, STOCK: 0}
    convert = BaseConverter.convert_single_notebook

    def convert_and_count(converter: BaseConverter, filename: str) -> None:
        if isinstance(converter, (Autograde, GenerateFeedback)):
            counts[OURS if is_ours(converter) else STOCK] += 1
        convert(converter, filename)

    monkeypatch.setattr(BaseConverter, "convert_single_notebook", convert_and_count)
    yield counts
    for way, count in counts.items():
        record_property(way, count)


def is_ours(converter: Autograde | GenerateFeedback) -> bool:
    """Whether a converter is set up as the course's `configure` does it."""
    if isinstance(converter, GenerateFeedback):
        return HideTests in converter.preprocessors
    return isinstance(converter.exporter, SubmissionExporter) and TrustedGrade in converter.autograde_preprocessors


def released_cells(assignment: Assignment, notebook: str) -> dict[str, NotebookNode]:
    """The answer and graded cells of a release, by grade id. nbgrader's converters work in the course folder."""
    cells = nbformat.read(Path("release", assignment.name, notebook), as_version=4).cells
    return {
        cell.metadata.nbgrader.grade_id: cell
        for cell in cells
        if cell.metadata.get("nbgrader", {}).get("grade") or cell.metadata.get("nbgrader", {}).get("solution")
    }


def grade_by_asserts(
    submitted: Submission, assignment: Assignment, secret: bytes, student: str, stored: Result | None, rules: Rules
) -> Result:
    """In the place of the judge: run a notebook in a room; a graded cell is worth its points if it runs."""
    outputs, exercises = {}, []
    with open_room(rules.minimum_tier) as room:
        for number, cell in enumerate(submitted.notebook.cells):
            if cell.cell_type != "code":
                continue
            reply = room.run_cell(cell.source, rules.cell_deadline)
            outputs[str(number)] = reply.outputs
            if cell.metadata.get("nbgrader", {}).get("grade"):
                points = cell.metadata.nbgrader.points
                score = points if reply.ok else 0.0
                exercises.append(ExerciseResult(cell.metadata.nbgrader.grade_id, points, score, (), None, "", "", ()))
        tier = room.tier
    return Result(
        assignment.name, GRADED, "", tuple(exercises), submitted.flags, outputs, "", "", tier, "", 0.0, {}, ""
    )


def write_small_notebook(test: BaseTestApp, path: str, kernel: str | None = None) -> None:
    """In the place of an empty notebook, which the course refuses as a submission, one with an answer."""
    if "autograded" in Path(path).parts:
        write_empty_notebook(test, path, kernel)
        return
    metadata = {"grade": False, "grade_id": "squares", "locked": False, "schema_version": 3, "solution": True}
    cell = nbformat.v4.new_code_cell("### BEGIN SOLUTION\n1\n### END SOLUTION", metadata={"nbgrader": metadata})
    kernelspec = {"display_name": "kernel", "language": kernel, "name": kernel}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernelspec} if kernel else {})
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    nbformat.write(notebook, file)
