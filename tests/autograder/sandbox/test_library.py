"""The library that few notebooks name: it is in sandboxes of a second fork server, which is there once it is asked
for."""

from collections.abc import Iterator

import pytest

from autograder.judging.notebook_run import NotebookRun
from autograder.judging.rules import RULES
from autograder.sandbox.sandbox import open_sandbox
from autograder.sandbox.zygote_client import LIBRARY, ZygoteClient
from tests.autograder.sandbox.sandboxes import TIER, living_processes

LOADED = f"import sys\nprint({LIBRARY!r} in sys.modules)"
UNNAMED = "import sys\nprint('trans' 'formers' in sys.modules)"


@pytest.fixture
def first() -> Iterator[ZygoteClient]:
    server = ZygoteClient((TIER,))
    yield server
    server.close()


def printed(server: ZygoteClient, cells: list[str], files: dict[str, bytes] | None = None) -> str:
    """What the first of some cells prints."""
    with NotebookRun(enumerate(cells), files or {}, RULES, server) as run:
        run.tested()
        return str(run.cells.replies[0].outputs[0]["text"]).strip()


def test_sandboxes_have_the_library_where_the_notebook_names_it_and_only_there(first: ZygoteClient) -> None:
    assert printed(first, [UNNAMED]) == "False"
    assert not first.has_library
    assert printed(first, [LOADED]) == "True"
    assert printed(first, [UNNAMED]) == "False"
    beside = {"helper.py": f"import {LIBRARY}".encode()}
    assert printed(first, [UNNAMED], beside) == "True"


def test_both_end_together(first: ZygoteClient) -> None:
    with open_sandbox(server=first), open_sandbox(server=first.with_library()):
        both = first.pids
        assert len(both) == 2
    first.close()
    assert not living_processes(both)
