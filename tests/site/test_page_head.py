"""What a page says of itself in its head."""

from collections.abc import Callable

import pytest

from _ext.page_head import LONGEST, shortened
from tests.site.conftest import Built


def test_a_page_has_one_viewport_and_describes_itself(build: Callable[..., Built]) -> None:
    page = "# Title\n\n> A *quoted* motto.\n\nThe first & *best* words.\n\nOthers.\n"
    plain, headed = (
        build({"index.md": page}).page("index"),
        build({"index.md": page + "\n"}, "_ext.page_head").page("index"),
    )
    assert plain.count('name="viewport"') == 2 and "description" not in plain
    assert headed.count('name="viewport"') == 1
    assert '<meta name="description" content="The first &amp; best words." />' in headed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Short.", "Short."),
        ("One sentence that goes on for a while. " * 6, ("One sentence that goes on for a while. " * 4).strip()),
        ("word, " * 40, ("word, " * 26)[:-2] + " …"),
    ],
)
def test_a_long_description_ends_with_a_sentence_or_a_word(text: str, expected: str) -> None:
    assert shortened(text) == expected
    assert len(expected) <= LONGEST + 2
