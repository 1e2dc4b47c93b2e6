"""No word of a learner's own choosing comes out of a sandbox as what went wrong."""

import pytest
import torch

from autograder.sandbox.messages import lines_of, sanitized
from autograder.sandbox.sandbox import Sandbox
from llm_course.checking.calls import Call, Failure, is_kind_of
from llm_course.checking.findings import tell_failure

CELL = """\
import sys
def found_in_frames(x):
    frame, most = sys._getframe().f_back, 0
    while frame:
        most = max(most, str(frame.f_locals.get("header")).count("'tensor'"))
        frame = frame.f_back
    return most
"""


def test_a_function_finds_no_call_but_its_own_in_its_frames(sandbox: Sandbox) -> None:
    sandbox.run_cell(CELL, 30)
    calls = [Call({"x": torch.ones(number)}) for number in range(1, 6)]
    assert [reply.value for reply in sandbox.call_each("found_in_frames", calls, lambda: 30.0)] == [1] * 5


@pytest.mark.parametrize("line", [(3, "x = 1"), (2, "secret"), (3, ""), (None, ""), (10**4299, "x = 1")], ids=range(5))
def test_only_a_line_that_stands_in_a_cell_is_shown(line: tuple[int | None, str]) -> None:
    lines = lines_of("import torch\n  x = 1\n")
    assert sanitized(Failure("TypeError", "words", *line), lines) == Failure("TypeError", "")
    assert sanitized(Failure("TypeError", "words", 2, "x = 1"), lines) == Failure("TypeError", "", 2, "x = 1")


def test_a_function_of_another_cell_is_named_where_the_cells_define_it(sandbox: Sandbox) -> None:
    sandbox.run_cell("def helper(x):\n    return [1 / number for number in x]", 30)
    sandbox.run_cell("def asked(x):\n    return helper(x)", 30)
    failure = sandbox.call("asked", Call({"x": [0]}), 30).failure
    assert failure == Failure("ZeroDivisionError", "", 2, "return [1 / number for number in x]", "helper")
    said = tell_failure("asked", failure)
    assert "`asked` raised ZeroDivisionError in line 2 of the cell of `helper`, `return [" in said
    lines = lines_of("def helper(x):\n  x = 1\n")
    assert sanitized(Failure("TypeError", "words", 2, "x = 1", "secret"), lines).helper == ""
    assert sanitized(Failure("TypeError", "words", 2, "x = 1", "help"), lines).helper == ""


def test_a_kind_of_an_exception_counts_as_that_exception() -> None:
    assert is_kind_of("UnicodeDecodeError", "ValueError") and is_kind_of("ValueError", "ValueError")
    assert not is_kind_of("ValueError", "UnicodeDecodeError")
    assert not is_kind_of("print", "ValueError") and not is_kind_of("Stopped", "ValueError")
