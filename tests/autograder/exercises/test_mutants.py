"""Small faults made by rule lose points, or are listed as equivalent."""

from dataclasses import replace

from autograder.authoring.mutants import mutants, survivors
from autograder.exercises.spec import Exercise
from tests.exercises import EXERCISES, each_exercise

ATTENTION = next(exercise for exercise in EXERCISES if exercise.name == "scaled_dot_product_attention")


@each_exercise
def test_each_mutant_loses_points_or_is_equivalent(exercise: Exercise) -> None:
    assert [mutant.change for mutant in survivors(exercise)] == []


@each_exercise
def test_what_is_listed_as_equivalent_is_a_mutant(exercise: Exercise) -> None:
    assert exercise.equivalent <= {mutant.text for mutant in mutants(exercise)}


def test_without_its_cases_a_property_lets_mutants_live() -> None:
    """Rows that sum to 1 do not tell whether the scores are scaled."""
    sums = ATTENTION.properties[0]
    kept = tuple(case for case in ATTENTION.cases if case.name in sums.cases)
    blind = replace(ATTENTION, cases=kept, properties=(sums,))
    assert any("sqrt" in mutant.change for mutant in survivors(blind))
