"""The vocabulary in which an exercise is written down. CONTRIBUTING.md shows one from start to end.

An `exercise` names the reference (the value oracle) and the weighted properties that must hold, from fundamental to
subtle, each with the cases that it looks at. The misunderstandings stand in a Markdown file beside it.

Rule for cases: no constant may hide a factor. d_value differs from d_key, the number of queries from the number
of keys, alpha from rank; weights and biases are random, eps is large enough to see, logits are unsorted and have
ties, the batch is larger than 1.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, given
from autograder.exercises.misunderstandings import Mistake, equivalent_edits, misunderstandings
from autograder.records.source_cells import SourceCell
from llm_course.capstone.format import HANDED_IN
from llm_course.checking import observe
from llm_course.checking.answer_key import Property, properties_of
from llm_course.checking.scripts import Step

FIRST = "the first property"
"""Stands for the name of the exercise's first property: what anybody may have by luck counts only if that holds."""
OBSERVER_OF_PART = {None: observe.value, 0: observe.first, 1: observe.second, 2: observe.third}


@dataclass(frozen=True)
class Case:
    """One call, its arguments drawn from a seeded generator.

    Each grading run draws afresh. A visible case is also shipped, in one draw, with the learner's own checks. For
    `gradients`, `measure`, `repeat`, `script`, `generators` and `new` see llm_course.checking.calls.Call; the steps of
    a script are drawn from the same generator, after the arguments. Cases that are `drawn_as` another one get the same
    numbers. The values of a repeated call are compared by distribution, sorted into categories by an observer of single
    values. `slack` is how many units of rounding (llm_course.checking.compare) to allow at least, where the reference
    may happen to lose fewer digits than another right answer.
    """

    name: str
    arguments: ArgumentMaker
    visible: bool = False
    gradients: tuple[str, ...] = ()
    measure: bool = False
    script: Callable[[Generator], tuple[Step, ...]] | None = None
    repeat: int = 1
    categories: Callable[[Any], list[Any]] = observe.as_one_category
    drawn_as: str = ""
    slack: float = 0.0
    generators: bool = False
    new: bool = False


def shown(name: str, /, **arguments: Any) -> Case:
    """A visible case whose arguments are the same in each run, as those of a hidden one may not be."""
    return Case(name, given(**arguments), visible=True)


@dataclass(frozen=True)
class Requirement:
    """A property, and those of its cases that are described with it; see `requires`."""

    required: Property
    cases: tuple[Case, ...]


@dataclass(frozen=True, eq=False)
class Exercise:
    """One function that a learner writes.

    `equivalent` are definitions that do what the reference does, as Python writes it; see autograder.authoring.mutants.
    `shortcuts` are names that would do the exercise's work, such as a library's own attention: a use is flagged
    to the instructor with its line and costs nothing by itself.
    """

    reference: Callable[..., Any]
    points: int
    cases: tuple[Case, ...]
    properties: tuple[Property, ...]
    mistakes: tuple[Mistake, ...]
    shortcuts: tuple[str, ...] = ()
    equivalent: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _require_unique(self.name, "case", [case.name for case in self.cases])
        _require_unique(self.name, "property", [item.name for item in self.properties])
        cases = {case.name for case in self.cases}
        used = {case for item in self.properties for case in item.cases}
        if lost := sorted(used ^ cases):
            raise ValueError(f"{self.name}: describe {lost} as a Case, each in a property that looks at it")
        needs = {item.name: item.needs for item in self.properties}
        if unknown := {needed for needed in needs.values() if needed} - needs.keys():
            raise ValueError(f"{self.name}: no property is called {sorted(unknown)}")
        for name in needs:
            if _needs_itself(name, needs):
                raise ValueError(f"{self.name}: {name!r} needs itself, so that it could never hold")

    @property
    def name(self) -> str:
        """The function's name, which is also the grade id."""
        return self.reference.__name__

    @functools.cached_property
    def visible(self) -> "Exercise":
        """The exercise with its visible cases only, as the learner's own checks know it."""
        shown = tuple(case for case in self.cases if case.visible)
        return replace(self, cases=shown, properties=properties_of(self.properties, {case.name for case in shown}))


