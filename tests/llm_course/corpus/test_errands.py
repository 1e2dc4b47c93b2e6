"""Errands end as they should, and say what a tool would say."""

from llm_course.corpus.errands import Errand, call, transcript


def test_an_errand_in_full() -> None:
    errand = Errand(("ball", "kite"), {"ball": 47, "kite": 85}, frozenset({"kite"}))
    asked = call("price", of="kite")
    assert [message["content"] for message in transcript(errand)] == [
        "What do a ball and a kite cost?",
        call("price", of="ball"), "47",
        asked, "error: RuntimeError: busy, ask again", asked, "85",
        call("add", a=47, b=85), "132", "132 cents.",
    ]  # fmt: skip


def test_what_is_not_sold_ends_it() -> None:
    errand = Errand(("ball", "cup"), {"cup": 12}, report=1)
    roles = [message["role"] for message in transcript(errand)]
    assert roles == ["user", "assistant", "tool", "assistant"]
    assert transcript(errand)[-1]["content"] == errand.answer == "Nobody sells a ball."
    assert transcript(errand)[2]["content"] == "error: 'ball'"
