"""The assignments of a course: the chapters', those that its folder brings, and what was released of each.

A course folder may hold two kinds of its own:

    exercises/<assignment>/                       exercises in the course's vocabulary; `own_exercises` says of what
    source/<assignment>/<assignment>.ipynb        any notebook of nbgrader's, with its own tests
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from autograder.notebooks.notebooks import REFUSAL
from autograder.notebooks.own_exercises import OWN, load
from autograder.records.source_cells import SourceCell, read_source_cells
from autograder.submissions.hand_in import NotGradable

CHECK = re.compile(r"check\(.*\)")


def names_in(course: Path) -> list[str]:
    """The names of all assignments that a course folder knows."""
    own = sorted(path.parent.name for path in (course / OWN).glob("*/exercises.md"))
    plain = sorted(path.stem for path in (course / "source").glob("*/*.ipynb") if path.stem == path.parent.name)
    return list(dict.fromkeys([*assignments(), *own, *plain]))


def find_assignment(name: str, course: Path) -> Assignment:
    """What is asked in an assignment, as far as it is no plain notebook. Raises NotGradable and OwnExercisesError."""
    if name in assignments():
        return assignments()[name]
    if (course / OWN / name / "exercises.md").exists():
        return load(course / OWN / name)
    if name not in names_in(course):
        several = sorted(path.name for path in (course / "source" / name).glob("*.ipynb"))
        hint = (
            f" In source/{name}/ there is {', '.join(several)}: call the one notebook {name}.ipynb." if several else ""
        )
        raise NotGradable(f"There is no assignment {name!r}: the course has {', '.join(names_in(course))}.{hint}")
    return Assignment(name)


def files_asked(name: str) -> tuple[str, ...]:
    """The files that an assignment wants beside its notebook."""
    return assignments()[name].asked_files if name in assignments() else ()


def as_released(
    name: str, course: Path, cells: Mapping[str, SourceCell], files: Mapping[str, bytes] | None = None
) -> Assignment:
    """An assignment with the cells that were released, and what the course lays beside each hand-in.

    Raises NotGradable where they cannot be graded, and OwnExercisesError.
    """
    asked = find_assignment(name, course)
    released = replace(asked, cells=cells, files=files or {})
    if strays := [grade_id for grade_id, cell in released.tests.items() if _tests_nothing(cell.source)]:
        known = ", ".join(graded.name for graded in asked.graded) or "none"
        raise NotGradable(
            f"The cell {', '.join(strays)} of {name} has no tests of its own and is none of its exercises ({known}): "
            f"give it back its id in source/{name}/, or tests, and release it again."
        )
    return released


def _tests_nothing(source: str) -> bool:
    """Whether a graded cell is the learners' check of an exercise: by itself it fails always, or never."""
    return REFUSAL in source or bool(CHECK.fullmatch(source.strip()))


def read_released(
    url: str, course_id: str, course: Path, name: str, files: Mapping[str, bytes] | None = None
) -> Assignment:
    """An assignment as the gradebook has its release. Raises NotGradable and OwnExercisesError."""
    find_assignment(name, course)
    with Gradebook(url, course_id) as gradebook:
        cells = read_source_cells(gradebook, name)
    if not any(cell.points is not None for cell in cells.values()):
        raise NotGradable(f"{name} is not released with a graded cell: run `llm-course release {name}` first.")
    return as_released(name, course, cells, files)
