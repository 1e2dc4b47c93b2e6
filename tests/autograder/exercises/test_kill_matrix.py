"""The kill matrix of the book is that of the specifications; test_verdicts looks at the table of each exercise."""

import re

from autograder.exercises.spec import Exercise
from autograder.kill_matrix import PAGE, page


def test_the_page_is_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")

    def as_it_is(exercise: Exercise) -> str:
        found = re.search(rf"^### `{exercise.name}`\n.*?(?=\n##|\Z)", text, re.MULTILINE | re.DOTALL)
        return found[0] if found else f"### `{exercise.name}` is missing"

    assert text == page(as_it_is), "run `make checks`"
