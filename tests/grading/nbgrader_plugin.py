"""Makes nbgrader's own tests say something about the course's converters: a pytest plugin for them alone.

The assignments of those tests (ps1, ps2) are plain notebooks, and several in one assignment. That is allowed here; all
else is the course's own: how a submission is read, healed, graded by its asserts and written, and what nbgrader makes
of it. Each test records how many conversions went the course's way, and how many did not.
"""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader import api
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import Autograde, BaseConverter, GenerateFeedback
from nbgrader.tests.apps.base import BaseTestApp

from autograder.course.configuration import configure
from autograder.exercises.spec import Assignment
from autograder.nbgrader_bridge import converters
from autograder.nbgrader_bridge.converters import HideTests, SubmissionExporter, TrustedGrade
from autograder.records.source_cells import read_source_cells

write_empty_notebook = BaseTestApp._empty_notebook
database_version = functools.cache(api.get_alembic_version)
OURS, STOCK = "conversions the course's way", "conversions in another way"


@pytest.fixture(autouse=True)
def known_assignments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the course know the assignments of nbgrader's tests."""
    monkeypatch.setattr(converters, "find_released", find_released)
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


def find_released(converter: Autograde, assignment: str, notebook: str) -> Assignment:
    """An assignment as it was released, also where it has several notebooks, which a course's own may not have."""
    with Gradebook(converter.coursedir.db_url, converter.coursedir.course_id) as gradebook:
        return Assignment(assignment, cells=read_source_cells(gradebook, assignment, notebook))


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
