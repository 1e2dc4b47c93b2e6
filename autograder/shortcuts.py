"""Shortcuts: what an exercise's specification names because it would do the exercise's work."""

from collections.abc import Mapping, Set

from autograder.exercises.spec import Exercise
from autograder.source_code import MAX_SEARCHED, attributes_used

MOST_TOLD = 10
"""Uses that are told one by one."""


def shortcuts_taken(exercise: Exercise, sources: Mapping[int, str], seen: Mapping[str, Set[str]]) -> list[str]:
    """Uses of an exercise's shortcuts in its own function: for the instructor to look at.

    `sources` are the notebook's cells by number, `seen` the watched functions that torch ran when each was called.
    """
    naming = {number: text for number, text in sources.items() if any(name in text for name in exercise.shortcuts)}
    if sum(map(len, naming.values())) > MAX_SEARCHED:
        return ["Its cells are too long to be searched for what does its work."]
    # A function may be defined inside itself, a hundred deep: each use counts once.
    named = dict.fromkeys(
        (number, line, name)
        for number, source in naming.items()
        for line, name in attributes_used(source, exercise.name)
        if name in exercise.shortcuts
    )
    # What an earlier exercise ran is that one's: a later one may call it.
    earlier = {name for other, found in seen.items() if other != exercise.name for name in found}
    unnamed = seen.get(exercise.name, set()) - earlier - {name for _, _, name in named}
    return [
        *(f"Cell {number + 1}, line {line}: uses {name}." for number, line, name in [*named][:MOST_TOLD]),
        *[f"And {len(named) - MOST_TOLD} more uses."][: len(named) > MOST_TOLD],
        *(f"When called, it ran torch's own {name}, which its cell does not name." for name in sorted(unnamed)),
    ]
