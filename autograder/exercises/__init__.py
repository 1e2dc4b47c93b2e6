"""The assignments: one module a topic, each with its ASSIGNMENT."""

import importlib
import pkgutil
from functools import cache

from autograder.exercises.spec import Assignment


@cache
def assignments() -> dict[str, Assignment]:
    """All assignments by name, in the order of the chapters."""
    modules = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    found = [module.ASSIGNMENT for module in modules if hasattr(module, "ASSIGNMENT")]
    return {assignment.name: assignment for assignment in sorted(found, key=lambda assignment: assignment.name)}
