"""Every benchmark runs, with its smallest arguments: what it presses, reads or imports is there."""

import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from autograder.exercises import assignments
from benchmarks import grading, unseen_answers
from benchmarks import site as pages

ROOT = Path(__file__).parents[1]
NAME = "05_attention"


@pytest.mark.slow
@pytest.mark.grading
def test_grading(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    grading.main(["--submissions", "2", "--stock", "2", "--rounds", "1"])
    said = capsys.readouterr().out
    assert "times stock's wall throughput" in said


@pytest.mark.parametrize("benchmark", [grading, pages])
def test_one_that_takes_long_starts(benchmark: ModuleType) -> None:
    """Every day; the night takes its figures."""
    with pytest.raises(SystemExit, match="0"):
        benchmark.main(["--help"])


def test_unseen_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exercise = assignments()[NAME].exercise("causal_mask")
    folder = tmp_path / NAME / exercise.name
    folder.mkdir(parents=True)
    (folder / "r1.py").write_text(
        "# right\nimport torch\nfrom torch import Tensor\n" + inspect.getsource(exercise.reference)
    )
    (folder / "w1.py").write_text(f"# wrong\ndef {exercise.name}(*arguments): return None\n")
    assert unseen_answers.main([str(tmp_path)]) == 0
    assert "| `causal_mask` | 1 of 1 | 1 | 1 |" in capsys.readouterr().out
    assert "w1.py" in (tmp_path / "verdicts.md").read_text()


def test_a_folder_without_answers_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert unseen_answers.main([str(tmp_path)]) == 2
    assert "has no answers that can be judged" in capsys.readouterr().err


@pytest.mark.browser
def test_widgets() -> None:
    # In a process of its own: other tests of this one may have a browser open.
    command = [sys.executable, "-m", "benchmarks.widgets", "--runs", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=True)
    assert done.stdout.count("computed") == 3
