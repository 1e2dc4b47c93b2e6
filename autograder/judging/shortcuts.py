"""Shortcuts: what an exercise's specification names because it would do the exercise's work."""

from collections.abc import Collection, Mapping, Set

from autograder.exercises.spec import Exercise
from autograder.notebooks.source_code import MAX_SEARCHED, attributes_used, imports_in, imports_used

TOO_LONG = "Its cells are too long to be searched for what does its work."
MOST_TOLD = 10
"""Uses that are told one by one."""
COURSE = "llm_course"
"""The course's own package has what pages and capstone run: an answer is made without it."""


def shortcuts_taken(exercise: Exercise, sources: Mapping[int, str], seen: Mapping[str, Set[str]]) -> list[str]:
    """Uses of an exercise's shortcuts in its own function: for the instructor to look at.

    `sources` are the notebook's cells by number, `seen` the watched functions that torch ran when each was called.
    """
    cells = _cells_with((*exercise.shortcuts, COURSE), sources)
    if sum(map(len, cells.values())) > MAX_SEARCHED:
        return [TOO_LONG]
    origins = [(name, origin) for source in cells.values() for name, origin in imports_in(source).items()]
    imported = {name: origin for name, origin in origins if _does_its_work(exercise, origin)}
    cells = _cells_with((*exercise.shortcuts, *imported), sources)
    if sum(map(len, cells.values())) > MAX_SEARCHED:
        return [TOO_LONG]
    # A function may be defined inside itself, a hundred deep: each use counts once.
    named = dict.fromkeys(
        (number, line, name)
        for number, source in cells.items()
        for line, name in (*attributes_used(source, exercise.name), *imports_used(source, exercise.name, imported))
        if _does_its_work(exercise, name)
    )
    # What an earlier exercise ran is that one's: a later one may call it.
    earlier = {name for other, found in seen.items() if other != exercise.name for name in found}
    unnamed = seen.get(exercise.name, set()) - earlier - {name.rpartition(".")[2] for _, _, name in named}
    return [
        *(f"Cell {number + 1}, line {line}: uses {name}." for number, line, name in [*named][:MOST_TOLD]),
        *[f"And {len(named) - MOST_TOLD} more uses."][: len(named) > MOST_TOLD],
        *(f"When called, it ran torch's own {name}, which its cell does not name." for name in sorted(unnamed)),
    ]


def _cells_with(names: Collection[str], sources: Mapping[int, str]) -> dict[int, str]:
    return {number: text for number, text in sources.items() if any(name in text for name in names)}


def _does_its_work(exercise: Exercise, name: str) -> bool:
    """Whether a name, maybe with its module, is one of the exercise's shortcuts, or of the course's package."""
    return name.rpartition(".")[2] in exercise.shortcuts or name.partition(".")[0] == COURSE
