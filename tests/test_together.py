"""Tests of one file run in one process, so what they share is made once."""

import re
import subprocess
import sys
from collections import defaultdict
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
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    processes_of, groups_of = defaultdict(set), defaultdict(set)
    for process, name, group in re.findall(r"\[(gw\d)\] .* PASSED (test_\w+\.py)\S*@(.+)", run.stdout):
        processes_of[name].add(process)
        groups_of[name].add(group.strip())
    assert len(processes_of["test_a.py"]) == len(processes_of["test_b.py"]) == 1, run.stdout + run.stderr
    # On a busy machine one process may be through with all of them before the other has started.
    assert {name: len(groups) for name, groups in groups_of.items()} == {
        "test_a.py": 1,
        "test_b.py": 1,
        "test_banks.py": 8,
    }, run.stdout + run.stderr