@dataclass(frozen=True)
class Asked:
    """A property of a step, and what its learner reads where it does not hold.

    It waits while the property that it needs does not hold.
    """

    name: str
    weight: int
    hint: str
    needs: str | None = None


@dataclass(frozen=True)
class Misstep:
    """A known way in which a step goes wrong: the hint that answers it, and where it is taught."""

    name: str
    hint: str
    chapter: str
    section: str


@dataclass(frozen=True, eq=False)
class MeasuredStep:
    """What is measured in the files that a learner hands in beside the notebook; its name is the grade id."""

    name: str
    points: int
    properties: tuple[Asked, ...]
    mistakes: tuple[Misstep, ...] = ()

    def __post_init__(self) -> None:
        _require_unique(self.name, "property", [item.name for item in self.properties])
        _require_unique(self.name, "mistake", [mistake.name for mistake in self.mistakes])
        names = [item.name for item in self.properties]
        for number, item in enumerate(self.properties):
            if item.needs is not None and item.needs not in names[:number]:
                raise ValueError(f"{self.name}: {item.name} needs {item.needs}, which is no property before it")


@dataclass(frozen=True, eq=False)
class Assignment:
    """The exercises of one notebook, in its order, or the steps at whose end a model is handed in.

    `folder` is where its exercises.md lies, if it is an instructor's own; that of a chapter lies with the chapter. Once
    a course has released it, `cells` are those of its source by grade id, which may ask for less, for more and for
    other points, and `files` are what the course lays beside each hand-in.
    """

    name: str
    exercises: tuple[Exercise, ...] = ()
    folder: Path | None = None
    cells: Mapping[str, SourceCell] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    steps: tuple[MeasuredStep, ...] = ()

    @property
    def points(self) -> int:
        """What all its exercises and steps are worth together."""
        return sum(graded.points for graded in self.graded)

    @property
    def asked_files(self) -> tuple[str, ...]:
        """The names of files that are handed in beside the notebook."""
        return HANDED_IN if self.steps else ()

    @property
    def graded(self) -> tuple[Exercise | MeasuredStep, ...]:
        """Exercises and steps."""
        return (*self.exercises, *self.steps)

    @property
    def asked(self) -> tuple[Exercise, ...]:
        """The exercises that are judged: all, or those that the source asks for."""
        found = {name for name, cell in self.cells.items() if cell.has_tests}
        return tuple(exercise for exercise in self.exercises if not self.cells or exercise.name in found)

    @property
    def measured(self) -> tuple[MeasuredStep, ...]:
        """The steps that are measured: all, or those that the source asks for."""
        found = {name for name, cell in self.cells.items() if cell.has_tests}
        return tuple(step for step in self.steps if not self.cells or step.name in found)

    @property
    def tests(self) -> dict[str, SourceCell]:
        """The graded cells with an instructor's own tests, by grade id."""
        judged = {graded.name for graded in self.graded}
        return {name: cell for name, cell in self.cells.items() if cell.has_tests and name not in judged}

    def points_of(self, graded: Exercise | MeasuredStep) -> float:
        """What an exercise or a step is worth: the source says it."""
        cell = self.cells.get(graded.name)
        return graded.points if cell is None or cell.points is None else cell.points

    def exercise(self, name: str) -> Exercise:
        """The exercise of that name. Raises KeyError."""
        return {exercise.name: exercise for exercise in self.exercises}[name]


