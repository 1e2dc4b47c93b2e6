"""Semaphores for multiprocessing, of event descriptors instead of named files in /dev/shm.

Those of the C library sleep on memory that is shared by file, and on such memory processes of different sandboxes could
wait for each other too: the filter refuses it. Event descriptors belong to who inherits them. See eventfd(2).
"""

import _multiprocessing
import os
import re
import select
import threading
import time
from multiprocessing.context import get_spawning_popen
from pathlib import Path
from typing import Any

RECURSIVE_MUTEX = 0
"""The kind of a lock that its owner may take again; the other kind is a plain semaphore."""


class EventSemaphore:
    """What multiprocessing.synchronize makes its locks of; see `SemLock` in CPython's _multiprocessing."""

    SEM_VALUE_MAX = _multiprocessing.SemLock.SEM_VALUE_MAX

    def __init__(self, kind: int, value: int, maxvalue: int, name: str, unlink: bool) -> None:
        self._set_up(os.eventfd(value, os.EFD_SEMAPHORE | os.EFD_NONBLOCK | os.EFD_CLOEXEC), kind, maxvalue)

    @classmethod
    def _rebuild(cls, handle: int, kind: int, maxvalue: int, name: None) -> "EventSemaphore":
        semaphore = cls.__new__(cls)
        semaphore._set_up(handle, kind, maxvalue)
        return semaphore

    def _set_up(self, descriptor: int, kind: int, maxvalue: int) -> None:
        self._descriptor = descriptor
        self.kind, self.maxvalue, self.name = kind, maxvalue, None
        self._owner, self._taken = 0, 0

    def __del__(self) -> None:
        os.close(self._descriptor)

    @property
    def handle(self) -> int:
        """The descriptor, as a process that is being started gets it."""
        starting: Any = get_spawning_popen()
        return int(starting.duplicate_for_child(self._descriptor)) if starting else self._descriptor

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        """Take one; waits for `timeout` seconds at most, for ever where none are given. Returns whether it was had."""
        if self.kind == RECURSIVE_MUTEX and self._is_mine():
            self._taken += 1
            return True
        end = None if timeout is None else time.monotonic() + timeout
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        while not self._take():
            left = None if end is None else max(end - time.monotonic(), 0.0)
            if not block or left == 0.0:
                return False
            poll.poll(None if left is None else 1000 * left)
        self._owner, self._taken = threading.get_ident(), self._taken + 1
        return True

    def release(self) -> None:
        """Give one back. Raises AssertionError or ValueError where there is none to give."""
        if self.kind == RECURSIVE_MUTEX:
            if not self._is_mine():
                raise AssertionError("attempt to release recursive lock not owned by thread")
            if self._taken > 1:
                self._taken -= 1
                return
        elif self._get_value() >= self.maxvalue:
            raise ValueError("semaphore or lock released too many times")
        self._taken -= 1
        os.eventfd_write(self._descriptor, 1)

    __enter__ = acquire

    def __exit__(self, *_: object) -> None:
        self.release()

    def _take(self) -> bool:
        try:
            os.eventfd_read(self._descriptor)
        except BlockingIOError:
            return False
        return True

    def _count(self) -> int:
        return self._taken

    def _is_mine(self) -> bool:
        return self._taken > 0 and self._owner == threading.get_ident()

    def _get_value(self) -> int:
        told = Path(f"/proc/self/fdinfo/{self._descriptor}").read_text()
        found = re.search(r"eventfd-count:\s*([0-9a-f]+)", told)
        return int(found[1], 16) if found else 0

    def _is_zero(self) -> bool:
        return self._get_value() == 0

    def _after_fork(self) -> None:
        self._taken = 0


def use_event_semaphores() -> None:
    """Have multiprocessing make its locks of event descriptors, in this process and in what it forks."""
    vars(_multiprocessing)["SemLock"] = EventSemaphore
