"""Submissions made from code: released notebooks with answers filled in, as a learner would hand them in."""

import ast
import inspect
import json
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.exercises.spec import Assignment
from autograder.notebooks import released_notebook

PREAMBLE = """\
import functools
import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch
from torch import Generator, Tensor
"""


def fill(assignment: Assignment, answers: Mapping[str, str], extra: Mapping[int, str] | None = None) -> dict[str, Any]:
    """The released notebook as JSON, with the answer cells of the named exercises replaced.

    `extra` adds code cells before the cell of that index.
    """
    notebook = json.loads(json.dumps(released_notebook(assignment)))
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if grade_id.removesuffix("-answer") in answers and grade_id.endswith("-answer"):
            cell["source"] = answers[grade_id.removesuffix("-answer")]
    for index, source in sorted((extra or {}).items(), reverse=True):
        cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}
        notebook["cells"].insert(index, {**cell, "id": f"extra-{index}"})
    return notebook


def references(assignment: Assignment) -> dict[str, str]:
    """The reference answers of an assignment as cells."""
    return {exercise.name: source_of(exercise.reference) for exercise in assignment.exercises}


def standalone(function: Callable[..., Any], name: str) -> str:
    """A cell that defines `function` under `name`, with all that it needs from its own module and from solutions."""
    module = sys.modules[function.__module__]
    if module.__name__.startswith("solutions."):
        return "\n\n".join([PREAMBLE, _namespace(module, "solution"), f"{name} = solution.{function.__name__}"])
    pieces: dict[str, str] = {}
    _collect(module, function.__name__, pieces)
    return "\n\n".join([PREAMBLE, *pieces.values(), f"{name} = {function.__name__}"])


def hand_in(course: Path, student: str, assignment: str, notebook: Mapping[str, Any]) -> Path:
    """Lay a notebook into a course folder as nbgrader has it."""
    path = course / "submitted" / student / assignment / f"{assignment}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def source_of(function: Callable[..., Any]) -> str:
    """The source of a function."""
    return textwrap.dedent(inspect.getsource(function))


def _collect(module: ModuleType, name: str, pieces: dict[str, str]) -> None:
    """Add the definition of a module's name and, before it, of all that it uses."""
    if name in pieces or not hasattr(module, name):
        return
    value = getattr(module, name)
    if isinstance(value, ModuleType):
        if value.__name__.startswith("solutions."):
            pieces[name] = _namespace(value, name)
        return
    if getattr(value, "__module__", None) != module.__name__ or not inspect.isfunction(value):
        if not callable(value) and not isinstance(value, type):
            pieces[name] = f"{name} = {value!r}"
        elif name == "Pair":
            pieces[name] = "Pair = tuple[Tensor, Tensor]"
        return
    source = source_of(value)
    pieces[name] = ""
    for used in sorted({node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}):
        _collect(module, used, pieces)
    del pieces[name]
    pieces[name] = source


def _namespace(module: ModuleType, name: str) -> str:
    """A module of references as an object, so that its functions do not take the place of the learner's own."""
    found = [item for item in vars(module).values() if inspect.isfunction(item)]
    functions = [item for item in found if item.__module__ == module.__name__]
    body = textwrap.indent("\n\n".join(source_of(function) for function in functions), "    ")
    names = ", ".join(f"{function.__name__}={function.__name__}" for function in functions)
    return f"def _make_{name}():\n{body}\n    return SimpleNamespace({names})\n\n{name} = _make_{name}()"
