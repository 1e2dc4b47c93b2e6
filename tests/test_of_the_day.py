"""What is drawn for a day: as many as asked, others the next day, and each on some day."""

import pytest

from tests import of_the_day as module
from tests.of_the_day import drawn, of_the_day

NAMES = [f"page {number}" for number in range(20)]


def test_a_draw_is_of_its_size_and_in_order_and_is_repeated_by_its_seed() -> None:
    first = drawn(NAMES, 5, "2026-11-29")
    assert len(first) == 5 and first == sorted(first, key=NAMES.index)
    assert drawn(reversed(NAMES), 5, "2026-11-29") == first[::-1]
    assert drawn(NAMES, 5, "2026-11-30") != first
    assert drawn(NAMES, 50, "2026-11-29") == NAMES


def test_each_comes_on_some_day() -> None:
    assert {name for day in range(60) for name in drawn(NAMES, 5, str(day))} == set(NAMES)


def test_a_soak_leaves_none_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_COURSE_SEED", "7")
    monkeypatch.setattr(module, "ALL", False)
    assert of_the_day(NAMES, 5) == drawn(NAMES, 5, "7")
    monkeypatch.setattr(module, "ALL", True)
    assert of_the_day(NAMES, 5) == NAMES
