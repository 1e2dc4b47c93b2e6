"""Small faults made by rule lose points, or are listed as equivalent."""

from dataclasses import replace

from autograder.authoring.mutants import mutants, survivors
from autograder.exercises.spec import Exercise
from tests.exercises import EXERCISES, each_exercise

MASK = next(exercise for exercise in EXERCISES if exercise.name == "causal_mask")


@each_exercise
def test_each_mutant_loses_points_or_is_equivalent(exercise: Exercise) -> None:
    assert [mutant.change for mutant in survivors(exercise)] == []


@each_exercise
def test_what_is_listed_as_equivalent_is_a_mutant(exercise: Exercise) -> None:
    assert exercise.equivalent <= {mutant.text for mutant in mutants(exercise)}


def test_a_property_that_is_gone_lets_mutants_live() -> None:
    last_sees_last = MASK.properties[1]
    kept = tuple(case for case in MASK.cases if case.name not in set(last_sees_last.cases))
    blind = replace(MASK, cases=kept, properties=MASK.properties[:1])
    assert survivors(blind)
