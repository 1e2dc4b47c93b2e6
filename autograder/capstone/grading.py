"""From what was measured to points: the results of the capstone's steps, in the form of every other exercise's."""

from collections.abc import Mapping
from typing import Any

from autograder.capstone.curves import curves
from autograder.capstone.measuring import Measured
from autograder.exercises.spec import Assignment, MeasuredStep
from autograder.notebooks.notebooks import section_titles
from autograder.records.result import ExerciseResult, PropertyResult
from llm_course.checking.feedback import place_in


def results_of_steps(assignment: Assignment, measured: Measured) -> tuple[ExerciseResult, ...]:
    """What each step that is asked for gets."""
    return tuple(
        _result(step, assignment.points_of(step), measured.steps[step.name], measured.figures)
        for step in assignment.measured
    )


def _result(step: MeasuredStep, points: float, found: Mapping[str, Any], figures: Mapping[str, Any]) -> ExerciseResult:
    properties: list[PropertyResult] = []
    for item in step.properties:
        waits = item.needs is not None and not next(one.holds for one in properties if one.name == item.needs)
        properties.append(PropertyResult(item.name, item.weight, found["holds"][item.name] and not waits, waits))
    held = sum(item.weight for item in properties if item.holds) / sum(item.weight for item in properties)
    hint, section = found["hint"], ""
    if mistake := next((item for item in step.mistakes if item.name == found["mistake"]), None):
        hint = mistake.hint
        section = place_in(mistake.chapter, section_titles(mistake.chapter).get(mistake.section, mistake.section))
    elif not hint:
        failed = next((item for item in properties if not item.holds), None)
        hint = next((item.hint for item in step.properties if failed and item.name == failed.name), "")
    return ExerciseResult(
        name=step.name,
        points=points,
        score=round(points * held, 4),
        properties=tuple(properties),
        mistake=found["mistake"],
        # What was found is told beside full points, too: a figure in the ledger that is not true, say.
        hint=found["hint"] if held == 1 else hint,
        section="" if held == 1 else section,
        flags=tuple(found["flags"]),
        pictures=curves(step.name, figures),
    )
