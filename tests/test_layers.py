"""The table that `make test` ends with."""

import os
import subprocess
import sys

import pytest

from autograder.sandbox.linux import processor_seconds
from tests.layers import LAYERS, TESTS, layer_of


@pytest.mark.parametrize(
    ("file", "layer"),
    [
        ("grading/test_travel.py", "travel"),
        ("grading/test_course.py", "grading"),
        ("autograder/exercises/test_verdicts.py", "spec"),
        ("autograder/test_judge.py", "units"),
        ("test_layers.py", "units"),
    ],
)
def test_a_file_has_one_layer(file: str, layer: str) -> None:
    assert layer_of(file) == layer


def test_every_layer_has_tests() -> None:
    files = [path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")]
    assert {layer_of(file) for file in files} == set(LAYERS)


def test_what_lives_on_after_a_test_counts() -> None:
    busy = "import time\nwhile time.process_time() < 0.5: pass\nprint(flush=True)\ninput()"
    before = processor_seconds(os.getpid())
    with subprocess.Popen([sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as living:
        assert living.stdout is not None and living.stdin is not None
        living.stdout.readline()
        while_it_lives = processor_seconds(os.getpid()) - before
        living.stdin.write(b"\n")
        living.stdin.close()
    assert while_it_lives >= 0.4
    # The system counts in hundredths of a second.
    assert processor_seconds(os.getpid()) - before >= while_it_lives - 0.1
