"""What a learner reads of a result."""

import dataclasses

from autograder.records.result import FEEDBACK_WIDTH, ExerciseResult, PropertyResult

EXERCISE = ExerciseResult(
    "f", 4, 1.5, (PropertyResult("a", 1, True), PropertyResult("b", 2, False)), "m", "A hint.", "chapter 5, “Masks”", ()
)


def test_feedback_names_score_properties_hint_and_place() -> None:
    assert EXERCISE.feedback == ("f: 1.5 of 4 points\n  ✓ a\n  ✗ b\n\nA hint.\nRead again: chapter 5, “Masks”.")


def test_no_line_of_feedback_runs_out_of_the_page() -> None:
    hint, name = "Your scores are not divided by √d_k. " * 8, "The weights of each query sum to 1, " * 4
    long = dataclasses.replace(EXERCISE, hint=hint, properties=(PropertyResult(name, 1, False),))
    lines = long.feedback.splitlines()
    assert max(map(len, lines)) <= FEEDBACK_WIDTH
    assert lines[1].startswith("  ✗ The") and lines[2].startswith("    ")
    assert " ".join(long.feedback.split()).count(hint.strip()) == 1


def test_feedback_tells_what_fails_from_what_waits() -> None:
    waiting = dataclasses.replace(EXERCISE, properties=(PropertyResult("b", 2, False, waits=True),))
    assert waiting.feedback.splitlines()[1:3] == ["  – b", "  (– not judged until the basic properties hold)"]
