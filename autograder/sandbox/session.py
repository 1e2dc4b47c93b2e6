"""The folder of one fork server, and the sweeping of those that killed ones left behind.

A fork server holds a lock on its folder as long as it lives, so a folder that can be locked is a leftover. The
folder's name ends in a token that also stands in the environment of the fork server and of all it forked.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from autograder.sandbox.linux import status_of

PREFIX = "llm-course-sandboxes-"
TOKEN_VARIABLE = "LLM_COURSE_ROOMS"
YOUNG = 5.0
"""Seconds in which a new folder may not yet be locked."""
END_DEADLINE = 30.0
"""Seconds for the kernel to take killed processes apart."""
BEGIN_DEADLINE = 2.0
"""Seconds for a process to begin a program; on a busy machine it may have to wait for a processor meanwhile."""
ENVIRONMENT = slice(47, 49)
"""Where a process's status says at which addresses its environment begins and ends."""


@contextlib.contextmanager
def open_session() -> Iterator[Path]:
    """A locked folder named after this process's token; gone on leaving."""
    folder = Path(tempfile.gettempdir(), PREFIX + os.environ[TOKEN_VARIABLE])
    folder.mkdir(mode=0o700)
    # Through these descriptors the folder is still reached when this process has another root.
    parent, lock = (os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) for path in (folder.parent, folder))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(lock)
        shutil.rmtree(folder.name, ignore_errors=True, dir_fd=parent)
        os.close(parent)


def sweep() -> None:
    """Remove what killed fork servers of this user left."""
    for folder in Path(tempfile.gettempdir()).glob(PREFIX + "*"):
        with contextlib.suppress(OSError):
            status = folder.lstat()
            if status.st_uid == os.geteuid() and time.time() - status.st_mtime > YOUNG:
                _remove_if_left(folder)


def sweep_after(token: str) -> None:
    """Remove what one fork server, which is dead, left."""
    with contextlib.suppress(OSError):
        _remove_if_left(Path(tempfile.gettempdir(), PREFIX + token))


def _remove_if_left(folder: Path) -> None:
    if not _is_locked(folder):
        _kill_all_with(folder.name.removeprefix(PREFIX))
        shutil.rmtree(folder)


def _is_locked(folder: Path) -> bool:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _kill_all_with(token: str) -> None:
    """Kill until none is left: what is killed takes a moment to go, and may have forked just before. Raises OSError."""
    end = time.monotonic() + END_DEADLINE
    while left := _kill_once(token):
        if time.monotonic() > end:
            raise OSError(f"{left} processes that a sandbox left cannot be killed")
        time.sleep(0.005)


def _kill_once(token: str) -> int:
    """Kill the processes with the token in their environment. Returns how many there were."""
    mark = f"{TOKEN_VARIABLE}={token}".encode()
    found = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in _environment(process).split(b"\0"):
                os.kill(int(process.name), signal.SIGKILL)
                found += 1
    return found


def _environment(process: Path) -> bytes:
    """The environment of a process. One that has just begun another program has none for a moment. Raises OSError."""
    end = time.monotonic() + BEGIN_DEADLINE
    while not (found := (process / "environ").read_bytes()) and _is_beginning(process) and time.monotonic() < end:
        time.sleep(0.001)
    return found


def _is_beginning(process: Path) -> bool:
    """Whether its environment is still to come, or there by now; False if it has none for good. Raises OSError."""
    (process / "exe").readlink()  # what is no program, such as a thread of the kernel or what is dead, ends here
    start, last = map(int, status_of(process.name)[ENVIRONMENT])
    return start == 0 or last > start
