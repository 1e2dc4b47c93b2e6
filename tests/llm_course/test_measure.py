"""What a measurement says: seconds, megabytes, the machine."""

import re
import time
from datetime import datetime

import pytest
import torch

from llm_course import measure
from llm_course.measure import Measured, machine

LINUX = measure.PROCESS.is_dir()


@pytest.mark.skipif(not LINUX, reason="only Linux tells how much memory a process held")
def test_the_most_memory_is_told_and_earlier_peaks_are_forgotten() -> None:
    torch.ones(100_000_000)  # 400 MB, gone at once
    with Measured() as large:
        torch.ones(25_000_000).sum()
    with Measured() as small:
        torch.ones(100).sum()
    assert 95 < large.megabytes < 150
    assert small.megabytes < 20


def test_seconds_are_those_of_the_processor() -> None:
    with Measured() as waiting:
        time.sleep(0.5)
    with Measured() as working:
        while time.process_time() - working._start < 0.5:
            pass
    assert waiting.seconds < 0.4 < 0.5 <= working.seconds


def test_a_system_that_does_not_tell_says_nan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "PROCESS", measure.PROCESS / "none")
    with Measured() as block:
        pass
    assert block.megabytes != block.megabytes and block.seconds >= 0


class WindowsDatetime(datetime):
    """As its strftime: it knows no %-d."""

    def __format__(self, form: str) -> str:
        if "%-" in form:
            raise ValueError("Invalid format string")
        return super().__format__(form)


def test_the_machine_is_one_line_with_its_torch_and_the_day_on_any_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "datetime", WindowsDatetime)
    assert f"torch {torch.__version__} on " in machine() and "\n" not in machine()
    assert re.search(r"; [A-Z][a-z]+ [1-9]\d?, 20\d\d$", machine())
