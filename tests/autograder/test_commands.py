"""What the commands do beside grading."""

import signal

import pytest

from autograder.commands import kept_interrupts


class EndsInAnInterrupt:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_python_drops_is_kept() -> None:
    before = signal.getsignal(signal.SIGINT)
    with kept_interrupts() as interrupt_again:
        interrupt_again()
        EndsInAnInterrupt()
        with pytest.raises(KeyboardInterrupt):
            interrupt_again()
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_is_raised_at_once_where_python_lets_it() -> None:
    with pytest.raises(KeyboardInterrupt), kept_interrupts():
        signal.raise_signal(signal.SIGINT)
