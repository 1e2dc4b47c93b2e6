"""Tests of one file run in one process, so what they share is made once."""

import re
import subprocess
import sys
from pathlib import Path

FILE = """
import pytest

@pytest.mark.parametrize("number", range(8))
def test_something(number):
    pass
"""


def test_tests_of_a_file_stay_in_one_process(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_bytes(Path(__file__).with_name("conftest.py").read_bytes())
    for name in ("test_a.py", "test_b.py", "test_banks.py"):
        (tmp_path / name).write_text(FILE, encoding="utf-8")
    options = ["-v", "--numprocesses", "2", "--dist", "loadgroup", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    processes_of: dict[str, set[str]] = {}
    for process, name in re.findall(r"\[(gw\d)\] .* PASSED (test_\w+\.py)", run.stdout):
        processes_of.setdefault(name, set()).add(process)
    assert {name: len(processes) for name, processes in processes_of.items()} == {
        "test_a.py": 1,
        "test_b.py": 1,
        "test_banks.py": 2,
    }, run.stdout + run.stderr
