"""Whether other work leaves a processor free while something is graded."""

import contextlib
import math
import os
import threading
import time
from collections.abc import Iterator

from autograder.sandbox.linux import idle_seconds, processor_seconds
from autograder.sandbox.zygote_client import ZygoteClient

WINDOW, FREE = 0.5, 0.8
"""For how many seconds the processors are watched at a time, and how much of one then counts as free."""


class Quiet:
    """What has been seen so far of the processors that this process may use."""

    def __init__(self) -> None:
        self.least_free = math.inf
        """How many of them others left to us, on the average of the window in which they left least."""

    def __bool__(self) -> bool:
        return FREE <= self.least_free < math.inf


@contextlib.contextmanager
def watch_others(server: ZygoteClient | None) -> Iterator[Quiet]:
    """Watch from here to the end of the block what others do; on leaving, it is known whether it was quiet throughout.

    This process and the sandboxes of `server` are no others: what they keep waiting is their own.
    """
    quiet, ended = Quiet(), threading.Event()
    watching = threading.Thread(target=_watch, args=(quiet, ended, server), daemon=True)
    watching.start()
    try:
        yield quiet
    finally:
        ended.set()
        watching.join()


def _watch(quiet: Quiet, ended: threading.Event, server: ZygoteClient | None) -> None:
    is_last, before, began = False, _left_to_us(server), time.monotonic()
    # The last window is a whole one, too, and goes beyond the end.
    while not is_last:
        is_last = ended.is_set()
        time.sleep(WINDOW)
        now, ends = _left_to_us(server), time.monotonic()
        free = (now - before) / (ends - began)
        if free < 0 and not is_last:
            # What ends at that moment may be missing in the sum: the next window is measured together with this one.
            continue
        quiet.least_free = min(quiet.least_free, free)
        before, began = now, ends


def _left_to_us(server: ZygoteClient | None) -> float:
    """Seconds of the processors that nobody used, or that we did."""
    ours = [server.pid] if server and server.pid else []
    return idle_seconds() + processor_seconds(os.getpid(), *ours)
