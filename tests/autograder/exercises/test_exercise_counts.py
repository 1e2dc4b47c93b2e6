"""The book's page of figures is that of the specifications; test_verdicts looks at the row of each exercise."""

import re
from dataclasses import replace

from autograder.authoring.exercise_counts import PAGE, SEVERAL, page, read_counts, row
from autograder.exercises import assignments
from autograder.exercises.spec import Exercise

EXERCISES = [exercise for assignment in assignments().values() for exercise in assignment.exercises]
MASK = next(exercise for exercise in EXERCISES if exercise.name == "causal_mask")


def test_the_page_is_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")

    def as_it_is(exercise: Exercise) -> str:
        found = re.search(rf"^\| `{exercise.name}` \|.*$", text, re.MULTILINE)
        return found[0] if found else f"{exercise.name} is missing"

    assert text == page(as_it_is), "run `make checks`"


def test_each_count_is_shown_and_can_be_true() -> None:
    known = {exercise.name for exercise in EXERCISES} | set(assignments()) | {SEVERAL}
    for count in read_counts():
        assert count.where in known, count.where
        assert count.killed or count.named, count
        assert int(count.answers) >= int(count.killed or count.named) >= int(count.named or 0), count


def test_a_row_follows_the_exercise() -> None:
    assert row(MASK) != row(replace(MASK, mistakes=MASK.mistakes[1:]))
