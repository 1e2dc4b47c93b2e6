"""The assignments: one module a topic, each with its ASSIGNMENT."""

import importlib
import pkgutil
from functools import cache
from pathlib import Path

from autograder.exercises.spec import Assignment

CHAPTERS = Path(__file__).parents[2] / "chapters"


@cache
def assignments() -> dict[str, Assignment]:
    """All assignments by name, in the order of the chapters. One without its exercises.md is not offered yet."""
    modules = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    found = [module.ASSIGNMENT for module in modules if hasattr(module, "ASSIGNMENT")]
    offered = [assignment for assignment in found if (CHAPTERS / assignment.name / "exercises.md").exists()]
    return {assignment.name: assignment for assignment in sorted(offered, key=lambda assignment: assignment.name)}
