"""What a chapter's page and the front page say of chapters: numbers, questions, the decoder map, the grid."""

import re
from collections.abc import Callable

import pytest

from _ext.decoder_map import AFTER, BEFORE, BLOCK, stops_of
from tests.site.conftest import Built

INDEX = """# Book

```{toctree}
chapters/05_attention/chapter
chapters/08_pretraining/chapter
chapters/glossary
```

```{decoder-map}
```
"""
BOOK = {
    "index.md": INDEX,
    "chapters/05_attention/chapter.md": "# Attention: how does a token choose?\n\nText.\n",
    "chapters/08_pretraining/chapter.md": "# Pre-training: what do tokens & time buy?\n\n[](../05_attention/chapter)\n",
    "chapters/glossary.md": "# Glossary: words\n",
}


@pytest.fixture
def built(build: Callable[..., Built]) -> Built:
    return build(BOOK, "_ext.chapter_titles", "_ext.decoder_map", "_ext.chapter_grid")


def test_a_chapter_has_its_number_in_lists_and_its_question_below_its_title(built: Built) -> None:
    assert built.warnings == ""
    page, index = built.page("chapters/08_pretraining/chapter"), built.page("index")
    assert ">8 Pre-training<" in index
    assert ">5 Attention<" in page
    assert re.search("<h1>8 Pre-training<a.*</h1>", page)
    assert '<p class="chapter-question">What do tokens &amp; time buy?</p>' in page
    assert "Glossary: words" in built.page("chapters/glossary")


def test_the_map_leads_to_the_chapters_that_are_there(built: Built) -> None:
    index = built.page("index")
    assert 'href="chapters/05_attention/chapter.html"><span class="name">Attention' in index
    assert '<span class="stop"><span class="name">Tokens' in index
    page = built.page("chapters/05_attention/chapter")
    assert page.index("chapter-question") < page.index('class="decoder-map')
    assert page.count("aria-current") == 1
    assert 'class="decoder-map' not in built.page("chapters/glossary")


def test_each_stop_is_its_chapters_own() -> None:
    stops = [stop.chapter for stop in (*BEFORE, *BLOCK, *AFTER)]
    assert [stops_of(chapter) for chapter in stops] == [{chapter} for chapter in stops]
    assert all(stops_of(chapter) <= set(stops) for chapter in range(1, 19))


def test_a_chapter_about_the_whole_machine_has_no_map(built: Built) -> None:
    assert stops_of(8) == set()
    assert 'class="decoder-map' not in built.page("chapters/08_pretraining/chapter")
