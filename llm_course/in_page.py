"""Checks an answer in a reader's browser, where Python runs without torch: JSON goes in and comes out.

The checks and what is told are those of llm_course.check. The page brings the sources of cells, keeps the answers, and
ends what runs too long.
"""

import ast
import base64
import functools
import linecache
from collections.abc import Mapping, Sequence
from types import CodeType, FunctionType
from typing import Any

from llm_course.check import report_on
from llm_course.checking.answer_key import AnswerKey, unpack_answer_keys
from llm_course.checking.invocation import describe

ONLY_PYTHON = "A page has only what comes with Python: the exercise needs no more."
NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What Python raises of a source that it cannot read, the last two where brackets are nested too deeply."""


def check_in_page(specification: Mapping[str, Any], answer: str, before: Sequence[str] = ()) -> dict[str, Any]:
    """Check the source of an answer, in a namespace in which the cells `before` it have run.

    What the cells before import and is not there, such as torch, says so where the answer uses it. Where another of
    their statements fails, a cell ends quietly.

    Args:
        specification: what autograder.authoring.in_page wrote of the exercise.
        answer: the source of the cell that defines the exercise's function or class.
        before: the sources of the notebook's cells above, in their order.

    Returns:
        points of `maximum`, and whether all `passed`; a `summary`, and the `html` of all that is told; the name of the
        `mistake`, if the answer shows a known one, or None. Of an answer that cannot be checked, an `error` in place of
        these three.
    """
    name, maximum = specification["name"], specification["points"]
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for number, source in enumerate(before):
        _run_quietly(source, f"<cell {number} before {name}>", namespace)
    error = _run(name, answer, namespace)
    if error:
        return {"passed": False, "points": 0, "maximum": maximum, "error": error}
    report = report_on(specification["assignment"], namespace[name], _answer_key(name, specification["checks"]))
    return {
        "passed": report.passed,
        "points": round(maximum * report.verdict.fraction, 2),
        "maximum": maximum,
        "summary": report.summary,
        "mistake": report.verdict.mistake,
        "html": report.html,
    }


class NotHere:
    """Stands for what was imported and is not there."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        raise ModuleNotFoundError(f"{self._name} is not here. {ONLY_PYTHON}")

    def __call__(self, *given: Any, **named: Any) -> Any:
        raise ModuleNotFoundError(f"{self._name} is not here. {ONLY_PYTHON}")


@functools.lru_cache(maxsize=8)
def _answer_key(name: str, checks: str) -> AnswerKey:
    return unpack_answer_keys(base64.b64decode(checks))[name]


def _run(name: str, answer: str, namespace: dict[str, Any]) -> str:
    """Run the cell of an answer. Returns what is wrong with it, or nothing."""
    try:
        code = _compiled(answer, f"<cell of {name}>")
    except NO_PYTHON as error:
        line = f"Line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else "Your answer"
        return f"{line} is no valid Python: {getattr(error, 'msg', error)}."
    namespace.pop(name, None)
    try:
        exec(code, namespace)
    except (Exception, SystemExit) as error:
        failure = describe(error, FunctionType(code, namespace))
        where = f" in line {failure.line}, `{failure.source}`" if failure.line else ""
        told = f"Your answer raised {failure.type}{where}: {failure.message.rstrip('.')}."
        return f"{told} {ONLY_PYTHON}" if isinstance(error, ImportError) and ONLY_PYTHON not in told else told
    if callable(namespace.get(name)):
        return ""
    return f"Your answer defines no `{name}`: write it under this name, or start again."


def _run_quietly(source: str, file: str, namespace: dict[str, Any]) -> None:
    """Run a cell as far as it goes, statement by statement."""
    try:
        statements = ast.parse(source).body
    except NO_PYTHON:
        return
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    for statement in statements:
        try:
            exec(compile(ast.Module([statement], []), file, "exec"), namespace)
        except (Exception, SystemExit):
            if not isinstance(statement, ast.Import | ast.ImportFrom):
                return
            names = [item.asname or item.name.partition(".")[0] for item in statement.names]
            namespace |= {name: NotHere(name) for name in names if name not in namespace}


def _compiled(source: str, file: str) -> CodeType:
    """The code of a cell, whose lines are found when an error is told."""
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    return compile(source, file, "exec")
