"""What the commands do beside grading, and what they make of settings that are nbgrader's own."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from traitlets.config import Config

from autograder.cli import main
from autograder.course.grading import kept_interrupts
from autograder.judging.rules import RULES
from autograder.nbgrader_bridge.converters import TrustedGrade


class EndsInAnInterrupt:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_python_drops_is_kept() -> None:
    before = signal.getsignal(signal.SIGINT)
    with kept_interrupts() as interrupt_again:
        interrupt_again()
        EndsInAnInterrupt()
        with pytest.raises(KeyboardInterrupt):
            interrupt_again()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "from autograder.nbgrader_bridge.gradebook import configure\n",
            "imports what this version of the course does not have (autograder.nbgrader_bridge.gradebook): "
            "`configure` is imported by `from autograder.course.configuration import configure`.",
        ),
        ("c = nothing\n", "fails with NameError (name 'nothing' is not defined): mend it."),
        ("c = (\n", "fails with SyntaxError ('(' was never closed (nbgrader_config.py, line 1)): mend it."),
    ],
    ids=["of an earlier version", "fails", "is no Python"],
)
def test_a_configuration_that_does_not_run_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, sentence: str
) -> None:
    (tmp_path / "nbgrader_config.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert main(["export", "grades.csv"]) == 1
    assert capsys.readouterr().err == f"llm-course: nbgrader_config.py {sentence}\n"


def test_a_command_does_not_load_what_takes_a_second_to_load() -> None:
    """Each grading run waits for what is imported. What draws or trains, and other assignments, are not asked for."""
    code = (
        "import sys\n"
        "from autograder.course import commands, outcomes\n"
        "assert outcomes.same_models('05_attention') == []\n"
        "heavy = ('autograder.exercises.decoding', 'matplotlib', 'sympy', 'transformers')\n"
        "print(*(name for name in heavy if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.split() == []


def test_a_time_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["release", "05_attention", "--due", "soon"])
    assert "'soon' is no time such as 2026-12-01T23:59" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("config", "seconds"),
    [
        (Config(), RULES.cell_deadline),
        (Config(Execute={"timeout": 7}), 7),
        (Config(Execute={"timeout": None}), RULES.cell_deadline),
        (Config(Execute={"timeout": -1}), RULES.cell_deadline),
        (Config(Execute={"timeout": 7}, TrustedGrade={"cell_deadline": 5}), 5),
    ],
    ids=["nothing set", "nbgrader's timeout", "no timeout", "no timeout, as -1", "both set"],
)
def test_the_timeout_that_nbgrader_knows_is_the_deadline_of_a_cell(config: Config, seconds: float) -> None:
    assert TrustedGrade(config=config).rules.cell_deadline == seconds
