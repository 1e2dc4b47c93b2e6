"""The question directive: what it writes, and how it answers a question that is not well formed."""

from collections.abc import Callable

import pytest

from tests.site.conftest import Built

PAGE = """# Page

```{{question}} {title}
{options}
```
"""

GOOD = """:name: why-scale
- [ ] To make the **weights** sum to 1.
  > Softmax already does that.
- [x] To keep $d_k$ out of it.
  > The spread grows:
  >
  > ```python
  > d_k ** 0.5
  > ```
"""


def page(options: str, title: str = "Why divide by $d_k$?") -> dict[str, str]:
    return {"index.md": PAGE.format(title=title, options=options)}


def test_each_option_is_a_details_element_with_its_verdict(build: Callable[..., Built]) -> None:
    built = build(page(GOOD), "_ext.questions")
    html = built.page("index")
    assert built.warnings == ""
    assert 'id="why-scale" data-place="index#why-scale" role="group" aria-labelledby="why-scale-text"' in html
    assert html.count('name="why-scale"') == 2
    wrong, right = html.split("<details")[1:]
    assert 'question-option wrong"' in wrong
    assert "<summary>To make the <strong>weights</strong> sum to 1.</summary>" in wrong
    assert "<strong>Not quite.</strong> Softmax already does that." in wrong
    assert 'question-option right"' in right
    assert "<strong>Right.</strong> The spread grows:" in right
    assert 'class="highlight' in right.split("</details>")[0]
    assert "[x]" not in html
    assert "[ ]" not in html


def test_title_holds_markup(build: Callable[..., Built]) -> None:
    fenced = page(GOOD, "Why `d_k`?")["index.md"].replace("```{q", ":::{q").replace("\n```\n", "\n:::\n")
    html = build({"index.md": fenced}, "_ext.questions").page("index")
    assert 'id="why-scale-text">Why <code' in html


def test_explanation_may_begin_with_a_block(build: Callable[..., Built]) -> None:
    html = build(page(":name: q\n- [x] One.\n  > - a list\n"), "_ext.questions").page("index")
    assert "<p><strong>Right.</strong></p>" in html


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("- [x] One.\n  > Yes.\n", "has no name: add a line such as `:name: why-scale`."),
        (":name: q\n- [ ] One.\n  > No.\n", "The question 'q' has no right option: mark at least one with `[x]`."),
        (":name: q\n- [x] One.\n", "The question 'q' has no explanation for option 1"),
        (":name: q\n- [x] One.\n  > Yes.\n- [ ] Two.\n", "The question 'q' has no explanation for option 2"),
        (":name: q\n- [x] One.\n\n  More.\n  > Yes.\n", "The question 'q' has no explanation for option 1"),
        (":name: q\n- One.\n  > Yes.\n", "The question 'q' does not say whether option 1 is right"),
        (":name: q\n-\n", "The question 'q' does not say whether option 1 is right"),
        (":name: q\nProse.\n\n- [x] One.\n  > Yes.\n", "The question 'q' must hold one list of options"),
    ],
)
def test_malformed_question_is_one_clear_sentence(build: Callable[..., Built], options: str, sentence: str) -> None:
    built = build(page(options), "_ext.questions")
    assert sentence in built.warnings
    assert "index.md:3" in built.warnings
    assert len(built.warnings.strip().splitlines()) == 1
