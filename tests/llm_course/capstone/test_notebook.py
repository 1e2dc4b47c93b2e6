"""The capstone's notebook runs from top to bottom, in small, with answers out of the other notebooks."""

import re
from pathlib import Path

import jupytext
import pytest

from llm_course.capstone import check
from llm_course.capstone.format import HANDED_IN
from llm_course.capstone.ledger import STEPS, YOURS, parse

NOTEBOOK = Path(__file__).parents[3] / "chapters" / "19_capstone" / "exercises.md"
SMALL = {
    r"steps=\d+": "steps=30", r"warmup=\d+": "warmup=5", r"row_length=\d+": "row_length=48",
    "d_model=64, n_layers=4": "d_model=16, n_layers=1",
}  # fmt: skip


def code_cells() -> list[str]:
    return [cell.source for cell in jupytext.read(NOTEBOOK).cells if cell.cell_type == "code"]


@pytest.mark.notebooks
def test_the_notebook_runs_in_small_and_uses_the_learners_functions(
    answered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(check, "TALKS", 3)
    source = "\n".join(code_cells()).replace("from_notebooks()", f"from_notebooks({str(answered)!r})")
    for full, small in SMALL.items():
        assert re.search(full, source), full
        source = re.sub(full, small, source)
    exec(compile(source, str(NOTEBOOK), "exec"), {})
    assert {path.name for path in tmp_path.iterdir()} == set(HANDED_IN)
    entries = parse((tmp_path / "ledger.jsonl").read_bytes())
    assert [entry.step for entry in entries] == list(STEPS)
    assert {whose for entry in entries for whose in entry.functions.values()} == {YOURS}
    assert "chat.completion" in capsys.readouterr().out


def test_the_notebook_is_short_and_checks_every_step() -> None:
    assert len(jupytext.read(NOTEBOOK).cells) <= 30
    checked = [match[1] for cell in code_cells() if (match := re.fullmatch(r'check_capstone\("(\w+)"\)', cell))]
    assert checked == [*STEPS, "ledger"]
