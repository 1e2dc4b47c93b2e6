"""What a chapter's page and the front page say of chapters: numbers, questions, the decoder map, the grid."""

import re
from pathlib import Path

from _ext.decoder_map import AFTER, BEFORE, BLOCK, stops_of


def test_a_chapter_says_its_number_its_question_and_where_it_is_in_the_decoder(site: Path) -> None:
    index, attention, pretraining, glossary = (
        (site / f"{name}.html").read_text(encoding="utf-8")
        for name in ("index", "chapters/05_attention/chapter", "chapters/08_pretraining/chapter", "chapters/glossary")
    )
    assert re.search("<h1>5 Attention<a.*</h1>", attention) and ">8 Pre-training<" in attention
    assert '<span class="number">8</span><span class="name">Pre-training</span>' in index
    assert '<p class="chapter-question">' in pretraining
    assert 0 < attention.index("chapter-question") < attention.index('class="decoder-map')
    assert attention.count('class="stop here"') == 1
    assert 'href="chapters/05_attention/chapter.html"><span class="name">Attention' in index
    for about_the_whole in (pretraining, glossary):
        assert 'class="decoder-map' not in about_the_whole


def test_each_stop_is_its_chapters_own() -> None:
    stops = [stop.chapter for stop in (*BEFORE, *BLOCK, *AFTER)]
    assert [stops_of(chapter) for chapter in stops] == [{chapter} for chapter in stops]
    assert all(stops_of(chapter) <= set(stops) for chapter in range(1, 19))
