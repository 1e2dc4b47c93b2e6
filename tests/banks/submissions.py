"""Submissions made from code: released notebooks with answers filled in, as a learner would hand them in."""

import ast
import functools
import inspect
import json
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType, GenericAlias, ModuleType
from typing import Any, TypeGuard

from autograder.exercises.misunderstandings import Mistake
from autograder.exercises.spec import Assignment, Exercise
from autograder.notebooks.notebooks import released_notebook
from autograder.submissions.submission import Submission, heal, parse

PROJECT = ("autograder", "llm_course", "solutions", "tests")


def fill(assignment: Assignment, answers: Mapping[str, str], extra: Mapping[int, str] | None = None) -> dict[str, Any]:
    """The released notebook as JSON, with the answer cells of the named exercises replaced.

    `extra` adds code cells before the cell of that index.
    """
    notebook = json.loads(_released(assignment))
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if grade_id.removesuffix("-answer") in answers and grade_id.endswith("-answer"):
            cell["source"] = answers[grade_id.removesuffix("-answer")]
    for index, source in sorted((extra or {}).items(), reverse=True):
        cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}
        notebook["cells"].insert(index, {**cell, "id": f"extra-{index}"})
    return notebook


def submission(
    assignment: Assignment, answers: Mapping[str, str], extra: Mapping[int, str] | None = None
) -> Submission:
    """What `grade` takes, with these answers; for `extra` see `fill`."""
    notebook = json.dumps(fill(assignment, answers, extra)).encode()
    return heal(parse(notebook, f"{assignment.name}.ipynb"), assignment)


@functools.cache
def _released(assignment: Assignment) -> str:
    return json.dumps(released_notebook(assignment))


def references(assignment: Assignment) -> dict[str, str]:
    """The reference answers of an assignment as cells."""
    return {exercise.name: source_of(exercise.reference) for exercise in assignment.exercises}


def standalone(function: Callable[..., Any], name: str) -> str:
    """A cell that defines `function` under `name`, with all that it needs from its own module and from solutions."""
    pieces: dict[str, str] = {}
    expression = _define(function, pieces)
    return "\n\n".join([imports_of(sys.modules[function.__module__]), *pieces.values(), f"{name} = {expression}"])


def wrong_answer(exercise: Exercise, mistake: Mistake) -> str:
    """A cell with a known mistake. What it calls is right, whatever the other answers of the notebook are."""
    if not mistake.text:
        return standalone(mistake.function, exercise.name)
    module = sys.modules[exercise.reference.__module__]
    others = {item.__name__ for item in _definitions_of(module)} - {exercise.name}
    if others.isdisjoint(_names_in(ast.parse(mistake.text))):
        return "\n\n".join([imports_of(module), *_constants_of(module), f"\n{mistake.text}"])
    namespace = _namespace(module, "solution", edited={exercise.name: mistake.text})
    return f"{namespace}\n\n{exercise.name} = solution.{exercise.name}"


def hand_in(course: Path, student: str, assignment: str, notebook: Mapping[str, Any]) -> Path:
    """Lay a notebook into a course folder as nbgrader has it."""
    path = course / "submitted" / student / assignment / f"{assignment}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def source_of(function: Callable[..., Any]) -> str:
    """The source of a function or class."""
    return textwrap.dedent(inspect.getsource(function))


@functools.cache
def _tree_of(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def imports_of(module: ModuleType) -> str:
    """The imports of a module, but those from the project itself, which are not in a learner's reach."""
    lines = ["from types import SimpleNamespace"]
    for node in _tree_of(module).body:
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and _is_foreign(node)):
            lines.append(ast.unparse(node))
    return "\n".join(lines)


def _is_foreign(node: ast.ImportFrom) -> bool:
    return (node.module or "").split(".")[0] not in PROJECT


def _define(function: Callable[..., Any], pieces: dict[str, str]) -> str:
    """Add the definition of a function and, before it, of all that it uses. Returns what it is called in the cell."""
    module = sys.modules[function.__module__]
    if getattr(module, function.__name__, None) is not function:
        raise ValueError(f"{function.__qualname__} is no plain function of {module.__name__}: write it as one")
    if module.__name__.startswith("solutions."):
        pieces.setdefault("solution", _namespace(module, "solution"))
        return f"solution.{function.__name__}"
    _collect(module, function.__name__, pieces)
    return function.__name__


def _collect(module: ModuleType, name: str, pieces: dict[str, str]) -> None:
    """Add the definition of a module's name and, before it, of all that it uses."""
    if name in pieces or not hasattr(module, name):
        return
    value = getattr(module, name)
    if isinstance(value, ModuleType):
        if value.__name__.startswith("solutions."):
            pieces[name] = _namespace(value, name)
        return
    if isinstance(value, GenericAlias) or not callable(value):
        pieces[name] = f"{name} = {value!r}"
        return
    if getattr(value, "__module__", None) != module.__name__ or not _is_definition(value):
        return
    source = source_of(value)
    pieces[name] = ""
    _collect_used(ast.parse(source), module, pieces)
    del pieces[name]
    pieces[name] = source


def _collect_used(tree: ast.AST, module: ModuleType, pieces: dict[str, str]) -> None:
    for used in sorted(_names_in(tree)):
        _collect(module, used, pieces)


def _names_in(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _is_definition(value: object) -> TypeGuard[FunctionType | type]:
    return inspect.isfunction(value) or inspect.isclass(value)


def _definitions_of(module: ModuleType) -> list[FunctionType | type]:
    """The functions and classes that a module itself defines."""
    found = [item for item in vars(module).values() if _is_definition(item)]
    return [item for item in found if item.__module__ == module.__name__]


def _constants_of(module: ModuleType) -> list[str]:
    """The assignments of a module, such as a table that its functions read."""
    return [ast.unparse(node) for node in _tree_of(module).body if isinstance(node, ast.Assign)]


def _namespace(module: ModuleType, name: str, edited: Mapping[str, str] | None = None) -> str:
    """A module of references as an object, so that its functions do not take the place of the learner's own.

    `edited` has the source of those that are to be other than the module's.
    """
    sources = {item.__name__: source_of(item) for item in _definitions_of(module)} | dict(edited or {})
    body = textwrap.indent("\n\n".join([*_constants_of(module), *sources.values()]), "    ")
    names = ", ".join(f"{item}={item}" for item in sources)
    made = f"def _make_{name}():\n{body}\n    return SimpleNamespace({names})"
    return "\n\n".join([imports_of(module), made, f"{name} = _make_{name}()"])
