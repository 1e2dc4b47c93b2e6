"""Errands end as they should, and say what a tool would say."""

import pytest

from llm_course.corpus import errands
from llm_course.corpus.errands import Errand, Shop, as_text, call, transcript


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


def test_errands_are_of_all_kinds_and_drawn_again_alike() -> None:
    drawn = errands.errands(400, seed=3)
    assert drawn == errands.errands(400, seed=3) != errands.errands(400, seed=4)
    assert 0.15 < sum(bool(one.busy) for one in drawn) / 400 < 0.3
    assert 0.1 < sum(one.answer.startswith("Nobody") for one in drawn) / 400 < 0.25
    assert {one.report for one in drawn} == set(range(len(errands.REPORTS)))


def test_every_transcript_ends_with_the_right_answer() -> None:
    for errand in errands.errands(200, seed=5):
        said = transcript(errand)
        assert said[-1] == {"role": "assistant", "content": errand.answer}
        assert as_text(said).count("<|assistant|>") == sum(one["role"] == "assistant" for one in said)


def test_a_shop_is_busy_once() -> None:
    shop = Shop(Errand(("cup",), {"cup": 12}, frozenset({"cup"})))
    with pytest.raises(RuntimeError, match=f"^{errands.BUSY}$"):
        shop.price(of="cup")
    assert shop.price(of="cup") == 12
