"""The book's page of figures is that of the specifications; test_verdicts looks at the row of each exercise."""

import re
from dataclasses import replace

from autograder.authoring.exercise_counts import PAGE, SEVERAL, Count, page, read_counts, row
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
        assert count.answers >= (count.killed or count.named or 0) >= (count.named or 0) >= 0, count
        assert count.killed is not None or count.named is not None, count


def test_a_count_says_what_was_counted() -> None:
    count = Count("05_attention", "2026-11-27", 20, 19, None, "")
    assert count.sentence == "Of 20 unseen wrong answers, 19 were killed (2026-11-27)."
    assert count.numbers == "20, 19, –"


def test_a_row_follows_the_exercise() -> None:
    assert row(MASK) != row(replace(MASK, mistakes=MASK.mistakes[1:]))
