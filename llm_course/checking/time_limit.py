"""A limit on how long a learner's function may run in the learner's own notebook; a sandbox has its own."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class OutOfTime(BaseException):
    """A function ran too long. No Exception, for a learner's own `except Exception` would go on with it."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in what runs inside after so many seconds, and each second from then on.

    Only the main thread can be interrupted, and not on Windows: elsewhere there is no limit.
    Nor does Python look at signals within one call of C, such as a sum of a range of billions: the exception comes as
    soon as that returns.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise OutOfTime

    handler = signal.signal(signal.SIGALRM, stop)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, handler)
