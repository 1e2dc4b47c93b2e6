"""What runs too long in a learner's own notebook is stopped, whatever it catches, and nothing else is."""

import signal
import threading
import time
from collections.abc import Callable

import pytest

from llm_course.checking.time_limit import OutOfTime, time_limit


def endless() -> None:
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            continue


def stubborn() -> None:
    """Catches what stops it, once."""
    try:
        endless()
    except BaseException:
        endless()


@pytest.mark.parametrize("function", [endless, stubborn])
def test_a_loop_without_an_end_is_stopped(function: Callable[[], None]) -> None:
    with pytest.raises(OutOfTime), time_limit(0.05):
        function()


def test_what_stood_before_stands_again() -> None:
    """A timer of the notebook's own goes on."""
    before = signal.getsignal(signal.SIGALRM), signal.setitimer(signal.ITIMER_REAL, 100)
    try:
        with time_limit(60):
            pass
        assert signal.getsignal(signal.SIGALRM) is before[0]
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 100
    finally:
        signal.setitimer(signal.ITIMER_REAL, *before[1])


def test_another_thread_is_not_limited() -> None:
    found: list[str] = []

    def work() -> None:
        with time_limit(0.01):
            time.sleep(0.05)
            found.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == ["done"]
