"""The exercises tell right answers from wrong ones: `pytest` here, or `llm-course try` in the course folder."""

from pathlib import Path

from autograder.authoring.trial import faults_in


def test_right_answers_pass_and_each_mistake_is_told_by_its_own_hint() -> None:
    assert faults_in(Path(__file__).parent) == []
