"""How the question directive answers a question that is not well formed."""

from collections.abc import Callable

import pytest

from tests.site.conftest import Built


def page(options: str) -> dict[str, str]:
    return {"index.md": f"# Page\n\n```{{question}} Why?\n{options}\n```\n"}


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
