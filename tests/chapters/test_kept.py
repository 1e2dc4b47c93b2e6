"""What is kept beside a page is what its code puts out."""

import shutil
from pathlib import Path

import jupytext
import pytest

from _ext import kept_outputs
from _ext.sources import key_of
from tests.chapters import kept
from tests.chapters.test_notebooks import RUN, code_cells, kinds, name_of


@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_what_is_kept_beside_a_page_is_of_its_code(page: Path) -> None:
    """A page with another key is run whenever the book is built."""
    content = jupytext.read(page)
    found = kept_outputs.find(page, key_of(content, page, kept.ROOT))
    assert found is not None, "run `make outputs`, and commit what it writes"
    assert code_cells(found) == code_cells(content), "run `make outputs`: other code was run"
    assert any(kinds(found)), "nothing was put out"


def test_a_page_runs_again_when_its_claims_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = kept.ROOT / "chapters" / "01_language_models" / "chapter.md"
    noted = kept.note(page)
    monkeypatch.setattr(kept_outputs, "note_of", lambda page: noted)
    assert kept.is_current(page)
    monkeypatch.setattr(kept, "CLAIMS", shutil.copytree(kept.CLAIMS, tmp_path / "claims"))
    with (kept.CLAIMS / "01_language_models.py").open("a", encoding="utf-8") as claims:
        claims.write('\n# "1"\nassert True\n')
    assert not kept.is_current(page)
    assert kept.note(page)["key"] == noted["key"]
