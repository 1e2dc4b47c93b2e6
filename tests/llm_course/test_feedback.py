"""A hint in two steps: the misunderstanding, and what to do about it."""

import pytest

from llm_course.checking.feedback import Feedback, cause_and_advice


@pytest.mark.parametrize(
    ("hint", "told", "advice"),
    [
        ("You sum the squares. Take their mean.", "You sum the squares.", "Take their mean."),
        ("You sum the squares: take their mean.", "You sum the squares.", "Take their mean."),
        ("You add the weight; it is a factor.", "You add the weight.", "It is a factor."),
        ("The bits are swapped: linear_bits are these.", "The bits are swapped.", "linear_bits are these."),
        ("You call `a. b` and `c: d` here.", "You call `a. b` and `c: d` here.", ""),
        ("Your rows (three: one, two) are short.", "Your rows (three: one, two) are short.", ""),
        ("You take names, e.g. those of keys.", "You take names, e.g. those of keys.", ""),
    ],
)
def test_a_hint_has_two_steps(hint: str, told: str, advice: str) -> None:
    assert cause_and_advice(hint) == (told, advice)


def test_what_to_do_is_folded_away_in_html_and_comes_by_itself_in_text() -> None:
    feedback = Feedback("f", "no property holds", (), "You sum.", "", "Take <b>the `mean`.")
    assert "Take" not in "\n".join(feedback.lines)
    assert feedback.advice_lines[-1] == "Take <b>the `mean`."
    assert "<details><summary>What to do</summary>Take &lt;b&gt;the <code>mean</code>.</details>" in feedback.html
