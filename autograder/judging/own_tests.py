"""An instructor's own tests: graded cells that assert, as nbgrader has them, and what they give.

They run where the learner's cells run, in the sandbox and in the order of the notebook. So whoever sets out to can read
them and forge what they say; nothing reaches the machine, but a score from them is worth that much trust and no more.
"""

import ast
from collections.abc import Iterable, Mapping

from nbgrader.preprocessors import ClearHiddenTests
from traitlets.config import Config

from autograder.judging.notebook_run import NotebookRun
from autograder.records.result import ExerciseResult
from autograder.records.source_cells import SourceCell
from autograder.sandbox.sandbox import Tested

BEGIN_HIDDEN, END_HIDDEN = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
"""nbgrader's marks around what learners are not to see."""
ODD = "Its tests end in a value that is no number, and so give full marks: let them assert it, or end in points."
"""nbgrader gives full marks too, and warns in its log."""


def results_of_tests(run: NotebookRun, tests: Mapping[int, tuple[str, SourceCell]]) -> list[ExerciseResult]:
    """Run a notebook with its tests, given by number with their grade ids, and say what each gives."""
    tested = run.tested()
    return [_result(name, cell, tested[number]) for number, (name, cell) in tests.items()]


def _result(name: str, cell: SourceCell, tested: Tested) -> ExerciseResult:
    points = cell.points or 0.0
    score, flags = points if tested.ok else 0.0, [ODD][: tested.odd]
    if tested.ok and tested.credit is not None:
        score = min(max(tested.credit, 0.0), points)
        if score != tested.credit:
            flags = [f"Its tests end in {tested.credit:g}, which is no number from 0 to {points:g}."]
    hint = "" if tested.ok else _hint(cell.source, tested)
    return ExerciseResult(name, points, round(score, 4), (), None, hint, "", tuple(flags))


def _hint(source: str, tested: Tested) -> str:
    """What a learner may read of a test that failed: of a hidden one, what the instructor wrote to be read."""
    if tested.reason:
        return f"The tests were stopped: {tested.reason}."
    lines = source.split("\n")
    line = tested.line if tested.line and tested.line <= len(lines) else None
    message = _message(source, line) if line else ""
    more = f": {message}" if message else ""
    if line and not _is_hidden(lines[:line]):
        return f"The tests fail at `{lines[line - 1].strip()}` ({tested.kind}){more}"
    return f"A hidden test fails ({tested.kind}){more}" if line else f"The tests fail ({tested.kind})."


def fault_of_marks(config: Config) -> str:
    """What is wrong with marks of hidden tests that a course has set, in a sentence; nothing where they are nbgrader's.

    Feedback and the sandbox go by the marks that are here: what others hide would be shown.
    """
    marks = ClearHiddenTests(config=config)
    if (marks.begin_test_delimeter, marks.end_test_delimeter) == (BEGIN_HIDDEN, END_HIDDEN):
        return ""
    return (
        f"nbgrader_config.py sets other marks of hidden tests than {BEGIN_HIDDEN!r} and {END_HIDDEN!r}: take "
        "c.ClearHiddenTests' delimiters out, and use these marks in source/, or learners may read what you hide."
    )


def hides(source: str) -> bool:
    """Whether a test has lines that learners are not to see."""
    return BEGIN_HIDDEN in source


def _is_hidden(lines: Iterable[str]) -> bool:
    """Whether the last of these first lines of a cell is one that learners are not to see."""
    hidden = False
    for text in lines:
        hidden = BEGIN_HIDDEN in text or (hidden and END_HIDDEN not in text)
    return hidden


def _message(source: str, line: int) -> str:
    """What an assert or a raise at this line was given to be told, where it is a plain text."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert | ast.Raise) and node.lineno <= line <= int(node.end_lineno or 0):
            said = node.msg if isinstance(node, ast.Assert) else _first_argument(node.exc)
            return said.value if isinstance(said, ast.Constant) and isinstance(said.value, str) else ""
    return ""


def _first_argument(call: ast.expr | None) -> ast.expr | None:
    return call.args[0] if isinstance(call, ast.Call) and call.args else None
