"""Honest answers while shortcuts are looked for: references take none, and watching costs nobody a point."""

from autograder.exercises.spec import Exercise
from autograder.judging.judge import SHIPPED, judge, local_answer
from autograder.sandbox.watch import watch
from tests.banks.right import alternatives
from tests.exercises import EXERCISES, for_each

each_exercise_with_shortcuts = for_each(exercise for exercise in EXERCISES if exercise.shortcuts)


@each_exercise_with_shortcuts
def test_references_take_no_shortcut(exercise: Exercise) -> None:
    # Known mistakes, which a right answer does not ask, may take shortcuts.
    seen: set[str] = set()
    with watch(frozenset(exercise.shortcuts), seen):
        judge(exercise, local_answer(exercise.reference), SHIPPED)
    assert seen == set()


@each_exercise_with_shortcuts
def test_watching_changes_no_score(exercise: Exercise) -> None:
    for function in alternatives(exercise.name):
        with watch(frozenset(exercise.shortcuts), set()):
            assert judge(exercise, local_answer(function), SHIPPED).fraction == 1
