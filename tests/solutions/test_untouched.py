"""Notebooks of a learner who has written nothing yet run to their end, and say what to write first."""

from pathlib import Path

import pytest

from autograder.exercises import assignments
from tests.banks.notebook_runs import printed_by


@pytest.mark.notebooks
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("06_feed_forward", {f"Write {name} first.": 1 for name in ("swiglu", "parameter_counts", "moe_forward")}),
        ("08_pretraining", {f"Write {what} first": 1 for what in ("the first four functions", "adamw_step")}),
        ("12_emergence", {" first.": 4}),
        ("13_peft", {"Write LoRALinear": 3}),
        ("15_production", {"first.": 2}),
    ],
)
def test_untouched_notebook_runs_to_its_end(name: str, told: dict[str, int], tmp_path: Path) -> None:
    printed = printed_by(assignments()[name], {}, tmp_path)
    assert {sentence: printed.count(sentence) for sentence in told} == told
