"""The assignments: a package a topic, with a module that has its EXERCISE for each. The capstone is one module."""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from autograder.exercises.spec import Assignment, Exercise

CHAPTERS = Path(__file__).parents[2] / "chapters"


class Assignments(Mapping[str, Assignment]):
    """Assignments by name, in the order of the chapters. Each is loaded when it is asked for: all take a second."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = dict(modules)

    def __getitem__(self, name: str) -> Assignment:
        return _assignment(name, self._modules[name])

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


@cache
def _assignment(name: str, topic: str) -> Assignment:
    """That of the capstone's module, or the exercises of a topic in the order of their stubs in exercises.md."""
    package = importlib.import_module(topic)
    if hasattr(package, "ASSIGNMENT"):
        capstone: Assignment = package.ASSIGNMENT
        return capstone
    text = (CHAPTERS / name / "exercises.md").read_text(encoding="utf-8")
    modules = [importlib.import_module(f"{topic}.{info.name}") for info in pkgutil.iter_modules(package.__path__)]
    exercises: list[Exercise] = [module.EXERCISE for module in modules if hasattr(module, "EXERCISE")]
    place = {stub: number for number, stub in enumerate(re.findall(r"^(?:def|class) (\w+)", text, re.MULTILINE))}
    return Assignment(name, tuple(sorted(exercises, key=lambda exercise: place.get(exercise.name, len(place)))))
