"""The assignments are all there by name, and one is loaded without the others."""

import subprocess
import sys

import pytest

from autograder.exercises import CHAPTERS, assignments


def test_each_chapter_with_exercises_has_an_assignment_of_its_name() -> None:
    offered = sorted(path.parent.name for path in CHAPTERS.glob("*/exercises.md"))
    assert list(assignments()) == offered
    assert [assignment.name for assignment in assignments().values()] == offered
    assert len(assignments()) == len(offered)


def test_an_assignment_that_is_not_there_is_not_loaded() -> None:
    assert "99_nothing" not in assignments()
    with pytest.raises(KeyError):
        assignments()["99_nothing"]


def test_one_is_loaded_without_the_others() -> None:
    code = (
        "import sys\n"
        "from autograder.exercises import assignments\n"
        "assert '11_decoding' in assignments()\n"
        "assignments()['05_attention']\n"
        "print(*sorted(name for name in ('attention', 'decoding') if f'autograder.exercises.{name}' in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.split() == ["attention"]
