"""What is kept beside a page is what its code puts out."""

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
