"""The front page links to the whole book as one file where there is one."""

from collections.abc import Callable
from pathlib import Path

from tests.site.conftest import Built

PAGES = {
    "index.md": "# A book\n\n```{toctree}\nchapter\n```\n\n## Doors\n\nWords.\n",
    "chapter.md": "# A chapter\n\nWords.\n",
}


def test_the_front_page_links_to_what_was_written(build: Callable[..., Built], tmp_path: Path) -> None:
    assert "whole-book" not in build(PAGES, "_ext.downloads").page("index")
    (tmp_path / "epub").mkdir()
    (tmp_path / "epub" / "a-book.epub").write_bytes(b"a book")

    built = build(PAGES, "_ext.downloads")
    assert '<a href="whole_book/a-book.epub">ePub</a>' in built.page("index")
    assert "PDF" not in built.page("index")
    assert "whole-book" not in built.page("chapter")
    assert (built.folder / "whole_book" / "a-book.epub").read_bytes() == b"a book"

    (tmp_path / "epub" / "a-book.epub").unlink()
    assert "whole-book" not in build(PAGES, "_ext.downloads").page("index")
