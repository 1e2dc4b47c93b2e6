"""Shortcuts: what an exercise's specification names because it would do the exercise's work."""

import ast
import functools
from collections.abc import Mapping, Set

from autograder.exercises.spec import Exercise

MAX_SEARCHED = 50_000
"""Characters that are parsed for shortcuts: half a megabyte of nested strings or definitions would take a minute."""


def shortcuts_taken(exercise: Exercise, sources: Mapping[int, str], seen: Mapping[str, Set[str]]) -> list[str]:
    """Uses of an exercise's shortcuts in its own function: for the instructor to look at.

    `sources` are the notebook's cells by number, `seen` the watched functions that torch ran when each was called.
    """
    naming = {number: text for number, text in sources.items() if any(name in text for name in exercise.shortcuts)}
    if sum(map(len, naming.values())) > MAX_SEARCHED:
        return ["Its cells are too long to be searched for what does its work."]
    named = [
        (number, line, name)
        for number, source in naming.items()
        for line, name in find_shortcuts(source, exercise.name, exercise.shortcuts)
    ]
    # What an earlier exercise ran is that one's: a later one may call it.
    earlier = {name for other, found in seen.items() if other != exercise.name for name in found}
    unnamed = seen.get(exercise.name, set()) - earlier - {name for _, _, name in named}
    return [
        *(f"Cell {number + 1}, line {line}: uses {name}." for number, line, name in named),
        *(f"When called, it ran torch's own {name}, which its cell does not name." for name in sorted(unnamed)),
    ]


def find_shortcuts(source: str, function: str, names: tuple[str, ...]) -> list[tuple[int, str]]:
    """Lines inside the definition of `function` that name one of `names` as an attribute."""
    return [(line, name) for line, name in _attributes_named(source).get(function, ()) if name in names]


@functools.lru_cache(maxsize=32)
def _attributes_named(source: str) -> dict[str, list[tuple[int, str]]]:
    """By function that is defined in a cell: the attributes that its body names, with their lines."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found: dict[str, list[tuple[int, str]]] = {}
    for definition in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        attributes = (node for node in ast.walk(definition) if isinstance(node, ast.Attribute))
        found.setdefault(definition.name, []).extend((node.lineno, node.attr) for node in attributes)
    return found
