"""A notebook whose cells all print as much as they can: its outputs are cut, its score is not."""

import pytest

import autograder.judging.notebook_run
from autograder.exercises.spec import Assignment
from autograder.judging.grade import grade
from tests.banks.submissions import references, submission


@pytest.mark.grading
def test_outputs_of_one_submission_are_cut_together(monkeypatch: pytest.MonkeyPatch, attention: Assignment) -> None:
    monkeypatch.setattr(autograder.judging.notebook_run, "OUTPUT_OF_A_SUBMISSION", 20_000)
    prints = {
        number: f"print('{letter}' * {length})" for number, letter, length in ((1, "a", 15_000), (2, "b", 15_000))
    }
    handed_in = submission(attention, references(attention), {**prints, 3: "print('c' * 1_000)"})
    result = grade(handed_in, attention, secret=b"secret")
    printed = [output["text"] for outputs in result.outputs.values() for output in outputs if "text" in output]
    assert [text[:2] for text in printed[:3]] == ["aa", "[t", "cc"]
    assert sum(map(len, printed)) < 20_000
    assert result.score == result.points
