"""The exercise that CONTRIBUTING.md shows is added, as it stands there, and tried."""

import importlib
import re
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

import solutions
from autograder.authoring.mutants import survivors
from autograder.authoring.trial import faults_of_mistakes, marks_lost
from autograder.authoring.trivial import trivially_held
from autograder.exercises.spec import Exercise
from autograder.judging.judge import SHIPPED, judge, local_answer

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"
BLOCK = re.compile(r"^   ```(\w+)\n(.*?)^   ```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def exercise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exercise:
    """The exercise, made of the three blocks of its section."""
    section = PAGE.read_text(encoding="utf-8").partition("## Add an exercise")[2].partition("\n## ")[0]
    blocks = [(kind, textwrap.dedent(text)) for kind, text in BLOCK.findall(section)]
    assert [kind for kind, _ in blocks] == ["python", "python", "markdown"]
    (_, reference), (_, specification), (_, misunderstandings) = blocks
    (tmp_path / "topic.py").write_text(f"import torch\nfrom torch import Tensor\n\n\n{reference}", encoding="utf-8")
    (tmp_path / "double_largest.py").write_text(specification, encoding="utf-8")
    (tmp_path / "double_largest.md").write_text(misunderstandings, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    topic = importlib.import_module("topic")
    monkeypatch.setitem(sys.modules, "solutions.topic", topic)
    monkeypatch.setattr(solutions, "topic", topic, raising=False)
    module: ModuleType = importlib.import_module("double_largest")
    for name in ("topic", "double_largest"):
        monkeypatch.delitem(sys.modules, name)
    # References are looked up by the module that they say they are in.
    monkeypatch.setitem(sys.modules, "topic", topic)
    found: Exercise = module.EXERCISE
    return found


def test_the_example_holds_what_is_asked_of_exercises(exercise: Exercise) -> None:
    assert list(marks_lost(exercise, [exercise.reference], [SHIPPED])) == []
    assert list(faults_of_mistakes(exercise, [SHIPPED], 0.7)) == []
    assert trivially_held(exercise, b"seed") == {}
    assert [mutant.change for mutant in survivors(exercise)] == []


def test_the_example_tells_what_it_says(exercise: Exercise) -> None:
    over_the_columns = next(mistake for mistake in exercise.mistakes if mistake.name == "over_the_columns")
    verdict = judge(exercise, local_answer(over_the_columns.function), SHIPPED)
    assert verdict.hint == "You double the largest entry of each *column*."
