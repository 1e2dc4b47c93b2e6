"""That words of a hidden case would be seen: each door that is left open lets the attack through it be told.

The attacks themselves go through the whole grader in test_hostile.
"""

import pytest

from autograder.exercises import assignments
from autograder.judging.grade import grade
from autograder.sandbox import sandbox
from llm_course.checking import compare
from tests.banks.hostile import holds_words
from tests.banks.hostile.leaking import LEAKING, MARK
from tests.banks.submissions import submission

pytestmark = pytest.mark.grading
ATTENTION = assignments()["05_attention"]


def words_of(attack: str) -> bool:
    """Whether words come out of an attack."""
    answers = {exercise.name: "" for exercise in ATTENTION.exercises} | {"causal_mask": LEAKING[attack]}
    return holds_words(str(grade(submission(ATTENTION, answers), ATTENTION, b"secret")))


@pytest.mark.parametrize("attack", ["in the text of an exception", "in a class that says it is builtin"])
def test_words_are_seen_where_failures_are_told_as_they_come(monkeypatch: pytest.MonkeyPatch, attack: str) -> None:
    assert not words_of(attack)
    monkeypatch.setattr(sandbox, "sanitized", lambda failure, lines: failure)
    assert words_of(attack)


def test_numbers_are_seen_where_every_shape_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not words_of("in shapes")
    monkeypatch.setattr(compare, "_may_be_told", lambda shape: True)
    assert words_of("in shapes")


def test_a_text_that_looks_like_a_short_number_is_not_told() -> None:
    """The failing case is shown with the first difference where that is in one number, and an answer may be a text."""
    redaction = assignments()["17_responsible_use"]
    told = f"def redact(text): return {MARK!r} + text[:40] + ': got 1, expected 1'"
    (result,) = (
        found
        for found in grade(submission(redaction, {"redact": told}), redaction, b"secret").exercises
        if found.name == "redact"
    )
    assert result.case and not holds_words(str(result))
