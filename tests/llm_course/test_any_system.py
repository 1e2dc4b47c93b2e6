"""What a learner imports runs on Linux, macOS and Windows: it asks for nothing that only one of them has."""

import ast
import signal
from pathlib import Path

import pytest

import llm_course
from llm_course.checking.time_limit import time_limit

PACKAGE = Path(llm_course.__path__[0])
ONLY_ON_UNIX = {"crypt", "fcntl", "grp", "posix", "pty", "pwd", "resource", "spwd", "syslog", "termios", "tty"}
NOT_ON_WINDOWS = {
    *("os.fork", "os.geteuid", "os.getuid", "os.mkfifo", "os.nice", "os.sched_getaffinity", "os.setsid", "os.symlink"),
    *("signal.SIGALRM", "signal.SIGHUP", "signal.SIGKILL", "signal.setitimer", "signal.alarm", "signal.pause"),
}
GUARDED = {"checking/time_limit.py"}
"""Files that look first whether these names are there."""


def test_nothing_of_one_system_is_asked_for() -> None:
    found = {path.relative_to(PACKAGE).as_posix(): only_here(path) for path in PACKAGE.rglob("*.py")}
    assert len(found) > 50
    assert {name for name, asked in found.items() if asked} == GUARDED, found


def only_here(path: Path) -> set[str]:
    """Modules, names and folders of a file that not every system has."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & ONLY_ON_UNIX
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= ({node.module} & ONLY_ON_UNIX) | (names & NOT_ON_WINDOWS)
        elif isinstance(node, ast.Attribute):
            found |= {ast.unparse(node)} & NOT_ON_WINDOWS
            found |= {"symlink_to"} & {node.attr}
        elif isinstance(node, ast.Constant) and str(node.value).startswith(("/tmp", "/dev/", "/etc/")):
            found.add(str(node.value))
    return found


def test_where_there_is_no_timer_there_is_no_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "setitimer")
    with time_limit(1e-9):
        done = sum(range(1_000_000))
    assert done