def exercise(
    reference: Callable[..., Any],
    specification: str | Path,
    *requirements: Requirement,
    points: int,
    shortcuts: tuple[str, ...] = (),
) -> Exercise:
    """An exercise as its specification writes it.

    Args:
        reference: the function or class that learners write.
        specification: `__file__`; beside it lies a Markdown file of the same name with the misunderstandings.
        requirements: what must hold, from fundamental to subtle.
        points: what it is worth.
        shortcuts: see Exercise.

    Raises MisunderstandingsError, and ValueError where names of cases or properties do not fit together.
    """
    return Exercise(
        reference,
        points,
        cases=tuple(case for requirement in requirements for case in requirement.cases),
        properties=tuple(_properties(requirements)),
        mistakes=misunderstandings(reference, specification),
        shortcuts=shortcuts,
        equivalent=equivalent_edits(reference, specification),
    )


def requires(
    name: str,
    *cases: Case | tuple[str, ...],
    advice: str,
    weight: int = 1,
    observe: Callable[..., Any] | None = None,
    joint: bool = False,
    needs: str | None = None,
    part: int | None = None,
    fails: str = "",
) -> Requirement:
    """That a property holds on some cases. Those that another property describes are given by their names.

    Unless something else is said, it looks at the value or, where `part` is a place in a tuple, at what stands there.
    For all else see llm_course.checking.answer_key.Property.
    """
    names = tuple(name for case in cases for name in ((case.name,) if isinstance(case, Case) else case))
    described = tuple(case for case in cases if isinstance(case, Case))
    observer = observe or OBSERVER_OF_PART[part]
    return Requirement(Property(name, names, advice, weight, observer, joint, needs, part, fails), described)


def refuses(
    *cases: Case | tuple[str, ...],
    advice: str,
    name: str = "Invalid arguments raise ValueError",
    weight: int = 1,
    needs: str | None = FIRST,
    fails: str = "You accept invalid arguments, or raise something other than ValueError.",
) -> Requirement:
    """That cases are refused which are to be, and that valid ones among them are not. It needs the first property.

    Valid cases whose value the needed property looks at need not be named: who refuses them does not have that one.
    """
    return requires(name, *cases, advice=advice, weight=weight, observe=observe.refusal, needs=needs, fails=fails)


def leaves_arguments(
    *cases: Case | tuple[str, ...],
    advice: str,
    name: str = "The arguments are left unchanged",
    needs: str | None = FIRST,
    fails: str = "You change an argument.",
) -> Requirement:
    """That no call changes an argument. It needs the first property."""
    return requires(name, *cases, advice=advice, observe=observe.changed, needs=needs, fails=fails)


def keeps_dtype(
    *cases: Case | tuple[str, ...],
    advice: str,
    name: str = "The dtype is kept and the arguments are left unchanged",
    needs: str | None = FIRST,
    fails: str,
) -> Requirement:
    """That results have the reference's dtype, and no call changes an argument. It needs the first property."""
    return requires(name, *cases, advice=advice, observe=observe.dtype_and_changed, needs=needs, fails=fails)


def passes_gradients(
    name: str,
    *cases: Case | tuple[str, ...],
    advice: str,
    weight: int = 1,
    needs: str | None = None,
    part: int | None = None,
    fails: str,
) -> Requirement:
    """That the gradients that the cases ask for are the reference's."""
    return requires(
        name, *cases, advice=advice, weight=weight, observe=observe.gradients, needs=needs, part=part, fails=fails
    )


def _properties(requirements: Sequence[Requirement]) -> Iterator[Property]:
    """The properties, each with the name of the one that it needs; the first itself needs none."""
    for number, item in enumerate(requirement.required for requirement in requirements):
        first = requirements[0].required.name if number else None
        yield replace(item, needs=first) if item.needs == FIRST else item


def _needs_itself(name: str, needs: Mapping[str, str | None]) -> bool:
    """Whether one comes back to a property by going from each to the one that it needs."""
    seen, needed = {name}, needs[name]
    while needed is not None and needed not in seen:
        seen.add(needed)
        needed = needs[needed]
    return needed is not None


def _require_unique(exercise: str, kind: str, names: Iterable[str]) -> None:
    names = list(names)
    if doubled := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{exercise}: a {kind} is named twice: {sorted(doubled)}")
