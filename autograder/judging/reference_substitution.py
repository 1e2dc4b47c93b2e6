"""Right earlier functions for a later one to stand on, where the learner's own are wrong or missing.

So a mistake costs once, and breaking an earlier answer wins nothing: the later one is worth what it is worth above
right functions. The reference runs in a sandbox of its own, where no code of a learner's is, and is called from
theirs.
"""

import ast
import functools
import inspect
import sys
from collections.abc import Sequence

from autograder.exercises.spec import Exercise
from autograder.notebooks.source_code import names_used


def called_by_reference(exercise: Exercise, earlier: Sequence[Exercise]) -> list[Exercise]:
    """Those of the earlier exercises whose functions the reference calls, directly or not."""
    names = _names_used_by_reference(exercise)
    module = exercise.reference.__module__
    return [other for other in earlier if other.name in names and other.reference.__module__ == module]


@functools.cache
def _names_used_by_reference(exercise: Exercise) -> frozenset[str]:
    return names_used([_module_of(exercise)], exercise.name)


@functools.cache
def reference_source(exercise: Exercise) -> str:
    """The source of the reference with what it needs of its module, and nothing else of it."""
    needed = _names_used_by_reference(exercise) | {exercise.name}
    kept = [
        node
        for node in ast.parse(_module_of(exercise)).body
        if isinstance(node, ast.Import | ast.ImportFrom) or _defines(node) & needed
    ]
    return "\n\n".join(ast.unparse(node) for node in kept)


def _defines(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    return set()


def _module_of(exercise: Exercise) -> str:
    return inspect.getsource(sys.modules[exercise.reference.__module__])
