"""A verdict on a page is the judge's own, and a name that does not exist is answered in a sentence."""

from collections.abc import Callable

from tests.site.conftest import Built

PAGE = """# Told

```{verdict} 02_tokenization merge_pair replaced_in_text
```

```{verdict} 02_tokenization merge_pair no_such_thing
```
"""


def test_a_page_shows_the_verdict_on_a_wrong_answer(build: Callable[..., Built]) -> None:
    built = build({"index.md": PAGE}, "_ext.verdicts")
    page = built.page("index")
    assert "written" in page  # the answer itself
    assert "<code>merge_pair</code>: 1 of 3 points" in page
    assert "You replace digits in a text." in page and "chapter 2" in page
    assert "merge_pair has no misunderstanding 'no_such_thing': choose one of " in built.warnings
