"""nbgrader's own tests, run with the course's configuration.

    python -m tests.grading.nbgrader_suite [FILE ...]

Of the tests that nbgrader installs, those in `nbgrader.tests.apps` start its commands and so read a configuration; the
others never do. The course's comes from a folder on JUPYTER_CONFIG_PATH, before what a test configures itself, as a
course's own settings come after `configure`.

The assignments of those tests (ps1, ps2) are plain notebooks, and several in one assignment. That is allowed here: this
module is a plugin of their run. All else is the course's own: how a submission is read, healed, graded by its asserts
and written, and what nbgrader makes of it.
"""

import functools
import getpass
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader import api
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.tests import apps
from nbgrader.tests.apps.base import BaseTestApp

from autograder.course.configuration import configure
from autograder.exercises.spec import Assignment
from autograder.nbgrader_bridge import converters
from autograder.records.source_cells import read_source_cells

ROOT = Path(__file__).parents[2]
FOLDER = Path(apps.__file__).parent
CONFIG = "from autograder.course.configuration import configure\n\nconfigure(get_config())\n"
MENDED = (
    "It expects that a submission whose cells are not those of the release stops with an error. The course mends it, "
    "flags it for the instructor, and grades it."
)
PYTHON = (
    "It expects an error where a submission, or the source, asks for an unknown kernel. The course is in Python, and "
    "no Jupyter kernel is started: what a submission asks for is not looked at."
)
SANDBOX = (
    "It expects that what learners' code writes beside the notebook is there after grading. It runs in a sandbox, and "
    "nothing that it writes reaches the instructor's disk."
)
NO_CELL = (
    "It hands in a notebook without any answer or graded cell. The course does not grade what is not the released "
    "notebook. That an endless loop ends is seen by the course's own tests."
)
OUTPUTS = (
    "It expects that --no-execute keeps the outputs that were handed in and believes them. The course never does: it "
    "grades, and a warning says so."
)
UNSEEN = (
    "It expects that code sees NBGRADER_EXECUTION while it is graded. In a sandbox nothing tells learners' code "
    "that it is being graded."
)
OLD_FORMAT = (
    "It expects an error until `nbgrader update` has run over submissions with nbgrader's old metadata. The course "
    "gives each cell the metadata of the release, so they are graded at once."
)

DIFFERENCES = {
    "test_side_effects": SANDBOX,
    "test_handle_failure": MENDED,
    "test_handle_failure_single_notebook": MENDED,
    "test_missing_source_kernelspec": PYTHON,
    "test_incorrect_source_kernelspec": PYTHON,
    "test_no_execute": OUTPUTS,
    "test_infinite_loop": NO_CELL,
    "test_grade_with_validating_envvar": UNSEEN,
    "test_update_autograde": OLD_FORMAT,
    "test_update_autograde_old_assign": OLD_FORMAT,
}
"""The tests whose expectation the course does not meet, and why. They have to fail: its configuration counts."""

write_empty_notebook = BaseTestApp._empty_notebook
database_version = functools.cache(api.get_alembic_version)


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.name in DIFFERENCES:
            item.add_marker(pytest.mark.xfail(reason=DIFFERENCES[item.name], strict=True))


def run(files: list[str]) -> int:
    """Run files of tests, or all, in a process of their own, and print the differences. Returns pytest's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
        environment = {
            **os.environ,
            # nbgrader starts alembic by its name, and one of its tests asks for the name of the user.
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "USER": getpass.getuser(),
            "JUPYTER_CONFIG_PATH": folder,
            # What the user of this machine has configured has no say.
            "JUPYTER_CONFIG_DIR": str(Path(folder, "none")),
            "JUPYTER_PREFER_ENV_PATH": "1",
        }
        options = ["-q", "-rx", "-W", "ignore", "-p", "no:cacheprovider", "--timeout", "600", "-c", os.devnull]
        options += ["-p", "tests.grading.nbgrader_suite", f"--rootdir={FOLDER}"]
        tests = [str(FOLDER / file) for file in files] or [str(FOLDER)]
        return subprocess.run([sys.executable, "-m", "pytest", *options, *tests], cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
