"""The assignments: one module a topic, each with its ASSIGNMENT."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from autograder.exercises.spec import Assignment

CHAPTERS = Path(__file__).parents[2] / "chapters"


class Assignments(Mapping[str, Assignment]):
    """Assignments by name, in the order of the chapters. Each is loaded when it is asked for: all take a second."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = dict(modules)

    def __getitem__(self, name: str) -> Assignment:
        assignment: Assignment = importlib.import_module(self._modules[name]).ASSIGNMENT
        return assignment

    def __contains__(self, name: object) -> bool:
        # Mapping's own would load it.
        return name in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


@cache
def assignments() -> Assignments:
    """All assignments: of each chapter with exercises.md, the module that is called as its folder after the number."""
    topics = {info.name for info in pkgutil.iter_modules(__path__)}
    offered = sorted(path.parent.name for path in CHAPTERS.glob("*/exercises.md"))
    modules = {name: name.partition("_")[2] for name in offered}
    return Assignments({name: f"{__name__}.{topic}" for name, topic in modules.items() if topic in topics})
